package certfile

// A Profile is how a PKCS#12 file is protected.
type Profile string

// The profiles. [Profiles] says what each is and who opens it.
const (
	Modern     Profile = "modern"
	Compatible Profile = "compatible"
	Java       Profile = "java"
	MacOS      Profile = "macos"
)

// A ProfileInfo describes a profile.
type ProfileInfo struct {
	Profile    Profile
	Protection string   // the algorithms, for people
	Opens      []string // systems that open such a file
	Refuses    []string // systems that do not, with what they say
	Note       string   // what to know besides; may be empty

	aes      bool   // PBES2 with AES-256-CBC, else PBE-SHA1-3DES
	mac      digest // of the MAC
	rounds   int    // of each derivation
	password bool   // an empty password is refused
	alias    bool   // every key has a friendly name, which is its alias
}

const (
	aesProtection = "AES-256-CBC (PBES2, PBKDF2 with HMAC-SHA-256), SHA-256 MAC, 10,000 rounds"
	desProtection = "3DES with a SHA-1 MAC, 2,048 rounds: weak, fine for transport only"
)

// aesRounds is what the JDK writes; it stays far below the 300,000 at which
// .NET refuses a file.
const aesRounds, desRounds = 10_000, 2048

// Profiles lists the profiles in the order they are offered. What opens which
// is from section 0 item 2 and section 3.1 of the project's notes on peers
// (facts/certificates.md); Java's releases are those of JDK-8076190.
var Profiles = []ProfileInfo{
	{Profile: Modern, Protection: aesProtection, aes: true, mac: sha256Hash, rounds: aesRounds,
		Opens:   []string{"Windows 10 1709 and Server 2019 or newer", "OpenSSL 1.0 or newer", "NSS (Firefox, Chromium on Linux)", "Java 8u301, 11.0.12, 17 or newer", "GnuTLS"},
		Refuses: []string{`Windows Server 2016 and older: "the specified network password is not correct"`, `older macOS Keychain: "MAC verification failed"`}},
	{Profile: Compatible, Protection: desProtection, mac: sha1Digest, rounds: desRounds,
		Opens:   []string{"every Windows", "every macOS", "every Java", "OpenSSL", "NSS (Firefox, Chromium on Linux)", "GnuTLS"},
		Refuses: []string{"systems in FIPS mode"}},
	{Profile: Java, Protection: aesProtection, aes: true, mac: sha256Hash, rounds: aesRounds, password: true, alias: true,
		Opens:   []string{"Java 8u301, 11.0.12, 17 or newer, as keytool of these writes it", "OpenSSL 1.0 or newer", "NSS", "Windows 10 1709 and Server 2019 or newer"},
		Refuses: []string{"older Java: take the profile compatible", "Windows Server 2016 and older"},
		Note:    "Each key has an alias, the friendly name. Certificates without a key are marked as trusted, or Java would show none."},
	{Profile: MacOS, Protection: desProtection, mac: sha1Digest, rounds: desRounds, password: true, alias: true,
		Opens:   []string{"every macOS Keychain and iOS", "every Windows", "OpenSSL", "NSS", "every Java"},
		Refuses: []string{"systems in FIPS mode"},
		Note:    "The password may not be empty, and the file's name should end in .p12: Keychain Access asks for both."},
}

// Info returns the description of p; ok is false for a profile that does not
// exist.
func (p Profile) Info() (info ProfileInfo, ok bool) {
	for _, info := range Profiles {
		if info.Profile == p {
			return info, true
		}
	}
	return ProfileInfo{}, false
}

// Protect tells which of [Modern] and [Compatible] comes nearest to how the
// file was protected.
func (c *Contents) Protect() Profile {
	for _, name := range c.Encryption {
		if len(name) > 9 && name[:9] == "PBES2 AES" {
			return Modern
		}
	}
	if len(c.Encryption) == 0 {
		return Modern
	}
	return Compatible
}
