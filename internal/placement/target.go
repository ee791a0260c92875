package placement

import (
	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/target"
)

// exact reports whether the target looks in one store only, so that a copy in
// another one does not help. Such targets are Windows', where a certificate
// may be in several stores.
func exact(opt Options) bool { return opt.Target != nil && opt.Target.Kind != target.Keyed }

// withoutKey leaves a key out that the target has no use for.
func withoutKey(it *Item, opt Options) {
	if exact(opt) {
		it.Key, it.keyLeftOut = -1, it.Key >= 0
	}
}

// forTarget completes what was decided for an item by who will use it. It
// trusts nothing: a root still needs its yes.
func forTarget(it *Item, opt Options) {
	if opt.Target == nil {
		return
	}
	leaf := it.Role == certificate.EndEntity || it.Role == certificate.SelfSigned
	switch {
	case opt.Target.Kind == target.Issuers && leaf:
		it.Action = Skip
		it.Reason = "It issues no certificates. IIS accepts clients by their issuers, so only CA certificates are imported."
	case opt.Target.Kind == target.Keyed && leaf && !it.HasKey() && it.Action == Add:
		it.Reason = "Its private key is not in this file, and without that it cannot be used for what you chose; import the PFX or P12 file. " + it.Reason
	case it.Action == AlreadyThere && it.Store == certstore.Disallowed:
		it.Action, it.Reason = Skip, "It is among the untrusted certificates; take it out there first."
	}
	if it.keyLeftOut && it.Action != Skip {
		it.Reason += " The private key in the file is left out: the certificate is enough here."
	}
}
