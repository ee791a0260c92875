#!/bin/bash
# Makes a sample PFX with openssl in the folder $1: leaf with key, intermediate
# and root (sample.pfx), and its password (sample.pass). The keys are new each
# time and worth nothing.
set -eu
mkdir -p "$1" && cd "$1"
{
	openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 3650 -subj "/C=NL/O=Sample Trust/CN=Sample Root R1" \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
	openssl req -newkey rsa:2048 -nodes -keyout inter.key -out inter.csr -subj "/C=NL/O=Sample Trust/CN=Sample Issuing CA 1"
	openssl x509 -req -in inter.csr -CA root.pem -CAkey root.key -set_serial 0x0e44b17d9231 -days 1825 -out inter.pem \
		-extfile <(printf 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n')
	openssl req -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj "/C=NL/O=Sample Client/CN=client.sample.example"
	openssl x509 -req -in leaf.csr -CA inter.pem -CAkey inter.key -set_serial 0xf1a0b3c4d5e6f708 -days 365 -out leaf.pem \
		-extfile <(printf 'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=clientAuth,emailProtection\nsubjectAltName=email:client@sample.example\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n')
	printf 'sample' >sample.pass
	openssl pkcs12 -export -inkey leaf.key -in leaf.pem -certfile <(cat inter.pem root.pem) -name "Sample client" -passout file:sample.pass -out sample.pfx
} 2>log.txt || { cat log.txt >&2; exit 1; }
