#!/bin/bash
# Drives certdesk.exe under Wine and Xvfb by mouse, and asks certctl.exe, a new
# process, what the stores hold afterwards: double-click on a file, a second
# start, imports into both locations, undo. Pictures are in out/windows.
# $1 is a folder for files; windows.sh calls this with its prefix.
set -eEu
trap 'echo "$0: line $LINENO: exit code $?: $BASH_COMMAND" >&2' ERR
cd "$(dirname "$0")/../.."
echo "== certdesk.exe"
. scripts/wine/mouse.sh

# File types: what register writes, mirrored to the machine because Wine does
# not look at the user's classes, opens our import plan. Another program has
# .pem already, and ours had another name when it registered first.
classes() { within 20 quiet reg export 'HKCU\Software\Classes' "$dir/$1.reg" /y || die "the user's classes"; }
within 20 quiet reg add 'HKCU\Software\Classes\.pem' /ve /d Other.PEM /f || die "another program's ending"
classes before
cp "$dir/bin/certdesk.exe" "$dir/bin/before it.exe"
quiet "$dir/bin/before it.exe" register || die "register, under another name"
quiet "$dir/bin/certdesk.exe" register || die "register"
for e in pfx p12 cer crt der p7b p7c pem; do
	seen "HKCU\\Software\\Classes\\.$e\\OpenWithProgids" || die "register: .$e"
	seen 'HKCU\Software\Certdesk\Capabilities\FileAssociations' /v ".$e" || die "register: capabilities of .$e"
	ok
done
seen 'HKCU\Software\RegisteredApplications' /v Certdesk || die "register: RegisteredApplications"
classes classes
iconv -f UTF-16 -t UTF-8 "$dir/classes.reg" | grep -q '^@="Other.PEM"' || die "register took an ending from another program"
iconv -f UTF-16 -t UTF-8 "$dir/classes.reg" | sed 's/HKEY_CURRENT_USER/HKEY_LOCAL_MACHINE/' | iconv -f UTF-8 -t UTF-16 >"$dir/machine.reg"
quiet reg import "$dir/machine.reg" || die "mirror"
open start /unix "$pfx"
title 'clïent é.pfx$'
ok
shot double-click

# by_mouse LOCATION X Y: imports the file that is shown; X, Y is the card of
# who will use it. The buttons are at the bottom of the dialog.
by_mouse() {
	password
	choose "$2" "$3"
	shot "$1-1-file"
	onto 908 635 placement # Next
	shot "$1-2-placement"
	certctl list --location "$1" --json
	lacks '"inherited":false[^}]*client.sample' "$1: something was imported before Import was pressed"
	onto 880 635 imported # Import
	shot "$1-3-result"
	certctl list --location "$1" --store my --json
	has '"key":"present"' "$1: no key in a new process"
	same_key "$1"
}
by_mouse user $user_card
certctl list --location user --store ca --json
has '"commonName":"SampleIssuingCA1"' "user: the intermediate is not there"
onto 395 635 ended # Undo import
shot user-4-undone
certctl list --location user --json
lacks 'client.sample.example' "user: undo left the leaf"
contained HKCU 0 "user: undo left a key container"
leave

# A second start hands its file to this window.
quiet "$dir/bin/certdesk.exe" "Z:${work//\//\\}\\sample\\sample.pfx" || die "the second start did not end by itself"
title 'sample.pfx$'
ok
by_mouse user $user_card
leave
open "$dir/bin/certdesk.exe" "Z:${pfx//\//\\}"
title 'clïent é.pfx$'
by_mouse machine $machine_card
contained HKCU 1 "the two imports share a key container"
contained HKLM 1 "the two imports share a key container"
leave

# What certctl.exe moves, the window sees, and the key stays with it.
certctl move 0e44b17d9231 --location user --to root --yes --json
has '"journal"' "move"
certctl tidy --location user --json
has '"action":"move"' "tidy"
same_key user
shot main
shut

quiet "$dir/bin/certdesk.exe" unregister || die "unregister"
if quiet reg query 'HKCU\Software\Certdesk'; then die "unregister left what it knew"; fi
classes after
cmp -s "$dir/before.reg" "$dir/after.reg" || die "unregister left something, or took what is another program's"
ok
if grep -n 'Error in Fyne call thread\|^panic:' "$dir/window.log"; then die "the log shows an error"; fi
echo "certdesk.exe: $passed checks passed, 0 failed; pictures in out/windows"
