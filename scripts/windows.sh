#!/bin/bash
# The Windows programs under Wine, in prefixes of their own that are removed at
# the end.
#   scripts/windows.sh test [go test flags]      all of the following
#   scripts/windows.sh suite [go test flags]     the conformance suite
#   scripts/windows.sh commands [go test flags]  the command scripts, cmd/certctl/testdata
#   scripts/windows.sh certctl                   certctl.exe: what only Windows has
#   scripts/windows.sh window                    certdesk.exe, driven by mouse, with pictures
#   scripts/windows.sh elevate                   certdesk.exe, continuing as administrator
#   scripts/windows.sh safe                      certdesk-safe.exe, without OpenGL, driven by mouse and keyboard
#   scripts/windows.sh build FOLDER              certctl.exe, certdesk.exe and certdesk-safe.exe
#   scripts/windows.sh shell                     a shell with the prefix, to look around
set -eu
cd "$(dirname "$0")/.."
root=$PWD
mode=${1:-test}
[ $# = 0 ] || shift
[ "$mode" != build ] || exec scripts/wine/build.sh "$@"
if [ "$mode" = test ]; then # each part in a prefix of its own: the key containers that one leaves are nothing to the next
	scripts/windows.sh suite "$@"
	for part in commands certctl window elevate safe; do scripts/windows.sh $part; done
	exit
fi

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

# tests NAME PACKAGE [flags]: a package's tests as a Windows program. Its log is
# out/windows/NAME.txt.
tests() {
	local name=$1 package=$2 rc=0
	shift 2
	echo "== $name"
	go test -c -overlay "$dir/overlay.json" -o "$dir/$name.test.exe" "$package"
	(cd "$package" && wine "$dir/$name.test.exe" -test.v -test.timeout 15m "$@") >"$dir/$name.log" 2>&1 </dev/null || rc=$?
	mkdir -p "$root/out/windows"
	tr -d '\r' <"$dir/$name.log" >"$root/out/windows/$name.txt"
	awk '/^=== / { test = $3 }
		match($0, /^ *[a-z_]+\.go:[0-9]+: /) && !/work=/ { why[test] = why[test] (why[test] ? "; " : "") substr($0, RSTART + RLENGTH) }
		/^ *--- SKIP/ { print "skipped " $3 ": " why[$3] }
		/^ *--- FAIL/ { print "FAILED " $3 ": " why[$3] }
		/^panic|^FAIL/' "$root/out/windows/$name.txt"
	[ $rc = 0 ] || grep -aB12 -A3 'FAIL: testdata' "$root/out/windows/$name.txt" || true
	echo "tests: $(grep -acE '^ *--- PASS' "$root/out/windows/$name.txt") passed, $(grep -acE '^ *--- FAIL' "$root/out/windows/$name.txt") failed, $(grep -acE '^ *--- SKIP' "$root/out/windows/$name.txt") skipped"
	return $rc
}

# The conformance suite, and the command scripts: the same as on Linux. With
# the suite go packages that differ by system.
suite() { tests suite ./certstore "$@" && tests pipe ./internal/pipe && tests whereused ./internal/whereused && tests elevate ./internal/elevate -test.skip TestCommands; } # the commands are for Linux' shell
commands() { tests commands ./cmd/certctl "$@"; }

case $mode in
suite) suite "$@" ;;
commands) commands "$@" ;;
certctl) scripts/wine/certctl.sh "$dir" ;;
window) scripts/wine/window.sh "$dir" ;;
elevate) scripts/wine/elevate.sh "$dir" ;;
safe) scripts/wine/safe.sh "$dir" ;;
shell) echo "WINEPREFIX=$WINEPREFIX"; "${SHELL:-bash}" ;;
*) echo "usage: $0 test|suite|commands|certctl|window|elevate|safe|build|shell" >&2; exit 2 ;;
esac
