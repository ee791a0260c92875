package tlsprobe_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"certdesk/internal/inventory"
	"certdesk/internal/tlsprobe"
)

func (*world) none() *inventory.Inventory { return &inventory.Inventory{} }

// FuzzServer sends what the fuzzer likes: as the answer to the ClientHello, or
// as the HTTP answer inside of TLS.
func FuzzServer(f *testing.F) {
	f.Add(false, []byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	f.Add(false, []byte{0x15, 3, 3, 0, 2, 2, 116})
	f.Add(false, []byte{0x16, 3, 3, 0, 4, 2, 0, 0, 0})
	f.Add(true, []byte("HTTP/1.1 403 Forbidden\r\nServer: Microsoft-IIS/10.0\r\n\r\n<h2>HTTP Error 403.16</h2>"))
	f.Add(true, []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n"))
	w := &world{}
	var config *tls.Config
	f.Fuzz(func(t *testing.T, inside bool, data []byte) {
		if config == nil {
			w = newWorld(t)
			config = w.goConfig()
		}
		address := listen(t, func(c net.Conn) {
			if !inside {
				c.Write(data)
				c.(*net.TCPConn).CloseWrite()
				io.Copy(io.Discard, c)
				return
			}
			conn := tls.Server(c, config)
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				conn.Write(data)
			}
		})
		target, err := tlsprobe.ParseTarget(address)
		if err != nil {
			t.Fatal(err)
		}
		r := tlsprobe.Run(t.Context(), tlsprobe.Options{Target: target, Insecure: true, Now: time.Now(), Timeout: 2 * time.Second, Inventory: w.none()})
		if r.Result == "" || r.Title == "" || len(r.Steps) == 0 {
			t.Errorf("%+v", r)
		}
	})
}
