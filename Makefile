# Everything that people and CI do with this repository. `make help` tells what there is.

CARGO ?= cargo
BINARY := target/release/conference-report-operator
PROVIDE := $(CARGO) run --quiet --locked -p testbed --no-default-features --bin provide --
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
HOST := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,amd64)
ARCHITECTURES ?= $(HOST)
CORPUS ?=
EVAL_FLAGS ?=
PEERS ?=
SAVE ?=
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/conference-report-operator
PEERS_VENV := $(CACHE)/peers
KOPF_VENV := $(CACHE)/kopf
MANAGER := $(CACHE)/manager
SIZE ?= full
OPERATOR ?= $(BINARY)
BENCH_FLAGS ?=

.DEFAULT_GOAL := help
.PHONY: help build tools generate lint deny control-plane programs test unit test-delivery demo soak fleet image e2e e2e-flux test-docs keep-chart release eval bench bench-cluster clean

help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "; print "Usage: make <target>\n"} /^[a-z0-9-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\nVariables:\n'
	@printf '  %-22s %s\n' 'KEEP=1' 'make demo: leave everything running and say how to use it'
	@printf '  %-22s %s\n' 'SOAK=2m SEED=7' 'make soak: for how long, and with which random choices'
	@printf '  %-22s %s\n' 'REPORTS=10000' 'make fleet: of how many reports'
	@printf '  %-22s %s\n' 'CORPUS=dir' 'make eval: folder with annotated reports'
	@printf '  %-22s %s\n' 'EVAL_FLAGS=--verbose' 'make eval: list what was missed and what was wrong'
	@printf '  %-22s %s\n' 'PEERS=1' 'make bench: measure the Python tools for the same jobs too'
	@printf '  %-22s %s\n' 'KUBECONFIG=file' 'make e2e, make e2e-flux: use that cluster instead of a node of their own'
	@printf '  %-22s %s\n' 'PAGES=docs/x.md' 'make test-docs: these pages only'
	@printf '  %-22s %s\n' 'ARCHITECTURES=list' 'make image: amd64, arm64'
	@printf '  %-22s %s\n' 'SIZE=small' 'make bench-cluster: a few hundred reports, in minutes'
	@printf '  %-22s %s\n' 'OPERATOR=program' 'make bench-cluster: another build of the operator, such as that of the image'
	@printf '  %-22s %s\n' 'BENCH_FLAGS=...' 'make bench-cluster: parts and sizes; BENCH_FLAGS=--help lists them'
	@printf '  %-22s %s\n' 'SAVE=1' 'make bench, make bench-cluster: keep what was measured as the baseline, or in docs/performance'
	@printf '  %-22s %s\n' 'KUBEBUILDER_ASSETS=dir' 'etcd, kube-apiserver and kubectl to use instead of fetching or building them'
	@printf '  %-22s %s\n' 'SETUP_ENVTEST=never' 'build the control plane from source instead of fetching it'

build: ## Build the operator
	$(CARGO) build --release --locked

# The operator together with the programs that demonstrate and measure it, compiled in one go.
tools:
	$(CARGO) build --release --locked --workspace

generate: control-plane ## Write the generated files anew: CRDs and API reference from the types, manifests and tables from the chart
	$(CARGO) run --quiet --locked -- crd --output crds
	$(PROVIDE) helm
	$(CARGO) run --quiet --locked -p testbed --bin deliverables

lint: ## Check formatting and lints; warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

deny: ## Check licences, duplicates and origins of dependencies, and where the network allows it known vulnerabilities
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny@0.20.2
	$(CARGO) deny --locked check licenses bans sources
	@$(CARGO) deny --locked check advisories 2>target/advisories.log && echo 'advisories ok' \
		|| { grep -q 'failed to fetch\|failed to load advisory\|failed to clone\|failed to connect' target/advisories.log \
		&& echo 'advisories SKIPPED: the advisory database cannot be reached from here' \
		|| { cat target/advisories.log; exit 1; }; }

control-plane: ## Provide etcd, kube-apiserver and kubectl for test and demo, and say where they come from
	@$(PROVIDE) control-plane

programs: control-plane ## Provide what the tests of image and chart need: Helm, kubelet, Flux ... built once from pinned modules
	@$(PROVIDE) node helm kubeconform flux monitoring

