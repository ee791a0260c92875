#!/bin/bash
# Drives certdesk.exe under Wine and Xvfb by mouse, and asks certctl.exe, a new
# process, what the stores hold afterwards: double-click on a file, a second
# start, imports into both locations, undo. Pictures are in out/windows.
# $1 is a folder for files; windows.sh calls this with its prefix.
set -eu
cd "$(dirname "$0")/../.."
dir=$1 out=$PWD/out/windows
work="$dir/mäp met spaties"
mkdir -p "$work" "$out"
echo "== certdesk.exe"
[ -x "$dir/bin/certdesk.exe" ] || scripts/wine/build.sh "$dir/bin" >/dev/null
env -u GOOS -u GOARCH scripts/sample.sh "$work/sample"
pfx="$work/clïent é.pfx"
cp "$work/sample/sample.pfx" "$pfx"
export XDG_STATE_HOME="Z:${dir//\//\\}\\state" XDG_CONFIG_HOME="Z:${dir//\//\\}\\config" LC_ALL=C.UTF-8 FYNE_SCALE=1 LIBGL_ALWAYS_SOFTWARE=1
unset CERTDESK_STORE_PREFIX
Xvfb -displayfd 3 -screen 0 1280x900x24 -nolisten tcp 3>"$dir/display" >/dev/null 2>&1 &
pids=$!
trap 'kill $pids 2>/dev/null || true' EXIT
for _ in $(seq 100); do [ -s "$dir/display" ] && break; sleep 0.1; done
export DISPLAY=:$(tr -d '\n' <"$dir/display")
openbox >/dev/null 2>&1 &
pids="$pids $!"
passed=0

die() { echo "FAILED: $*"; import -window root "$out/failure.png" 2>/dev/null || true; tr -d '\r' <"$dir/window.log" | tail -20; exit 1; }
ok() { passed=$((passed + 1)); }
# quiet runs a Windows program that ends by itself.
quiet() { timeout 60 wine "$@" >"$dir/quiet.txt" 2>&1 </dev/null; }
# open starts certdesk.exe in the background.
open() { wine "$@" >>"$dir/window.log" 2>&1 </dev/null & pids="$pids $!"; }
window() { window=$(xdotool search --onlyvisible --name '^Certdesk' 2>/dev/null | tail -1); [ -n "$window" ]; }
titled() { window && xdotool getwindowname "$window" | grep -q -- "$1"; }
title() { for _ in $(seq 200); do titled "$1" && { sleep 0.7; return; }; sleep 0.2; done; die "the title never was: $1"; }
# password: types it until the file opens; keys get lost while the computer is busy.
password() {
	for _ in 1 2 3; do
		click 560 279
		xdotool key --window "$window" ctrl+a
		xdotool type --window "$window" --delay 60 sample
		for _ in $(seq 60); do titled ': opened' && { sleep 0.7; return; }; sleep 0.2; done
	done
	die "the file does not open"
}
# seen: a key or value of the registry is there.
seen() { for _ in 1 2 3; do quiet reg query "$@" && return; sleep 1; done; return 1; }
click() { xdotool mousemove --window "$window" "$1" "$2" click 1; sleep 1; }
shot() { xdotool mousemove 1279 899; sleep 0.4; import -window "$window" "$out/$1.png"; }
gone() { for _ in $(seq 100); do window || return 0; sleep 0.2; done; die "the window did not close"; }
shut() { xdotool windowclose "$window"; gone; }
# certctl's output is in $out_; spaces do not count.
certctl() { quiet "$dir/bin/certctl.exe" "$@" || true; said=$(tr -d ' \r\n' <"$dir/quiet.txt"); }
has() { grep -qE -- "$1" <<<"$said" || { echo "$said" | head -c 1500; die "$2"; }; ok; }
lacks() { ! grep -qE -- "$1" <<<"$said" || { echo "$said" | head -c 1500; die "$2"; }; ok; }
same_key() { # LOCATION
	printf 'new' >"$work/new.pass"
	rm -f "$work/out.pfx"
	certctl export f1a0b3c4d5e6f708 --location "$1" --format pfx -o "$work/out.pfx" --new-password-file "$work/new.pass"
	openssl pkcs12 -in "$work/out.pfx" -passin file:"$work/new.pass" -nodes -nocerts 2>/dev/null | openssl pkey -pubout >"$work/out.pub" 2>/dev/null &&
		openssl pkey -in "$work/sample/leaf.key" -pubout | cmp -s - "$work/out.pub" || die "$1: the key that certctl.exe takes out is not the file's"
	ok
}
containers() { quiet reg query "$1\\Software\\Wine\\Crypto\\RSA" && grep -ci 'certdesk-' "$dir/quiet.txt" || true; }

