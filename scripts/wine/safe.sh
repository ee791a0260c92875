#!/bin/bash
# Certdesk on a Windows without OpenGL, under Wine and Xvfb: certdesk.exe has to
# start certdesk-safe.exe by itself, and that has to do with mouse, wheel and
# keyboard what the other does. $1 is windows.sh's folder; pictures go to
# out/windows.
set -eEu
trap 'echo "$0: line $LINENO: exit code $?: $BASH_COMMAND" >&2' ERR
cd "$(dirname "$0")/../.."
dir=$1
root=$PWD
work=$dir/safe
pictures=$root/out/windows
mkdir -p "$work" "$pictures"
echo "== certdesk-safe.exe"
scripts/wine/build.sh "$dir/bin" >/dev/null
env -u GOOS -u GOARCH scripts/sample.sh "$work/sample"
withgl=$WINEDLLOVERRIDES
export WINEDLLOVERRIDES="$withgl;opengl32=" XDG_STATE_HOME="Z:${work//\//\\}\\state" FYNE_SCALE=1
unset CERTDESK_STORE_PREFIX

Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp -noreset 3>"$work/display" >/dev/null 2>&1 &
pids=$!
trap 'kill $pids 2>/dev/null; wait $pids 2>/dev/null || true' EXIT
for _ in $(seq 100); do [ -s "$work/display" ] && break; sleep 0.1; done
export DISPLAY=:$(tr -d '\n' <"$work/display")
setxkbmap de # has an ö, which xdotool need not teach the keyboard first
openbox >/dev/null 2>&1 &
pids="$pids $!"

