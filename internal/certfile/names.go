package certfile

// algorithmNames are the names of algorithms that are met in files and not
// implemented here, for the message.
var algorithmNames = map[string]string{
	"1.2.840.113549.1.5.1": "PBE-MD2-DES", "1.2.840.113549.1.5.4": "PBE-MD2-RC2-64", "1.2.840.113549.3.9": "RC5-CBC",
	"1.2.410.200004.1.15": "PBE-SHA1-SEED", "1.3.6.1.4.1.188.7.1.1.2": "IDEA-CBC",
	"2.16.840.1.101.3.4.1.5": "AES-128 key wrap", "2.16.840.1.101.3.4.1.25": "AES-192 key wrap", "2.16.840.1.101.3.4.1.45": "AES-256 key wrap",
	"2.16.840.1.101.3.4.1.8": "AES-128 key wrap with padding", "2.16.840.1.101.3.4.1.28": "AES-192 key wrap with padding",
	"2.16.840.1.101.3.4.1.48": "AES-256 key wrap with padding",
	"1.2.410.200046.1.1.34":   "ARIA-128-GCM", "1.2.410.200046.1.1.35": "ARIA-192-GCM", "1.2.410.200046.1.1.36": "ARIA-256-GCM",
	"1.2.410.200046.1.1.37": "ARIA-128-CCM", "1.2.410.200046.1.1.38": "ARIA-192-CCM", "1.2.410.200046.1.1.39": "ARIA-256-CCM",
	"1.2.156.10197.1.104.8": "SM4-GCM", "1.2.156.10197.1.104.9": "SM4-CCM",
	"2.16.840.1.101.3.4.1.7": "AES-128-CCM", "2.16.840.1.101.3.4.1.27": "AES-192-CCM", "2.16.840.1.101.3.4.1.47": "AES-256-CCM",
	"1.2.643.2.2.21": "GOST 28147-89", "1.2.643.7.1.1.5.1.2": "Magma-CTR-ACPKM-OMAC", "1.2.643.7.1.1.5.2.2": "Kuznyechik-CTR-ACPKM-OMAC",
	"1.2.643.2.2.9": "GOST R 34.11-94", "1.2.643.7.1.1.2.2": "Streebog-256", "1.2.643.7.1.1.2.3": "Streebog-512",
	"1.2.643.2.2.10": "HMAC GOST R 34.11-94", "1.2.643.7.1.1.4.1": "HMAC Streebog-256", "1.2.643.7.1.1.4.2": "HMAC Streebog-512",
	"1.2.840.113549.2.2": "MD2", "1.0.10118.3.0.55": "Whirlpool",
	"1.2.840.113549.1.12.5.1.1": "PBE-SHA1-RC4-128 (old)", "1.3.6.1.4.1.11591.4.11": "scrypt", oidPBKDF2: "PBKDF2", oidPBES2: "PBES2",
	"1.3.6.1.4.1.22554.1.2.1.2.1.2": "PBE-SHA256-AES-128 (BouncyCastle)", "1.3.6.1.4.1.22554.1.2.1.2.1.22": "PBE-SHA256-AES-192 (BouncyCastle)",
	"1.3.6.1.4.1.22554.1.2.1.2.1.42": "PBE-SHA256-AES-256 (BouncyCastle)",
}

// algorithmName names an algorithm, by its OID if nothing else is known.
func algorithmName(oid string) string {
	if n, ok := algorithmNames[oid]; ok {
		return n
	}
	return oid
}
