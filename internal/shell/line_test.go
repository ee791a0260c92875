package shell

import "testing"

// TestWindowsLine wants what CommandLineToArgvW takes apart into the words:
// its rules are in Microsoft's "Parsing C++ command-line arguments".
func TestWindowsLine(t *testing.T) {
	for want, words := range map[string][]string{
		`openssl -in C:\keys\client.pfx`:       {"openssl", "-in", `C:\keys\client.pfx`},
		`"C:\my keys\clïent é.pfx" ""`:         {`C:\my keys\clïent é.pfx`, ""},
		`-name "Jane \"JD\" Doe" "it's"`:       {"-name", `Jane "JD" Doe`, "it's"},
		`"a b\\" "back \\\" slash" "a&b" "^x"`: {`a b\`, `back \" slash`, "a&b", "^x"},
	} {
		if got := line("windows", words); got != want {
			t.Errorf("%q: %s, want %s", words, got, want)
		}
	}
	if w, p := remove("windows", "all.pem"), remove("linux", "all.pem"); w != "del all.pem" || p != "rm all.pem" {
		t.Errorf("%s, %s", w, p)
	}
}
