module conference-report-operator/tests/tools/pause

go 1.26.0
