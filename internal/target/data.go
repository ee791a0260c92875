package target

import "certdesk/certstore"

const (
	wcf     = "Microsoft, Installing Certificates for the WCF Adapters; How to Configure Certificates with an HTTP Adapter"
	biztalk = "Microsoft, Certificate Stores that BizTalk Server Uses"
	iisKB   = "Microsoft KB 2802568, IIS may reject client certificate requests with HTTP 403.7 or 403.16"
	netsh   = "Microsoft, netsh http add sslcert; IIS lists Personal and Web Hosting of the computer"
	stores  = "Microsoft, System Store Locations; PFXImportCertStore, CRYPT_MACHINE_KEYSET"
	chrome  = "Chromium, net/ssl/client_cert_store_win.cc"
)

var windows = []Target{
	{
		ID: Browser, Title: "Web browser", Line: "you, in Chrome, Edge or another browser that uses Windows' store",
		Kind: Keyed, Location: certstore.User, Store: certstore.My, KeySet: certstore.User, Provider: certstore.ProviderCNG,
		Reason: "Chrome and Edge offer the certificates in Personal of the person who runs them.",
		Source: chrome,
		Todo:   "Restart the browser if it does not offer the certificate.",
	},
	{
		ID: UserApp, Title: "Program of mine", Line: "you, in Outlook or another desktop program",
		Kind: Keyed, Location: certstore.User, Store: certstore.My, KeySet: certstore.User, Provider: certstore.ProviderCNG,
		Reason: "A desktop program looks in Personal of the person who runs it.",
		Source: stores,
		Todo:   "An old .NET Framework program may be unable to use CNG keys: choose CryptoAPI for it.",
	},
	{
		ID: BizTalkSendPort, Title: "BizTalk send port", Line: "HTTP, SOAP or WCF send port of a BizTalk host instance",
		Kind: Keyed, Location: certstore.User, Store: certstore.My, KeySet: certstore.User, Provider: certstore.ProviderCAPI,
		ProviderWhy: "BizTalk is a .NET Framework program; those often cannot use CNG keys.",
		Reason:      "Send ports take the client certificate from Personal of the account that the host instance runs as, not from the computer's.",
		Source:      wcf,
		Todo:        "Import it as the host instance's account: log on as that account, or run the command below.",
		AsAccount:   true,
	},
	{
		ID: BizTalkPartner, Title: "BizTalk partner", Line: "a partner's public certificate, to encrypt for it or to check its signatures",
		Kind: Partner, Location: certstore.Machine, Store: certstore.People,
		Reason: "BizTalk looks for the public certificates of partners in Other People (AddressBook) of the computer. No private key belongs there: the partner keeps it.",
		Source: biztalk,
	},
	{
		ID: IISSite, Title: "IIS web site", Line: "the HTTPS binding of a web site",
		Kind: Keyed, Location: certstore.Machine, Store: certstore.My, KeySet: certstore.Machine, Provider: certstore.ProviderCNG,
		Reason: "A binding can only name a certificate of the computer, whose key is in the computer's key set. Web Hosting, made for servers with very many sites, works too.",
		Source: netsh,
		Todo:   "Then choose the certificate in the site's binding.",
	},
	{
		ID: IISClientTrust, Title: "IIS client trust", Line: "the CAs whose client certificates a web site accepts",
		Kind: Issuers, Location: certstore.Machine, Store: certstore.Root,
		Reason: "IIS looks for issuers of client certificates in the computer's stores: roots in Trusted roots, all other CAs in Intermediate CAs. One certificate among the roots that is not self-signed makes IIS refuse every client (403.16).",
		Source: iisKB,
		Todo:   "Trusting the root lets every certificate that it issues pass the handshake: limit who may log on in the site's authorization as well.",
	},
	{
		ID: WindowsService, Title: "Windows service", Line: "a service, a scheduled task or an application pool",
		Kind: Keyed, Location: certstore.Machine, Store: certstore.My, KeySet: certstore.Machine, Provider: certstore.ProviderCNG,
		Reason: "Services of any account see the computer's Personal, and only keys in the computer's key set can be shared with their accounts.",
		Source: stores,
		Todo:   "Give the service's account read access to the key; administrators and SYSTEM have it. Choose CryptoAPI for a .NET Framework service that cannot use CNG keys.",
	},
}

const nssShared = "Chromium, docs/linux/cert_management.md"

var linux = []Target{
	{
		ID: Browser, Title: "Web browser", Line: "you, in Chrome, Chromium or another browser that uses the shared database",
		Kind: Keyed, Location: certstore.User, Store: certstore.My, KeySet: certstore.User, Provider: certstore.ProviderNSS,
		Reason: "Chrome and Chromium read your NSS database; Firefox has one of its own in each profile.",
		Source: nssShared,
		Todo:   "Restart the browser.",
	},
	{
		ID: UserApp, Title: "Program of mine", Line: "you, in a desktop program that uses the shared database",
		Kind: Keyed, Location: certstore.User, Store: certstore.My, KeySet: certstore.User, Provider: certstore.ProviderNSS,
		Reason: "Desktop programs that know NSS read your database. Others (curl, Java, Python) want a file: export one.",
		Source: nssShared,
	},
}

var macOS = []Target{
	{
		ID: Browser, Title: "Web browser", Line: "you, in Safari, Chrome or another browser that uses the keychain",
		Kind: Keyed, Location: certstore.User, Store: certstore.My, KeySet: certstore.User,
		Reason: "Safari and Chrome read the login keychain of the person who runs them.",
		Source: "Chromium, net/ssl/client_cert_store_mac.cc",
	},
	{
		ID: UserApp, Title: "Program of mine", Line: "you, in Mail or another desktop program",
		Kind: Keyed, Location: certstore.User, Store: certstore.My, KeySet: certstore.User,
		Reason: "Desktop programs read the login keychain of the person who runs them.",
		Source: "Chromium, net/ssl/client_cert_store_mac.cc",
	},
}
