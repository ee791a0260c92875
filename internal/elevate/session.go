package elevate

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"certdesk/certstore"
	"certdesk/internal/importer"
)

// A Process is a helper that was started.
type Process interface {
	PID() int
	Done() <-chan struct{} // closed when it has ended
}

// An Elevator starts helpers.
type Elevator struct {
	// Dir is a folder of the user's own, for plans.
	Dir string
	// Elevated reports whether this program has the rights already: then a
	// helper would have no more.
	Elevated func() bool
	// Start runs the helper with administrator's rights and these arguments.
	// It fails with [certstore.ErrCanceled] when the person says no.
	Start func(ctx context.Context, args []string) (Process, error)
}

// Offers reports whether "Continue as administrator" would help against err.
func (e *Elevator) Offers(err error) bool { return e != nil && !e.Elevated() && Helps(err) }

// Problem returns why the machine's stores cannot be changed, nil if they can.
func Problem(places []certstore.Place) error {
	for _, p := range places {
		if p.Location == certstore.Machine && p.ReadOnly != nil {
			return p.ReadOnly
		}
	}
	return nil
}

// Service returns the service that makes a change which needs the grants: s
// itself, or where s lacks the rights one that works through a helper. The
// caller calls done in the end. A nil Elevator starts no helpers.
func (e *Elevator) Service(ctx context.Context, s *importer.Service, grants []Grant) (with *importer.Service, done func(), err error) {
	if e == nil || len(grants) == 0 || !e.Offers(Problem(s.Store.Places(ctx))) {
		return s, func() {}, nil
	}
	session, err := e.Open(ctx, s.Store, grants)
	if err != nil {
		return nil, nil, err
	}
	elevated := *s
	elevated.Store = session
	return &elevated, func() { session.Close() }, nil
}

// Op is the operation of an error that no helper was started for a change.
const Op = "change"

const helloTime = time.Minute // for a started helper to report

// Open starts a helper for the grants. Until Close the session is a Store
// whose calls to the machine go to the helper, and the others to local.
func (e *Elevator) Open(ctx context.Context, local certstore.Store, grants []Grant) (*Session, error) {
	s, err := e.open(ctx, local, grants)
	if err != nil {
		return nil, &certstore.Error{Op: Op, Location: certstore.Machine, Err: err, Advise: adviceFor(err)}
	}
	return s, nil
}

func adviceFor(err error) string {
	switch {
	case errors.Is(err, certstore.ErrCanceled):
		return "Nothing was changed. Continue again and say yes to the system's question."
	case errors.Is(err, ErrOld):
		return "Nothing was changed. Continue again and answer the system's question within five minutes."
	}
	return "Nothing was changed. Start Certdesk as an administrator, or use certctl at an elevated prompt."
}

func (e *Elevator) open(ctx context.Context, local certstore.Store, grants []Grant) (*Session, error) {
	door, name, err := listen(e.Dir)
	if err != nil {
		return nil, fmt.Errorf("wait for the helper: %w", err)
	}
	type result struct {
		pipe net.Conn
		err  error
	}
	var accepted chan result
	defer func() {
		door.Close()
		if accepted != nil {
			if r := <-accepted; r.pipe != nil { // too late
				r.pipe.Close()
			}
		}
	}()
	plan := Plan{Version: version, User: me(), Time: time.Now().UTC(), Pipe: name, Environment: map[string]string{}, Grants: grants}
	for _, v := range variables[:2] {
		if value := os.Getenv(v); value != "" {
			plan.Environment[v] = value
		}
	}
	path, sum, err := write(e.Dir, plan)
	if err != nil {
		return nil, fmt.Errorf("write the plan: %w", err)
	}
	defer wipe(path)
	p, err := e.Start(ctx, []string{"elevated", "--plan", path, "--sha256", sum})
	if err != nil {
		return nil, err
	}
	accepted = make(chan result, 1)
	go func() {
		c, err := door.accept(p.PID())
		accepted <- result{c, err}
	}()
	ctx, cancel := context.WithTimeout(ctx, helloTime)
	defer cancel()
	select {
	case r := <-accepted:
		accepted = nil
		if r.err != nil {
			return nil, fmt.Errorf("wait for the helper: %w", r.err)
		}
		return hello(r.pipe, local)
	case <-p.Done():
		if time.Since(plan.Time) > maxAge { // the helper refused it
			return nil, ErrOld
		}
		return nil, errors.New("the helper ended without a word")
	case <-ctx.Done():
		return nil, cmp.Or(context.Cause(ctx), ctx.Err())
	}
}