passed=0
ok() { passed=$((passed + 1)); }
die() { echo "FAILED: $*"; import -window root "$pictures/safe-failure.png"; cat "$work"/*.log | tr -d '\r' | tail -20; exit 1; }
. scripts/wine/look.sh
# until_: waits for a command to succeed.
until_() { within 60 "$@"; }
# start PROGRAM ARGUMENTS...: runs it until stop; its window is in $window.
start() {
	local name=$1; shift
	(cd "$work" && exec wine "$name" "$@") >"$work/window.log" 2>&1 &
	app=$!
	window=
	until_ window || die "$name: no window"
	still 400 300
}
not_nothing() { c=$(clip) && [ -n "$c" ] && [ "$c" != nothing ]; }
# dialog TITLE: one of Windows' own, that is ready for the keyboard.
dialog() { box=$(xdotool search --onlyvisible --name "$1" | tail -1) && [ "$(xdotool getactivewindow)" = "$box" ]; }
gone() { ! kill -0 "$app"; }
stop() {
	for _ in 1 2 3 4; do
		xdotool key --clearmodifiers alt+F4
		! within 20 gone || break
	done
	gone 2>/dev/null || die "$1: Alt+F4 does not close the window"
	wait "$app" && code=0 || code=$?
}
key() { for k in "$@"; do xdotool key "$k"; sleep 0.3; done; }
type_() { xdotool type --delay 60 "$1"; sleep 0.8; }
# tries COMMAND...: again and again, as a person would: keys and clicks get lost
# while the computer is busy.
tries() { for _ in 1 2 3 4; do "$@" && return 0; done; return 1; }
# paste: text with characters that take more than one key.
paste() { printf '%s' "$1" | xclip -selection clipboard -i; sleep 0.7; xdotool key ctrl+v; sleep 0.8; }
shot() { sleep 0.5; import -window "$window" "$pictures/safe-$1.png"; }
# clip: what other programs find on the clipboard.
# copies WANT KEYS...: what the last of the keys puts there. something KEYS...:
# they put anything there.
clip() { timeout 5 xclip -selection clipboard -o; }
clip_is() { [ "$(clip)" = "$1" ]; }
empty() { printf 'nothing' | xclip -selection clipboard -i; within 10 clip_is nothing; }
copies() {
	local want=$1
	shift
	empty
	key "$@"
	within 15 clip_is "$want"
}
something() { empty; key "$@"; within 15 not_nothing; }
# color X Y: of the window's pixel there, as #rrggbb.
color() { import -window "$window" -depth 8 "$work/pixel.png"; convert "$work/pixel.png" -format "%[hex:p{$1,$2}]" info:; }

# What binutils finds in the programs: subsystem, no OpenGL among what Windows
# loads with them, two icons, the version, and the manifest.
for p in certctl=CUI certdesk=GUI certdesk-safe=GUI; do
	exe=$dir/bin/${p%=*}.exe
	x86_64-w64-mingw32-objdump -p "$exe" >"$work/headers.txt"
	grep -q "^Subsystem.*(Windows ${p#*=})" "$work/headers.txt" || die "$exe: its subsystem is not ${p#*=}"
	! grep -qi 'DLL Name: opengl32' "$work/headers.txt" || die "$exe imports OpenGL"
	x86_64-w64-mingw32-windres -J coff -O rc "$exe" "$work/resources.rc"
	[ "$(grep -ac 'RT_GROUP_ICON' "$work/resources.rc")" = 2 ] || die "$exe: no icons for program and files"
	for want in "\"ProductVersion\", \"$(sed -n 's/^Version = "\(.*\)"/\1/p' FyneApp.toml)\"" 'level=""asInvoker""' 'PerMonitorV2' 'longPathAware.*true'; do
		grep -aq -- "$want" "$work/resources.rc" || die "$exe: no $want"
	done
	ok
done

# The parts by themselves.
for p in gdi opengl; do
	go test -c -o "$work/$p.test.exe" "./cmd/certdesk/internal/$p"
	code=0
	brief "$work/$p.test.exe" -test.timeout 2m >"$work/$p.log" 2>&1 || code=$?
	well $code "$work/$p.log" || die "tests of $p"
	ok
done

# certdesk.exe hands over: arguments as they are, the exit code back.
mkdir -p "$work/stand-in" "$work/alone"
cat >"$work/stand-in/main.go" <<'EOF'
package main

import ("fmt"; "os")

func main() { fmt.Printf("%q\n", os.Args[1:]); os.Exit(7) }
EOF
go build -o "$work/stand-in/certdesk-safe.exe" "$work/stand-in/main.go"
cp "$dir/bin/certdesk.exe" "$work/stand-in"
cp "$dir/bin/certdesk.exe" "$work/alone"
code=0
brief "$work/stand-in/certdesk.exe" 'a b.pfx' '"x" Zoë.cer' >"$work/args.log" 2>&1 || code=$?
[ "$code" = 7 ] || die "exit code $code, want 7"
[ "$(tr -d '\r' <"$work/args.log")" = '["a b.pfx" "\"x\" Zoë.cer"]' ] || die "arguments: $(cat "$work/args.log")"
ok
code=0 # OpenGL 1.1, as over Remote Desktop
WINEDLLOVERRIDES=$withgl LIBGL_ALWAYS_SOFTWARE=1 MESA_GL_VERSION_OVERRIDE=1.1 wine "$work/stand-in/certdesk.exe" >"$work/gl11.log" 2>&1 || code=$?
[ "$code" = 7 ] || die "with OpenGL 1.1: exit code $code, want 7"
ok
# register from certdesk-safe.exe makes certdesk.exe open files, if that is there.
opens() { brief reg query 'HKCU\Software\Classes\Certdesk.PFX\shell\open\command' /ve 2>/dev/null | tr -d '\r' | grep -qF "$1\" \"%1\""; }
brief "$dir/bin/certdesk-safe.exe" register >"$work/register.log" 2>&1 || die "certdesk-safe.exe register"
until_ opens 'bin\certdesk.exe' || die "certdesk-safe.exe does not register certdesk.exe"
mkdir "$work/safe-alone"
cp "$dir/bin/certdesk-safe.exe" "$work/safe-alone"
brief "$work/safe-alone/certdesk-safe.exe" register >"$work/register.log" 2>&1 || die "certdesk-safe.exe register, alone"
until_ opens 'safe-alone\certdesk-safe.exe' || die "certdesk-safe.exe does not register itself"
brief "$work/safe-alone/certdesk-safe.exe" unregister >"$work/register.log" 2>&1 || die "certdesk-safe.exe unregister"
ok
start "$work/alone/certdesk.exe" # nothing to hand over to: it says so
shot missing
key Return
until_ gone || die "the message box does not close"
wait "$app" && code=0 || code=$?
[ "$code" = 1 ] || die "without certdesk-safe.exe: exit code $code, want 1"
ok

# The whole way of an import, by mouse.
start "$dir/bin/certdesk.exe" sample/sample.pfx
title 'sample.pfx$'
opened() { key ctrl+a; type_ sample; within 20 titled ': opened'; }
tries opened || die "the password does not open the file"
shot import-file
onto 908 635 placement # Next
shot import-placement
onto 880 635 imported # Import
shot import-result
(cd "$work" && brief "$dir/bin/certctl.exe" list --location user --json) 2>/dev/null | tr -d ' \r\n' >"$work/list"
grep -q '"key":"present"' "$work/list" || die "certctl.exe does not see the key: $(head -c 500 "$work/list")"
printf new >"$work/new.pass"
(cd "$work" && brief "$dir/bin/certctl.exe" export f1a0b3c4d5e6f708 --location user --format pfx -o out.pfx --new-password-file new.pass) >/dev/null 2>&1
openssl pkcs12 -in "$work/out.pfx" -passin pass:new -nodes -nocerts 2>/dev/null | openssl pkey -pubout >"$work/out.pub" 2>/dev/null
openssl pkey -in "$work/sample/leaf.key" -pubout | cmp -s - "$work/out.pub" || die "another process does not get the key out"
ok
left() { key Escape; within 15 titled '^Certdesk$'; }
tries left || die "Escape does not close the dialog"

# Search, keyboard, clipboard.
row() {
	key ctrl+f ctrl+a
	type_ client.sample
	click 450 131 # the first row
	copies 00f1a0b3c4d5e6f708 ctrl+c
}
tries row || die "Ctrl+C in the table: the clipboard has '$(clip)'"
ok
shot row
# dims KEYS...: a dialog comes up.
dims() { local sum; sum=$(around 450 131); key "$@"; within 15 follows 450 131 "$sum"; }
tries dims Delete || die "Delete asks nothing"
shot delete
key Escape
press 450 131 3 # the menu
shot menu
menu() {
	key Escape
	press 450 131 3
	empty
	click 520 252 # Copy for IIS
	within 15 not_nothing
}
tries menu || die "the menu's copy put nothing on the clipboard"
ok

# Windows' own dialogs: where an export goes, a file to import.
saving() {
	click 450 131
	key ctrl+e
	click 908 583 # Choose…, beside the folder
	within 15 dialog 'Save as'
}
key Escape
tries saving || die "no dialog for saving"
import -window root "$pictures/safe-save.png"
key Home shift+End
paste "Z:${work//\//\\}\\chosen.pem"
key Return
saved() { click 918 635; within 15 test -s "$work/chosen.pem"; } # Save
tries saved || die "the certificate was not saved where it was chosen to go"
openssl x509 -in "$work/chosen.pem" -outform DER | cmp -s - <(openssl x509 -in "$work/sample/leaf.pem" -outform DER) || die "another certificate was saved"
ok
file() {
	key Escape ctrl+i
	click 636 245 # Choose file…
	within 15 dialog 'Choose a certificate file'
}
tries file || die "no dialog for files"
import -window root "$pictures/safe-dialog.png"
paste "Z:${work//\//\\}\\sample\\sample.pfx"
key Return
title 'sample.pfx$'
tries left || die "Escape does not close the dialog"
ok

# Text both ways, not only ASCII, with a selection by Shift.
pasted() {
	printf 'Zoë 中' | xclip -selection clipboard -i
	within 10 clip_is 'Zoë 中'
	key ctrl+f ctrl+a
	sleep 1 # Windows has to hear of the clipboard, which nothing shows
	key ctrl+v
	copies 'Zoë 中' ctrl+a ctrl+c
}
tries pasted || die "paste and copy: the clipboard has '$(clip)'"
ok
typed() {
	key ctrl+f End
	type_ ö9
	copies 'ö9' shift+Left shift+Left ctrl+c
}
tries typed || die "typed and selected with Shift: the clipboard has '$(clip)'"
ok

# The wheel: the same place is another row then.
roots() {
	key ctrl+f ctrl+a
	type_ root
	click 450 183
	something ctrl+c
}
tries roots || die "no row under the pointer"
first=$(clip)
wheel() {
	for _ in 1 2 3 4 5 6; do xdotool click 5; done
	click 450 183
	something ctrl+c && [ "$(clip)" != "$first" ]
}
tries wheel || die "the wheel does not scroll"
ok
tries something Down ctrl+c || die "no row after Down"
ok
key F5
click 450 183
xdotool click --repeat 2 --delay 50 1
still 450 183
shot main

# The window's size.
xdotool windowsize --sync "$window" 1240 680
large() { [ "$(xdotool getwindowgeometry --shell "$window" | grep -E 'WIDTH|HEIGHT' | tr -dc '0-9\n' | tr '\n' x)" = 1240x680x ] && [ "$(color 1230 675)" = "$(color 300 675)" ]; }
until_ large || die "the status bar does not reach the edge of 1240x680: $(xdotool getwindowgeometry "$window") $(color 1230 675) and $(color 300 675)"
shot large
ok

# It does nothing when nothing is to be done.
click 300 675
# ticks: hundredths of a second that ours has used.
ticks() {
	{ grep -lF "$(basename "$dir")\\bin\\certdesk-safe.exe" /proc/[0-9]*/cmdline | sed 's/cmdline$/stat/' | xargs cat; } 2>/dev/null |
		awk '{n++; s += $14 + $15} END {if (n) print s; else exit 1}'
}
# idle: in the next four seconds; the first may still have something to do.
idle() { before=$(ticks) || return 1; sleep 4; used=$(($(ticks) - before)); [ "$used" -lt 40 ]; }
used=
tries idle || die "idle, it used $used hundredths of a second in 4 seconds, again and again"
ok
stop "main window"
[ "$code" = 0 ] || die "the end: exit code $code"
ok
if grep -n 'panic:\|Error in Fyne' "$work/window.log"; then die "the log shows an error"; fi
echo "certdesk-safe.exe: $passed checks passed; pictures: out/windows/safe-*.png"
