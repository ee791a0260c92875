package elevate

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"certdesk/certstore"
	"certdesk/internal/certificate"
)

// A request is one call to the machine's stores.
type request struct {
	Op       string                `json:"op"` // a Grant's, or "state", "sign", "plan", which is about permissions, "find" or "unlink"
	Location certstore.Location    `json:"location"`
	Store    certstore.Name        `json:"store"`
	From     Place                 `json:"from"`
	SHA256   string                `json:"sha256"`
	DER      []byte                `json:"der,omitempty"`
	Item     *certstore.Item       `json:"item,omitempty"`
	State    certstore.State       `json:"state"`
	Mode     certstore.DeleteMode  `json:"mode"`
	Digest   []byte                `json:"digest,omitempty"`
	Hash     crypto.Hash           `json:"hash,omitempty"`
	PSS      *rsa.PSSOptions       `json:"pss,omitempty"`
	Name     string                `json:"name,omitempty"`
	Change   *certstore.KeyChange  `json:"change,omitempty"`
	Before   []byte                `json:"before,omitempty"` // descriptors
	After    []byte                `json:"after,omitempty"`
	Key      *certstore.PendingKey `json:"key,omitempty"`
	Links    Links                 `json:"links,omitzero"`
}

// An answer is what came of a request.
type answer struct {
	State     certstore.State          `json:"state"`
	Signature []byte                   `json:"signature,omitempty"`
	Err       *failure                 `json:"err,omitempty"`
	Before    certstore.KeyPermissions `json:"before,omitzero"` // of a planned permission
	After     certstore.KeyPermissions `json:"after,omitzero"`
	Found     []certstore.FoundKey     `json:"found,omitempty"`
	User      string                   `json:"user,omitempty"` // of the first answer, sent unasked: who the helper runs as
}

// A failure is an error that went through a pipe.
type failure struct {
	Text  string `json:"text"`
	Kinds []int  `json:"kinds,omitempty"` // indexes of kinds
	Op    string `json:"op,omitempty"`    // this and the rest are of a [certstore.Error]
	At    Place  `json:"at"`
	Who   string `json:"who,omitempty"`
	Path  string `json:"path,omitempty"`
	Todo  string `json:"todo,omitempty"`
}

// kinds are the errors that callers compare with.
var kinds = []error{certstore.ErrExists, certstore.ErrNotFound, certstore.ErrCanceled, certstore.ErrDenied, certstore.ErrPassword,
	certstore.ErrLocked, certstore.ErrBusy, certstore.ErrDamaged, certstore.ErrKey, certstore.ErrNotExportable, certstore.ErrNotPossible,
	certstore.ErrUnavailable, certstore.ErrNameInUse, certstore.ErrNoAccount, certstore.ErrChanged, ErrNotGranted}

func failureOf(err error) *failure {
	if err == nil {
		return nil
	}
	f := &failure{Text: err.Error()}
	if e, ok := errors.AsType[*certstore.Error](err); ok && e.Err != nil {
		f.Text, f.Op, f.At, f.Who, f.Path, f.Todo = e.Err.Error(), e.Op, Place{e.Location, e.Store}, e.Subject, e.Path, e.Advise
	}
	for i, k := range kinds {
		if errors.Is(err, k) {
			f.Kinds = append(f.Kinds, i)
		}
	}
	return f
}

func (f *failure) error() error {
	if f == nil {
		return nil
	}
	inner := &told{text: f.Text}
	for _, i := range f.Kinds {
		if i >= 0 && i < len(kinds) {
			inner.kinds = append(inner.kinds, kinds[i])
		}
	}
	if f.Op == "" {
		return inner
	}
	return &certstore.Error{Op: f.Op, Location: f.At.Location, Store: f.At.Store, Subject: f.Who, Path: f.Path, Err: inner, Advise: f.Todo}
}

// told is an error in the words of the other process.
type told struct {
	text  string
	kinds []error
}

func (t *told) Error() string   { return t.text }
func (t *told) Unwrap() []error { return t.kinds }

