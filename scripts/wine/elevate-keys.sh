# "Continue as administrator" for the machine's private keys, by mouse: a
# certificate that lost the way to its key, a request that is answered, and who
# may use a key. This is sourced by elevate.sh, on whose display it goes on.
unset CERTDESK_MACHINE_READONLY

# lose_link: takes from the certificates of the machine's Personal what leads to
# their keys (CERT_KEY_PROV_INFO), as programs do that store them anew.
lose_link() {
	local store='HKLM\Software\Microsoft\SystemCertificates\My\Certificates' entry blob kept n
	quiet reg query "$store"
	for entry in $(tr -d '\r' <"$dir/quiet.txt" | grep -o '[0-9A-F]\{40\}$'); do
		quiet reg query "$store\\$entry" /v Blob
		blob=$(tr -d ' \r\n' <"$dir/quiet.txt" | sed 's/.*REG_BINARY//')
		kept=
		while [ -n "$blob" ]; do # id, 1, length, value: numbers of four bytes, the lowest first
			n=$((24 + 2 * 0x${blob:22:2}${blob:20:2}${blob:18:2}${blob:16:2}))
			[ "${blob:0:8}" = 02000000 ] || kept=$kept${blob:0:n}
			blob=${blob:n}
		done
		quiet reg add "$store\\$entry" /v Blob /t REG_BINARY /d "$kept" /f || die "the link cannot be taken away"
	done
}

certctl import "$work/sample/sample.pfx" --location machine --password-file "$work/sample/sample.pass" --yes --json
has '"journal"' "import"
lose_link
certctl request --cn service.example.test --san service.example.test --location machine -o "$work/machine.csr" --json
has '"location":"machine"' "request"
openssl x509 -req -in "$work/machine.csr" -CA "$work/sample/inter.pem" -CAkey "$work/sample/inter.key" -set_serial 0x7711223344556677 -days 300 \
	-copy_extensions copyall -out "$work/machine.crt" 2>/dev/null || die "openssl does not answer the request"

linked() { certctl list --location machine --store my --json; grep -q "client.sample.example.*\"key\":\"$1\"" <<<"$said"; }
# relink: asks for it; Continue as administrator is at 679,465 then.
relink() {
	row 453 # Personal, Local machine
	findings
	press 997 587 # Link the key again…
}

# Who says no is told so, and nothing is linked.
export CERTDESK_MACHINE_READONLY=refused
open "$dir/bin/certdesk.exe"
title '^Certdesk$'
relink
press 679 465 # Continue as administrator
problem() { has_color 752 455 '#1462C4'; } # the blue of its Close button
within 60 problem || die "refused: nobody is told"
shot elevate-11-no
finally linked none "refused: the link was changed"
shut

export CERTDESK_MACHINE_READONLY=1
open "$dir/bin/certdesk.exe"
title '^Certdesk$'
relink
shot elevate-12-relink
press 679 465 # Continue as administrator
finally linked present "the key was not linked"
shot elevate-13-linked
same_key machine

# Who may use the key. Wine keeps one change of a key's list and refuses the
# next: what is revoked gets as far as that.
row 453
tab 285 # Summary
press 1059 442 # More room
press 701 590 # Grant…
account nobody
summon 680 525 500 430 # Continue as administrator
shot elevate-14-nobody
grant "not granted"
within 20 shown 1038 590
shot elevate-15-granted
press 1038 590 # Revoke…
shot elevate-16-revoke
press 679 450 # Continue as administrator
within 60 problem || die "Wine's refusal is not shown"
shot elevate-17-refused
finally may_use "what was refused is not as before"
leave

# The answer to a request whose key is the machine's, and back: it waits again.
summon 160 22 200 60 # New
press 190 119 # Answer from a CA…
answer= # until its button can be pressed
for _ in 1 2 3 4; do
	xclip -selection clipboard -i <"$work/machine.crt"
	click 550 200
	xdotool key ctrl+a ctrl+v
	if within 15 has_color 770 640 '#1462C4'; then answer=1 && break; fi
done
[ -n "$answer" ] || die "the answer cannot be completed"
shot elevate-18-answer
press 840 645 # Continue as administrator
request() { certctl request list --json; grep -q '"status":"'"$1"'"[^}]*CN=service.example.test' <<<"$said"; }
finally request completed "the request was not completed"
shot elevate-19-completed
same_key machine 7711223344556677 "$work/machine.crt"
press 602 645 # Undo import
finally request pending "the request does not wait again"
shot elevate-20-waits
certctl list --location machine --json
lacks 'service.example.test' "undo left the certificate of the request"

undo 316 # under the grant: the link
finally linked none "the link was not undone"
shot elevate-21-unlinked
shut
