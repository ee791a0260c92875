#!/bin/bash
# What a hosted Mac runs. It has never run yet. Everything happens in keychains
# of its own, which are deleted at the end.
#   scripts/runner/darwin.sh suite    the tests, without cgo and with it
#   scripts/runner/darwin.sh leaks    Apple's leaks over the same tests
#   scripts/runner/darwin.sh certctl  certctl on a keychain, compared with Apple's security
#   scripts/runner/darwin.sh window   builds, signs ad hoc and starts Certdesk.app
set -eu
cd "$(dirname "$0")/../.."
[ "$(uname)" = Darwin ] || { echo "this is for a Mac" >&2; exit 1; }
work=$(mktemp -d)
keychain=$work/test.keychain-db
cleanup() {
	security delete-keychain "$keychain" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT

# make_keychain makes an unlocked keychain and adds it to those that are
# searched, instead of replacing them.
make_keychain() {
	security create-keychain -p test "$keychain"
	security set-keychain-settings -lut 3600 "$keychain"
	security unlock-keychain -p test "$keychain"
	local list=() line
	while read -r line; do list+=("${line//\"/}"); done < <(security list-keychains -d user)
	security list-keychains -d user -s "$keychain" ${list[@]+"${list[@]}"}
}

case "${1:-}" in
suite)
	for cgo in 0 1; do
		echo "== CGO_ENABLED=$cgo"
		CGO_ENABLED=$cgo go vet ./certstore/... ./internal/... ./cmd/certctl
		CGO_ENABLED=$cgo go test -v -count=1 ./certstore/...
	done
	;;
leaks)
	go test -c -o "$work/certstore.test" ./certstore
	(cd certstore && leaks --atExit -- "$work/certstore.test" -test.run 'TestDarwin$|TestDarwinMemory$')
	;;
certctl)
	make_keychain
	CGO_ENABLED=0 go build -o "$work/certctl" ./cmd/certctl
	scripts/sample.sh "$work/sample"
	export CERTDESK_USER_KEYCHAIN=$keychain XDG_STATE_HOME=$work/state
	sha1=$(openssl x509 -in "$work/sample/leaf.pem" -noout -fingerprint -sha1 | sed 's/.*=//' | tr -d :)
	"$work/certctl" import "$work/sample/sample.pfx" --password-file "$work/sample/sample.pass" --yes
	"$work/certctl" list --location user
	security find-identity "$keychain" | grep -i "$sha1"
	security find-certificate -a -Z "$keychain" | grep -i "$sha1"
	printf 'new' >"$work/new.pass"
	"$work/certctl" export "$sha1" --location user --format pfx --new-password-file "$work/new.pass" -o "$work/out.pfx"
	openssl pkcs12 -in "$work/out.pfx" -passin "file:$work/new.pass" -nokeys
	"$work/certctl" undo --yes
	if security find-identity "$keychain" | grep -i "$sha1"; then
		echo "undo left the identity in the keychain" >&2
		exit 1
	fi
	"$work/certctl" import "$work/sample/sample.pfx" --password-file "$work/sample/sample.pass" --exportable=false --yes
	if security export -k "$keychain" -t identities -f pkcs12 -P x -o "$work/stolen.p12"; then
		echo "a key that was imported as not exportable came out" >&2
		exit 1
	fi
	;;
window)
	go vet ./...
	CERTDESK_ARCHS=$(uname -m) bundling/darwin/bundle.sh
	scripts/sample.sh "$work/sample"
	open -W -a "$PWD/out/darwin/Certdesk.app" "$work/sample/leaf.pem" &
	sleep 30
	screencapture -x out/darwin/window.png || echo "no screen to take a picture of"
	pid=$(pgrep -n -x certdesk) || { echo "Certdesk ended by itself" >&2; exit 1; }
	kill "$pid"
	;;
*) echo "usage: $0 suite|leaks|certctl|window" >&2; exit 2 ;;
esac
