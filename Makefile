# Two commands matter: "make run" and "make test". Both install what is missing.
# One set of build flags everywhere, so that Go's cache is used again.

.PHONY: run test build lint bench screenshots fuzz clean windows test-windows

run:
	@scripts/setup.sh run
	@$(MAKE) --no-print-directory build
	@scripts/run.sh

build:
	@echo "building bin/certctl and bin/certdesk (the first time takes some minutes)"
	@mkdir -p bin
	@go build -o bin/ ./cmd/certctl ./cmd/certdesk

test:
	@scripts/setup.sh test
	@$(MAKE) --no-print-directory lint build
	@scripts/test.sh

lint:
	@test -z "$$(gofmt -l .)" || { echo "not gofmt-ed:"; gofmt -l .; exit 1; }
	go vet ./...
	GOOS=windows CGO_ENABLED=0 go vet ./certstore/... ./internal/... ./cmd/certctl ./ui/...
	GOOS=windows CGO_ENABLED=0 go vet -tags tinygo,migrated_fynedo ./cmd/certdesk/...
	scripts/darwin.sh

# certdesk.exe, certdesk-safe.exe and certctl.exe in bin/windows.
windows:
	@scripts/setup.sh windows
	@scripts/windows.sh build bin/windows

# The conformance suite, the command scripts and the window under Wine. On
# Windows itself: go test -v ./certstore/...
test-windows:
	@scripts/setup.sh windows
	@scripts/windows.sh test

# Medians and ratios against certutil, pk12util and openssl in the same run.
bench:
	@scripts/setup.sh test
	@$(MAKE) --no-print-directory build
	@go run ./internal/bench bin/certctl

screenshots:
	@scripts/setup.sh test
	@$(MAKE) --no-print-directory build
	@scripts/window.sh screenshots docs/pictures

# Each fuzz target for FUZZTIME (default 30s).
fuzz:
	@scripts/fuzz.sh $(or $(FUZZTIME),30s)

clean:
	rm -rf bin out
