#!/bin/bash
# The Windows programs under Wine, in a prefix of their own that is removed at
# the end.
#   scripts/windows.sh test [go test flags]   conformance suite, then certctl.exe, then safe
#   scripts/windows.sh suite [go test flags]  the suite alone
#   scripts/windows.sh window                 certdesk.exe starts, with a picture
#   scripts/windows.sh safe                   certdesk-safe.exe, without OpenGL, driven by mouse and keyboard
#   scripts/windows.sh build FOLDER           certctl.exe, certdesk.exe and certdesk-safe.exe
#   scripts/windows.sh shell                  a shell with the prefix, to look around
set -eu
cd "$(dirname "$0")/.."
root=$PWD
mode=${1:-test}
[ $# = 0 ] || shift
[ "$mode" != build ] || exec scripts/wine/build.sh "$@"

dir=$(mktemp -d /tmp/certdesk-wine.XXXXXX)
export WINEPREFIX=$dir/prefix WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml,winemenubuilder.exe=" GOOS=windows GOARCH=amd64 CGO_ENABLED=0
unset DISPLAY
cleanup() { wineserver -k 2>/dev/null || true; wineserver -w 2>/dev/null || true; rm -rf "$dir"; }
wineserver() { PATH=$PATH:/usr/lib/wine command wineserver "$@"; }
trap cleanup EXIT

echo "== a fresh prefix for $(wine --version)"
wineboot -i >/dev/null 2>&1
wineserver -w
x86_64-w64-mingw32-gcc -shared -O2 -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" scripts/wine/processprng.c -ladvapi32
wineserver -p

# Wine 8 answers STATUS_NOT_IMPLEMENTED to what os.RemoveAll asks first, which
# Go does not take for "not supported": without this no t.TempDir is removed.
file=src/internal/syscall/windows/at_windows.go
goroot=$(go env GOROOT)
sed 's|STATUS_NOT_SUPPORTED:     // the file system.*|STATUS_NOT_SUPPORTED, NTStatus(0xC0000002):|' "$goroot/$file" >"$dir/at_windows.go"
if cmp -s "$goroot/$file" "$dir/at_windows.go"; then
	echo "the overlay does not fit $(go version): look at $file" >&2
	exit 1
fi
echo "{\"Replace\":{\"$goroot/$file\":\"$dir/at_windows.go\"}}" >"$dir/overlay.json"

suite() {
	echo "== conformance suite"
	go test -c -overlay "$dir/overlay.json" -o "$dir/certstore.test.exe" ./certstore
	(cd certstore && wine "$dir/certstore.test.exe" -test.v -test.timeout 10m "$@") >"$dir/suite.log" 2>&1 && rc=0 || rc=$?
	tr -d '\r' <"$dir/suite.log" >"$dir/suite.txt"
	mkdir -p "$root/out/windows"
	cp "$dir/suite.txt" "$root/out/windows/suite.txt"
	grep -E '^ *(--- (FAIL|SKIP)|[a-z_]+\.go:[0-9]+:)|^panic|^FAIL' "$dir/suite.txt" || true
	echo "tests: $(grep -cE '^ *--- PASS' "$dir/suite.txt") passed, $(grep -cE '^ *--- FAIL' "$dir/suite.txt") failed, $(grep -cE '^ *--- SKIP' "$dir/suite.txt") skipped"
	return $rc
}

case $mode in
test) suite "$@"; scripts/wine/certctl.sh "$dir"; scripts/wine/safe.sh "$dir" ;;
suite) suite "$@" ;;
window) scripts/wine/window.sh "$dir" ;;
safe) scripts/wine/safe.sh "$dir" ;;
shell) echo "WINEPREFIX=$WINEPREFIX"; "${SHELL:-bash}" ;;
*) echo "usage: $0 test|suite|window|safe|build|shell" >&2; exit 2 ;;
esac
