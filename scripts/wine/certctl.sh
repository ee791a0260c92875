#!/bin/bash
# Runs certctl.exe under Wine as a person would, each command in a process of
# its own: what only Windows has (key containers, key sets, targets, who may use
# a key, the stores themselves). The scripts of cmd/certctl/testdata have the rest.
# $1 is a folder for files; windows.sh calls this with its prefix.
set -eEu
trap 'echo "$0: line $LINENO: exit code $?: $BASH_COMMAND" >&2' ERR
cd "$(dirname "$0")/../.."
dir=$1
work=$dir/work
mkdir -p "$work"
echo "== certctl.exe"
go build -overlay "$dir/overlay.json" -o "$dir/certctl.exe" ./cmd/certctl
env -u GOOS -u GOARCH scripts/sample.sh "$work/sample"
export CERTDESK_STORE_PREFIX=Smoke- XDG_STATE_HOME="Z:${work//\//\\}\\state"
passed=0 failed=0

# certctl runs the program; its output is in $out and its exit code in $code.
certctl() {
	code=0
	(cd "$work" && brief "$dir/certctl.exe" "$@") >"$work/out" 2>"$work/err" || code=$?
	out=$(tr -d '\r' <"$work/out")
}
# check NAME COMMAND... counts a check.
check() {
	local name=$1; shift
	if "$@"; then passed=$((passed + 1)); else
		failed=$((failed + 1)); echo "FAILED: $name (exit code $code)"; head -c 2000 "$work/out"; head -c 2000 "$work/err"; echo
	fi
}
is() { [ "$code" = "$1" ]; }
# has PATTERN: the output has it, spaces aside. lacks is the reverse.
has() { tr -d ' \n' <<<"$out" | grep -qE -- "$1"; }
lacks() { ! has "$1"; }
same_key() {
	openssl pkcs12 -in "$work/out.pfx" -passin file:"$work/new.pass" -nodes -nocerts 2>/dev/null | openssl pkey -pubout >"$work/out.pub" 2>/dev/null &&
		openssl pkey -in "$work/sample/leaf.key" -pubout | cmp -s - "$work/out.pub"
}
containers() { brief reg query "$1\\Software\\Wine\\Crypto\\RSA" 2>/dev/null | grep -ci smoke || true; }
count() { [ "$(grep -c '"sha256"' <<<"$out")" = "$1" ]; }

for loc in user machine; do
	certctl import sample/sample.pfx --location $loc --password-file sample/sample.pass --dry-run --json
	check "$loc: dry run" is 0
	check "$loc: dry run plans the key" has '"store":"my","action":"add"'
	certctl list --location $loc --json
	check "$loc: dry run changes nothing" count 0
	certctl import sample/sample.pfx --location $loc --password-file sample/sample.pass --yes --json
	check "$loc: import" is 0
	certctl list --location $loc --json
	check "$loc: two entries" count 2
	check "$loc: key present and exportable" has '"key":"present","exportable":true'
	check "$loc: friendly name" has 'Sampleclient'
	certctl import sample/sample.pfx --location $loc --password-file sample/sample.pass --yes --json
	check "$loc: second import has nothing to do" has '"action":"already-there"'
	# The key was stored: another process takes it out, and openssl knows it.
	printf 'new' >"$work/new.pass"
	rm -f "$work/out.pfx"
	certctl export f1a0b3c4d5e6f708 --location $loc --format pfx -o out.pfx --new-password-file new.pass
	check "$loc: export" is 0
	check "$loc: openssl finds the same key" same_key
	certctl move 0e44b17d9231 --location $loc --to root --yes --json
	check "$loc: move to the roots" is 0
	certctl list --location $loc --store root --json
	check "$loc: it is there" has '"commonName":"SampleIssuingCA1"'
	certctl tidy --location $loc --json
	check "$loc: tidy" is 0
	certctl list --location $loc --store ca --json
	check "$loc: it is back" has '"commonName":"SampleIssuingCA1"'
	certctl undo --json
	check "$loc: undo" is 0
	certctl list --location $loc --json
	check "$loc: nothing is left" lacks 'client.sample.example'