// hello waits for the first answer, which says who the helper runs as.
func hello(c net.Conn, local certstore.Store) (*Session, error) {
	s := &Session{Store: local, conn: c, in: json.NewDecoder(c), out: json.NewEncoder(c)}
	_ = c.SetReadDeadline(time.Now().Add(helloTime)) // fails on a closed connection only, as the next call will
	var a answer
	if err := s.in.Decode(&a); err != nil {
		c.Close()
		return nil, fmt.Errorf("the helper did not report: %w", err)
	}
	_ = c.SetReadDeadline(time.Time{})
	s.Administrator = a.User
	return s, nil
}

// A Session is the user's Store with the helper's rights for the machine.
type Session struct {
	certstore.Store        // for everything that is not the machine's
	Administrator   string // who the helper runs as

	mu   sync.Mutex // one call at a time
	conn net.Conn
	in   *json.Decoder
	out  *json.Encoder
}

// Close ends the helper. The Store that the session was opened on stays open.
func (s *Session) Close() error { return s.conn.Close() }

// call sends one request and waits for its answer. When ctx ends the helper
// is not left alone with half a change: it finishes the call.
func (s *Session) call(ctx context.Context, r request) (answer, error) {
	fail := func(err error) (answer, error) {
		return answer{}, &certstore.Error{Op: r.Op, Location: r.Location, Store: r.Store, Err: err, Advise: "Undo this change if it is listed as not finished, and make it again."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	if err := s.out.Encode(r); err != nil {
		return fail(fmt.Errorf("the helper is gone: %w", err))
	}
	var a answer
	if err := s.in.Decode(&a); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("it ended")
		}
		return fail(fmt.Errorf("the helper is gone: %w", err))
	}
	return a, a.Err.error()
}

// Places lists the stores; the helper can change the machine's.
func (s *Session) Places(ctx context.Context) []certstore.Place {
	places := s.Store.Places(ctx)
	for i := range places {
		if places[i].Location == certstore.Machine && errors.Is(places[i].ReadOnly, certstore.ErrDenied) {
			places[i].ReadOnly = nil
		}
	}
	return places
}

// Put implements [certstore.Store].
func (s *Session) Put(ctx context.Context, loc certstore.Location, name certstore.Name, item certstore.Item) error {
	if loc != certstore.Machine {
		return s.Store.Put(ctx, loc, name, item)
	}
	_, err := s.call(ctx, request{Op: "put", Location: loc, Store: name, Item: &item})
	return err
}

// Move implements [certstore.Store].
func (s *Session) Move(ctx context.Context, ref certstore.Ref, loc certstore.Location, name certstore.Name) error {
	if ref.Location != certstore.Machine && loc != certstore.Machine {
		return s.Store.Move(ctx, ref, loc, name)
	}
	_, err := s.call(ctx, request{Op: "move", Location: loc, Store: name, From: Place{ref.Location, ref.Store}, SHA256: ref.Fingerprint.String()})
	return err
}

// Delete implements [certstore.Store].
func (s *Session) Delete(ctx context.Context, ref certstore.Ref, mode certstore.DeleteMode) error {
	if ref.Location != certstore.Machine {
		return s.Store.Delete(ctx, ref, mode)
	}
	_, err := s.call(ctx, request{Op: "delete", Location: ref.Location, Store: ref.Store, SHA256: ref.Fingerprint.String(), Mode: mode})
	return err
}

// State implements [certstore.Store].
func (s *Session) State(ctx context.Context, loc certstore.Location, der []byte) (certstore.State, error) {
	if loc != certstore.Machine {
		return s.Store.State(ctx, loc, der)
	}
	a, err := s.call(ctx, request{Op: "state", Location: loc, DER: der})
	return a.State, err
}

// Restore implements [certstore.Store].
func (s *Session) Restore(ctx context.Context, loc certstore.Location, der []byte, st certstore.State) error {
	if loc != certstore.Machine {
		return s.Store.Restore(ctx, loc, der, st)
	}
	_, err := s.call(ctx, request{Op: "restore", Location: loc, Store: st.Store, DER: der, State: st})
	return err
}

