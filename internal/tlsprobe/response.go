package tlsprobe

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

const (
	maxResponse = 256 << 10 // bytes of header and body together
	maxBody     = 64 << 10  // bytes looked at for an error's number
	maxShown    = 80        // characters of what a server calls itself
)

var errTooLong = errors.New("the header does not end")

// readResponse reads an HTTP answer, bounded. What of the body arrives before
// an error or the bound is looked at for the number IIS and others print.
func readResponse(r io.Reader) (*Response, error) {
	limited := &io.LimitedReader{R: r, N: maxResponse}
	resp, err := http.ReadResponse(bufio.NewReader(limited), &http.Request{Method: http.MethodGet})
	if err != nil {
		if limited.N <= 0 {
			return nil, errTooLong
		}
		return nil, err
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	out := &Response{Status: resp.StatusCode, Text: clean(strings.TrimSpace(strings.TrimPrefix(resp.Status, strconv.Itoa(resp.StatusCode))), maxShown), Server: clean(resp.Header.Get("Server"), maxShown)}
	if out.Text == "" {
		out.Text = http.StatusText(out.Status)
	}
	out.interpret(string(body))
	return out, nil
}

var substatus = regexp.MustCompile(`\b([45]\d\d)[.](\d{1,3})\b`)

// interpret finds the number behind the number: IIS prints 403.16 in its
// error page, nginx says 400 and means 495 or 496.
func (r *Response) interpret(body string) {
	r.Code = strconv.Itoa(r.Status)
	for _, m := range substatus.FindAllStringSubmatch(body, 20) {
		if m[1] == r.Code {
			r.Substatus, _ = strconv.Atoi(m[2])
			r.Code += "." + m[2]
			return
		}
	}
	low := strings.ToLower(body)
	switch {
	case r.Status == http.StatusBadRequest && strings.Contains(low, "no required ssl certificate was sent"):
		r.Code = "496"
	case r.Status == http.StatusBadRequest && strings.Contains(low, "ssl certificate error"):
		r.Code = "495"
	case r.Status == http.StatusBadRequest && strings.Contains(low, "plain http request was sent to https port"):
		r.Code = "497"
	}
}

// name is how the answer is shown: "403.16 Forbidden".
func (r *Response) name() string {
	number := strconv.Itoa(r.Status)
	if r.Substatus > 0 {
		number += "." + strconv.Itoa(r.Substatus)
	}
	return strings.TrimSpace(number + " " + r.Text)
}

// refused reports whether the answer is about who may come in.
func (r *Response) refused() bool {
	switch r.Code {
	case "495", "496", "497":
		return true
	}
	return r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden || r.Status >= 495 && r.Status <= 497 || r.Status >= 500
}

// clean makes a server's words safe to show, at most n characters of them.
func clean(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
