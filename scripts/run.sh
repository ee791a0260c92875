#!/bin/bash
# Opens the window on the user's real store. Without a display it shows the
# window under Xvfb instead: it imports a sample PFX into a database in a
# temporary directory and leaves a screenshot.
set -eu
cd "$(dirname "$0")/.."
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
	echo "opening bin/certdesk on your certificate store"
	exec bin/certdesk "$@"
fi
dir=$(mktemp -d -t certdesk-run-XXXXXX)
echo "There is no display: showing the window under Xvfb, with a sample PFX and a database in $dir."
scripts/window.sh run "$dir"
