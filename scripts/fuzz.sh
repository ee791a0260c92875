#!/bin/bash
# Runs every fuzz target of the module for $1 each.
set -eu
cd "$(dirname "$0")/.."
grep -rhoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' -H . | sed 's/:func / /' | while read -r file name; do
	echo "== $file $name"
	go test -run '^$' -fuzz "^$name\$" -fuzztime "$1" "$(dirname "$file")"
done
