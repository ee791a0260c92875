package elevate

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

// TestPlanIsPrivate wants nobody but this user, the system and administrators
// to read a plan, whatever its folder would let others do.
func TestPlanIsPrivate(t *testing.T) {
	path, _, err := write(filepath.Join(t.TempDir(), "plans"), somePlan())
	if err != nil {
		t.Fatal(err)
	}
	sd, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		t.Fatal(err)
	}
	for _, others := range []string{";;;WD)", ";;;BU)", ";;;AU)", ";ID;"} {
		if strings.Contains(sd.String(), others) {
			t.Errorf("the plan's access list has %s: %s", others, sd)
		}
	}
}