// Signer implements [certstore.Store]: the machine's keys may be closed to the
// user, so the helper signs.
func (s *Session) Signer(ctx context.Context, ref certstore.Ref) (crypto.Signer, error) {
	if ref.Location != certstore.Machine {
		return s.Store.Signer(ctx, ref)
	}
	return &signer{s, ref, ctx}, nil
}

// Accepts implements [certstore.Acceptor].
func (s *Session) Accepts(ctx context.Context, loc certstore.Location, name certstore.Name, item certstore.Item) error {
	if a, ok := s.Store.(certstore.Acceptor); ok {
		return a.Accepts(ctx, loc, name, item)
	}
	return nil
}

// KeyPlan implements [certstore.KeyPlanner] where the store does.
func (s *Session) KeyPlan(loc certstore.Location, item certstore.Item) (certstore.KeyPlan, error) {
	if p, ok := s.Store.(certstore.KeyPlanner); ok {
		return p.KeyPlan(loc, item)
	}
	return certstore.KeyPlan{}, nil
}

// Rename implements [certstore.Renamer] where the store does.
func (s *Session) Rename(ctx context.Context, ref certstore.Ref, name string) error {
	if ref.Location == certstore.Machine {
		_, err := s.call(ctx, request{Op: "rename", Location: ref.Location, Store: ref.Store, SHA256: ref.Fingerprint.String(), Name: name})
		return err
	}
	if n, ok := s.Store.(certstore.Renamer); ok {
		return n.Rename(ctx, ref, name)
	}
	return lacks("rename", ref)
}

// KeyPermissions implements [certstore.KeyPermitter] where the store does.
func (s *Session) KeyPermissions(ctx context.Context, ref certstore.Ref) (certstore.KeyPermissions, error) {
	if k, ok := s.Store.(certstore.KeyPermitter); ok {
		return k.KeyPermissions(ctx, ref)
	}
	return certstore.KeyPermissions{}, lacks("permissions", ref)
}

// PlanKeyPermissions implements [certstore.KeyPermitter].
func (s *Session) PlanKeyPermissions(ctx context.Context, ref certstore.Ref, c certstore.KeyChange) (before, after certstore.KeyPermissions, err error) {
	if ref.Location == certstore.Machine {
		a, err := s.call(ctx, request{Op: "plan", Location: ref.Location, Store: ref.Store, SHA256: ref.Fingerprint.String(), Change: &c})
		return a.Before, a.After, err
	}
	if k, ok := s.Store.(certstore.KeyPermitter); ok {
		return k.PlanKeyPermissions(ctx, ref, c)
	}
	return before, after, lacks("permissions", ref)
}

// SetKeyPermissions implements [certstore.KeyPermitter].
func (s *Session) SetKeyPermissions(ctx context.Context, ref certstore.Ref, from, to []byte) error {
	if ref.Location == certstore.Machine {
		_, err := s.call(ctx, request{Op: "permit", Location: ref.Location, Store: ref.Store, SHA256: ref.Fingerprint.String(), Before: from, After: to})
		return err
	}
	if k, ok := s.Store.(certstore.KeyPermitter); ok {
		return k.SetKeyPermissions(ctx, ref, from, to)
	}
	return lacks("permissions", ref)
}

func lacks(op string, ref certstore.Ref) error {
	return &certstore.Error{Op: op, Location: ref.Location, Store: ref.Store, Err: certstore.ErrNotPossible}
}

// A signer proves a key that the helper stored.
type signer struct {
	session *Session
	ref     certstore.Ref
	ctx     context.Context //nolint:containedctx // a crypto.Signer takes none
}

// Public is not known to the window; the certificate has it.
func (k *signer) Public() crypto.PublicKey { return nil }

// Sign implements [crypto.Signer].
func (k *signer) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	r := request{Op: "sign", Location: k.ref.Location, Store: k.ref.Store, SHA256: k.ref.Fingerprint.String(), Digest: digest, Hash: opts.HashFunc()}
	if pss, ok := opts.(*rsa.PSSOptions); ok {
		r.PSS = pss
	}
	a, err := k.session.call(k.ctx, r)
	return a.Signature, err
}
