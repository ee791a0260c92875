#!/bin/bash
# "Continue as administrator" under Wine and Xvfb, by mouse: the window and
# certctl.exe run without rights to the machine's stores
# (CERTDESK_MACHINE_READONLY), and certctl.exe is started as administrator for
# one change at a time. Wine asks nobody; with the value refused nobody
# says yes. $1 is a folder for files; windows.sh calls this with its prefix.
set -eu
cd "$(dirname "$0")/../.."
echo "== certdesk.exe without an administrator's rights"
. scripts/wine/mouse.sh
export CERTDESK_MACHINE_READONLY=1
nothing_left() { [ -z "$(ls "$dir"/state/certdesk/Elevate 2>/dev/null)" ] || die "a plan was left behind"; ok; }

rc=0
quiet "$dir/bin/certctl.exe" import "$work/sample/leaf.pem" --location machine --yes || rc=$?
[ $rc = 5 ] || die "certctl without rights: exit $rc, not 5"
grep -q 'elevated prompt' "$dir/quiet.txt" || die "certctl without rights gives no advice"
ok

open "$dir/bin/certdesk.exe" "Z:${pfx//\//\\}"
title 'clïent é.pfx$'
password
choose $machine_card
onto 908 635 placement # Next
shot elevate-1-placement
onto 860 635 imported # Continue as administrator
shot elevate-2-result
certctl list --location machine --store my --json
has '"key":"present"' "elevated: no key in a new process"
same_key machine
nothing_left
onto 395 635 ended # Undo import
shot elevate-3-undone
certctl list --location machine --json
lacks 'client.sample.example' "elevated: undo left the leaf"
contained HKLM 0 "elevated: undo left a key container"
nothing_left
leave

# Deleting a row of the machine asks the same way.
unset CERTDESK_MACHINE_READONLY
certctl import "$work/sample/leaf.pem" --location machine --yes
export CERTDESK_MACHINE_READONLY=1
asked= # once the question is there, which the row has to be for
for _ in 1 2 3 4 5; do
	click 80 534 # Other people, Local machine
	click 500 130 # the row
	still 700 450
	sum=$(around 700 450)
	xdotool key --window "$window" Delete
	if within 15 follows 700 450 "$sum"; then asked=1 && break; fi
done
[ -n "$asked" ] || die "elevated: Delete asks nothing"
shot elevate-4-delete
press 700 450 # Continue as administrator
deleted() { certctl list --location machine --json; [ -n "$said" ] && ! grep -q 'client.sample.example' <<<"$said"; }
within 60 deleted || true
lacks 'client.sample.example' "elevated: not deleted"
shot elevate-5-deleted
nothing_left
shut

# Who says no is told that nothing was changed.
export CERTDESK_MACHINE_READONLY=refused
open "$dir/bin/certdesk.exe" "Z:${pfx//\//\\}"
title 'clïent é.pfx$'
password
choose $machine_card
onto 908 635 placement # Next
onto 860 635 ended # Continue as administrator
shot elevate-6-refused
certctl list --location machine --json
lacks 'client.sample.example' "refused: something was changed"
nothing_left
shut
if grep -n 'Error in Fyne call thread\|^panic:' "$dir/window.log"; then die "the log shows an error"; fi
echo "certdesk.exe without an administrator's rights: $passed checks passed, 0 failed; pictures in out/windows"
