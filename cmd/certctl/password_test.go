package main

import "testing"

// TestPasswordEncodings reads what PowerShell 5 (">": UTF-16), Notepad ("UTF-8
// with BOM") and Unix write, and leaves alone what only looks like it.
func TestPasswordEncodings(t *testing.T) {
	for in, want := range map[string]string{
		"pässwörd\r\n":                              "pässwörd",
		"\xef\xbb\xbfpässwörd\r\n":                  "pässwörd",
		"\xff\xfep\x00\xe4\x00\xac\x20\r\x00\n\x00": "pä€",
		"\xfe\xff\x00p\x00\xe4\x20\xac\x00\n":       "pä€",
		"\xff\xfe\x3d\xd8\x00\xde":                  "😀",
		"\xff\xfe":                                  "",
		"\xff\xfep":                                 "\xff\xfep", // half a character
		"p\xff\xfe":                                 "p\xff\xfe",
		"\xe4":                                      "\xe4",
		"":                                          "",
	} {
		if got, err := asPassword([]byte(in), nil, "a file"); err != nil || string(got) != want {
			t.Errorf("%q is read as %q, %v; want %q", in, got, err, want)
		}
	}
}
