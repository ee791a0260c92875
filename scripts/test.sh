#!/bin/bash
# All tests: the Go ones, then the real window under Xvfb.
set -u
cd "$(dirname "$0")/.."
export LANG=en_US.UTF-8 LC_ALL=C.UTF-8
passed=0 failed=0
step() {
	local name=$1; shift
	echo "== $name"
	if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $name"; fi
}
step "go test" go test -timeout 20m ./...
step "race" go test -timeout 20m -race -short ./internal/... ./certstore/...
step "macOS adapter without cgo" env CGO_ENABLED=0 go test -timeout 10m -run Keychain ./certstore
step "window" scripts/window.sh test out/window
echo "steps: $passed passed, $failed failed"
[ "$failed" = 0 ]
