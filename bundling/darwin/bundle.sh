#!/bin/bash
# Makes Certdesk.app and Certdesk.dmg in out/darwin. Run it on a Mac with
# Xcode's command line tools, in the project's folder or anywhere.
#
#   CERTDESK_VERSION         the version, such as 0.1.0; default: that of the program
#   CERTDESK_BUILD           a number that grows, for CFBundleVersion; default 1
#   CERTDESK_ARCHS           default "arm64 x86_64"
#   CERTDESK_SIGN_IDENTITY   the Developer ID Application identity in the keychain
#                            (security find-identity -v -p codesigning); without it
#                            the program is signed ad hoc, for this Mac only
#   CERTDESK_NOTARY_PROFILE  a profile of xcrun notarytool store-credentials;
#                            without it nothing is sent to Apple
#
# No identity, team or password stands in this project. This script has never
# run: it was written after the manuals of codesign, notarytool and stapler.
set -eu
cd "$(dirname "$0")/../.."
[ "$(uname)" = Darwin ] || { echo "bundle.sh needs a Mac: the window links Apple's frameworks" >&2; exit 1; }
out=out/darwin
app=$out/Certdesk.app
identity=${CERTDESK_SIGN_IDENTITY:--}
rm -rf "$out"
mkdir -p "$app/Contents/MacOS" "$app/Contents/Resources"

for program in certdesk certctl; do
	parts=
	for arch in ${CERTDESK_ARCHS:-arm64 x86_64}; do
		goarch=$arch
		[ "$arch" = x86_64 ] && goarch=amd64
		part=$out/$program-$arch
		CGO_ENABLED=1 GOOS=darwin GOARCH=$goarch CC="clang -arch $arch" MACOSX_DEPLOYMENT_TARGET=12.0 go build -o "$part" "./cmd/$program"
		parts="$parts $part"
	done
	# shellcheck disable=SC2086 # a list of files without spaces
	lipo -create -output "$app/Contents/MacOS/$program" $parts
	rm -f $parts
done
version=${CERTDESK_VERSION:-$("$app/Contents/MacOS/certdesk" -version | cut -d' ' -f2)}

cp bundling/darwin/Info.plist "$app/Contents/Info.plist"
plutil -replace CFBundleShortVersionString -string "$version" "$app/Contents/Info.plist"
plutil -replace CFBundleVersion -string "${CERTDESK_BUILD:-1}" "$app/Contents/Info.plist"
plutil -lint "$app/Contents/Info.plist" bundling/darwin/certdesk.entitlements

icons=$out/certdesk.iconset
mkdir "$icons"
for size in 16 32 128 256 512; do
	sips -z $size $size icons/icon.png --out "$icons/icon_${size}x$size.png" >/dev/null
	sips -z $((size * 2)) $((size * 2)) icons/icon.png --out "$icons/icon_${size}x$size@2x.png" >/dev/null
done
iconutil -c icns -o "$app/Contents/Resources/certdesk.icns" "$icons"
rm -r "$icons"

# The inner program first: the signature of the bundle seals it.
stamp=--timestamp
[ "$identity" = - ] && stamp=--timestamp=none
for target in "$app/Contents/MacOS/certctl" "$app"; do
	codesign --force --options runtime $stamp --entitlements bundling/darwin/certdesk.entitlements --sign "$identity" "$target"
done
codesign --verify --deep --strict --verbose=2 "$app"

hdiutil create -volname Certdesk -srcfolder "$app" -ov -format UDZO "$out/Certdesk.dmg"
if [ "$identity" = - ]; then
	echo "signed ad hoc: other Macs will refuse it. Set CERTDESK_SIGN_IDENTITY to give it to others."
	exit 0
fi
codesign --force $stamp --sign "$identity" "$out/Certdesk.dmg"
if [ -z "${CERTDESK_NOTARY_PROFILE:-}" ]; then
	echo "not notarised: set CERTDESK_NOTARY_PROFILE, else Gatekeeper warns those who download it."
	exit 0
fi
xcrun notarytool submit "$out/Certdesk.dmg" --keychain-profile "$CERTDESK_NOTARY_PROFILE" --wait
xcrun stapler staple "$out/Certdesk.dmg"
spctl --assess --type open --context context:primary-signature --verbose "$out/Certdesk.dmg"
