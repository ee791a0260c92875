# How the scripts that drive a window under Wine wait: for what is to be seen,
# not for a time, because the computer may be slow. $window is the window.
# This is sourced.

# window: finds it. titled PATTERN: its title is that.
window() { window=$(xdotool search --onlyvisible --name '^Certdesk' 2>/dev/null | tail -1); [ -n "$window" ]; }
titled() { window && xdotool getwindowname "$window" 2>/dev/null | grep -q -- "$1"; }
# within SECONDS COMMAND...: waits for it to succeed.
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.2
	done
}
title() { within 90 titled "$1" || die "the title never was '$1' but: $(xdotool getwindowname "$window" 2>&1)"; }
# around X Y: a sum of the picture there; wide enough for a button, and narrow
# enough that the cursor of a field, which blinks, is not in it.
around() { import -window "$window" -crop "90x26+$(($1 - 45))+$(($2 - 13))" +repage rgb:- 2>/dev/null | md5sum; }
# still X Y: the picture there has come to rest.
still() {
	local last= now
	for _ in $(seq 50); do
		now=$(around "$1" "$2")
		[ "$now" != "$last" ] || return 0
		last=$now
		sleep 0.15
	done
}
# follows X Y SUM: the picture there is no more what it was.
follows() { [ "$(around "$1" "$2")" != "$3" ]; }
# click X Y [BUTTON]: for what may look the same afterwards.
click() { xdotool mousemove --window "$window" "$1" "$2"; still "$1" "$2"; xdotool click "${3:-1}"; still "$1" "$2"; }
# press X Y [BUTTON]: for what looks different once it is pressed. What came too
# early for the window is repeated.
press() {
	local sum
	for _ in 1 2 3 4; do
		xdotool mousemove --window "$window" "$1" "$2"
		still "$1" "$2" # what is under the pointer is drawn differently
		sum=$(around "$1" "$2")
		xdotool click "${3:-1}"
		if within 15 follows "$1" "$2" "$sum"; then still "$1" "$2"; return; fi
	done
	die "a click at $1,$2 does nothing"
}
# summon X Y AT_X AT_Y: a click there shows something else at the other place.
summon() {
	local sum
	for _ in 1 2 3 4; do
		xdotool mousemove --window "$window" "$1" "$2"
		still "$3" "$4"
		sum=$(around "$3" "$4")
		xdotool click 1
		if within 15 follows "$3" "$4" "$sum"; then still "$3" "$4"; return; fi
	done
	die "a click at $1,$2 shows nothing at $3,$4"
}
# shown X Y: there is more there than one colour. has_color X Y COLOR: of the
# pixel, as #rrggbb.
shown() { [ "$(import -window "$window" -crop "90x26+$(($1 - 45))+$(($2 - 13))" +repage miff:- 2>/dev/null | identify -format %k -)" -gt 1 ]; }
has_color() { [ "$(import -window "$window" -depth 8 -crop "1x1+$1+$2" +repage txt:- 2>/dev/null | grep -ciF "$3")" = 1 ]; }
# onto X Y PATTERN: a click on what leads to that title.
onto() {
	press "$1" "$2"
	title "$3"
}
# choose X Y: a card; it may be chosen already, and then looks as before.
choose() { click "$1" "$2"; click "$1" "$2"; }