unit: ## Run the tests that need no cluster
	$(CARGO) test --locked --workspace --lib

test: control-plane ## Run all tests: unit tests, and integration tests on a real Kubernetes API server
	$(CARGO) test --locked --workspace --lib --test analysis --test integration

test-delivery: control-plane ## Check chart, manifests, alerts and dashboard with Helm, kubeconform, an API server and Prometheus
	@$(PROVIDE) helm kubeconform monitoring
	$(CARGO) test --locked --test delivery

demo: control-plane tools ## See reports become status on a real Kubernetes API server
	@target/release/demo $(CURDIR)/$(BINARY)

image: ## Build the image for this machine as an OCI archive (ARCHITECTURES="amd64 arm64" for others)
	@for architecture in $(ARCHITECTURES); do \
		hack/binary.sh $$architecture && hack/image.sh $$architecture dist/image-$$architecture.tar || exit 1; done

e2e: programs tools image ## Install the image by Helm on a real node and use it: needs root on Debian, or KUBECONFIG of a cluster that has the image
	@target/release/e2e dist/image-$(HOST).tar

e2e-flux: programs tools image ## From a commit to a Ready report by the real Flux controllers: needs what e2e needs
	@target/release/e2e-flux $(CURDIR)/$(BINARY) dist/image-$(HOST).tar

test-docs: programs tools image ## Perform the commands of the documentation as they are written, on a node of its own: needs root on Debian
	@env -u KUBECONFIG target/release/test-docs $(CURDIR)/$(BINARY) dist/image-$(HOST).tar $(PAGES)

keep-chart: ## Keep the present chart, for upgrades from it in e2e: part of a release
	mkdir -p tests/upgrade/$(VERSION)
	rm -rf tests/upgrade/$(VERSION)/chart
	cp -r charts/conference-report-operator tests/upgrade/$(VERSION)/chart
	test -f tests/upgrade/$(VERSION)/values.yaml || cp tests/upgrade/0.1.0/values.yaml tests/upgrade/$(VERSION)/

release: ARCHITECTURES = amd64 arm64
release: programs image ## Build everything that a release publishes into dist/
	hack/release.sh
soak: control-plane tools ## Edit, break and restart at random for ten minutes, then see that nothing was lost
	@target/release/soak $(CURDIR)/$(BINARY)

fleet: control-plane tools ## Restart an operator of ten thousand reports, then create some while all others are looked at again
	@target/release/fleet $(CURDIR)/$(BINARY)

eval: tools ## Score the analysis on a folder of annotated reports: make eval CORPUS=dir
	@test -n "$(CORPUS)" || { echo 'say where the annotated reports are: make eval CORPUS=dir'; exit 2; }
	@target/release/eval $(EVAL_FLAGS) "$(CORPUS)" $(BINARY)

bench: $(if $(PEERS),$(PEERS_VENV)/ready) ## Measure speed and memory of the analysis, stage by stage, and say what differs from the baseline
	$(if $(SAVE),BENCH_SAVE=1) $(if $(PEERS),BENCH_PEERS="$(PEERS_VENV)/bin/python") $(CARGO) bench --locked --bench analysis

bench-cluster: control-plane tools $(KOPF_VENV)/ready $(MANAGER) ## Measure the operator on a real API server, beside its limits and beside Kopf and Go
	target/release/bench-cluster measure --size $(SIZE) --kopf "$(KOPF_VENV)/bin/python" --manager "$(MANAGER)" $(if $(SAVE),--output docs/performance) $(BENCH_FLAGS) $(OPERATOR)

$(PEERS_VENV)/ready: tests/peers/requirements.txt
$(KOPF_VENV)/ready: tests/peers/kopf/requirements.txt
$(PEERS_VENV)/ready $(KOPF_VENV)/ready:
	python3 -m venv "$(@D)"
	"$(@D)/bin/pip" install --quiet --disable-pip-version-check --requirement $<
	@touch "$@"

$(MANAGER): $(wildcard tests/peers/manager/*)
	cd tests/peers/manager && CGO_ENABLED=0 go build -mod=readonly -trimpath -ldflags '-s -w' -o "$@" .

clean: ## Remove what was built (the control plane stays in the user's cache)
	$(CARGO) clean
