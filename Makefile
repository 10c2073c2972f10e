# What a developer runs. CI runs .ci/run, which uses the same targets.

GO          ?= go
STATICCHECK ?= honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME    ?= 2m
BENCH       ?= .
PYTHON      ?= python3

PREFIX      ?= /usr/local

.PHONY: install test vet lint race fuzz fuzz-smoke bench compare venvs fixtures fixtures-check interop beam spark ci

test:            ## every test that needs nothing but Go
	$(GO) test ./...

install:         ## the command, its manual pages and completions, under PREFIX
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w' -o $(DESTDIR)$(PREFIX)/bin/unpkl ./cmd/unpkl
	$(DESTDIR)$(PREFIX)/bin/unpkl man $(DESTDIR)$(PREFIX)/share/man/man1
	mkdir -p $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
	    $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(DESTDIR)$(PREFIX)/bin/unpkl completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/unpkl
	$(DESTDIR)$(PREFIX)/bin/unpkl completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_unpkl
	$(DESTDIR)$(PREFIX)/bin/unpkl completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/unpkl.fish

vet:             ## of the modules that use this one, too: bench and beam
	$(GO) vet ./...
	cd bench && $(GO) vet ./...
	cd beam && $(GO) vet ./...

lint: vet        ## formatting, vet, staticcheck
	@unformatted="$$(gofmt -l .)"; [ -z "$$unformatted" ] || { echo "not formatted with gofmt:"; echo "$$unformatted"; exit 1; }
	$(GO) run $(STATICCHECK) ./...

race:            ## the tests of what has goroutines or unsafe, under the race detector
	scripts/race.sh

fuzz:            ## every fuzz target for FUZZTIME; one of them: make fuzz F=FuzzDecode FUZZTIME=10m
	scripts/fuzz.sh $(FUZZTIME) $(F)

fuzz-smoke:      ## every fuzz target for a fixed number of inputs, a few seconds each
	scripts/fuzz.sh 2000x

hostile:         ## what hostile input costs, beside gopickle and og-rek: the table of SECURITY.md
	cd bench/hostile && $(GO) run . -write ../../SECURITY.md

bench:           ## BENCH is a pattern of benchmark names
	scripts/bench.sh '$(BENCH)'

compare:         ## beside CPython and other Go libraries; PYTHON has NumPy, COMPARE takes options: see bench/README.md
	$(PYTHON) bench/compare.py $(COMPARE)

venvs:           ## the Python environments of fixtures and interop
	scripts/make_venvs.sh

fixtures: venvs  ## write testdata again
	scripts/gen_fixtures.py
	scripts/gen_own.sh

fixtures-check:  ## make testdata again elsewhere and compare
	scripts/make_venvs.sh $$(scripts/gen_fixtures.py --environments)
	scripts/gen_fixtures.py --check
	scripts/gen_own.sh --check

interop:         ## live tests with real CPythons and NumPys, which it installs under .venvs
	scripts/interop.sh

beam:            ## the module for Apache Beam: its tests, and the live ones with Prism
	cd beam && $(GO) test ./...
	scripts/beam.sh

spark:           ## Spark from PyPI, two executors of which one is killed, over 20,000 pickles; needs Java
	scripts/spark.sh

ci:
	.ci/run
