package diagnose

import "certdesk/internal/explain"

// titles are what the checks look for.
var titles = map[explain.Check]string{
	explain.RootStore:  "Issued certificates among the trusted roots",
	explain.Trust:      "Personal certificates whose root is not trusted",
	explain.MachineCA:  "Roots that the user trusts and the machine does not",
	explain.Issuer:     "Missing intermediate certificates",
	explain.Blocked:    "Blocked certificates",
	explain.Validity:   "Expired certificates",
	explain.Key:        "Certificates without a private key that works",
	explain.Client:     "Certificates that cannot log on",
	explain.Server:     "Certificates that cannot serve",
	explain.HostName:   "Names in server certificates",
	explain.Revocation: "Where revocation is looked up",
	explain.IssuerList: "List of issuers longer than 16 KB",
	explain.Weak:       "Weak algorithms and keys",
	explain.CARules:    "What the CAs of a chain may do",
	explain.Mail:       "Certificates for mail",
	explain.Named:      "The certificate that the text names",
	explain.Base64:     "The certificate in the text",
	explain.Access:     "Stores that cannot be read or changed",
	explain.KeyAccess:  "Rights on the private key",
	explain.Provider:   "Where the private key is kept",
	explain.File:       "The file",
	explain.Logon:      "The account that the certificate is mapped to",
	explain.IISConfig:  "The configuration of IIS",
	explain.ServerSide: "The other side",
}

// elsewhere are the checks that this program cannot make, and what to do
// instead.
var elsewhere = map[explain.Check]struct{ why, instead string }{
	explain.KeyAccess:  {"Which accounts may use a private key is not looked at here.", "On Windows: certlm.msc, All Tasks, Manage Private Keys; give the service's account Read."},
	explain.Provider:   {"In which provider Windows keeps the key is not looked at here.", "On Windows: certutil -store My THUMBPRINT prints Provider and Key Container."},
	explain.File:       {"The file itself is not in the message.", "«show FILE» says what is in it and which systems will refuse it, before any password."},
	explain.Logon:      {"Passwords of accounts are not tried out.", "On the server: runas /user:SERVER\\certuser cmd."},
	explain.IISConfig:  {"The configuration of IIS is not read.", "On the server: appcmd list config \"SITE\" -section:system.webServer/security/access, and the same for iisClientCertificateMappingAuthentication. A mapped certificate can be pasted into «identify»."},
	explain.ServerSide: {"Only the other side can see this.", "Ask for its log of that moment, or test the connection from here with «probe URL»."},
}
