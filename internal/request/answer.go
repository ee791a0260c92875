package request

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/combiner"
	"certdesk/internal/identify"
)

// Why an answer cannot be used. Compare with [errors.Is].
var (
	ErrNoAnswer  = errors.New("there is no certificate in the answer")
	ErrNoRequest = errors.New("no pending request has the public key of the certificate")
)

// An AnswerError says what somebody gave for an answer. It matches
// [ErrNoAnswer].
type AnswerError struct {
	What string // one sentence
	Todo string // what is wrong with it, or ""
}

// Error says what it is.
func (e *AnswerError) Error() string { return ErrNoAnswer.Error() + ". " + e.What }

// Unwrap returns [ErrNoAnswer].
func (e *AnswerError) Unwrap() error { return ErrNoAnswer }

// ReadAnswer reads what a CA sent or a portal shows: PEM, base64 with or
// without line breaks, HTML or JSON around it, PKCS#7, DER.
func ReadAnswer(ctx context.Context, data []byte) (*certfile.Contents, error) {
	c, err := certfile.Read(ctx, data, certfile.Password{})
	if err == nil && len(c.Certificates) > 0 {
		return c, nil
	}
	if err == nil {
		c.Wipe()
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if plain, ok := withoutHTML(data); ok {
		return ReadAnswer(ctx, plain)
	}
	rep := identify.Bytes(data)
	if rep.Kind == identify.Certificate && len(rep.Certificates) > 0 || rep.Kind == identify.PKCS7 && len(rep.Certificates) > 0 {
		c = &certfile.Contents{Format: certfile.PEM}
		for _, x := range rep.Certificates {
			c.Certificates = append(c.Certificates, certfile.Cert{Certificate: x})
		}
		return c, nil
	}
	e := &AnswerError{What: rep.Title()}
	if len(rep.Problems) > 0 {
		e.Todo = rep.Problems[0].Text
	}
	if rep.Kind == identify.PKCS12 {
		e.Todo = "It brings a key of its own: import it as a file."
	}
	return nil, e
}

var tag = regexp.MustCompile(`<[^<>]{1,300}>`)

// withoutHTML returns the text of a page, and whether data is a piece of one.
func withoutHTML(data []byte) ([]byte, bool) {
	text, ok := certfile.Text(data)
	if !ok || len(text) > identify.MaxInput || !tag.MatchString(text) {
		return nil, false
	}
	return []byte(html.UnescapeString(tag.ReplaceAllString(text, "\n"))), true
}

// Match returns the request that an answer is for, by its public key, and the
// certificate of the answer that has that key. With an id it has to be that
// request; another key is a [*combiner.Mismatch] with both hashes.
func (s *Service) Match(id string, answer *certfile.Contents) (Record, *certificate.Certificate, error) {
	if id != "" {
		r, err := s.Find(id)
		if err != nil {
			return r, nil, err
		}
		if c := fits(r, answer); c != nil {
			return r, c, nil
		}
		m := &combiner.Mismatch{Algorithm: string(r.KeyType), KeyHash: r.KeyHash()}
		for _, c := range leaves(answer) {
			m.Certificates = append(m.Certificates, fmt.Sprintf("%q %s", c.CommonName(), hash(c.RawSubjectPublicKeyInfo)))
		}
		return r, nil, fmt.Errorf("request %s: %w", r.ID, m)
	}
	all, err := s.List()
	if err != nil {
		return Record{}, nil, err
	}
	// A pending one first: with the same key there may be a completed one too.
	slices.SortStableFunc(all, func(a, b Record) int { return rank(a) - rank(b) })
	for _, r := range all {
		if c := fits(r, answer); c != nil {
			return r, c, nil
		}
	}
	var theirs, ours []string
	for _, c := range leaves(answer) {
		theirs = append(theirs, fmt.Sprintf("%q %s", c.CommonName(), hash(c.RawSubjectPublicKeyInfo)))
	}
	for _, r := range all {
		if r.Status == Pending && len(ours) < 5 {
			ours = append(ours, fmt.Sprintf("%q %s", r.CommonName, r.KeyHash()))
		}
	}
	if ours == nil {
		ours = []string{"none is pending"}
	}
	return Record{}, nil, fmt.Errorf("%w: public key SHA-256 of the certificate %s; of the requests: %s", ErrNoRequest, strings.Join(theirs, "; "), strings.Join(ours, "; "))
}

func rank(r Record) int {
	if r.Status == Pending {
		return 0
	}
	return 1
}

// fits returns the certificate of the answer that has the key of r and is not
// the one that r renews; of several the one that ends last.
func fits(r Record, answer *certfile.Contents) *certificate.Certificate {
	id := certificate.KeyIDOf(r.PublicKey)
	var best *certificate.Certificate
	for _, x := range answer.Certificates {
		c := x.Certificate
		if id != nil && bytes.Equal(c.KeyID(), id) && c.Fingerprint().String() != r.Renews && (best == nil || c.NotAfter.After(best.NotAfter)) {
			best = c
		}
	}
	return best
}

// leaves returns the certificates that somebody may mean by "the answer".
func leaves(answer *certfile.Contents) []*certificate.Certificate {
	var all, ends []*certificate.Certificate
	for _, x := range answer.Certificates {
		all = append(all, x.Certificate)
		if !x.Certificate.IsCA() {
			ends = append(ends, x.Certificate)
		}
	}
	if len(ends) > 0 {
		all = ends
	}
	return all[:min(len(all), 3)]
}
