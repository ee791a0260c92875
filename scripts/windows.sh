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
set -eEu
trap 'echo "$0: line $LINENO: exit code $?: $BASH_COMMAND" >&2' ERR # nothing fails without a word
cd "$(dirname "$0")/.."
root=$PWD
mode=${1:-test}
[ $# = 0 ] || shift
[ "$mode" != build ] || exec scripts/wine/build.sh "$@"
# Debian's Wine has no preloader, which would keep 0x7ffe0000 free: about one of
# 4,000 programs finds its heap there, at random addresses, and dies before it
# has begun ("failed to map the shared user data"). At fixed addresses none does.
# Where a container forbids them, what is below starts it again.
case $(cat /proc/self/personality 2>/dev/null) in
*4????) ;;
*) ! setarch -R true 2>/dev/null || exec setarch -R scripts/windows.sh "$mode" "$@" ;;
esac
if [ "$mode" = test ]; then # each part in a prefix of its own: the key containers that one leaves are nothing to the next
	scripts/windows.sh suite "$@"
	for part in commands certctl window elevate safe; do scripts/windows.sh $part; done
	exit
fi

dir=$(mktemp -d /tmp/certdesk-wine.XXXXXX)
export WINEPREFIX=$dir/prefix WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml,winemenubuilder.exe=" GOOS=windows GOARCH=amd64 CGO_ENABLED=0
unset DISPLAY
unmake() { wineserver -k 2>/dev/null || true; wineserver -w 2>/dev/null || true; rm -rf "$1"; }
wineserver() { PATH=$PATH:/usr/lib/wine command wineserver "$@"; }
trap 'unmake "$dir"' EXIT

echo "== a fresh prefix for $(wine --version)"
# made: Windows' providers are registered last, once all of its programs ran.
made() {
	timeout 180 wineboot -i >"$dir/wineboot.log" 2>&1 </dev/null && wineserver -w &&
		grep -q 'Microsoft Enhanced RSA and AES Cryptographic Provider' "$WINEPREFIX/system.reg"
}
for try in 1 2 3; do
	! made || break
	[ "$try" != 3 ] || { echo "wineboot makes no prefix:" >&2; cat "$dir/wineboot.log" >&2; exit 1; }
	unmake "$WINEPREFIX"
done
x86_64-w64-mingw32-gcc -shared -O2 -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" scripts/wine/processprng.c -ladvapi32
wineserver -p

# What Wine 8 cannot do for Go's library is made up for in programs that are built to be tested.
# patch FILE EXPRESSION: replaces a file of the library by what sed makes of it.
goroot=$(go env GOROOT)
patch() {
	sed "$2" "$goroot/$1" >"$dir/$(basename "$1")"
	if cmp -s "$goroot/$1" "$dir/$(basename "$1")"; then
		echo "the overlay does not fit $(go version): look at $1" >&2
		exit 1
	fi
	replace="${replace:+$replace,}\"$goroot/$1\":\"$dir/$(basename "$1")\""
}
# It answers STATUS_NOT_IMPLEMENTED to what os.RemoveAll asks first, which Go
# does not take for "not supported": without this no t.TempDir is removed.
patch src/internal/syscall/windows/at_windows.go 's|STATUS_NOT_SUPPORTED:     // the file system.*|STATUS_NOT_SUPPORTED, NTStatus(0xC0000002):|'
# A program that dies before it has begun: ERROR_INTERNAL_ERROR.
patch src/syscall/exec_windows.go 's|^\t\terr = CreateProcess(.*|\t\terr = Errno(1359)\n\t\tfor range 5 {\n\t\t\tif err == Errno(1359) {\n&\n\t\t\t}\n\t\t}|'
echo "{\"Replace\":{$replace}}" >"$dir/overlay.json"
# well CODE LOG: the test program said so itself. Wine kills (137) what takes
# half a second to end, as it may on a computer with much to do.
well() { [ "$1" = 0 ] || { [ "$1" = 137 ] && tail -n 1 "$2" | grep -aq '^PASS'; }; }
# brief PROGRAM ARGUMENTS...: a program that ends by itself. One that
# dies before it has begun does so with exit code 1 and without a word, which ours
# never do: that one is started again.
brief() {
	local code try
	for try in 1 2 3; do
		code=0
		timeout 120 wine "$@" >"$dir/brief.out" 2>"$dir/brief.err" </dev/null || code=$?
		[ "$code" = 1 ] && ! [ -s "$dir/brief.out" ] && ! [ -s "$dir/brief.err" ] || break
	done
	cat "$dir/brief.out"
	cat "$dir/brief.err" >&2
	return $code
}

# tests NAME PACKAGE [flags]: a package's tests as a Windows program.
tests() {
	local name=$1 package=$2
	shift 2
	go test -c -overlay "$dir/overlay.json" -o "$dir/$name.test.exe" "$package"
	(cd "$package" && tested "$name" "$name" "$@")
}
# tested PROGRAM NAME [flags] runs it; the log is out/windows/NAME.txt.
tested() {
	local program=$1 name=$2 rc=0 out=$root/out/windows
	shift 2
	echo "== $name"
	wine "$dir/$program.test.exe" -test.v -test.timeout 15m "$@" >"$dir/$name.log" 2>&1 </dev/null || rc=$?
	mkdir -p "$out"
	tr -d '\r' <"$dir/$name.log" >"$out/$name.txt"
	awk '/^=== / { test = $3 }
		match($0, /^ *[a-z_]+\.go:[0-9]+: /) && !/work=/ { why[test] = why[test] (why[test] ? "; " : "") substr($0, RSTART + RLENGTH) }
		/^ *--- SKIP/ { print "skipped " $3 ": " why[$3] }
		/^ *--- FAIL/ { print "FAILED " $3 ": " why[$3] }
		/^panic|^FAIL/' "$out/$name.txt"
	[ $rc = 0 ] || grep -aB12 -A3 'FAIL: testdata' "$out/$name.txt" || true
	awk '/^ *--- PASS/ { p++ } /^ *--- FAIL/ { f++ } /^ *--- SKIP/ { s++ }
		END { printf "tests: %d passed, %d failed, %d skipped\n", p, f, s }' "$out/$name.txt"
	well $rc "$out/$name.txt"
}
export dir root
export -f well brief tested

# The conformance suite, and the command scripts: the same as on Linux. With
# the suite go packages that differ by system.
suite() { tests suite ./certstore "$@" && tests pipe ./internal/pipe && tests outfile ./internal/outfile && tests whereused ./internal/whereused && tests elevate ./internal/elevate -test.skip TestCommands; } # the commands are for Linux' shell
commands() {
	[ $# = 0 ] || { tests commands ./cmd/certctl "$@"; return; }
	tests commands ./cmd/certctl -test.skip "$served" && served
}
# The host's own test starts the servers, has the scripts run under Wine, and ends the servers.
served='^(TestServers|TestOnline)$'
served() (
	unset GOOS GOARCH CGO_ENABLED
	cd cmd/certctl
	CERTDESK_TEST_ON_WINE='tested commands "$1" -test.run "^$1\$" -test.timeout 5m' go test -count=1 -run "$served"
)

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
