#!/bin/bash
# Installs the Debian packages that are missing, and says which.
#   scripts/setup.sh run    what building and running the window needs
#   scripts/setup.sh test   that, and the independent tools the tests compare with
#   scripts/setup.sh windows  what building for Windows and testing under Wine needs
# Needs root or sudo only when something is missing.
set -eu

build="gcc libc6-dev pkg-config libgl1-mesa-dev libx11-dev libxcursor-dev libxrandr-dev libxinerama-dev libxi-dev libxxf86vm-dev"
run="libnss3 p11-kit-modules ca-certificates libgl1-mesa-dri"
headless="xvfb openbox xdotool x11-utils imagemagick openssl libnss3-tools"
servers="nginx apache2-bin"
windows="$servers wine wine64 gcc-mingw-w64-x86-64 binutils-mingw-w64-x86-64 xvfb x11-xkb-utils openbox xdotool xclip libgl1-mesa-dri openssl imagemagick libnss3-tools gnutls-bin default-jdk-headless poppler-utils"
tools="$servers dbus-daemon libssl-dev chromium gnutls-bin p11-kit softhsm2 default-jdk-headless sqlite3 util-linux acl poppler-utils"

want="$build $run"
case "${1:-run}" in
run) [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || want="$want $headless" ;;
test) want="$want $headless $tools" ;;
windows) want="$windows" ;;
*) echo "usage: $0 run|test|windows" >&2; exit 2 ;;
esac

if ! command -v go >/dev/null; then
	echo "Go 1.26 or newer is needed and 'go' is not in PATH; install it from https://go.dev/dl/ or your distribution." >&2
	exit 1
fi

missing=
for p in $want; do
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || { echo "Run this as root, or install sudo. Missing packages:$missing" >&2; exit 1; }
	sudo=sudo
fi
echo "Installing Debian packages:$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -q
# A server that is only run by tests is not started, now or at the next boot.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
	$sudo chmod 755 $policy
	trap '$sudo rm -f $policy' EXIT
fi
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
case "$missing" in
*nginx*) [ ! -d /run/systemd/system ] || $sudo systemctl disable --now -q nginx || true ;;
esac
