// Package signatures remembers certificates whose self-signature verified.
//
// A root is a CA certificate that its own key signed, and verifying that takes
// longer than everything else about listing it. A database of thousands of
// roots is therefore slow once only: the SHA-256 of each certificate whose
// signature verified is kept in a file in the user's cache directory. Nothing
// but the role "root" is taken from there, and trust never is. A file that is
// missing, damaged or too large counts as empty.
package signatures

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"sync"

	"certdesk/internal/certificate"
	"certdesk/internal/outfile"
)

const (
	header     = "certdesk self-signatures 1\n"
	size       = sha256.Size // of an entry
	maxEntries = 200_000     // 6.4 MB; more begin afresh
	worthIt    = 64          // new entries that a file is written for
)

// A Cache is the memory. It is safe for concurrent use, and nil remembers
// nothing.
type Cache struct {
	path string

	mu    sync.Mutex
	read  bool
	known []byte // sorted fingerprints, one after the other; replaced, never changed
	fresh map[certificate.Fingerprint]bool
}

// DefaultPath returns $XDG_CACHE_HOME/certdesk/self-signatures, with that
// variable's default ~/.cache, or the like of the system; "" if there is no
// such place.
func DefaultPath(getenv func(string) string) string {
	if s := getenv("XDG_CACHE_HOME"); filepath.IsAbs(s) {
		return filepath.Join(s, "certdesk", "self-signatures")
	}
	if home := getenv("HOME"); runtime.GOOS == "linux" && filepath.IsAbs(home) {
		return filepath.Join(home, ".cache", "certdesk", "self-signatures")
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "certdesk", "self-signatures")
}

// Open returns the memory kept in the file path, which need not exist and is
// read when it is first needed. With "" it lasts as long as the program.
func Open(path string) *Cache {
	return &Cache{path: path, fresh: map[certificate.Fingerprint]bool{}}
}

// Verify finds out whether the CA certificate c is self-signed, unless that is
// remembered. It does nothing for other certificates.
func (s *Cache) Verify(c *certificate.Certificate) {
	if s == nil || !c.IsCA() || !c.SelfIssued() {
		return
	}
	fp := c.Fingerprint()
	if s.knows(fp) {
		c.AssumeSelfSigned()
		return
	}
	if c.CheckSignatureFrom(c) != nil {
		return // SelfSigned has the last word: the algorithm may be unknown
	}
	c.AssumeSelfSigned()
	s.mu.Lock()
	s.fresh[fp] = true
	s.mu.Unlock()
}

func (s *Cache) knows(fp certificate.Fingerprint) bool {
	s.mu.Lock()
	if !s.read {
		s.read, s.known = true, load(s.path)
	}
	known, fresh := s.known, s.fresh[fp]
	s.mu.Unlock()
	if fresh {
		return true
	}
	i := sort.Search(len(known)/size, func(i int) bool { return bytes.Compare(known[i*size:][:size], fp[:]) >= 0 })
	return i < len(known)/size && bytes.Equal(known[i*size:][:size], fp[:])
}

// load returns the entries of a file, nil if it is not as Save left it.
func load(path string) []byte {
	st, err := os.Stat(path)
	if path == "" || err != nil || !st.Mode().IsRegular() || st.Size() > int64(len(header)+(maxEntries+1)*size) {
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil || !bytes.HasPrefix(data, []byte(header)) || (len(data)-len(header))%size != 0 || len(data) < len(header)+size {
		return nil
	}
	end := len(data) - size
	if sum := sha256.Sum256(data[:end]); !bytes.Equal(sum[:], data[end:]) {
		return nil
	}
	return data[len(header):end]
}

// Save writes the file if there is much to add. That it could not be written
// is no error: the signatures are verified again.
func (s *Cache) Save() {
	if s == nil || s.path == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.fresh) < worthIt {
		return
	}
	var all [][]byte
	if len(s.known)/size+len(s.fresh) <= maxEntries {
		all = slices.Collect(slices.Chunk(s.known, size))
	}
	for fp := range s.fresh {
		if len(all) < maxEntries {
			all = append(all, fp[:])
		}
	}
	slices.SortFunc(all, bytes.Compare)
	data := append([]byte(header), bytes.Join(all, nil)...)
	sum := sha256.Sum256(data)
	if st, err := os.Stat(s.path); err == nil && !st.Mode().IsRegular() {
		return
	}
	if os.MkdirAll(filepath.Dir(s.path), 0o700) != nil || outfile.Write(s.path, append(data, sum[:]...), outfile.Private) != nil {
		s.path = ""
		return
	}
	s.known = data[len(header):]
	clear(s.fresh)
}
