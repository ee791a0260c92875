#!/bin/bash
# Starts certdesk.exe under Wine and Xvfb with a sample in the user's store and
# takes a picture of its window: out/windows/window.png.
set -eu
cd "$(dirname "$0")/../.."
dir=$1
work=$dir/window
mkdir -p "$work" out/windows
scripts/wine/build.sh "$dir/bin" >/dev/null
env -u GOOS -u GOARCH scripts/sample.sh "$work/sample"
export XDG_STATE_HOME="Z:${work//\//\\}\\state"
unset CERTDESK_STORE_PREFIX
(cd "$work" && wine "$dir/bin/certctl.exe" import sample/sample.pfx --password-file sample/sample.pass --trust-root --yes >/dev/null 2>&1)
display=
for n in $(seq 90 120); do [ -e "/tmp/.X11-unix/X$n" ] || { display=:$n; break; }; done
Xvfb "$display" -screen 0 1280x800x24 >/dev/null 2>&1 &
xvfb=$!
trap 'kill $xvfb 2>/dev/null || true' EXIT
sleep 2
DISPLAY=$display LIBGL_ALWAYS_SOFTWARE=1 wine "$dir/bin/certdesk.exe" >"$work/log.txt" 2>&1 &
app=$!
colors=0
for _ in $(seq 30); do
	sleep 2
	kill -0 $app 2>/dev/null || break
	DISPLAY=$display import -window root out/windows/window.png 2>/dev/null || continue
	colors=$(identify -format %k out/windows/window.png)
	[ "$colors" -gt 50 ] && { sleep 4; DISPLAY=$display import -window root out/windows/window.png; break; }
done
tr -d '\r' <"$work/log.txt" | head -20
if [ "$colors" -gt 50 ]; then echo "certdesk.exe: a window with $colors colours, out/windows/window.png"; else echo "FAILED: certdesk.exe shows no window"; exit 1; fi
