package finding

import (
	"strings"
)

// Words are the English words of a finding; {name} is filled from Params.
type Words struct {
	Short   string // one to three words, for a status column
	Title   string // one line
	Message string // one or two sentences: what is so and what follows
	Advice  string // what to do, a full sentence; may be empty
}

var catalogue = map[string]Words{
	"C-01": {"Cannot sign", "Key Usage lacks Digital Signature",
		"This certificate may not sign (Key Usage: {ku}). Browsers and .NET will not offer it.",
		"Ask the CA for a certificate whose Key Usage includes Digital Signature (80)."},
	"C-01a": {"Exchange only", "It is an exchange-only certificate",
		"Key Usage allows key encipherment only ({bits}): it is an exchange-only certificate, made for encryption.",
		"Order the signature or \"both\" certificate instead of the exchange one."},
	"C-01b": {"Wrong of a pair", "Non-repudiation is not enough",
		"Non-repudiation is not enough to log on; this is the document-signing certificate of a pair.",
		"Use the authentication certificate of the pair."},
	"C-01c": {"Key agreement only", "Only key agreement is allowed",
		"Key agreement without Digital Signature would work with fixed ECDH only; no browser does that.",
		"Ask the CA for Digital Signature."},
	"C-02": {"Not for clients", "Purpose Client Authentication is missing",
		"Purpose Client Authentication is missing (has: {eku}). Browsers will not offer the certificate and IIS refuses it.",
		"Ask the CA for a certificate with the purpose Client Authentication (1.3.6.1.5.5.7.3.2)."},
	"C-03": {"Any purpose", "Any purpose instead of Client Authentication",
		"The certificate names \"any purpose\": browsers may accept it, .NET's HttpClient will not, because it looks for Client Authentication itself.", ""},
	"C-04": {"No purposes", "No list of purposes",
		"The certificate has no list of purposes, so everything is allowed; some servers insist on one.", ""},
	"C-05": {"No private key", "The private key is not here",
		"Only the public half is here; without the private key the certificate cannot be used to log on.",
		"Import the PFX file that holds the key."},
	"C-06": {"{when}", "{title}", "The certificate {text}.", "Get a new certificate from the CA."},
	"C-08": {"Issuer missing", "The issuer is not on this computer",
		"The issuer {issuer} was not found here. A server that names the issuers it accepts will not be offered this certificate.",
		"Import the intermediate certificate of the CA."},
	"C-11": {"A CA", "This is a CA certificate", "This is a CA certificate (basicConstraints CA:TRUE), not a personal one.", ""},
	"S-01": {"Cannot sign", "Key Usage lacks Digital Signature",
		"This certificate may not sign (Key Usage: {ku}). Modern TLS needs Digital Signature from an RSA server certificate.",
		"Ask the CA for a certificate whose Key Usage includes Digital Signature (80)."},
	"S-02": {"Cannot sign", "Key Usage lacks Digital Signature",
		"This certificate may not sign (Key Usage: {ku}). TLS needs Digital Signature from an EC server certificate.",
		"Ask the CA for a certificate whose Key Usage includes Digital Signature (80)."},
	"S-04": {"Not for servers", "Purpose Server Authentication is missing",
		"Purpose Server Authentication is missing (has: {eku}).",
		"Ask the CA for a certificate with the purpose Server Authentication (1.3.6.1.5.5.7.3.1)."},
	"S-05": {"No host name", "No host name in Subject Alternative Name",
		"There is no DNS name or IP address in Subject Alternative Name; the common name {cn} is ignored by browsers.",
		"Ask the CA for a certificate with the host name in Subject Alternative Name."},
	"S-06": {"Wrong host", "The host name is not in the certificate", "{host} is not in: {san}.",
		"Use one of those names, or ask the CA for a certificate with this one."},
	"S-19": {"Issuer missing", "The issuer is not on this computer",
		"The issuer {issuer} was not found here. Clients that do not fetch it themselves will refuse the server.",
		"Import the intermediate certificate of the CA."},
	"S-20": {"Expires soon", "The certificate expires soon", "The certificate expires on {date}, in {days} days.", "Renew it now."},
	"T-01": {"Not trusted", "The chain ends at a root that is not trusted here",
		"The chain ends at {root}, which is not a trusted root on this computer. Whether the other side trusts it is for the other side to say.",
		"If this computer must accept it, compare its SHA-256 with the one its owner publishes, and trust the root."},
	"T-02": {"Signature", "A certificate has the issuer's name, but is not the issuer",
		"{issuer} has the name of the issuer, but {why}.", "Get the issuer's certificate from the CA itself."},
	"T-03": {"Not checked", "A signature could not be checked",
		"The signature of {name} ({algorithm}) is of a kind this program cannot check; names and key identifiers fit.", ""},
	"A-02": {"CA cannot issue", "A CA of the chain may not sign certificates",
		"Key Usage of {ca} lacks Certificate Signing; chains through it are refused.", "Ask the CA for a chain through a certificate that may sign certificates."},
	"A-04": {"Chain too long", "The path length of a CA is exceeded",
		"{ca} allows {allowed} CAs below it (pathLenConstraint), and there are {found}.", "Ask the CA for a chain that keeps the limit, or for a CA certificate without it."},
	"A-05": {"Not a CA", "An issuer is not a CA",
		"{name} was signed with the key of {ca}, which is not a CA certificate (basicConstraints lacks CA:TRUE).", "Get the certificate from a CA."},
	"A-07": {"CA not for this", "An issuing CA is not allowed for this purpose",
		"The issuing CA {ca} is not allowed for {purpose} (it has: {eku}).", "Ask the CA for a certificate from a CA that may issue for this purpose."},
	"A-08": {"Name not allowed", "A name is outside the name constraints of a CA",
		"{ca} limits the names it may issue for, and {what}.", "Ask the CA for a certificate with a name that its constraints permit."},
	"A-09": {"CA expired", "A CA of the chain is out of date",
		"The CA certificate {ca} {when}.", "Import the renewed certificate of that CA."},
	"P-05": {"Blocked", "Blocked on this computer",
		"{name} stands among the untrusted certificates ({place}): it is refused here whatever else is right.", "Take it out of the untrusted certificates if it was blocked by mistake."},
	"P-11": {"Expired twin", "An expired certificate of the same CA is here too",
		"Another certificate of {ca} with the same key, expired on {when}, stands in {place}. Some programs take it and call the chain expired.", "Delete the expired one."},
	"G-01": {"Contradiction", "Key Usage and purposes contradict",
		"Key Usage ({ku}) allows nothing that the purpose {eku} needs.", "Ask the CA for a certificate whose Key Usage fits its purposes."},
	"N-01": {"Negative serial", "The serial number is negative",
		"The serial number {serial} is negative. Go, Rust and public CAs reject such certificates; it is shown as Windows does.", ""},
	"N-02": {"Odd serial", "The serial number is out of bounds",
		"The serial number is {what}; RFC 5280 wants 1 to 20 octets and a value above zero.", ""},
	"N-03": {"Serial with 00", "The serial number starts with 00",
		"Windows shows the serial number as {windows}; OpenSSL, Apache and nginx leave out the first 00.", ""},
	"N-04": {"Same serial", "Two certificates with one serial number",
		"Another certificate of the same issuer has the same serial number: {other}. Programs that look it up by serial may take the wrong one.",
		"Ask the CA which of them is valid."},
	"N-05": {"Malformed", "Not fully understood",
		"Part of this certificate is malformed or unknown: {problem}. It is listed with what could be read.", ""},
	"P-01": {"Wrong store", "An issued certificate is among the trusted roots",
		"It is not self-signed ({issuer} issued it) but stands among the trusted roots. On Windows one such certificate breaks client logon for every site (403.16, 403.7).",
		"Move it to Intermediate CAs."},
	"P-02": {"Not trusted", "A root that is not trusted",
		"This root is kept with the intermediates, and is not trusted from there.",
		"Trust it after comparing its SHA-256 with the owner's, or remove it."},
	"P-03": {"Wrong store", "A CA certificate stands in Personal",
		"This CA certificate has no private key here and belongs in Intermediate CAs.", "Move it to Intermediate CAs."},
	"P-04": {"Wrong store", "Not a CA, but kept with the CAs",
		"This is not a CA certificate, yet it stands in {store}. As a trust anchor it is accepted by some programs only.",
		"Move it to Other People."},
	"F-01": {"AES-256 file", "Old Windows will say \"wrong password\"",
		"The file is protected with {algorithm}. Windows before 1709 and Server 2016 answer \"wrong password\" to it.",
		"Export it again with the compatible profile for those systems."},
	"F-02": {"", "Old macOS may refuse the file", "The file's MAC is {mac}; old macOS and iOS accept SHA-1 only.", ""},
	"F-03": {"", "Weak protection", "The file is protected with {algorithm}: weak, fine for transport only.", "Do not keep this file; delete it after the import."},
	"F-04": {"", "No integrity check", "The file has no MAC; some programs call that a wrong password.", ""},
	"F-05": {"", "The file names a key provider", "The file asks for the provider {provider}. It is left out; on Windows it can be honoured instead.", ""},
	"F-06": {"", "The file asks for the machine key set", "The file asks for the machine's key set; the location chosen here decides instead.", ""},
	"F-07": {"", "Key marked for signature or exchange", "The key is marked with Key Usage {usage} (80 signature only, 10 exchange) for Windows.", ""},
	"F-08": {"", "Keys and certificates do not pair up", "{what}", ""},
	"F-09": {"", "Empty password", "The file's password is empty ({form}); the macOS keychain refuses such files.", ""},
	"F-10": {"", "Special characters in the password", "The password has characters outside ASCII; some programs encode it differently.", ""},
	"F-11": {"", "Protected to Active Directory", "The file opens only for accounts of its Windows domain.", "Open it on a Windows machine of that domain."},
	"F-12": {"", "Java will show no entries", "There are only certificates in this file, without Java's trusted mark: keytool lists 0 entries.", ""},
	"F-13": {"", "Not what the name says", "The content is {format}, whatever the file is called.", ""},
	"F-14": {"", "Data after the end", "{bytes} bytes follow the end of the content and were left out.", ""},
}

// WordsOf returns the words of f with its parameters filled in.
func WordsOf(f Finding) Words {
	w, ok := catalogue[f.ID]
	if !ok {
		return Words{Short: f.ID, Title: f.ID, Message: f.ID}
	}
	pairs := make([]string, 0, 2*len(f.Params))
	for k, v := range f.Params {
		pairs = append(pairs, "{"+k+"}", v)
	}
	r := strings.NewReplacer(pairs...)
	return Words{r.Replace(w.Short), r.Replace(w.Title), r.Replace(w.Message), r.Replace(w.Advice)}
}

// IDs returns every id that has words.
func IDs() []string {
	ids := make([]string, 0, len(catalogue))
	for id := range catalogue {
		ids = append(ids, id)
	}
	return ids
}