done

# With its key to the machine, which signs there before the user's is deleted,
# and back; every import has a container of its own.
certctl import sample/sample.pfx --password-file sample/sample.pass --yes --json
check "import" is 0
certctl import sample/sample.pfx --location machine --password-file sample/sample.pass --exportable=false --yes --json
check "import into the machine too" is 0
check "containers" [ "$(containers HKCU)" = 1 ]
check "machine containers" [ "$(containers HKLM)" = 1 ]
certctl export f1a0b3c4d5e6f708 --location machine --format pfx -o no.pfx --new-password-file new.pass
check "a key that is not exportable stays" is 1
certctl move f1a0b3c4d5e6f708 --location user --to my --json
certctl delete f1a0b3c4d5e6f708 --location machine --yes --json
check "delete" is 0
check "its container is gone" [ "$(containers HKLM)" = 0 ]
certctl list --location user --json
check "the user's key is still there" has '"key":"present"'
certctl move f1a0b3c4d5e6f708 --location machine --to my --json
check "move to the machine with its key" is 0
certctl list --location machine --store my --json
check "key there" has '"key":"present","exportable":true'
check "no container is left behind" [ "$(containers HKCU)" = 0 ]
certctl import sample/sample.pfx --password-file nowhere.pass --yes
check "missing password file" is 1
certctl delete f1a0b3c4d5e6f708 --location machine --yes
certctl import sample/sample.pfx --password-file sample/sample.pass --provider cng --yes
check "Wine keeps no CNG keys" is 1
certctl list --location user --json
check "and nothing of it is left" lacks 'client.sample.example'
for provider in cng tpm; do
	certctl request --cn cng.example.test --provider $provider -o cng.csr
	check "request --provider $provider" is 1
	check "$provider: provider, cause and advice, no handle" grep -qE '(Storage|Crypto) Provider makes no key: NCryptOpenKey: error 0x80090029' "$work/err"
	check "$provider: advice" grep -q '^hint: .*(--key-in file)' "$work/err"
	certctl request list --json
	check "$provider: nothing is left of the request" [ "$code ${out//[[:space:]]/}" = "0 []" ]
done
certctl import sample/sample.pfx --password-file sample/sample.pass --provider capi --yes
check "CryptoAPI by name" is 0
certctl key permissions f1a0b3c4d5e6f708 --json
check "who may use a key" has '"kind":"CryptoAPIkey".*"sid":"S-1-5-32-544","access":"full"'
certctl key permissions f1a0b3c4d5e6f708 --grant 'NETWORK SERVICE' --json
check "a grant asks" is 2
certctl key permissions f1a0b3c4d5e6f708 --grant 'NT SERVICE\NoSuchService' --yes
check "unknown account" is 4
certctl key permissions f1a0b3c4d5e6f708 --grant 'NETWORK SERVICE' --yes --json
check "grant" has '"sid":"S-1-5-20","access":"use".*"action":"granted","journal"'
certctl key permissions f1a0b3c4d5e6f708 --json # Wine keeps one change, and refuses the next: no undo here
check "the grant is seen by another process" has '"sid":"S-1-5-20","access":"use"'
certctl key permissions f1a0b3c4d5e6f708 --grant S-1-5-20 --yes --json
check "a second grant" has '"action":"already-there"'
certctl key permissions f1a0b3c4d5e6f708 --revoke SYSTEM --yes
check "SYSTEM keeps its access" is 1
certctl undo --list --json
check "the grant is in the journal" has '"kind":"permissions"'
certctl list --store nowhere
check "unknown store" is 2
printf 'wrong' >"$work/wrong.pass"
certctl import sample/sample.pfx --password-file wrong.pass --yes
check "wrong password" is 3
certctl move ffffffffffff --to ca
check "unknown certificate" is 4

