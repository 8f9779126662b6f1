# Radswarm. `make help` lists what there is.
#
# GNU make 3.81 and a POSIX sh are enough, so that this runs on macOS as it comes. What takes more than a few lines lies in
# .ci/, each script with its own first comment.

PREFIX ?= $(HOME)/.local
DESTDIR ?=
FUZZTOTAL ?= 180
FUZZTIME ?=

# Tools run from their pinned versions: go.mod names only what the product imports.
GOFUMPT     = mvdan.cc/gofumpt@v0.12.0
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
DEADCODE    = golang.org/x/tools/cmd/deadcode@v0.52.0
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.8.0

# The folders of Go files that git knows, new files in them included.
FOLDERS = $$(git ls-files '*.go' | sed 's,/.*,,' | sort -u)
# The programs: every main directly under cmd/.
MAINS = $$(go list -f '{{if eq .Name "main"}}{{.ImportPath}}{{end}}' ./cmd/...)

.PHONY: build help install uninstall test check bench sim demo fuzz radicle radicle-release generate go-version \
	format vet tidy fix cross lint deadcode race vuln generated
.NOTPARALLEL:

build: go-version ## compile everything; the commands go to bin/
	CGO_ENABLED=0 go build ./...
	@mains="$(MAINS)" || exit 1; \
	if [ -z "$$mains" ]; then echo 'build: everything compiles; there are no commands under cmd/ yet, so bin/ stays empty'; exit 0; fi; \
	CGO_ENABLED=0 go build -trimpath -o bin/ $$mains && for m in $$mains; do echo "bin/$${m##*/}"; done

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

install: build ## copy the commands to PREFIX/bin (PREFIX=~/.local; DESTDIR is honoured)
	@mains="$(MAINS)" || exit 1; set --; for m in $$mains; do set -- "$$@" "$${m##*/}"; done; \
	.ci/install install "$(PREFIX)" "$(DESTDIR)" "$$@"

uninstall: go-version ## remove from PREFIX/bin what install put there, and nothing else
	@mains="$(MAINS)" || exit 1; set --; for m in $$mains; do set -- "$$@" "$${m##*/}"; done; \
	.ci/install uninstall "$(PREFIX)" "$(DESTDIR)" "$$@"

test: go-version ## run the tests; says which were left out for want of a tool
	@.ci/test ./...

check: go-version format vet tidy fix cross lint deadcode race fuzz vuln generated ## all that must hold before a change lands
	@echo 'check: nothing failed; what was not run or left out is said above'

bench: go-version ## run the benchmarks
	@packages=$$(find . -name '.?*' -prune -o -name '*_test.go' -exec grep -l '^func Benchmark' {} + | sed 's,/[^/]*$$,,' | sort -u); \
	if [ -z "$$packages" ]; then echo 'bench: there are no benchmarks'; exit 0; fi; \
	go test -run='^$$' -bench=. -benchmem -timeout=1h $$packages
	@go test -run='^TestLines$$' -v -count=1 ./cmd/internal/proof

sim: go-version ## how near downloads come to the bound, over 100 drawn sets of lines
	@RADSWARM_SIM=100 go test -v -run=NearTheBound -count=1 ./blobstore/swarm

demo: go-version ## the whole story on this machine: ten friends, a film, seven vanish (SIZE=1GiB, FILE=/film.mp4, RADICLE=1)
	@.ci/demo

fuzz: go-version ## fuzz every target, FUZZTOTAL=180 seconds in all (or FUZZTIME=30s for each)
	@echo '== fuzz'
	@.ci/fuzz "$(FUZZTOTAL)" "$(FUZZTIME)"

radicle: ## build Radicle's own tools once, for the tests that meet them
	@.ci/radicle

radicle-release: ## build them as released, to compare speed
	@.ci/radicle release

generate: go-version ## write generated files anew
	go generate ./...

# What check is made of, in the order that fails fastest. A minute of fuzzing there, unless the command line says more.
check: FUZZTOTAL = 60

go-version:
	@.ci/go-version

format:
	@echo '== gofumpt'
	@found=$$(go run $(GOFUMPT) -l $(FOLDERS)) || exit 1; \
	[ -z "$$found" ] || { echo "$$found"; echo "not formatted: go run $(GOFUMPT) -w" $(FOLDERS); exit 1; }

vet:
	@echo '== go vet'
	go vet ./...
	GOOS=darwin go vet ./...

tidy:
	@echo '== go mod tidy'
	go mod tidy -diff

fix:
	@echo '== go fix'
	@go fix -diff ./... || { echo 'older Go than need be: go fix ./... brings it up to date'; exit 1; }

cross:
	@echo '== other systems'
	@for target in darwin/amd64 darwin/arm64 windows/amd64 linux/386; do \
		echo "go build ./... for $$target"; \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} go build ./... || exit 1; \
	done

lint:
	@echo '== staticcheck'
	@go run $(STATICCHECK) ./...

deadcode:
	@echo '== deadcode'
	@found=$$(go run $(DEADCODE) -test ./...) || exit 1; [ -z "$$found" ] || { echo "$$found"; exit 1; }

race:
	@echo '== go test -race'
	@CGO_ENABLED=1 .ci/test -race -shuffle=on ./...

vuln:
	@echo '== govulncheck'
	@.ci/vuln $(GOVULNCHECK)

# What is generated is what is committed. Compared before and after, so that work in progress does not count.
generated:
	@echo '== generated files'
	@git grep -q '^//go:generate' -- '*.go' || { echo 'nothing is generated'; exit 0; }; \
	state() { git status --porcelain && git diff; }; \
	before=$$(state) && $(MAKE) generate && after=$$(state) && \
	[ "$$before" = "$$after" ] || { git status --short; echo 'make generate changes files: commit what it writes'; exit 1; }
