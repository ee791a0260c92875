package nss

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Opening a database that another program has locked fails after one second
// (CKR_GENERAL_ERROR); it is tried again this often, after these pauses.
var busyPauses = []time.Duration{500 * time.Millisecond, 600 * time.Millisecond, 700 * time.Millisecond, 800 * time.Millisecond, time.Second}

// passwordTries is how often a person is asked for one password.
const passwordTries = 3

// A Database is a directory that holds, or is to hold, cert9.db and key4.db.
// It is safe for concurrent use. Opening it creates nothing.
type Database struct {
	Dir     string
	Perm    fs.FileMode                                           // of the directory when it is created
	Library func() (*Library, error)                              // softoken
	Ask     func(ctx context.Context, again bool) ([]byte, error) // for the password; nil: nobody can be asked

	mu       sync.Mutex // guards what follows
	reader   *slot      // read-only, kept open
	opened   identity   // of the files that reader has open
	password []byte     // the right one, once it was given; the next key import needs it again
	closed   bool
}

// An identity tells whether a database is still the one that was opened.
type identity struct {
	dev, ino       uint64
	keyDev, keyIno uint64
	keyTime        int64 // of key4.db, nanoseconds
}

func (d *Database) identity() (identity, error) {
	var st, key syscall.Stat_t
	if err := syscall.Stat(filepath.Join(d.Dir, "cert9.db"), &st); err != nil {
		return identity{}, &fs.PathError{Op: "open", Path: filepath.Join(d.Dir, "cert9.db"), Err: err}
	}
	if st.Size == 0 { // SQLite makes a database of it; until then there is none
		return identity{}, &fs.PathError{Op: "open", Path: filepath.Join(d.Dir, "cert9.db"), Err: fs.ErrNotExist}
	}
	id := identity{dev: uint64(st.Dev), ino: st.Ino}
	if syscall.Stat(filepath.Join(d.Dir, "key4.db"), &key) == nil && key.Size > 0 {
		id.keyDev, id.keyIno, id.keyTime = uint64(key.Dev), key.Ino, key.Mtim.Nano()
	}
	return id, nil
}

