#!/bin/bash
# Cross-builds certctl.exe (console, no cgo), certdesk.exe (GUI subsystem) and
# certdesk-safe.exe (the same without OpenGL and cgo) with icon, version and
# manifest into the folder $1.
set -eu
cd "$(dirname "$0")/../.."
out=$1
mkdir -p "$out"
version=$(sed -n 's/^Version = "\(.*\)"/\1/p' FyneApp.toml)
tmp=$(mktemp -d)
# The linker takes resources from .syso files of the package.
trap 'rm -rf "$tmp" cmd/certctl/resource_windows_amd64.syso cmd/certdesk/resource_windows_amd64.syso' EXIT
sizes=icon:auto-resize=256,64,48,32,24,16
convert icons/icon.png -define $sizes "$tmp/certdesk.ico"
# The icon of certificate files: ours on a sheet of paper.
convert -size 256x256 xc:none -strokewidth 8 -stroke '#8a94a6' -fill white -draw 'polygon 48,8 164,8 216,60 216,248 48,248' \
	-fill '#e4e8ef' -draw 'polygon 164,8 164,60 216,60' \( icons/icon.png -resize 116x116 \) -gravity center -geometry +4+36 -composite \
	-define $sizes "$tmp/paper.ico"
resource() { # NAME TITLE [PACKAGE]
	local f
	for f in certdesk.manifest resource.rc; do
		sed "s/@NAME@/$1/g; s/@TITLE@/$2/g; s/@VERSION@/$version/g; s/@COMMAS@/${version//./,}/g" "bundling/windows/$f" >"$tmp/${f/certdesk.manifest/$1.manifest}"
	done
	(cd "$tmp" && x86_64-w64-mingw32-windres -O coff -i resource.rc -o resource.syso)
	cp "$tmp/resource.syso" "cmd/${3:-$1}/resource_windows_amd64.syso"
}
export GOOS=windows GOARCH=amd64
resource certctl "Certdesk on the command line"
CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$out/certctl.exe" ./cmd/certctl
resource certdesk "Certdesk"
CGO_ENABLED=1 CC=x86_64-w64-mingw32-gcc go build -trimpath -tags migrated_fynedo -ldflags "-s -w -H windowsgui" -o "$out/certdesk.exe" ./cmd/certdesk
# Fyne's embedded driver; the tag noos would do too, but Fyne 2.7.1's package
# dialog does not compile with it.
resource certdesk-safe "Certdesk without OpenGL" certdesk
CGO_ENABLED=0 go build -trimpath -tags tinygo,migrated_fynedo -ldflags "-s -w -H windowsgui" -o "$out/certdesk-safe.exe" ./cmd/certdesk
ls -l "$out"