// Serve does what comes through the pipe, as far as the plan grants it, until
// the window closes the pipe.
func Serve(ctx context.Context, pipe io.ReadWriteCloser, p Plan, store certstore.Store) error {
	stop := context.AfterFunc(ctx, func() { pipe.Close() })
	defer stop()
	h := &helper{plan: p, store: store, same: me() == p.User, seen: map[string]certstore.State{}, lists: map[string][2][]byte{}, links: map[string]Links{}}
	out := json.NewEncoder(pipe)
	if err := out.Encode(answer{User: me()}); err != nil {
		return err
	}
	in := json.NewDecoder(pipe)
	for {
		var r request
		if err := in.Decode(&r); err != nil {
			if errors.Is(err, io.EOF) || ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
		a, err := h.do(ctx, r)
		if r.Item != nil {
			clear(r.Item.Key)
		}
		a.Err = failureOf(err)
		if err := out.Encode(a); err != nil {
			return err
		}
	}
}

// A helper carries out one plan.
type helper struct {
	plan  Plan
	store certstore.Store
	same  bool                       // it runs as the user who asked
	seen  map[string]certstore.State // what was there before, by certificate
	lists map[string][2][]byte       // descriptors of keys as they are and were planned, by certificate
	links map[string]Links           // what was found to be linked again, by certificate
}

// granted reports whether the plan grants r.
func (h *helper) granted(r request) bool {
	return slices.ContainsFunc(h.plan.Grants, func(g Grant) bool {
		if g.SHA256 != r.SHA256 {
			return false
		}
		here := g.Location == certstore.Machine || g.From != nil && g.From.Location == certstore.Machine
		switch r.Op {
		case "state", "sign":
			return here && r.Location == certstore.Machine
		case "put":
			return g.Op == r.Op && g.Location == r.Location && g.Store == r.Store
		case "move":
			return g.Op == r.Op && g.Location == r.Location && g.Store == r.Store && g.From != nil && *g.From == r.From
		case "delete":
			return g.Op == r.Op && g.Location == r.Location && g.Store == r.Store && g.KeepKey == (r.Mode == certstore.DeleteKeepKey)
		case "rename":
			return g.Op == r.Op && g.Location == r.Location && g.Store == r.Store && g.Name == r.Name
		case "complete":
			k := r.Key
			return g.Op == r.Op && g.Location == r.Location && g.Store == r.Store && g.Key != nil && k != nil && k.Location == g.Key.Location &&
				k.Provider == g.Key.Provider && k.Container == g.Key.Container && bytes.Equal(k.PublicKey, g.Key.PublicKey)
		case "find":
			return g.Op == "relink" && g.Location == r.Location && g.Store == r.Store
		case "relink", "unlink": // what was found, or taking a relinking back
			if g.Op != "relink" || g.Location != r.Location {
				return false
			}
			if g.Links != nil { // the link may decide in which store an entry is shown
				return r.Op == "unlink" && r.Links == *g.Links
			}
			found, ok := h.links[r.SHA256]
			return ok && g.Store == r.Store && (r.Op == "relink" && r.Links == found || r.Op == "unlink" && r.Links == found.back())
		case "plan":
			return g.Op == "permit" && g.Location == r.Location && g.Store == r.Store && g.Change != nil && r.Change != nil && *g.Change == *r.Change
		case "permit": // what was planned and agreed to, or taking that back
			if g.Op != r.Op || r.Location != certstore.Machine || len(r.Before) == 0 || len(r.After) == 0 {
				return false
			}
			planned := h.lists[r.SHA256]
			return bytes.Equal(g.Before, r.Before) && bytes.Equal(g.After, r.After) ||
				bytes.Equal(planned[0], r.Before) && bytes.Equal(planned[1], r.After) || bytes.Equal(planned[1], r.Before) && bytes.Equal(planned[0], r.After)
		case "restore": // to what the plan says, or to what the helper itself found
			if !here || r.Location != certstore.Machine {
				return false
			}
			before, ok := h.seen[r.SHA256]
			return g.Op == r.Op && g.State != nil && *g.State == r.State || ok && before == r.State
		}
		return false
	})
}

// do carries one request out.
func (h *helper) do(ctx context.Context, r request) (answer, error) {
	if len(r.DER) > 0 { // what is named is what is meant
		r.SHA256 = certificate.FingerprintOf(r.DER).String()
	}
	if r.Item != nil {
		r.SHA256, r.DER = certificate.FingerprintOf(r.Item.DER).String(), r.Item.DER
	}
	fail := func(err error) (answer, error) {
		return answer{}, &certstore.Error{Op: r.Op, Location: r.Location, Store: r.Store, Err: err, Advise: "Nothing was changed by this step. Make the change again."}
	}
	if !h.granted(r) || r.Op == "put" && r.Item == nil || (r.Op == "state" || r.Op == "restore" || r.Op == "complete") && len(r.DER) == 0 {
		return fail(ErrNotGranted)
	}
	if (r.From.Location == certstore.User || r.Location == certstore.User) && !h.same {
		return fail(&otherUser{})
	}
	var fp certificate.Fingerprint
	if n, err := hex.Decode(fp[:], []byte(r.SHA256[:min(len(r.SHA256), 2*len(fp))])); err != nil || n != len(fp) {
		return fail(ErrNotGranted)
	}
	ref := certstore.Ref{Location: r.Location, Store: r.Store, Fingerprint: fp}
	var a answer
	var err error
	switch r.Op {
	case "state":
		if a.State, err = h.store.State(ctx, r.Location, r.DER); err == nil {
			if _, ok := h.seen[r.SHA256]; !ok {
				h.seen[r.SHA256] = a.State
			}
		}
	case "put":
		err = h.store.Put(ctx, r.Location, r.Store, *r.Item)
	case "move":
		ref.Location, ref.Store = r.From.Location, r.From.Store
		err = h.store.Move(ctx, ref, r.Location, r.Store)
	case "delete":
		err = h.store.Delete(ctx, ref, r.Mode)
	case "restore":
		err = h.store.Restore(ctx, r.Location, r.DER, r.State)
	case "rename":
		n, ok := h.store.(certstore.Renamer)
		if !ok {
			return fail(certstore.ErrNotPossible)
		}
		err = n.Rename(ctx, ref, r.Name)
	case "plan", "permit":
		k, ok := h.store.(certstore.KeyPermitter)
		if !ok {
			return fail(certstore.ErrNotPossible)
		}
		if r.Op == "permit" {
			err = k.SetKeyPermissions(ctx, ref, r.Before, r.After)
		} else if a.Before, a.After, err = k.PlanKeyPermissions(ctx, ref, *r.Change); err == nil {
			a.Before.Fixed, a.After.Fixed = nil, nil // else there was an error
			h.lists[r.SHA256] = [2][]byte{a.Before.Descriptor, a.After.Descriptor}
		}
	case "complete":
		g, ok := h.store.(certstore.KeyGenerator)
		if !ok {
			return fail(certstore.ErrNotPossible)
		}
		err = g.Complete(ctx, *r.Key, certstore.Answer{DER: r.DER, FriendlyName: r.Name})
	case "find", "relink", "unlink":
		k, ok := h.store.(certstore.Relinker)
		switch {
		case !ok:
			return fail(certstore.ErrNotPossible)
		case r.Op == "relink":
			err = k.Relink(ctx, ref, r.Links.From, r.Links.To)
		case r.Op == "unlink":
			err = k.Unlink(ctx, ref, r.Links.From, r.Links.To)
		default:
			a.Found, err = k.FindKeys(ctx, ref.Location, ref)
			for _, f := range a.Found {
				h.links[r.SHA256] = Links{f.Was, f.Found}
			}
		}
	case "sign":
		var s crypto.Signer
		if s, err = h.store.Signer(ctx, ref); err == nil {
			var opts crypto.SignerOpts = r.Hash
			if r.PSS != nil {
				opts = r.PSS
			}
			a.Signature, err = s.Sign(nil, r.Digest, opts)
		}
	}
	return a, err
}

// An otherUser error says that the administrator is not the user who asked,
// and has another Current User.
type otherUser struct{}

func (*otherUser) Error() string {
	return "the administrator is another user, who does not see the stores of Current User"
}

func (*otherUser) Unwrap() error { return certstore.ErrNotPossible }