// Exists reports whether there is a database. Without the right to look there
// it says no, with the reason.
func (d *Database) Exists() (bool, error) {
	_, err := d.identity()
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Read calls f with a session that sees certificates, trust and public keys,
// and private keys unless the database is locked. It never asks for a
// password. The error wraps [fs.ErrNotExist] if there is no database.
func (d *Database) Read(ctx context.Context, f func(*Session) error) error {
	return d.read(ctx, false, f)
}

// ReadKeys is like Read with private keys in view. It asks for the password
// if the database is locked. If f finds a key unusable, which it is when
// another program changed the password, it is called again with the database
// opened afresh.
func (d *Database) ReadKeys(ctx context.Context, f func(*Session) error) error {
	return d.read(ctx, true, f)
}

func (d *Database) read(ctx context.Context, keys bool, f func(*Session) error) error {
	const tries = 3
	for try := 1; ; try++ {
		s, err := d.readSlot(ctx)
		if err == nil && keys && s.locked.Load() {
			err = d.login(ctx, s)
		}
		if err == nil {
			err = s.do(f)
		}
		switch {
		case err == nil || try == tries || ctx.Err() != nil:
			return err
		case code(err) == ckrGeneralError:
			d.Reopen() // which looks whether it is damaged instead
			return fmt.Errorf("%w: %w", ErrBusy, err)
		case errors.Is(err, errClosed), errors.Is(err, ErrChanged), keys && errors.Is(err, ErrKeyUnusable):
		case errors.Is(err, ErrReadOnly) && d.accessible():
			// A program was killed while it wrote. What it began is rolled
			// back by opening for writing.
			lib, libErr := d.Library()
			if libErr != nil {
				return err
			}
			w, openErr := d.open(ctx, lib, modeWrite)
			if openErr != nil {
				return openErr
			}
			w.close()
		default:
			return err
		}
		d.Reopen()
	}
}

// ReadUnverified calls f with a session of a slot of its own, without the
// keys. With them in view softoken proves each trust value that is read by a
// signature in key4.db, which takes longer than all else about reading it;
// here it hands out what cert9.db holds, as it does for a database with a
// password that nobody gave.
func (d *Database) ReadUnverified(ctx context.Context, f func(*Session) error) error {
	lib, err := d.Library()
	if err != nil {
		return err
	}
	if _, err := d.identity(); err != nil {
		return err
	}
	s, err := d.open(ctx, lib, modeReadCert)
	if err != nil {
		return err
	}
	defer s.close()
	return s.do(f)
}

// Reopen makes the next Read open the files again.
func (d *Database) Reopen() {
	d.mu.Lock()
	old := d.reader
	d.reader = nil
	d.mu.Unlock()
	if old != nil {
		go old.close() // waits for its users
	}
}

// readSlot returns the slot for reading, opened again if the files are not
// the same any more.
func (d *Database) readSlot(ctx context.Context) (*slot, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, errClosed
	}
	id, err := d.identity()
	if err != nil {
		d.drop()
		return nil, err
	}
	if d.reader != nil {
		same := id
		if !d.reader.locked.Load() { // a locked one may have been unlocked by certutil -W
			same.keyTime = d.opened.keyTime
		}
		if same == d.opened {
			return d.reader, nil
		}
		d.drop()
	}
	lib, err := d.Library()
	if err != nil {
		return nil, err
	}
	// Read-only first: unlike the others it takes no write lock. An
	// interrupted write of another program can only be rolled back by
	// opening it for writing.
	var s *slot
	var how mode
	for _, how = range []mode{modeRead, modeWrite, modeReadCert} {
		if how == modeWrite && (id.keyIno == 0 || !d.accessible()) {
			continue // it would create key4.db
		}
		if s, err = d.open(ctx, lib, how); err == nil {
			break
		}
		if errors.Is(err, ErrBusy) || ctx.Err() != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	d.reader, d.opened = s, id
	if how == modeReadCert {
		return s, nil
	}
	flags, err := lib.m.tokenFlags(s.id)
	if err != nil {
		return nil, err
	}
	if flags&ckfUserPINInitialized == 0 { // no key was ever stored
		return s, nil
	}
	s.locked.Store(true)
	err = loginEmpty(s)
	if errors.Is(err, ErrPassword) && d.password != nil {
		err = loginWith(s, string(d.password))
	}
	if errors.Is(err, ErrPassword) {
		err = nil
	}
	return s, err
}

// drop gives up the reading slot; d.mu is held.
func (d *Database) drop() {
	if d.reader != nil {
		go d.reader.close()
		d.reader = nil
	}
}

// accessible reports whether the files may be written, see access(2).
func (d *Database) accessible() bool {
	const wOK = 2 // W_OK
	for _, name := range []string{"", "cert9.db", "key4.db"} {
		if syscall.Access(filepath.Join(d.Dir, name), wOK) != nil {
			return false
		}
	}
	return true
}

// open opens the database, waiting for a program that has it locked.
func (d *Database) open(ctx context.Context, lib *Library, how mode) (*slot, error) {
	for try := 0; ; try++ {
		s, err := lib.open(d.Dir, how)
		pause := newPause
		switch {
		case err == nil:
			return s, nil
		case d.damaged():
			return nil, fmt.Errorf("%w: %w", ErrDatabase, err)
		case errors.Is(err, ErrDatabase) && d.young():
		case code(err) != ckrGeneralError:
			return s, err
		case try >= len(busyPauses):
			return nil, fmt.Errorf("%w: %w", ErrBusy, err)
		default:
			pause = busyPauses[try]
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// Another program that makes the database at this moment leaves it unreadable
// for some milliseconds. It is tried again until the files are no longer new.
const (
	newPause = 50 * time.Millisecond
	newAge   = 3 * time.Second
)

// young reports whether the database was made a moment ago.
func (d *Database) young() bool {
	for _, name := range []string{"cert9.db", "key4.db"} {
		if st, err := os.Stat(filepath.Join(d.Dir, name)); err == nil && time.Since(st.ModTime()).Abs() < newAge {
			return true
		}
	}
	return false
}

// loginWith logs in to a slot, which brings the private keys into view. An empty database password has to be given too.
func loginWith(s *slot, pin string) error {
	return s.do(func(sess *Session) error {
		err := s.lib.m.login(sess.h, ckuUser, pin)
		if err == nil || code(err) == ckrUserAlreadyLoggedIn {
			s.locked.Store(false)
			return nil
		}
		return err
	})
}

// loginEmpty logs in with the empty password; [ErrPassword] means that the
// database has another one. The flag CKF_LOGIN_REQUIRED is no answer to that:
// softoken sets it too when another process was writing while it opened the
// database.
func loginEmpty(s *slot) error { return loginWith(s, "") }

// login logs in to a slot of a database that has a password, asking for it
// if need be.
func (d *Database) login(ctx context.Context, s *slot) error {
	d.mu.Lock()
	given, known := d.password != nil, string(d.password)
	d.mu.Unlock()
	if given && loginWith(s, known) == nil {
		return nil
	}
	if d.Ask == nil {
		return ErrLocked
	}
	var err error
	for try := range passwordTries {
		var answer []byte
		if answer, err = d.Ask(ctx, try > 0); err != nil {
			return err
		}
		if err = loginWith(s, string(answer)); err == nil {
			d.mu.Lock()
			d.password = answer
			d.mu.Unlock()
			return nil
		}
		clear(answer)
		if !errors.Is(err, ErrPassword) {
			return err
		}
	}
	return err
}

// Write calls f with a session that may change the database, opened for this
// call: softoken would go on to encrypt keys with a password that another
// program replaced since, and those keys would be lost. With keys set,
// private keys and trust can be written too, and the password is asked for
// if the database has one. With create set a database is made where there is
// none; otherwise the error then wraps [fs.ErrNotExist].
func (d *Database) Write(ctx context.Context, keys, create bool, f func(*Session) error) error {
	lib, err := d.Library()
	if err != nil {
		return err
	}
	id, err := d.identity()
	if errors.Is(err, fs.ErrNotExist) && create {
		err = d.create(ctx, lib)
	} else if err == nil && id.keyIno == 0 {
		err = d.initialise(ctx, lib)
	}
	if err != nil {
		return err
	}
	s, err := d.open(ctx, lib, modeWrite)
	if err != nil {
		return err
	}
	defer s.close()
	flags, err := lib.m.tokenFlags(s.id)
	if err != nil {
		return err
	}
	if flags&ckfUserPINInitialized == 0 {
		if err := d.initialise(ctx, lib); err != nil {
			return err
		}
		s.close()
		if s, err = d.open(ctx, lib, modeWrite); err != nil {
			return err
		}
		defer s.close()
	}
	s.locked.Store(true)
	err = loginEmpty(s)
	if errors.Is(err, ErrPassword) {
		err = nil
		if keys {
			err = d.login(ctx, s)
		}
	}
	if err != nil {
		return err
	}
	return s.do(f)
}

// create makes the directory and an empty database without a password.
func (d *Database) create(ctx context.Context, lib *Library) error {
	if err := os.MkdirAll(d.Dir, d.Perm); err != nil {
		return err
	}
	if err := d.initialise(ctx, lib); err != nil {
		return err
	}
	if d.Perm&0o077 != 0 { // for everybody: certificates may be read, keys not
		return os.Chmod(filepath.Join(d.Dir, "cert9.db"), 0o644)
	}
	return nil
}

// initialise sets the empty password of a database that has none yet, and
// makes the database where there is none. Of two programs that did so at
// once, one would lose the keys it encrypts from then on: a lock on the
// directory keeps them apart.
func (d *Database) initialise(ctx context.Context, lib *Library) error {
	dir, err := os.Open(d.Dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	for {
		err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if err != syscall.EWOULDBLOCK && err != syscall.EINTR {
			return &fs.PathError{Op: "lock", Path: d.Dir, Err: err}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	s, err := d.open(ctx, lib, modeWrite)
	if err != nil {
		return err
	}
	defer s.close()
	flags, err := lib.m.tokenFlags(s.id)
	if err != nil || flags&ckfUserPINInitialized != 0 {
		return err
	}
	return s.do(func(sess *Session) error {
		if err := lib.m.login(sess.h, ckuSO, ""); err != nil {
			return err
		}
		if err := lib.m.initPIN(sess.h, ""); err != nil {
			return err
		}
		return lib.m.logout(sess.h)
	})
}

// Unlocked reports whether a password was asked for and given.
func (d *Database) Unlocked() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.password != nil
}

// Close ends the use of the database and wipes its password.
func (d *Database) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.drop()
	clear(d.password)
	d.password = nil
}
