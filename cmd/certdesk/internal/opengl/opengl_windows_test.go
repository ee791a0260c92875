package opengl

import "testing"

func TestEnough(t *testing.T) {
	for version, want := range map[string]bool{
		"1.1.0": false, "1.4 Mesa": false, "2.0": false, "2.1": true, "2.1.0 - Build 8.15": true, "3.0": true, "4.6.0 NVIDIA 551.23": true,
		"10.0": true, "": false, "OpenGL ES 3.2": false, "4": false,
	} {
		if enough(version) != want {
			t.Errorf("%q: %v", version, !want)
		}
	}
}

// TestCheck runs the check; what it finds depends on the session.
func TestCheck(t *testing.T) {
	err := Check()
	t.Log(err)
	if err != nil && err.Error() == "" {
		t.Error("an error that says nothing")
	}
}
