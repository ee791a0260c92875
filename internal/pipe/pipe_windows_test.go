package pipe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/windows"
)

// TestPipe answers several callers, the first included, each at once; refuses a
// second listener; and ends.
func TestPipe(t *testing.T) {
	path := fmt.Sprintf(`\\.\pipe\certdesk-test-%d`, os.Getpid())
	const everybody = "D:P(A;;GA;;;WD)"
	l, err := Listen(path, everybody)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := Listen(path, everybody); err == nil {
		second.Close()
		if windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() != nil { // Wine 8 knows no FILE_FLAG_FIRST_PIPE_INSTANCE
			t.Error("a second listener")
		}
	}
	ended := make(chan error)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				ended <- err
				return
			}
			if pid, err := Caller(c); err != nil || pid != os.Getpid() {
				t.Errorf("the caller is %d, %v", pid, err)
			}
			go func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(time.Minute))
				b := make([]byte, 4)
				if _, err := io.ReadFull(c, b); err == nil {
					c.Write(b)
				}
			}()
		}
	}()
	silent, err := Dial(t.Context(), path) // does not hold up the others
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for i := range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		c, err := Dial(ctx, path)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("no %d", i)
		c.Write([]byte(want))
		if got, err := io.ReadAll(c); string(got) != want {
			t.Errorf("caller %d read %q, %v", i, got, err)
		}
		c.Close()
	}
	l.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v", err)
	}
	l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond) // busy while the silent one is there
	defer cancel()
	if c, err := Dial(ctx, path); err == nil {
		c.Close()
		t.Error("it still answers")
	}
}

// TestDeadline ends a read that nobody answers.
func TestDeadline(t *testing.T) {
	path := fmt.Sprintf(`\\.\pipe\certdesk-test-deadline-%d`, os.Getpid())
	l, err := Listen(path, "D:P(A;;GA;;;WD)")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	caller, err := Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer caller.Close()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Millisecond))
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("something was read")
	}
}