# Who will use it: place, key set and provider follow; the file's own wishes
# are left out, or honoured, and the plan says which.
certctl delete f1a0b3c4d5e6f708 --location user --yes
certctl delete 0e44b17d9231 --location user --yes
certctl delete 0e44b17d9231 --location machine --yes
openssl pkcs12 -export -inkey "$work/sample/leaf.key" -in "$work/sample/leaf.pem" -certfile <(cat "$work/sample/inter.pem" "$work/sample/root.pem") \
	-CSP 'Microsoft Enhanced RSA and AES Cryptographic Provider' -LMK -passout file:"$work/sample/sample.pass" -out "$work/csp.pfx"
openssl pkcs12 -export -inkey "$work/sample/leaf.key" -in "$work/sample/leaf.pem" -CSP 'Some Card Provider' -passout file:"$work/sample/sample.pass" -out "$work/card.pfx"
target() { certctl import "$1" --password-file sample/sample.pass --target "$2" --json "${@:3}"; }
target csp.pfx biztalk-send-port --dry-run
check "biztalk-send-port: user, CryptoAPI, the user's key set" has '"keyPlan":\{"provider":"capi",.*"keySet":"user"'
check "biztalk-send-port: the file's wishes are left out" has '"machineKeySet":true,"use":"stripped"'
check "biztalk-send-port: how to run as the account" has 'runas/user:DOMAIN.*--targetbiztalk-send-port'
target csp.pfx iis-site --honour-csp --yes
check "iis-site" is 0
check "iis-site: machine, honoured" has '"location":"machine","store":"my","action":"add".*"keySet":"machine".*"use":"honoured"'
certctl list --location machine --store my --json
check "iis-site: the key" has '"key":"present","exportable":true'
check "iis-site: a machine container, none of the user" [ "$(containers HKLM)$(containers HKCU)" = 10 ]
certctl undo --json
check "iis-site: undo" is 0
check "iis-site: its container is gone" [ "$(containers HKLM)" = 0 ]
target card.pfx windows-service --honour-csp --yes
check "a card's provider is refused" is 1
target card.pfx windows-service --yes
check "and left out unless it is asked for" is 0
certctl undo --json
target sample/leaf.pem biztalk-partner --yes
check "biztalk-partner keeps no key" has '"keySet":"none","provider":"none"'
check "biztalk-partner" has '"location":"machine","store":"people","action":"add"'
certctl undo --json
target csp.pfx iis-client-trust --yes
check "iis-client-trust trusts no root by itself" has '"store":"root","action":"ask"'
check "iis-client-trust leaves the client and its key out" has '"key":false,"location":"machine","store":"people","action":"skip"'
check "iis-client-trust takes the intermediate" has '"location":"machine","store":"ca","action":"add"'
certctl undo --json
target csp.pfx browser --location machine
check "a contradiction" is 2
target csp.pfx windows-service --strong-protection --yes
check "no strong protection for services" is 1
certctl list --json
check "targets: nothing is left" lacks 'client.sample.example|Sample'

# Without a prefix: the stores of the fresh Wine prefix themselves.
brief reg delete 'HKCU\Software\Microsoft\SystemCertificates' /f >/dev/null 2>&1
unset CERTDESK_STORE_PREFIX
certctl list --location machine --store root --json
check "real stores: the machine's roots" has '"location":"machine","store":"root"'
certctl list --location user --store root --json
check "real stores: the user sees them as inherited" has '"inherited":true'
certctl import sample/sample.pfx --password-file sample/sample.pass --trust-root --yes --json
check "real stores: import with root" is 0
certctl list --location user --store my --json
check "real stores: the key" has '"key":"present","exportable":true'
certctl show f1a0b3c4d5e6f708 --json
check "real stores: Windows accepts the chain" has '"systemChain":\{"system":"Windows","trusted":true,"problems":\[\]'
certctl check f1a0b3c4d5e6f708 --for client --json
check "real stores: and check says so" has '"systemChain":\{"system":"Windows","trusted":true'
certctl undo --json
check "real stores: undo" is 0
certctl list --location user --json
check "real stores: nothing is left" lacks '"inherited":false.*Sample|SampleRootR1'

echo "certctl.exe: $passed checks passed, $failed failed"
[ "$failed" = 0 ]
