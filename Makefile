# Storewarden. "make help" lists the targets.
GO ?= go
CONTROLPLANE = KUBEBUILDER_ASSETS="$$($(GO) run ./test/apiserver/binaries)"

.PHONY: help demo quick test test-browser screenshots chromium test-rego mutants build image sbom vulncheck generate verify bench fuzz fmt lint clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' Makefile

demo: ## a real API server, an embedded vault, real denials on screen (KEEP=1 leaves it running)
	@$(CONTROLPLANE) $(GO) run ./test/demo $(if $(KEEP),--keep)

quick: build ## audit the example GitOps folder, no API server needed
	@bin/storewarden audit test/example/gitops --vault dir:test/example/vault --now 2026-06-01T12:00:00Z || test $$? -eq 1

test: ## everything: unit, Rego with coverage, conventions, cases, API server, command line
	@echo "building the API server once per machine, then testing; the first run takes some minutes"
	@$(CONTROLPLANE) && $(CONTROLPLANE) $(GO) test -timeout 30m ./...
	@$(GO) -C test/alerts test -count=1 ./... # Go does not see that files outside of the module changed
	@$(GO) -C test/image test -count=1 ./...
	@$(GO) -C test/chart test -count=1 ./... # Go does not see that files outside of the module changed

# Chromium is a Debian package. Where it is missing, root gets it.
chromium:
	@command -v chromium >/dev/null || { \
	  command -v apt-get >/dev/null && test "$$(id -u)" = 0 || { \
	    echo "test-browser needs chromium: install it (apt-get install chromium), or run this as root on Debian"; exit 1; }; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; }

test-browser: chromium ## the console in headless Chromium: the whole journey, keyboard, accessibility
	@export $(CONTROLPLANE) && cd test/browser && $(GO) vet ./... && $(GO) test -count=1 -timeout 30m ./...

screenshots: chromium ## the console's pictures, for the README
	@export $(CONTROLPLANE) && cd test/browser && $(GO) run ./screenshots --dir screenshots --only stores-1280x800.png,chains-1024x640.png

test-rego: ## the rules' own tests, with coverage
	$(GO) test -count=1 -run 'TestRego|TestConventions' -v ./policies/engine

mutants: ## every rule, head and expression taken out or turned round: a test must notice
	$(GO) run ./test/mutants

build: ## the binary, in bin/
	$(GO) build -o bin/storewarden ./cmd/storewarden

image: ## the container image for amd64 and arm64, an OCI image layout in bin/image, no engine needed
	@$(GO) -C test/image run . -out ../../bin/image

TOOL = $(GO) tool -modfile=test/tools/go.mod
sbom: ## what the image's binary is made of, CycloneDX, in bin/sbom.json
	@rm -rf bin/rootfs
	@$(GO) -C test/image run . -rootfs ../../bin/rootfs -platforms linux/amd64
	$(TOOL) cyclonedx-gomod bin -json -std -noserial -output bin/sbom.json bin/rootfs/usr/bin/storewarden

VULNDB ?= https://vuln.go.dev
vulncheck: ## known vulnerabilities in code that is called, by the database VULNDB
	@$(TOOL) govulncheck -db $(VULNDB) ./... || { s=$$?; echo "vulncheck: something was found, or nothing was checked since $(VULNDB) did not answer: see above; VULNDB=file:///copy names another" >&2; exit $$s; }

generate: ## what is made from code: schemas, pages, manifests, tables and golden files
	$(GO) test ./policies/input ./policies/pages ./cmd/internal/report ./cmd/internal/metrics ./manifests/rights -update
	@$(CONTROLPLANE) $(GO) test ./webhook -run Manifests -update
	$(GO) -C test/chart test -run Golden -update .

verify: generate ## nothing that is generated has drifted
	git diff --exit-code

bench: ## benchmarks with allocations
	$(GO) test -run '^$$' -bench . -benchmem ./certs/... ./policies/... ./webhook/...

FUZZTIME ?= 60s
fuzz: ## every decoder, FUZZTIME each
	@set -e; for p in $$(grep -rl --include=*_test.go 'func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -ho 'func Fuzz[A-Za-z0-9]*' $$p/*_test.go | cut -d' ' -f2); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p; done; done

fmt: ## gofmt
	gofmt -w $$(git ls-files '*.go')

lint: ## gofmt and vet
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) -C test/alerts vet ./...
	$(GO) -C test/image vet ./...
	$(GO) -C test/chart vet ./...

clean: ## what was built here
	rm -rf bin
