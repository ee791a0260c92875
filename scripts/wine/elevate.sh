#!/bin/bash
# "Continue as administrator" under Wine and Xvfb, by mouse: the window and
# certctl.exe run without rights to the machine's stores
# (CERTDESK_MACHINE_READONLY), and certctl.exe is started as administrator for
# one change at a time. Wine asks nobody; with the value refused nobody
# says yes. $1 is a folder for files; windows.sh calls this with its prefix.
set -eEu
trap 'echo "$0: line $LINENO: exit code $?: $BASH_COMMAND" >&2' ERR
cd "$(dirname "$0")/../.."
echo "== certdesk.exe without an administrator's rights"
. scripts/wine/mouse.sh
export CERTDESK_MACHINE_READONLY=1

rc=0
quiet "$dir/bin/certctl.exe" import "$work/sample/leaf.pem" --location machine --yes || rc=$?
[ $rc = 5 ] || die "certctl without rights: exit $rc, not 5"
grep -q 'elevated prompt' "$dir/quiet.txt" || die "certctl without rights gives no advice"
ok

# A plan that somebody said yes to too late, and one whose window is gone: the
# second shows that nothing but the time was wrong with the first.
quiet reg query HKU
user=$(tr -d '\r' <"$dir/quiet.txt" | sed -n 's/.*\\\(S-1-5-21-[0-9-]*\)$/\1/p')
helped() { # TIME WORDS
	echo '{"version":1,"user":"'"$user"'","time":"'"$1"'","pipe":"\\\\.\\pipe\\certdesk-nobody","grants":[{"op":"put","sha256":"00","location":"machine","store":"ca"}]}' >"$dir/plan.json"
	rc=0
	quiet "$dir/bin/certctl.exe" elevated --plan "Z:${dir//\//\\}\\plan.json" --sha256 "$(sha256sum "$dir/plan.json" | cut -d' ' -f1)" || rc=$?
	[ $rc = 1 ] && grep -q "$2" "$dir/quiet.txt" || die "a plan of $1: exit $rc, $(cat "$dir/quiet.txt")"
	ok
}
helped "$(date -u -d '6 minutes ago' +%Y-%m-%dT%H:%M:%SZ)" 'too old'
helped "$(date -u +%Y-%m-%dT%H:%M:%SZ)" 'the window does not answer'

# Who may use the machine's key; the dialog that asks for an account.
may_use() { certctl key permissions f1a0b3c4d5e6f708 --location machine --json; grep -q '"sid":"S-1-5-20"' <<<"$said"; }
account() {
	click 550 274
	xdotool key --window "$window" ctrl+a
	xdotool type --window "$window" --delay 60 "$1"
}
grant() { # WORDS
	for _ in 1 2 3 4; do
		account 'NETWORK SERVICE'
		click 680 525 # Continue as administrator
		! within 20 may_use || break
	done
	finally may_use "$1"
}

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
press 880 522 # Allow…
grant "not granted on the last page"
within 60 has_color 884 645 '#1462C4' || die "a dialog stays over the last page" # else its Close button is dimmed
shot elevate-2-allowed
onto 395 635 ended # Undo import
shot elevate-3-undone
certctl list --location machine --json
lacks 'client.sample.example' "elevated: undo left the leaf"
contained HKLM 0 "elevated: undo left a key container"
nothing_left
leave

# What stands in the wrong store: by the finding's button, back by undo, and
# by Tidy.
unset CERTDESK_MACHINE_READONLY
certctl import "$work/sample/leaf.pem" --location machine --yes
certctl import "$work/sample/inter.pem" --location machine --yes
certctl move 0e44b17d9231 --location machine --to root --yes --json
has '"journal"' "the intermediate is not among the roots"
export CERTDESK_MACHINE_READONLY=1
stands() { certctl list --location machine --store "$1" --json; grep -q SampleIssuingCA1 <<<"$said"; }
row 171 # In the wrong store
findings
press 975 596 # Move to Intermediate CAs
shot elevate-4-move
press 679 450 # Continue as administrator
finally stands ca "elevated: not moved"
shot elevate-5-moved
undo 235
finally stands root "elevated: the move was not undone"
row 171
press 535 22 # Tidy…
shot elevate-6-tidy
press 750 555 # Continue as administrator
finally stands ca "elevated: not tidied"
shot elevate-7-tidied

# Deleting a row of the machine asks the same way.
row 534 # Other people, Local machine
asked= # once the question is there
for _ in 1 2 3 4 5; do
	still 700 450
	sum=$(around 700 450)
	xdotool key --window "$window" Delete
	if within 15 follows 700 450 "$sum"; then asked=1 && break; fi
done
[ -n "$asked" ] || die "elevated: Delete asks nothing"
shot elevate-8-delete
press 700 450 # Continue as administrator
deleted() { certctl list --location machine --json; [ -n "$said" ] && ! grep -q 'client.sample.example' <<<"$said"; }
finally deleted "elevated: not deleted"
shot elevate-9-deleted
shut

# Who says no is told that nothing was changed.
export CERTDESK_MACHINE_READONLY=refused
open "$dir/bin/certdesk.exe" "Z:${pfx//\//\\}"
title 'clïent é.pfx$'
password
choose $machine_card
onto 908 635 placement # Next
onto 860 635 ended # Continue as administrator
shot elevate-10-refused
certctl list --location machine --json
lacks 'client.sample.example' "refused: something was changed"
nothing_left
shut

. scripts/wine/elevate-keys.sh
if grep -n 'Error in Fyne call thread\|^panic:' "$dir/window.log"; then die "the log shows an error"; fi
echo "certdesk.exe without an administrator's rights: $passed checks passed, 0 failed; pictures in out/windows"
