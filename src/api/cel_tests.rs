//! The CEL rules of the CRDs, evaluated without a cluster. The same rules are tried against a real API server in `tests/integration`.

use serde_json::{Value, json};

use super::{ConferenceReport, ConferenceReportSpec, ReportCatalog, ReportCatalogSpec};

fn spec(source: Value) -> Value {
    json!({"source": source})
}

fn with(mut spec: Value, field: &str, value: Value) -> Value {
    spec[field] = value;
    spec
}

fn inline() -> Value {
    spec(json!({"inline": "KubeCon"}))
}

fn http(fields: Value) -> Value {
    let mut http = json!({"url": "https://example.org/report"});
    if let (Value::Object(http), Value::Object(fields)) = (&mut http, fields) {
        http.extend(fields);
    }
    spec(json!({"http": http}))
}

/// What the rules say to a spec; nothing where it is good.
fn verdict(spec: &Value) -> Option<String> {
    let spec: ConferenceReportSpec = serde_json::from_value(spec.clone()).unwrap();
    ConferenceReport::new("report", spec).validate_cel().err().map(|errors| format!("{errors:?}"))
}

#[test]
fn good_specs_pass_every_rule() {
    let name_of_253 = format!("{}.{}", "a".repeat(126), "b".repeat(126));
    for good in [
        inline(),
        spec(json!({"configMapRef": {"name": "texts"}})),
        spec(json!({"configMapRef": {"name": "a.b-c.9", "key": "Report_1.md"}})),
        spec(json!({"configMapRef": {"name": name_of_253}})),
        http(json!({})),
        http(json!({"url": "http://example.org", "insecure": true})),
        http(json!({"url": "https://example.org/@home?to=a@b"})),
        http(json!({"timeout": "1s"})),
        http(json!({"timeout": "5m"})),
        http(json!({"timeout": "1m30.5s", "secretRef": {"name": "a"}, "certSecretRef": {"name": "b"}})),
        with(inline(), "interval", json!("1m")),
        with(inline(), "interval", json!("60s")),
        with(inline(), "interval", json!("1h30m")),
        with(inline(), "language", json!("nl")),
        with(inline(), "event", json!({"year": 2000})),
        with(inline(), "event", json!({"startDate": "2024-03-19", "endDate": "2024-03-19"})),
        with(inline(), "event", json!({"endDate": "2024-03-19"})),
        with(inline(), "event", json!({"startDate": "2024-02-29", "endDate": "2024-12-31"})),
        with(inline(), "event", json!({"startDate": "2000-02-29", "endDate": "2023-11-30"})),
        with(inline(), "language", json!("pt")),
        with(inline(), "summary", json!({"maxWords": 20})),
        with(inline(), "summary", json!({"maxWords": 500})),
        with(inline(), "catalogRefs", json!([{"name": "ours"}, {"name": "theirs"}])),
    ] {
        assert_eq!(verdict(&good), None, "{good}");
    }
}

#[test]
fn bad_specs_are_refused_with_what_to_write_instead() {
    for (bad, expected) in [
        (spec(json!({})), "exactly one of configMapRef, http and inline"),
        (spec(json!({"inline": "x", "configMapRef": {"name": "x"}})), "exactly one of"),
        (spec(json!({"inline": ""})), "inline is empty"),
        (spec(json!({"inline": "x".repeat(65_537)})), "put a longer text into a ConfigMap"),
        (spec(json!({"configMapRef": {"name": ""}})), "configMapRef.name must be"),
        (spec(json!({"configMapRef": {"name": "-a"}})), "configMapRef.name must be"),
        (spec(json!({"configMapRef": {"name": "a..b"}})), "configMapRef.name must be"),
        (spec(json!({"configMapRef": {"name": "a".repeat(254)}})), "at most 253"),
        (spec(json!({"configMapRef": {"name": "a", "key": "a b"}})), "configMapRef.key must be"),
        (spec(json!({"configMapRef": {"name": "a", "key": ""}})), "configMapRef.key must be"),
        (http(json!({"url": "http://example.org"})), "needs insecure: true"),
        (http(json!({"url": "HTTPS://example.org"})), "must begin with https://"),
        (http(json!({"url": "https:///report"})), "a full address with a host"),
        (http(json!({"url": "https://a:b@example.org"})), "secretRef"),
        (http(json!({"url": "https://token@example.org"})), "secretRef"),
        (http(json!({"url": "https://example.org/a b"})), "%20"),
        (http(json!({"url": format!("https://example.org/{}", "a".repeat(2048))})), "2048"),
        (
            http(json!({"url": "http://example.org", "insecure": true, "certSecretRef": {"name": "a"}})),
            "need an https:// address",
        ),
        (http(json!({"timeout": "999ms"})), "between 1s and 5m"),
        (http(json!({"timeout": "301s"})), "between 1s and 5m"),
        (http(json!({"timeout": "30"})), "must be a duration"),
        (http(json!({"secretRef": {"name": "My Secret"}})), "name must be the name of a resource"),
        (with(inline(), "interval", json!("59s")), "at least 1m"),
        (with(inline(), "interval", json!("-1h")), "must be a duration"),
        (with(inline(), "interval", json!("")), "must be a duration"),
        (with(inline(), "language", json!("nld")), "ISO 639-1"),
        (with(inline(), "language", json!("")), "ISO 639-1"),
        (with(inline(), "language", json!("xx")), "ISO 639-1"),
        (with(inline(), "event", json!({"startDate": "2024-02-31"})), "a day that exists"),
        (with(inline(), "event", json!({"endDate": "2023-02-29"})), "a day that exists"),
        (with(inline(), "event", json!({"endDate": "1900-02-29"})), "a day that exists"),
        (with(inline(), "event", json!({"endDate": "2024-04-31"})), "a day that exists"),
        (with(inline(), "event", json!({"year": 1999})), "event.year"),
        (with(inline(), "event", json!({"year": 2101})), "event.year"),
        (with(inline(), "event", json!({"startDate": "2024-13-01"})), "event.startDate"),
        (with(inline(), "event", json!({"endDate": "2024-3-1"})), "event.endDate"),
        (
            with(inline(), "event", json!({"startDate": "2024-03-20", "endDate": "2024-03-19"})),
            "before event.startDate",
        ),
        (with(inline(), "summary", json!({"maxWords": 19})), "summary.maxWords"),
        (with(inline(), "summary", json!({"maxWords": 501})), "summary.maxWords"),
        (with(inline(), "catalogRefs", json!([{"name": "Ours"}])), "name must be the name of a resource"),
    ] {
        let message = verdict(&bad).unwrap_or_else(|| panic!("{bad} should be refused with {expected:?}"));
        assert!(message.contains(expected), "{bad}\nshould be refused with {expected:?}, but was with\n{message}");
    }
}

#[test]
fn ids_of_themes_are_checked() {
    let verdict = |name: &str| {
        let spec: ReportCatalogSpec = serde_json::from_value(json!({"themes": [{"name": name}]})).unwrap();
        ReportCatalog::new("ours", spec).validate_cel().is_ok()
    };
    for (name, good) in [("data-residency", true), ("5g", true), ("Data Residency", false), ("-a", false), ("", false)]
    {
        assert_eq!(verdict(name), good, "{name:?}");
    }
}
