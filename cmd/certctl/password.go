package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"certdesk/certstore"
	"certdesk/internal/certfile"
)

// passwordFlags say where a password comes from.
type passwordFlags struct {
	stdin bool
	file  string
}

func (p *passwordFlags) add(f *pflag.FlagSet, prefix, what string) {
	f.BoolVar(&p.stdin, prefix+"password-stdin", false, "read "+what+" from standard input")
	f.StringVar(&p.file, prefix+"password-file", "", "read "+what+" from a file")
}

func (p *passwordFlags) set() bool { return p.stdin || p.file != "" }

// trimNewline removes exactly one trailing LF or CRLF.
func trimNewline(b []byte) []byte {
	if b, ok := bytes.CutSuffix(b, []byte("\r\n")); ok {
		return b
	}
	b, _ = bytes.CutSuffix(b, []byte("\n"))
	return b
}

const maxPassword = 1 << 20 // bytes; a password file longer than this is something else

// asPassword makes a password of what was read from name.
func asPassword(b []byte, err error, name string) ([]byte, error) {
	if err != nil {
		return nil, fmt.Errorf("read password from %s: %w", name, err)
	}
	if len(b) > maxPassword {
		return nil, fmt.Errorf("read password from %s: too long", name)
	}
	return trimNewline(asUTF8(b)), nil
}

// asUTF8 returns text that begins with a byte order mark, as PowerShell and
// Notepad write it, in UTF-8 without; other octets stay as they are.
func asUTF8(b []byte) []byte {
	b, marked := bytes.CutPrefix(b, []byte("\xef\xbb\xbf"))
	little, big := bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff"))
	if marked || len(b)%2 == 1 || !little && !big {
		return b
	}
	defer clear(b)
	units := make([]uint16, 0, len(b)/2)
	defer func() { clear(units) }()
	for i := 2; i < len(b); i += 2 {
		if little {
			units = append(units, uint16(b[i])|uint16(b[i+1])<<8)
		} else {
			units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
		}
	}
	out := make([]byte, 0, 3*len(units)) // never moved: no copy stays behind
	for _, r := range utf16.Decode(units) {
		out = utf8.AppendRune(out, r)
	}
	return out
}

func (a *app) passwordFile(path string) ([]byte, error) {
	b, err := a.readPath(path, maxPassword)
	return asPassword(b, err, path)
}

// within gives up waiting for read when the program is told to end: opening a
// pipe that nobody writes to listens to no context, nor does a terminal. What
// read holds then goes with the process.
func (a *app) within(read func() ([]byte, error)) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := read()
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		return r.data, r.err
	case <-a.interrupted:
		return nil, context.Canceled
	}
}

// readPath reads at most limit bytes of a file, and one more.
func (a *app) readPath(path string, limit int64) ([]byte, error) {
	return a.within(func() ([]byte, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if st, err := f.Stat(); err == nil && st.IsDir() { // Windows says "invalid function"
			return nil, &os.PathError{Op: "read", Path: path, Err: syscall.EISDIR}
		}
		return io.ReadAll(io.LimitReader(f, limit+1))
	})
}

// readStdin does the same with standard input.
func (a *app) readStdin(limit int64) ([]byte, error) {
	return a.within(func() ([]byte, error) { return io.ReadAll(io.LimitReader(a.stdin, limit+1)) })
}

// given returns the password that flags or the environment give.
func (a *app) given(p passwordFlags, env string) (certfile.Password, error) {
	switch {
	case p.stdin && p.file != "":
		return certfile.Password{}, usage("a password comes from standard input or from a file, not from both")
	case p.stdin:
		b, err := a.stdinPassword(env == "")
		return certfile.Password{Given: true, Text: b}, err
	case p.file != "":
		b, err := a.passwordFile(p.file)
		return certfile.Password{Given: true, Text: b}, err
	}
	if env != "" {
		if v, ok := os.LookupEnv(env); ok {
			return certfile.Password{Given: true, Text: trimNewline([]byte(v))}, nil
		}
	}
	return certfile.Password{}, nil
}

// stdinPassword reads a password from standard input. When both the old and
// the new one come from there, the first line is the old one and the second
// the new one.
func (a *app) stdinPassword(isNew bool) ([]byte, error) {
	if a.fromStdin == nil {
		b, err := a.readStdin(maxPassword)
		if b, err = asPassword(b, err, "standard input"); err != nil {
			return nil, err
		}
		a.fromStdin = b
	}
	if !a.password.stdin || !a.newPassword.stdin {
		return bytes.Clone(a.fromStdin), nil
	}
	first, second, ok := bytes.Cut(a.fromStdin, []byte("\n"))
	if !ok {
		return nil, usage("standard input holds one line; the second is the new password")
	}
	if isNew {
		return bytes.Clone(second), nil
	}
	return bytes.Clone(bytes.TrimSuffix(first, []byte("\r"))), nil
}

