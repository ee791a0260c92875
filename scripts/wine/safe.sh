#!/bin/bash
# Certdesk on a Windows without OpenGL, under Wine and Xvfb: certdesk.exe has to
# start certdesk-safe.exe by itself, and that has to do with mouse, wheel and
# keyboard what the other does. $1 is windows.sh's folder; pictures go to
# out/windows.
set -eu
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
# until_: waits up to 30 s for a command to succeed.
until_() { for _ in $(seq 150); do "$@" >/dev/null 2>&1 && return 0; sleep 0.2; done; return 1; }
# start PROGRAM ARGUMENTS...: runs it until stop; its window is in $window.
start() {
	local name=$1; shift
	(cd "$work" && exec wine "$name" "$@") >"$work/window.log" 2>&1 &
	app=$!
	window=
	until_ found || die "$name: no window after 30 s"
	sleep 2
}
found() { window=$(xdotool search --onlyvisible --name '^Certdesk' | tail -1) && [ -n "$window" ]; }
not_nothing() { c=$(clip) && [ -n "$c" ] && [ "$c" != nothing ]; }
dialog() { xdotool search --onlyvisible --name "$1" && sleep 2; }
gone() { ! kill -0 "$app"; }
stop() { xdotool key --clearmodifiers alt+F4; until_ gone || die "$1: Alt+F4 does not close the window"; wait "$app" && code=0 || code=$?; }
titled() { xdotool getwindowname "$window" | grep -q -- "$1"; }
title() { until_ titled "$1" || die "the title never was '$1' but: $(xdotool getwindowname "$window")"; sleep 0.7; }
click() { xdotool mousemove --window "$window" "$1" "$2" sleep 0.1 click "${3:-1}"; sleep 0.7; }
key() { for k in "$@"; do xdotool key "$k"; sleep 0.3; done; }
type_() { xdotool type --delay 60 "$1"; sleep 0.8; }
# paste: text with characters that take more than one key.
paste() { printf '%s' "$1" | xclip -selection clipboard -i; sleep 0.7; xdotool key ctrl+v; sleep 0.8; }
shot() { sleep 0.5; import -window "$window" "$pictures/safe-$1.png"; }
# clip: what other programs find on the clipboard. copied WANT: waits for it.
clip() { timeout 5 xclip -selection clipboard -o; }
copied() { until_ clip_is "$1" || die "$2: the clipboard has '$(clip)', want '$1'"; ok; }
clip_is() { [ "$(clip)" = "$1" ]; }
empty() { printf 'nothing' | xclip -selection clipboard -i; sleep 0.3; }
# color X Y: of the window's pixel there, as #rrggbb.
color() { import -window "$window" -depth 8 "$work/pixel.png"; convert "$work/pixel.png" -format "%[hex:p{$1,$2}]" info:; }

# The parts by themselves.
for p in gdi opengl; do
	go test -c -o "$work/$p.test.exe" "./cmd/certdesk/internal/$p"
	wine "$work/$p.test.exe" -test.timeout 2m >"$work/$p.log" 2>&1 || die "tests of $p"
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
wine "$work/stand-in/certdesk.exe" 'a b.pfx' '"x" Zoë.cer' >"$work/args.log" 2>&1 || code=$?
[ "$code" = 7 ] || die "exit code $code, want 7"
[ "$(tr -d '\r' <"$work/args.log")" = '["a b.pfx" "\"x\" Zoë.cer"]' ] || die "arguments: $(cat "$work/args.log")"
ok
code=0 # OpenGL 1.1, as over Remote Desktop
WINEDLLOVERRIDES=$withgl LIBGL_ALWAYS_SOFTWARE=1 MESA_GL_VERSION_OVERRIDE=1.1 wine "$work/stand-in/certdesk.exe" >"$work/gl11.log" 2>&1 || code=$?
[ "$code" = 7 ] || die "with OpenGL 1.1: exit code $code, want 7"
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
type_ sample
title ': opened'
shot import-file
click 908 635 # Next
title placement
shot import-placement
click 880 635 # Import
title imported
shot import-result
(cd "$work" && wine "$dir/bin/certctl.exe" list --location user --json) 2>/dev/null | tr -d ' \r\n' >"$work/list"
grep -q '"key":"present"' "$work/list" || die "certctl.exe does not see the key: $(head -c 500 "$work/list")"
printf new >"$work/new.pass"
(cd "$work" && wine "$dir/bin/certctl.exe" export f1a0b3c4d5e6f708 --location user --format pfx -o out.pfx --new-password-file new.pass) >/dev/null 2>&1
openssl pkcs12 -in "$work/out.pfx" -passin pass:new -nodes -nocerts 2>/dev/null | openssl pkey -pubout >"$work/out.pub" 2>/dev/null
openssl pkey -in "$work/sample/leaf.key" -pubout | cmp -s - "$work/out.pub" || die "another process does not get the key out"
ok
key Escape
sleep 1

