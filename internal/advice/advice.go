// Package advice says what a person can do about an error. Both front ends show
// it apart from the error.
package advice

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"certdesk/certstore"
	"certdesk/internal/action"
	"certdesk/internal/certfile"
	"certdesk/internal/combiner"
	"certdesk/internal/csr"
	"certdesk/internal/explain"
	"certdesk/internal/exporter"
	"certdesk/internal/identify"
	"certdesk/internal/identity"
	"certdesk/internal/inventory"
	"certdesk/internal/journal"
	"certdesk/internal/outfile"
	"certdesk/internal/request"
	"certdesk/internal/testca"
	"certdesk/internal/tlsprobe"
)

// For returns what a person can do about any error of this program, as a full
// sentence, or "" if nothing is known.
func For(err error) string { return action.Say(forError(err)) }

func forError(err error) string {
	if e, ok := errors.AsType[*explain.UnknownError](err); ok {
		if len(e.Suggestions) == 0 {
			return "Give a code such as 403.16, 0x800b0109 or ERR_CERT_DATE_INVALID, or paste the whole message."
		}
		return "Perhaps it is one of these: " + strings.Join(e.Suggestions, "; ") + "."
	}
	if _, ok := errors.AsType[*outfile.FolderError](err); ok {
		return "Choose a folder that is there and that you may write to."
	}
	switch {
	case errors.Is(err, outfile.ErrName):
		return "Choose another name, such as client.pem: con, prn, aux, nul, com1 to com9 and lpt1 to lpt9 are no names of files, with an ending neither."
	case errors.Is(err, syscall.EISDIR):
		return "It is a folder: choose a file in it."
	case errors.Is(err, certfile.ErrNoPassword):
		return "Give the password that protects the file; it is not the pick-up password from the CA's mail."
	case errors.Is(err, testca.ErrPassword):
		return "Check upper and lower case; it is the password that was chosen, or shown once, when the authority was made."
	case errors.Is(err, certfile.ErrPassword):
		return "Check upper and lower case; it is the password that protects the file, not the pick-up password from the CA's mail. If it is surely right, the file is damaged: get it again."
	case errors.Is(err, certfile.ErrDamaged):
		return "Get the file again from where it came; mail and FTP in text mode damage such files."
	case errors.Is(err, certfile.ErrUnsupported):
		return "Ask for the file with AES-256 or 3DES protection, or convert it with openssl pkcs12."
	case errors.Is(err, certfile.ErrTooMuch):
		return "Do not open this file unless you know its maker."
	case errors.Is(err, certfile.ErrUnknown):
		return "Choose a .pfx, .p12, .pem, .cer, .crt or .p7b file."
	case errors.Is(err, identity.ErrNoKey):
		return "Choose a certificate with its private key, or the PFX file that holds both."
	case errors.Is(err, tlsprobe.ErrTarget):
		return "Write an address such as https://server.example:8443/path."
	case errors.Is(err, identify.ErrNothing):
		return "Paste the certificate, the value of the attribute, or the whole line of the configuration."
	case errors.Is(err, inventory.ErrAmbiguous):
		if e, ok := errors.AsType[*inventory.LookupError](err); ok && e.OneCertificate() {
			return "Name the place with --location and --store."
		}
		return "Give more digits, or the whole SHA-256."
	case errors.Is(err, inventory.ErrNotFound):
		return "Give a SHA-256, SHA-1 or serial number, or at least 8 digits of one; «list» shows them."
	case errors.Is(err, journal.ErrNotFound):
		return "«undo --list» shows what can be undone."
	case errors.Is(err, journal.ErrRunning):
		return "Wait until the other import has ended."
	case errors.Is(err, testca.ErrNotFound):
		return "Make one with «ca init», or name one of those that «ca list» shows."
	case errors.Is(err, testca.ErrExists):
		return "Choose another name; an authority is never replaced."
	case errors.Is(err, testca.ErrNoSerial):
		return "«ca list NAME» shows what it issued."
	case errors.Is(err, testca.ErrName):
		return "Choose a name such as office or test-ca; it becomes the name of a folder."
	case errors.Is(err, testca.ErrNoName):
		return "Give it as common name or as alternative name."
	case errors.Is(err, testca.ErrFolder):
		return "Choose a new folder, so that nothing is mixed or replaced."
	case errors.Is(err, testca.ErrKeyAbsent):
		return "Open the certificate store that held the key when the authority was made, or bring back the folder from a backup."
	case errors.Is(err, csr.ErrSignature):
		return "Ask for the request anew: it was changed on its way, or is not theirs."
	case errors.Is(err, csr.ErrRequest):
		return "Give the file that begins with BEGIN CERTIFICATE REQUEST."
	case errors.Is(err, combiner.ErrMismatch):
		return "Look for the key that was made with the request this certificate answers; a new request makes a new key."
	case errors.Is(err, request.ErrNoStoreKey), errors.Is(err, request.ErrStoreType):
		return "Have the key made in an encrypted file: --key-in file, or \"In an encrypted file\" in the window."
	case errors.Is(err, request.ErrNoFile):
		return "Name the file for the request, such as -o client.csr; the key goes beside it as client.key."
	case errors.Is(err, request.ErrExists):
		return "Choose another name; --force replaces the file."
	case errors.Is(err, request.ErrKeyInUse):
		return "Choose another name, or discard that request first: its key would be lost."
	case errors.Is(err, request.ErrSameKey):
		return "Leave out --same-key: a new key is made, which most CAs want anyway."
	case errors.Is(err, request.ErrNotFound), errors.Is(err, request.ErrAmbiguous):
		return "«request list» shows the requests."
	case errors.Is(err, request.ErrNoRequest):
		return "The certificate belongs to a request that was made elsewhere, or was discarded; complete it where its key is."
	case errors.Is(err, request.ErrNoAnswer):
		if e, ok := errors.AsType[*request.AnswerError](err); ok && e.Todo != "" {
			return e.Todo
		}
		return "Paste the certificate as the CA shows it, or save it to a file."
	case errors.Is(err, combiner.ErrNoKey):
		return "Add the file with the private key: it was made together with the request, often as .key or .pem."
	case errors.Is(err, combiner.ErrNoCertificate):
		return "Add the file with the certificate that the CA sent."
	case errors.Is(err, combiner.ErrLocked):
		return "Save the key under the password of the other files first: «change-password», or openssl pkcs8 -topk8."
	case errors.Is(err, exporter.ErrPassword):
		return "Choose a password; a PFX file without one gives the key to everybody who sees the file."
	case errors.Is(err, exporter.ErrOne):
		return "Name one certificate, or choose pem or p7b."
	case errors.Is(err, exporter.ErrAppCmd):
		return "Take the PowerShell form, which quotes any name."
	case errors.Is(err, exporter.ErrNoRule):
		return "Map this certificate one to one."
	}
	if _, stored := errors.AsType[*certstore.Error](err); !stored && errors.Is(err, fs.ErrNotExist) {
		return missing(err)
	}
	return certstore.Advice(err)
}

// missing says where a file was looked for.
func missing(err error) string {
	p, ok := errors.AsType[*fs.PathError](err)
	if !ok || p.Path == "" {
		return ""
	}
	full, err := filepath.Abs(p.Path)
	switch {
	case err != nil || filepath.IsAbs(p.Path):
		return "Check the name of the file and of its folder."
	case filepath.Base(full) == p.Path:
		return fmt.Sprintf("It was looked for in the current folder, as %s: check the name, or write the whole path.", full)
	}
	here, _ := filepath.Abs(".") // full was found from it
	return fmt.Sprintf("It was looked for as %s, from the current folder %s: check the name, or write the whole path.", full, here)
}