# File types: what register writes, mirrored to the machine because Wine does
# not look at the user's classes, opens our import plan.
quiet reg export 'HKCU\Software\Classes' "$dir/before.reg" /y || true
quiet "$dir/bin/certdesk.exe" register || die "register"
for e in pfx p12 cer crt der p7b p7c pem; do
	seen "HKCU\\Software\\Classes\\.$e\\OpenWithProgids" || die "register: .$e"
	seen 'HKCU\Software\Certdesk\Capabilities\FileAssociations' /v ".$e" || die "register: capabilities of .$e"
	ok
done
seen 'HKCU\Software\RegisteredApplications' /v Certdesk || die "register: RegisteredApplications"
quiet reg export 'HKCU\Software\Classes' "$dir/classes.reg" /y
iconv -f UTF-16 -t UTF-8 "$dir/classes.reg" | sed 's/HKEY_CURRENT_USER/HKEY_LOCAL_MACHINE/' | iconv -f UTF-8 -t UTF-16 >"$dir/machine.reg"
quiet reg import "$dir/machine.reg" || die "mirror"
open start /unix "$pfx"
title 'clïent é.pfx$'
ok
shot double-click

# by_mouse LOCATION X Y: imports the file that is shown; X, Y is the card of
# who will use it. The buttons are at the bottom of the dialog.
by_mouse() {
	password
	click "$2" "$3"
	shot "$1-1-file"
	click 908 635 # Next
	title placement
	shot "$1-2-placement"
	certctl list --location "$1" --json
	lacks '"inherited":false[^}]*client.sample' "$1: something was imported before Import was pressed"
	click 880 635 # Import
	title imported
	shot "$1-3-result"
	certctl list --location "$1" --store my --json
	has '"key":"present"' "$1: no key in a new process"
	same_key "$1"
}
user_card="433 370" machine_card="433 458" # Web browser; Windows service
by_mouse user $user_card
certctl list --location user --store ca --json
has '"commonName":"SampleIssuingCA1"' "user: the intermediate is not there"
click 395 635 # Undo import
title ended
shot user-4-undone
certctl list --location user --json
lacks 'client.sample.example' "user: undo left the leaf"
[ "$(containers HKCU)" = 0 ] || die "user: undo left a key container"
xdotool key --window "$window" Escape
sleep 1

# A second start hands its file to this window.
quiet "$dir/bin/certdesk.exe" "Z:${work//\//\\}\\sample\\sample.pfx" || die "the second start did not end by itself"
title 'sample.pfx$'
ok
by_mouse user $user_card
xdotool key --window "$window" Escape
sleep 1
open "$dir/bin/certdesk.exe" "Z:${pfx//\//\\}"
title 'clïent é.pfx$'
by_mouse machine $machine_card
[ "$(containers HKCU)" = 1 ] && [ "$(containers HKLM)" = 1 ] || die "the two imports share a key container"
ok
xdotool key --window "$window" Escape
sleep 1

# What certctl.exe moves, the window sees, and the key stays with it.
certctl move 0e44b17d9231 --location user --to root --yes --json
has '"journal"' "move"
certctl tidy --location user --json
has '"action":"move"' "tidy"
same_key user
sleep 2
shot main
shut

quiet "$dir/bin/certdesk.exe" unregister || die "unregister"
for key in 'HKCU\Software\Certdesk' 'HKCU\Software\Classes\Certdesk.PFX' 'HKCU\Software\Classes\.p7c' 'HKCU\Software\Classes\Applications\certdesk.exe'; do
	if quiet reg query "$key"; then die "unregister left $key"; fi
	ok
done
if grep -n 'Error in Fyne call thread\|^panic:' "$dir/window.log"; then die "the log shows an error"; fi
echo "certdesk.exe: $passed checks passed, 0 failed; pictures in out/windows"