# Search, keyboard, clipboard.
key ctrl+f
type_ client.sample
click 450 131 # the first row
empty
key ctrl+c
copied 00f1a0b3c4d5e6f708 "Ctrl+C in the table"
shot row
key Delete # asks first
sleep 1
shot delete
key Escape
click 450 131 3 # the menu
shot menu
key Escape
click 450 131 3
empty
click 520 252 # Copy for IIS
until_ not_nothing || die "the menu's copy put nothing on the clipboard"
ok

# Windows' own dialogs: where an export goes, a file to import.
key Escape
click 450 131
key ctrl+e
sleep 1
click 908 583 # Choose…, beside the folder
until_ dialog 'Save as' || die "no dialog for saving"
import -window root "$pictures/safe-save.png"
key Home shift+End
paste "Z:${work//\//\\}\\chosen.pem"
key Return
sleep 1
click 918 635 # Save
until_ test -s "$work/chosen.pem" || die "the certificate was not saved where it was chosen to go"
openssl x509 -in "$work/chosen.pem" -outform DER | cmp -s - <(openssl x509 -in "$work/sample/leaf.pem" -outform DER) || die "another certificate was saved"
ok
key Escape ctrl+i
sleep 1
click 636 245 # Choose file…
until_ dialog 'Choose a certificate file' || die "no dialog for files"
import -window root "$pictures/safe-dialog.png"
paste "Z:${work//\//\\}\\sample\\sample.pfx"
key Return
title 'sample.pfx$'
key Escape
ok

# Text both ways, not only ASCII, with a selection by Shift.
printf 'Zoë 中' | xclip -selection clipboard -i
sleep 0.5
key ctrl+f ctrl+a ctrl+v
empty
key ctrl+a ctrl+c
copied 'Zoë 中' "paste and copy"
key End
type_ ö9
empty
key shift+Left shift+Left ctrl+c
copied 'ö9' "typed and selected with Shift"

# The wheel: the same place is another row then.
key ctrl+a
type_ root
click 450 183
empty
key ctrl+c
until_ not_nothing || die "no row under the pointer"
first=$(clip)
for _ in 1 2 3 4 5 6; do xdotool click 5; sleep 0.1; done
sleep 0.5
click 450 183
empty
key ctrl+c
until_ not_nothing || die "no row under the pointer after the wheel"
[ "$(clip)" != "$first" ] || die "the wheel does not scroll"
ok
empty
key Down ctrl+c
until_ not_nothing || die "no row after Down"
ok
key F5
sleep 2
click 450 183
xdotool click --repeat 2 --delay 50 1
sleep 1
shot main

# The window's size.
xdotool windowsize --sync "$window" 1240 680
sleep 1
shot large
[ "$(identify -format %wx%h "$pictures/safe-large.png")" = 1240x680 ] || die "the window is $(identify -format %wx%h "$pictures/safe-large.png")"
[ "$(color 1230 675)" = "$(color 300 675)" ] || die "the status bar does not reach the edge: $(color 1230 675) and $(color 300 675)"
ok

# It does nothing when nothing is to be done.
click 300 675
sleep 2
# ticks: hundredths of a second that ours has used.
ticks() {
	{ grep -lF "$(basename "$dir")\\bin\\certdesk-safe.exe" /proc/[0-9]*/cmdline | sed 's/cmdline$/stat/' | xargs cat; } 2>/dev/null |
		awk '{n++; s += $14 + $15} END {if (n) print s; else exit 1}'
}
before=$(ticks) || die "it is not there any more"
sleep 4
used=$(($(ticks) - before))
[ "$used" -lt 40 ] || die "idle, it used $used hundredths of a second in 4 seconds"
ok
stop "main window"
[ "$code" = 0 ] || die "the end: exit code $code"
ok
if grep -n 'panic:\|Error in Fyne' "$work/window.log"; then die "the log shows an error"; fi
echo "certdesk-safe.exe: $passed checks passed; pictures: out/windows/safe-*.png"