func (a *app) terminal() bool { return term.IsTerminal(int(a.stdin.Fd())) }

func (a *app) prompt(question string) ([]byte, error) {
	fmt.Fprint(a.stderr, question)
	fd := int(a.stdin.Fd())
	echoing, _ := term.GetState(fd)
	b, err := a.within(func() ([]byte, error) { return term.ReadPassword(fd) })
	if errors.Is(err, context.Canceled) && echoing != nil {
		_ = term.Restore(fd, echoing) // it was left waiting, without echo
	}
	fmt.Fprintln(a.stderr)
	return b, err
}

const tries = 3 // at a password prompt

// readFile opens a file, asking for its password on a terminal when needed.
func (a *app) readFile(ctx context.Context, path string) (data []byte, c *certfile.Contents, err error) {
	data, err = a.readBounded(path)
	if err != nil {
		return nil, nil, err
	}
	pw, err := a.given(a.password, "CERTCTL_PASSWORD")
	if err != nil {
		return nil, nil, err
	}
	defer func() { clear(pw.Text) }()
	c, err = certfile.Read(ctx, data, pw)
	for n := 0; n < tries && errors.Is(err, certfile.ErrPassword) && !pw.Given && a.terminal(); n++ {
		question := fmt.Sprintf("Password that protects %s (not the pick-up password from the CA's mail): ", path)
		if n > 0 {
			question = "Wrong password. Try again: "
		}
		var text []byte
		if text, err = a.prompt(question); err != nil {
			return data, nil, err
		}
		c, err = certfile.Read(ctx, data, certfile.Password{Given: true, Text: text})
		clear(text)
	}
	if err != nil {
		return data, nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, c, nil
}

// readBounded reads a file that is not larger than a file of certificates can
// be.
func (a *app) readBounded(path string) ([]byte, error) {
	data, err := a.readPath(path, certfile.MaxSize)
	if err != nil {
		return nil, err
	}
	if len(data) > certfile.MaxSize {
		return nil, fmt.Errorf("read %s: %w: larger than %d MB", path, certfile.ErrTooMuch, certfile.MaxSize>>20)
	}
	return data, nil
}

// askNewPassword returns the password for a new file, asked for twice at a
// terminal. Where nothing old is opened, alone, the flags for an old password
// mean the new one.
func (a *app) askNewPassword(what string, alone bool) ([]byte, error) {
	flags := a.newPassword
	env := ""
	if !flags.set() && alone {
		flags, env = a.password, "CERTCTL_PASSWORD"
	} else if flags.stdin && a.password.stdin {
		if _, err := a.stdinPassword(false); err != nil { // the old one's line comes first, needed or not
			return nil, err
		}
	}
	pw, err := a.given(flags, env)
	if err != nil || pw.Given {
		return pw.Text, err
	}
	if !a.terminal() {
		return nil, usage("a new password is needed for %s: use --new-password-stdin or --new-password-file", what)
	}
	first, err := a.prompt("New password for " + what + ": ")
	if err != nil {
		return nil, err
	}
	second, err := a.prompt("The same again: ")
	if err != nil {
		return nil, err
	}
	defer clear(second)
	if !bytes.Equal(first, second) {
		return nil, usage("the two passwords differ")
	}
	return first, nil
}

// askStorePassword answers a locked store.
func (a *app) askStorePassword(_ context.Context, place string, again bool) ([]byte, error) {
	if a.storePasswordFile != "" && !again {
		return a.passwordFile(a.storePasswordFile)
	}
	if again && a.storePasswordFile != "" {
		return nil, certstore.ErrPassword
	}
	if !a.terminal() {
		return nil, certstore.ErrLocked
	}
	question := "Password of the certificate store " + place + ": "
	if again {
		question = "Wrong password. Try again: "
	}
	b, err := a.prompt(question)
	if errors.Is(err, context.Canceled) {
		return nil, err
	}
	if err != nil || len(b) == 0 {
		return nil, certstore.ErrCanceled
	}
	return b, nil
}

// confirm asks a question that --yes answers. Without a terminal nothing is
// changed.
func (a *app) confirm(question string) error {
	if a.yes {
		return nil
	}
	return a.ask(question)
}

// ask asks whatever --yes says.
func (a *app) ask(question string) error {
	if !a.terminal() {
		return usage("%s: there is no terminal to answer; use --yes", question)
	}
	fmt.Fprintf(a.stderr, "%s [y/N] ", question)
	answer, err := a.within(func() ([]byte, error) {
		var word string
		fmt.Fscanln(a.stdin, &word)
		return []byte(word), nil
	})
	if err != nil {
		fmt.Fprintln(a.stderr)
		return err
	}
	switch strings.ToLower(string(answer)) {
	case "y", "yes":
		return nil
	}
	return errDeclined
}
