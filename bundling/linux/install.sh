#!/bin/bash
# Installs Certdesk for the current user (or, as root, for everybody): the two
# programs, the icon, and the file types that open with it. Run it in the
# project's folder after "make build"; with --remove it takes all of it away.
set -eu
cd "$(dirname "$0")/../.."
if [ "$(id -u)" = 0 ]; then prefix=/usr/local data=/usr/local/share; else prefix=$HOME/.local data=${XDG_DATA_HOME:-$HOME/.local/share}; fi
id=io.certdesk.Certdesk
files="$prefix/bin/certdesk $prefix/bin/certctl $data/applications/$id.desktop $data/icons/hicolor/scalable/apps/$id.svg"
if [ "${1:-}" = --remove ]; then
	rm -f $files
else
	[ -x bin/certdesk ] || { echo "bin/certdesk is not there: run make build first" >&2; exit 1; }
	install -D -m 755 bin/certdesk "$prefix/bin/certdesk"
	install -D -m 755 bin/certctl "$prefix/bin/certctl"
	install -D -m 644 bundling/linux/$id.desktop "$data/applications/$id.desktop"
	install -D -m 644 icons/icon.svg "$data/icons/hicolor/scalable/apps/$id.svg"
	sed -i "s|^Exec=certdesk|Exec=$prefix/bin/certdesk|" "$data/applications/$id.desktop"
fi
command -v update-desktop-database >/dev/null && update-desktop-database -q "$data/applications" || true
