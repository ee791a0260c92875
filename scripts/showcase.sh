#!/bin/bash
# Fills the user's store (CERTDESK_USER_DB) with invented certificates that
# show every kind of state, for pictures. $1 is a folder for the files.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1" && cd "$1"
ca=$PWD/ca
"$root/scripts/sample.sh" "$ca"
printf x >pw
leaf() { # file, subject, days, key usage, purposes, names
	openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key" -subj "$2" -out "$1.csr"
	{
		echo basicConstraints=CA:FALSE
		echo "keyUsage=critical,$4"
		echo "extendedKeyUsage=$5"
		[ -z "$6" ] || echo "subjectAltName=$6"
		echo authorityKeyIdentifier=keyid
	} >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA "$ca/inter.pem" -CAkey "$ca/inter.key" -days "$3" -extfile "$1.ext" -out "$1.pem"
	openssl pkcs12 -export -inkey "$1.key" -in "$1.pem" -passout file:pw -out "$1.pfx"
	"$root/bin/certctl" import "$1.pfx" --password-file pw --yes
}
{
	leaf polk "/C=US/O=ECA/CN=b.polk (ECA encipherment)" 310 keyEncipherment clientAuth ""
	leaf edi "/C=NL/O=Havenport/CN=edi-gateway.havenport.example" 12 digitalSignature,keyEncipherment serverAuth,clientAuth DNS:edi-gateway.havenport.example
	leaf biztalk "/C=NL/O=Stadgenoot/CN=biztalk-client.stadgenoot.example" 1000 digitalSignature,keyEncipherment clientAuth,emailProtection email:edi@stadgenoot.example
	leaf www "/C=NL/O=Havenport/CN=www.sslclientauth.local" 395 digitalSignature,keyEncipherment serverAuth DNS:www.sslclientauth.local
	leaf mtg "/C=DE/O=Meridian/CN=mtg-clm-connector" 450 digitalSignature clientAuth ""
	leaf as2 "/C=NL/O=Havenport/CN=as2-signing.havenport.example" 690 digitalSignature emailProtection email:as2@havenport.example
	leaf code "/C=NL/O=Havenport/CN=build-agent-03 (code signing)" 240 digitalSignature codeSigning ""
	"$root/bin/certctl" import "$ca/sample.pfx" --password-file "$ca/sample.pass" --yes --trust-root
	openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -subj "/C=NL/O=Partner Two/CN=partner-two public (AS2)" -days 270 -addext basicConstraints=CA:FALSE -addext extendedKeyUsage=clientAuth -addext keyUsage=digitalSignature -out other.pem
	"$root/bin/certctl" import other.pem --yes
	openssl req -new -newkey rsa:2048 -nodes -keyout ps.key -subj "/C=NL/O=Sample Trust/CN=PersonalSign 1 CA - SHA256 - G3" -out ps.csr
	printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n' >ps.ext
	openssl x509 -req -in ps.csr -CA "$ca/root.pem" -CAkey "$ca/root.key" -days 1700 -extfile ps.ext -out ps.pem
	certutil -A -d "sql:$CERTDESK_USER_DB" -n "PersonalSign CA" -t CT,C,C -a -i ps.pem
} >log.txt 2>&1 || { cat log.txt >&2; exit 1; }
