// Package secret makes passwords for people to pass on.
package secret

import "crypto/rand"

// alphabet has no characters that are taken for each other: no 0, O, 1, I, l.
const alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

const (
	groups    = 4
	groupSize = 5
)

// Password returns a new password of four groups of five letters and digits,
// 116 bits. It has nothing that a shell, a form or a phone call would spoil.
func Password() []byte {
	var out []byte
	for i := range groups * groupSize {
		if i > 0 && i%groupSize == 0 {
			out = append(out, '-')
		}
		out = append(out, alphabet[pick(len(alphabet))])
	}
	return out
}

// pick returns a number below n, each equally likely.
func pick(n int) int {
	var b [1]byte
	for {
		_, _ = rand.Read(b[:]) // cannot fail since Go 1.24
		if int(b[0]) < 256/n*n {
			return int(b[0]) % n
		}
	}
}
