#!/bin/bash
# Drives the real window under Xvfb with xdotool, as a person would.
#   scripts/window.sh run DIR          import a sample PFX into a database in DIR, leave a screenshot
#   scripts/window.sh test DIR         the same by keyboard and by mouse, with undo, and look at what the store holds
#   scripts/window.sh portal DIR       chooses a file and saves one with the desktop's own dialog, where its packages are installed
#   scripts/window.sh screenshots DIR  pictures of every view, light and dark
# It starts a display of its own and ends only what it started.
set -u
cd "$(dirname "$0")/.."
mode=$1 out=$2
mkdir -p "$out"
out=$(cd "$out" && pwd)
root=$PWD
work=$(mktemp -d -t certdesk-window-XXXXXX)
pids=
trap 'kill $pids 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT

say() { echo "window: $*"; }
die() { say "$*"; [ -n "${window:-}" ] && shot failure; cat "$work"/*.log 2>/dev/null; exit 1; }

# A display whose number nobody else has; another Xvfb may take the number that
# this one was about to take, so it is tried again.
for _ in 1 2 3; do
	: >"$work/display"
	Xvfb -displayfd 3 -screen 0 1680x1050x24 -nolisten tcp 3>"$work/display" >"$work/xvfb.log" 2>&1 &
	server=$!
	for _ in $(seq 100); do
		[ -s "$work/display" ] && break
		kill -0 $server 2>/dev/null || break
		sleep 0.1
	done
	[ -s "$work/display" ] && kill -0 $server 2>/dev/null && break
	kill $server 2>/dev/null
done
pids=$server
[ -s "$work/display" ] || die "Xvfb did not start"
export DISPLAY=:$(tr -d '\n' <"$work/display") FYNE_SCALE=1 LANG=en_US.UTF-8
openbox >"$work/openbox.log" 2>&1 &
pids="$pids $!"

# fresh: an environment with nothing in it.
fresh() {
	desk=$work/$1
	mkdir -p "$desk/run" "$desk/anchors"
	chmod 700 "$desk/run"
	export HOME=$desk XDG_STATE_HOME=$desk/state XDG_CONFIG_HOME=$desk/config XDG_RUNTIME_DIR=$desk/run XDG_CACHE_HOME=$desk/cache
	export CERTDESK_USER_DB=${db:-$desk/db} CERTDESK_MACHINE_DB=$desk/machine CERTDESK_ANCHORS_DIR=$desk/anchors CERTDESK_ANCHORS_UPDATE=true
}

# start: the window, with the arguments given; size W H in $size.
start() {
	"$root/bin/certdesk" "$@" >"$desk/certdesk.log" 2>&1 &
	app=$!
	pids="$pids $app"
	window=
	for _ in $(seq 300); do
		window=$(xdotool search --onlyvisible --pid $app --name '^Certdesk' 2>/dev/null | tail -1)
		[ -n "$window" ] && break
		kill -0 $app 2>/dev/null || { cat "$desk/certdesk.log"; die "certdesk ended"; }
		sleep 0.1
	done
	[ -n "$window" ] || die "no window after 30 s"
	xdotool windowsize --sync "$window" ${size:-1100 700} windowfocus --sync "$window" 2>/dev/null
	sleep 2
}

stop() {
	kill "$app" 2>/dev/null
	wait "$app" 2>/dev/null
	if grep -n 'Error in Fyne call thread\|^panic:\|SIGSEGV' "$desk/certdesk.log"; then die "the log shows an error"; fi
}

shot() {
	xdotool mousemove 1679 1049
	sleep 0.3
	import -window "$window" "$out/$1.png"
}

key() { for k in "$@"; do xdotool key --window "$window" "$k"; sleep 0.4; done; }
type_() { xdotool type --window "$window" --delay 30 "$1"; }
# title: waits until the window's title says how far it is.
title() { until_ is_titled "$1" || { xdotool getwindowname "$window"; die "the title never was: $1"; }; sleep 0.5; }
is_titled() { xdotool getwindowname "$window" | grep -q -- "$1"; }
click() { xdotool mousemove --window "$window" "$1" "$2" click 1; sleep 1; }

# until_: waits up to 60 s for a command to succeed.
until_() { for _ in $(seq 300); do "$@" >/dev/null 2>&1 && return 0; sleep 0.2; done; return 1; }

names() { certutil -L -d "sql:$CERTDESK_USER_DB" 2>&1; }
has_key() { names | grep -q 'Sample client .*u,u,u'; }
no_key() { ! names | grep -q 'Sample client'; }

# expect_imported: what NSS's own tool says after an import without the root.
expect_imported() {
	until_ has_key || { names; die "$1: the leaf is not there with its key"; }
	names | grep -Eq 'Sample Issuing CA 1 .* ,, ' || { names; die "$1: the intermediate is not there without trust"; }
	say "$1: certutil shows the leaf u,u,u and the intermediate without trust"
}

# other_window: a window that is not ours, as $dialog.
other_window() {
	for w in $(xdotool search --onlyvisible --name . 2>/dev/null); do
		[ "$w" != "$window" ] && xdotool getwindowpid "$w" 2>/dev/null | grep -qv "^$app$" && dialog=$w && return 0
	done
	return 1
}

# choose_file: presses the button at X Y until a dialog of the desktop is there.
choose_file() { other_window || { click "$1" "$2"; return 1; }; }

scripts/sample.sh "$work/sample" || die "no sample"
pfx=$work/sample/sample.pfx

by_keyboard() {
	start "$pfx"
	title 'sample.pfx$'
	shot 1-file
	type_ sample
	title ': opened'
	shot 2-password
	key Return
	title placement
	shot 3-placement
	no_key || die "keyboard: something was imported before Import was pressed"
	key Return
	title imported
}

case $mode in
run)
	db=$out/db
	fresh run
	by_keyboard
	expect_imported run
	shot result
	key Escape
	sleep 1
	shot certdesk
	stop
	rm -f "$out"/[123]-*.png
	say "screenshot of the window: $out/certdesk.png (the import's last screen: $out/result.png)"
	say "the database it shows: $out/db"
	;;
test)
	rm -f "$out"/*.png
	fresh keyboard
	by_keyboard
	expect_imported keyboard
	shot 4-result
	if names | grep -q 'Root R1'; then die "keyboard: the root was imported without a yes"; fi
	key Escape
	sleep 1
	shot 5-main
	stop

	fresh mouse
	start "$pfx"
	title 'sample.pfx$'
	type_ sample
	title ': opened'
	click 908 635 # Next
	title placement
	shot 6-mouse-placement
	no_key || die "mouse: something was imported before Import was pressed"
	click 880 635 # Import
	title imported
	expect_imported mouse
	shot 7-mouse-result
	click 395 635 # Undo import
	title ended
	until_ no_key || { shot 8-undo; die "mouse: undo left the leaf"; }
	shot 8-mouse-undone
	if names | grep -q 'Sample'; then names; die "mouse: undo left something"; fi
	say "mouse: undo left nothing"
	stop

	fresh wrong
	start "$pfx"
	title 'sample.pfx$'
	type_ wrong
	title 'not opened'
	shot 9-wrong-password
	key Return
	sleep 1
	[ ! -e "$CERTDESK_USER_DB/cert9.db" ] || die "wrong password: a database was made"
	say "wrong password: nothing was made"
	stop

	# A second start hands its file to the first.
	fresh second
	start
	first=$window
	timeout 20 "$root/bin/certdesk" "$pfx" >"$desk/second.log" 2>&1 || die "second start: it did not end by itself"
	title 'sample.pfx$'
	type_ sample
	title ': opened'
	key Return
	title placement
	key Return
	title imported
	expect_imported "second start"
	stop
	say "screenshots: $out"
	;;
portal)
	for f in /usr/bin/dbus-daemon /usr/libexec/xdg-desktop-portal /usr/libexec/xdg-desktop-portal-gtk; do
		[ -x $f ] || { say "skipped: $f is missing (apt-get install dbus-daemon xdg-desktop-portal-gtk)"; exit 0; }
	done
	fresh portal
	export XDG_CURRENT_DESKTOP=gnome GTK_A11Y=none
	dbus-daemon --session --nofork --print-address=4 4>"$work/bus" 2>"$work/bus.log" &
	pids="$pids $!"
	until_ [ -s "$work/bus" ] || die "no session bus"
	export DBUS_SESSION_BUS_ADDRESS=$(cat "$work/bus")
	cp "$pfx" "$desk/a file+1.bin" # a name that a URI writes otherwise, and no extension of ours
	start
	key ctrl+o
	until_ choose_file 636 244 || die "the desktop's dialog did not open"
	xdotool windowfocus --sync "$dialog"
	sleep 1
	import -window root "$out/portal-open.png"
	xdotool type --delay 30 "$desk/a file+1.bin"
	xdotool key Return
	title 'a file+1.bin$'
	type_ sample
	title ': opened'
	shot portal-opened
	key Return
	title placement
	key Return
	title imported
	expect_imported portal
	key Escape
	click 500 129
	key ctrl+e
	sleep 1
	shot portal-export
	until_ choose_file 915 583 || die "the desktop's dialog for saving did not open"
	xdotool windowfocus --sync "$dialog"
	sleep 1
	import -window root "$out/portal-save.png"
	xdotool key ctrl+a
	xdotool type --delay 30 "$desk/a new+1.pem"
	xdotool key Return
	until_ eval '! other_window' || die "the desktop's dialog for saving did not close"
	click 918 635 # Save
	until_ openssl x509 -in "$desk/a new+1.pem" -noout || { shot failure; die "no file was saved"; }
	say "portal: opened and saved with the desktop's own dialog, certutil and openssl agree"
	stop
	;;
screenshots)
	fresh shots
	scripts/showcase.sh "$work/showcase" || die "no certificates to show"
	start -theme light
	click 500 207
	shot main
	stop
	start -theme dark
	click 500 129
	click 491 441 # the tab Findings
	shot findings-dark
	stop
	size="1600 1000" start -theme dark
	click 500 207
	shot wide-dark
	stop
	fresh import
	start -theme light "$pfx"
	title 'sample.pfx$'
	type_ sample
	title ': opened'
	shot import-file
	key Return
	title placement
	shot import-placement
	key Return
	title imported
	expect_imported screenshots
	shot import-result
	stop
	say "pictures: $out"
	;;
*)
	die "unknown mode $mode"
	;;
esac
