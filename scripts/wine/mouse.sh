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
. scripts/wine/look.sh
# quiet runs a Windows program that ends by itself.
quiet() { brief "$@" >"$dir/quiet.txt" 2>&1; }
# open starts certdesk.exe in the background.
open() { wine "$@" >>"$dir/window.log" 2>&1 </dev/null & app=$! pids="$pids $!"; }
# password: types it until the file opens; keys get lost while the computer is busy.
password() {
	for _ in 1 2 3 4; do
		click 560 279
		xdotool key --window "$window" ctrl+a
		xdotool type --window "$window" --delay 60 sample
		! within 20 titled ': opened' || return 0
	done
	die "the file does not open"
}
# seen: a key or value of the registry is there, soon: a program that was just
# started may write it, and reg itself fails now and then.
seen() { within 20 quiet reg query "$@"; }
shot() { xdotool mousemove 1279 899; sleep 0.4; import -window "$window" "$out/$1.png"; }
# leave: Escape, until the dialog is gone.
leave() {
	for _ in 1 2 3 4; do
		xdotool key --window "$window" Escape
		! within 15 titled '^Certdesk$' || return 0
	done
	die "Escape does not close the dialog"
}
no_window() { ! window; }
# shut: closes the window as a person does; the program has to end well.
shut() {
	local code=0
	for _ in 1 2 3 4; do
		xdotool windowfocus "$window" key --clearmodifiers alt+F4 2>/dev/null || true # it may be gone by now
		! within 20 no_window || break
	done
	no_window || die "Alt+F4 does not close the window"
	wait "$app" || code=$?
	[ "$code" = 0 ] || die "certdesk.exe ended with exit code $code"
	ok
}
# certctl's output is in $out_; spaces do not count.
certctl() { quiet "$dir/bin/certctl.exe" "$@" || true; said=$(tr -d ' \r\n' <"$dir/quiet.txt"); }
has() { grep -qE -- "$1" <<<"$said" || { echo "$said" | head -c 1500; die "$2"; }; ok; }
lacks() { [ -n "$said" ] || die "certctl.exe said nothing"; ! grep -qE -- "$1" <<<"$said" || { echo "$said" | head -c 1500; die "$2"; }; ok; }
same_key() { # LOCATION [ID CERTIFICATE]
	printf 'new' >"$work/new.pass"
	rm -f "$work/out.pfx"
	certctl export "${2:-f1a0b3c4d5e6f708}" --location "$1" --format pfx -o "$work/out.pfx" --new-password-file "$work/new.pass"
	openssl pkcs12 -in "$work/out.pfx" -passin file:"$work/new.pass" -nodes -nocerts 2>/dev/null | openssl pkey -pubout >"$work/out.pub" 2>/dev/null &&
		openssl x509 -in "${3:-$work/sample/leaf.pem}" -noout -pubkey | cmp -s - "$work/out.pub" || die "$1: the key that certctl.exe takes out is not the certificate's"
	ok
}
containers() { quiet reg query "$1\\Software\\Wine\\Crypto\\RSA" && grep -ci 'certdesk-' "$dir/quiet.txt" || true; }
# contained HIVE COUNT WORDS: so many key containers are there, soon: a listing
# that runs beside an undo may hold a key open, which Wine writes back for a
# moment; and reg itself fails now and then.
contained() { within 20 contains "$1" "$2" || die "$3"; ok; }
contains() { [ "$(containers "$1")" = "$2" ]; }
# finally COMMAND... WORDS: soon it succeeds, once another process has made the
# change that the window asked for, and no plan is left behind then.
finally() {
	within 60 "${@:1:$#-1}" || die "${@: -1}"
	nothing_left
}
no_plan() { [ -z "$(ls "$dir"/state/certdesk/Elevate 2>/dev/null)" ]; }
nothing_left() { within 20 no_plan || die "a plan was left behind"; ok; }
# free: no dialog is over the window, not even one that asks for patience; its
# Import button is not dimmed then.
free() { within 60 has_color 14 22 '#1462C4' || die "a dialog stays open"; }
# marks X Y AT_X AT_Y COLOR: a click there, until what it chooses is marked at the
# other place. A click that comes too early for the window is lost.
marks() {
	for _ in 1 2 3 4 5; do
		click "$1" "$2"
		xdotool mousemove --window "$window" 640 688 # what is under the pointer is drawn differently
		! within 15 has_color "$3" "$4" "$5" || return 0
	done
	die "a click at $1,$2 chooses nothing"
}
# line Y: the sidebar's there. row Y: and the first certificate in it. tab X: of
# the detail.
line() { free; marks 80 "$1" 7 "$1" '#1462C4'; }
row() { line "$1"; marks 500 130 238 129 '#1462C4'; within 60 shown 285 443 || die "no detail for the line at $1"; }
tab() { marks "$1" 443 "$1" 456 '#397BCD'; still 975 590; }
findings() { tab 491; }
# undo Y: the card at Y of Undo, as administrator.
undo() {
	free
	press 1028 22
	choose 443 "$1"
	press 739 545
}
# The cards of who will use it that lead to the user's and the machine's Personal.
user_card="433 370" machine_card="433 458" # Web browser; Windows service
