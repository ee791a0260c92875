# What the scripts share that drive certdesk.exe under Wine and Xvfb by mouse,
# and ask certctl.exe, a new process, what the stores hold afterwards: a
# display, a sample PFX, and functions. $1 is a folder for files. Pictures are
# in out/windows. This is sourced, in the project's folder.
dir=$1 out=$PWD/out/windows
work="$dir/mäp met spaties"
mkdir -p "$work" "$out"
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
lacks() { [ -n "$said" ] || die "certctl.exe said nothing"; ! grep -qE -- "$1" <<<"$said" || { echo "$said" | head -c 1500; die "$2"; }; ok; }
same_key() { # LOCATION
	printf 'new' >"$work/new.pass"
	rm -f "$work/out.pfx"
	certctl export f1a0b3c4d5e6f708 --location "$1" --format pfx -o "$work/out.pfx" --new-password-file "$work/new.pass"
	openssl pkcs12 -in "$work/out.pfx" -passin file:"$work/new.pass" -nodes -nocerts 2>/dev/null | openssl pkey -pubout >"$work/out.pub" 2>/dev/null &&
		openssl pkey -in "$work/sample/leaf.key" -pubout | cmp -s - "$work/out.pub" || die "$1: the key that certctl.exe takes out is not the file's"
	ok
}
containers() { quiet reg query "$1\\Software\\Wine\\Crypto\\RSA" && grep -ci 'certdesk-' "$dir/quiet.txt" || true; }
# contained HIVE COUNT WORDS: so many key containers are there, soon: a listing
# that runs beside an undo may hold a key open, which Wine writes back for a
# moment; and reg itself fails now and then.
contained() { for _ in $(seq 20); do [ "$(containers "$1")" != "$2" ] || { ok; return; }; sleep 0.5; done; die "$3"; }
# The cards of who will use it that lead to the user's and the machine's Personal.
user_card="433 370" machine_card="433 458" # Web browser; Windows service
