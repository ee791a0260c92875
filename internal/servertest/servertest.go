// Package servertest starts real servers on loopback for tests: nginx, Apache
// httpd and openssl s_server, each with a folder and a port of its own. They
// end with the test.
package servertest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Need skips the test unless the tool is installed.
func Need(t testing.TB, tool string) string {
	t.Helper()
	for _, p := range []string{tool, "/usr/sbin/" + tool} {
		if path, err := exec.LookPath(p); err == nil {
			return path
		}
	}
	t.Skip(tool + " is not installed; scripts/setup.sh test installs it")
	return ""
}

// Port returns a port that nothing listens at.
func Port(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Write writes files into a new folder, their names and contents in turn, and
// returns the folder. It is readable for servers that give up root.
func Write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "certdesk-server")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Nginx serves dir with a server block's content; the certificates in it are
// named relative to dir.
func Nginx(t testing.TB, dir, http, server string) (port int) {
	t.Helper()
	nginx := Need(t, "nginx")
	port = Port(t)
	conf := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/nginx.pid; error_log %[1]s/error.log info; events { worker_connections 64; }
http { access_log off; client_body_temp_path %[1]s/t1; proxy_temp_path %[1]s/t2; fastcgi_temp_path %[1]s/t3; uwsgi_temp_path %[1]s/t4; scgi_temp_path %[1]s/t5;
%[3]s
server { listen 127.0.0.1:%[2]d ssl; server_name localhost; root %[1]s; %[4]s } }
`, dir, port, http, server)
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	start(t, port, exec.Command(nginx, "-p", dir, "-e", dir+"/error.log", "-c", dir+"/nginx.conf"))
	return port
}

// Apache serves dir with a virtual host's content.
func Apache(t testing.TB, dir, host string) (port int) {
	t.Helper()
	apache := Need(t, "apache2")
	port = Port(t)
	modules := "/usr/lib/apache2/modules"
	var b strings.Builder
	fmt.Fprintf(&b, "ServerRoot %[1]s\nServerName localhost\nPidFile %[1]s/apache.pid\nErrorLog %[1]s/error.log\nDefaultRuntimeDir %[1]s\nMutex file:%[1]s default\n", dir)
	for _, m := range []string{"mpm_event", "authz_core", "authz_host", "ssl", "socache_shmcb", "alias", "dir", "mime"} {
		if _, err := os.Stat(modules + "/mod_" + m + ".so"); err == nil {
			fmt.Fprintf(&b, "LoadModule %s_module %s/mod_%s.so\n", m, modules, m)
		}
	}
	if os.Getuid() == 0 {
		name := "nobody"
		if _, err := user.Lookup("www-data"); err == nil {
			name = "www-data"
		}
		fmt.Fprintf(&b, "User %s\n", name)
	}
	fmt.Fprintf(&b, "StartServers 1\nThreadsPerChild 8\nMaxRequestWorkers 8\nTypesConfig /dev/null\nDocumentRoot %[1]s\nListen 127.0.0.1:%[2]d\n<Directory %[1]s>\nRequire all granted\n</Directory>\nSSLSessionCache none\n<VirtualHost 127.0.0.1:%[2]d>\nSSLEngine on\n%[3]s\n</VirtualHost>\n", dir, port, host)
	if err := os.WriteFile(filepath.Join(dir, "apache.conf"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	start(t, port, exec.Command(apache, "-X", "-f", dir+"/apache.conf"))
	return port
}

// OpenSSL runs openssl s_server, or any other openssl command that listens,
// in dir; PORT in args stands for the port.
func OpenSSL(t testing.TB, dir string, args ...string) (port int) {
	t.Helper()
	port = Port(t)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "PORT", fmt.Sprint(port))
	}
	Listen(t, port, dir, args...)
	return port
}

// Listen runs an openssl command that listens at port.
func Listen(t testing.TB, port int, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command(Need(t, "openssl"), args...)
	cmd.Dir = dir
	start(t, port, cmd)
}

// output collects what a server prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// start runs a server until the test ends, and waits until it listens.
func start(t testing.TB, port int, cmd *exec.Cmd) {
	t.Helper()
	var out output
	cmd.Stdout, cmd.Stderr = &out, &out
	stdin, err := cmd.StdinPipe() // s_server ends with its standard input
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			cmd.Process.Kill()
			<-ended
		}
	})
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended: %v\n%s", cmd, err, out.String())
		default:
		}
		if slices.Contains(cmd.Args, "ocsp") { // a connection without a request stops openssl ocsp
			if strings.Contains(out.String(), "waiting for OCSP client connections") {
				return
			}
			continue
		}
		conn, err := net.DialTimeout("tcp", fmt.Sprint("127.0.0.1:", port), time.Second)
		if err == nil {
			conn.Close()
			return
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatal(err)
		}
	}
	t.Fatalf("%s does not listen\n%s", cmd, out.String())
}
