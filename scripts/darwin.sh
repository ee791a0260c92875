#!/bin/bash
# What can be said about macOS without a Mac: for both processors everything
# but the window's program is vetted, certctl is built, and the tests of the
# stores and of the keychain bindings link. No cgo, so no SDK.
set -eu
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
export GOOS=darwin CGO_ENABLED=0
for GOARCH in arm64 amd64; do
	export GOARCH
	echo "macOS $GOARCH: vet, build, test binaries"
	go vet ./certstore/... ./internal/... ./cmd/certctl
	go build -o "$out/certctl-$GOARCH" ./cmd/certctl
	for p in certstore certstore/internal/keychain internal/importer; do
		go test -c -o "$out/$(basename $p)-$GOARCH.test" "./$p"
	done
done
