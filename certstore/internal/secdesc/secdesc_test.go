package secdesc_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"certdesk/certstore/internal/secdesc"
)

// Descriptors as they stand on keys: of a CNG key, of a CryptoAPI key that a
// console granted to NETWORK SERVICE, of the registry key that Wine has for
// one, and what else there is.
var samples = []string{
	"O:SYG:SYD:P(A;;FA;;;SY)(A;;FA;;;BA)",
	"O:BAG:SYD:PAI(A;;0xd01f01ff;;;SY)(A;;0xd01f01ff;;;BA)(A;;0x80120089;;;NS)",
	"D:(A;CIIO;GR;;;BU)(A;;KA;;;BA)",
	"D:AI(D;;FR;;;S-1-5-21-1-2-3-1001)(A;;FR;;;LS)(A;ID;FA;;;SY)(A;OICIID;FR;;;WD)",
	"O:S-1-5-21-3623811015-3361044348-30300820-1013D:P",
	"D:NO_ACCESS_CONTROL",
	"O:S-1-0xFFFFFFFFFFFF-1",
	"",
}

func TestRoundTrip(t *testing.T) {
	for _, text := range samples {
		d, err := secdesc.ParseSDDL(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		b, err := d.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		again, err := secdesc.Parse(b)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := again.SDDL(); err != nil || got != text {
			t.Errorf("%s becomes %s, %v", text, got, err)
		}
		if more, err := again.Bytes(); err != nil || !bytes.Equal(more, b) {
			t.Errorf("%s: the bytes change from %x to %x", text, b, more)
		}
		for n := range b { // cut off anywhere it is an error, or something shorter; never a panic
			_, _ = secdesc.Parse(b[:n])
		}
	}
}

// TestBytes compares with octets put together by hand after [MS-DTYP] 2.4.6.
func TestBytes(t *testing.T) {
	want := []byte{
		1, 0, 0x04, 0x80, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, // header
		1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0, // owner S-1-5-18
		2, 0, 28, 0, 1, 0, 0, 0, // list
		0, 0, 20, 0, 0x89, 0, 0x12, 0, 1, 1, 0, 0, 0, 0, 0, 5, 20, 0, 0, 0, // entry
	}
	d, err := secdesc.ParseSDDL("O:SYD:(A;;FR;;;NS)")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.Bytes(); err != nil || !bytes.Equal(got, want) {
		t.Errorf("Bytes = %x, %v, want %x", got, err, want)
	}
}

// TestKeepsUnknown wants entries and audit lists that are not understood back
// as they were.
func TestKeepsUnknown(t *testing.T) {
	b := []byte{
		1, 0, 0x14, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 28, 0, 0, 0,
		2, 0, 8, 0, 0, 0, 0, 0,
		4, 0, 20, 0, 1, 0, 0, 0, // revision 4
		9, 0, 12, 0, 1, 2, 3, 4, 5, 6, 7, 8, // a callback entry
	}
	d, err := secdesc.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.Bytes(); err != nil || !bytes.Equal(got, b) {
		t.Errorf("Bytes = %x, %v", got, err)
	}
	if changed, err := d.Grant("S-1-5-20", secdesc.Use); !changed || err != nil || len(d.DACL) != 2 || d.DACL[0].Type != 9 {
		t.Errorf("Grant: %t, %v, %+v", changed, err, d.DACL)
	}
	if _, err := d.SDDL(); err == nil {
		t.Error("SDDL hides an entry that it cannot write")
	}
}

// TestAccounts has the identifiers that Microsoft documents for virtual
// accounts.
func TestAccounts(t *testing.T) {
	for name, want := range map[string]secdesc.SID{
		`IIS APPPOOL\DefaultAppPool`:   "S-1-5-82-3006700770-424185619-1745488364-794895919-4004696415",
		`iis apppool\defaultapppool`:   "S-1-5-82-3006700770-424185619-1745488364-794895919-4004696415",
		`NT SERVICE\TrustedInstaller`:  "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
		`NT AUTHORITY\NETWORK SERVICE`: "S-1-5-20",
		"Network Service":              "S-1-5-20",
		"everyone":                     "S-1-1-0",
		`BUILTIN\IIS_IUSRS`:            "S-1-5-32-568",
		"s-1-5-21-1-2-3-500":           "S-1-5-21-1-2-3-500",
		"S-1-05-18":                    "S-1-5-18",
		"S-1-0x5-18":                   "S-1-5-18",
		"NetworkService":               "S-1-5-20",
		`NT AUTHORITY\LocalService`:    "S-1-5-19",
		"LocalSystem":                  "S-1-5-18",
		`NT AUTHORITY\Local System`:    "S-1-5-18",
		`IIS AppPool\My Pool`:          "S-1-5-82-2895693528-721489872-1924241747-811648452-3673301054",
		`NT SERVICE\My Service`:        "S-1-5-80-2531244129-2761476898-3392407800-390980132-2312585309",
	} {
		if got, ok := secdesc.Account(name); !ok || got != want {
			t.Errorf("%s = %s, %t, want %s", name, got, ok, want)
		}
	}
	for _, name := range []string{"", `\`, "alice", `CORP\alice`, `IIS AppPool\`, "S-1", "S-1-5", "S-1-5-x", "S-1-0b101-18", "S-1-1_0-18", "S-2-5-18", "S-1-5-4294967296"} {
		if got, ok := secdesc.Account(name); ok {
			t.Errorf("%q is taken for %s", name, got)
		}
	}
}

func TestChanges(t *testing.T) {
	const pool = "S-1-5-82-1-2-3-4-5"
	for _, tt := range []struct {
		name, before, after string
		grant               bool
		sid                 secdesc.SID
		err                 error
	}{
		{"new", "D:P(A;;FA;;;SY)(A;;FA;;;BA)", "D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x80120089;;;" + pool + ")", true, pool, nil},
		{"before what is inherited", "D:(D;;FR;;;BG)(A;;FA;;;SY)(A;ID;FA;;;BA)", "D:(D;;FR;;;BG)(A;;FA;;;SY)(A;;0x80120089;;;NS)(A;ID;FA;;;BA)", true, "S-1-5-20", nil},
		{"there already", "D:(A;;FR;;;NS)", "D:(A;;FR;;;NS)", true, "S-1-5-20", nil},
		{"there by inheritance", "D:(A;ID;GA;;;NS)", "D:(A;ID;GA;;;NS)", true, "S-1-5-20", nil},
		{"only children inherit it", "D:(A;OIIO;GR;;;NS)", "D:(A;OIIO;GR;;;NS)(A;;0x80120089;;;NS)", true, "S-1-5-20", nil},
		{"merged with other rights", "D:(A;;SD;;;NS)(A;;FA;;;SY)", "D:(A;;0x80130089;;;NS)(A;;FA;;;SY)", true, "S-1-5-20", nil},
		{"empty list", "D:P", "D:P(A;;0x80120089;;;NS)", true, "S-1-5-20", nil},
		{"denied", "D:(D;;GR;;;NS)", "", true, "S-1-5-20", secdesc.ErrDenied},
		{"everybody is denied", "D:(D;;GA;;;WD)(A;;FA;;;SY)", "", true, "S-1-5-20", secdesc.ErrDenied},
		{"all who sign in are denied", "D:(D;;FR;;;AU)(A;;FA;;;SY)", "", true, pool, secdesc.ErrDenied},
		{"denied what is not needed", "D:(D;;SD;;;WD)(D;OIIO;GA;;;NS)", "D:(D;;SD;;;WD)(D;OIIO;GA;;;NS)(A;;0x80120089;;;NS)", true, "S-1-5-20", nil},
		{"another is denied", "D:(D;;GA;;;LS)", "D:(D;;GA;;;LS)(A;;0x80120089;;;NS)", true, "S-1-5-20", nil},
		{"inherited stays protected", "D:PAI(A;ID;FA;;;SY)", "D:PAI(A;;0x80120089;;;NS)(A;ID;FA;;;SY)", true, "S-1-5-20", nil},
		{"only writing is allowed", "D:(A;;GWGX;;;NS)", "D:(A;;0xe0120089;;;NS)", true, "S-1-5-20", nil},
		{"no list", "D:NO_ACCESS_CONTROL", "", true, "S-1-5-20", secdesc.ErrEverybody},
		{"none at all", "O:SY", "", true, "S-1-5-20", secdesc.ErrEverybody},
		{"revoke", "D:(A;;FA;;;SY)(A;;FR;;;NS)(A;;FR;;;LS)", "D:(A;;FA;;;SY)(A;;FR;;;LS)", false, "S-1-5-20", nil},
		{"revoke twice listed", "D:(A;;FR;;;NS)(A;;GA;;;NS)(A;;FA;;;SY)", "D:(A;;FA;;;SY)", false, "S-1-5-20", nil},
		{"revoke leaves denials and other rights", "D:(D;;FR;;;NS)(A;;SD;;;NS)", "D:(D;;FR;;;NS)(A;;SD;;;NS)", false, "S-1-5-20", nil},
		{"revoke of what only children inherit", "D:(A;CIIO;GR;;;NS)", "D:(A;CIIO;GR;;;NS)", false, "S-1-5-20", nil},
		{"revoke where it is inherited too", "D:(A;;FR;;;NS)(A;ID;FR;;;NS)", "", false, "S-1-5-20", secdesc.ErrInherited},
		{"revoke nobody", "D:(A;;FA;;;SY)", "D:(A;;FA;;;SY)", false, "S-1-5-20", nil},
		{"revoke inherited", "D:(A;ID;FR;;;NS)", "", false, "S-1-5-20", secdesc.ErrInherited},
		{"revoke SYSTEM", "D:(A;;FA;;;SY)", "", false, secdesc.System, secdesc.ErrNeeded},
		{"revoke Administrators", "D:(A;;FA;;;BA)", "", false, secdesc.Administrators, secdesc.ErrNeeded},
		{"revoke the owner", "O:LSD:(A;;FA;;;LS)", "", false, "S-1-5-19", secdesc.ErrNeeded},
		{"revoke without a list", "D:NO_ACCESS_CONTROL", "", false, "S-1-5-20", secdesc.ErrEverybody},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := secdesc.ParseSDDL(tt.before)
			if err != nil {
				t.Fatal(err)
			}
			var changed bool
			if tt.grant {
				changed, err = d.Grant(tt.sid, secdesc.Use)
			} else {
				changed, err = d.Revoke(tt.sid)
			}
			if !errors.Is(err, tt.err) || err != nil && changed {
				t.Fatalf("err = %v, changed %t, want %v", err, changed, tt.err)
			}
			got, _ := d.SDDL()
			if err != nil {
				tt.after = tt.before
			}
			if got != tt.after || changed != (tt.after != tt.before) {
				t.Errorf("changed %t to %s, want %s", changed, got, tt.after)
			}
		})
	}
}

func TestUsers(t *testing.T) {
	d, err := secdesc.ParseSDDL("D:(D;;FR;;;BG)(A;;FR;;;NS)(A;;GA;;;NS)(A;;SD;;;LS)(A;OIIO;GA;;;WD)(A;ID;KA;;;SY)(A;ID;GR;;;BU)")
	if err != nil {
		t.Fatal(err)
	}
	want := []secdesc.User{
		{SID: "S-1-5-32-546", Access: secdesc.Using, Denied: true},
		{SID: "S-1-5-20", Access: secdesc.Full},
		{SID: "S-1-5-18", Access: secdesc.Full, Inherited: true},
		{SID: "S-1-5-32-545", Access: secdesc.Using, Inherited: true},
	}
	got, everybody := d.Users()
	if everybody || len(got) != len(want) {
		t.Fatalf("Users = %+v, %t", got, everybody)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("user %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	none, _ := secdesc.ParseSDDL("D:NO_ACCESS_CONTROL")
	if _, everybody := none.Users(); !everybody {
		t.Error("a key without a list is not everybody's")
	}
}

func TestSameAccess(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"O:SYD:P(A;;GR;;;NS)", "O:BAD:AI(A;;FR;;;NS)", true},
		{"D:(A;;0x80120089;;;NS)", "D:(A;;FR;;;NS)", true},
		{"D:(A;;FR;;;NS)", "D:(A;;FA;;;NS)", false},
		{"D:(A;;FR;;;NS)", "D:(D;;FR;;;NS)", false},
		{"D:(A;;FR;;;NS)", "D:(A;ID;FR;;;NS)", false},
		{"D:(A;;FR;;;NS)", "D:(A;;FR;;;LS)", false},
		{"D:(A;;FR;;;NS)", "D:(A;;FR;;;NS)(A;;FR;;;LS)", false},
		{"D:", "D:NO_ACCESS_CONTROL", false},
		{"D:", "", false},
	} {
		a, err := secdesc.ParseSDDL(tt.a)
		if err != nil {
			t.Fatal(err)
		}
		b, err := secdesc.ParseSDDL(tt.b)
		if err != nil {
			t.Fatal(err)
		}
		if secdesc.SameAccess(a, b) != tt.same || secdesc.SameAccess(b, a) != tt.same {
			t.Errorf("%s and %s: want same %t", tt.a, tt.b, tt.same)
		}
	}
}

func TestMalformedSDDL(t *testing.T) {
	for _, text := range []string{"X", "X:", "D:(", "D:(A;;FR;;;NS", "D:()", "D:(A;;FR;;;)", "D:(A;;QQ;;;NS)", "D:(A;;F;;;NS)", "D:(A;Z;FR;;;NS)", "D:(A;;FR;;;DA)",
		"D:Z(A;;FR;;;NS)", "O:nobody", "D:(OA;;FR;;;NS)", "D:(A;;0x1ffffffff;;;NS)", "S:(AU;SA;FA;;;WD)"} {
		if d, err := secdesc.ParseSDDL(text); !errors.Is(err, secdesc.ErrDescriptor) && !errors.Is(err, secdesc.ErrSID) {
			t.Errorf("%s = %+v, %v", text, d, err)
		}
	}
}

// TestLongLists fills a list to its limit, and refuses one entry more.
func TestLongLists(t *testing.T) {
	d, err := secdesc.ParseSDDL("O:SYD:P(A;;FA;;;SY)")
	if err != nil {
		t.Fatal(err)
	}
	const most = (1<<16 - 1 - 8 - 20) / 40 // entries of five numbers, after the list's header and SYSTEM
	for n := range most {
		d.DACL = append(d.DACL, secdesc.ACE{Mask: secdesc.Use, SID: secdesc.SID(fmt.Sprintf("S-1-5-82-1-2-3-4-%d", n))})
	}
	b, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	full, err := secdesc.Parse(b)
	if err != nil || len(full.DACL) != most+1 || full.Owner != secdesc.System || full.Control&secdesc.DACLProtected == 0 {
		t.Fatalf("the full list is read as %d entries, %v", len(full.DACL), err)
	}
	if changed, err := full.Grant("S-1-5-82-1-2-3-4-0", secdesc.Use); changed || err != nil {
		t.Errorf("Grant to the first: %t, %v", changed, err)
	}
	if changed, err := full.Grant("S-1-5-82-9-9-9-9-9", secdesc.Use); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if _, err := full.Bytes(); !errors.Is(err, secdesc.ErrFull) {
		t.Errorf("one entry more: %v", err)
	}
	if changed, err := full.Revoke("S-1-5-82-1-2-3-4-0"); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if _, err := full.Bytes(); err != nil {
		t.Errorf("one for another: %v", err)
	}
}

// TestObjectEntries leaves entries for objects of Active Directory, and what
// else it does not understand, in their places.
func TestObjectEntries(t *testing.T) {
	d, err := secdesc.ParseSDDL("D:P(D;;FR;;;BG)(A;;FA;;;SY)")
	if err != nil {
		t.Fatal(err)
	}
	object := secdesc.ACE{Type: 5, Body: append([]byte{1, 0, 0, 0, 0, 0, 0, 0}, 1, 1, 0, 0, 0, 0, 0, 5, 20, 0, 0, 0)}
	d.DACL = slices.Insert(d.DACL, 1, object)
	if changed, err := d.Grant("S-1-5-20", secdesc.Use); !changed || err != nil {
		t.Fatal(changed, err)
	}
	b, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	again, err := secdesc.Parse(b)
	if err != nil || len(again.DACL) != 4 || !bytes.Equal(again.DACL[1].Body, object.Body) || again.DACL[1].Type != 5 || again.DACL[3].SID != "S-1-5-20" {
		t.Fatalf("%+v, %v", again, err)
	}
	if changed, err := again.Revoke("S-1-5-20"); !changed || err != nil || len(again.DACL) != 3 || again.DACL[1].Type != 5 {
		t.Errorf("Revoke: %t, %v, %+v", changed, err, again.DACL)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range samples {
		d, err := secdesc.ParseSDDL(text)
		if err != nil {
			f.Fatal(err)
		}
		b, err := d.Bytes()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := secdesc.Parse(b)
		if err != nil {
			return
		}
		out, err := d.Bytes()
		if err != nil {
			return
		}
		again, err := secdesc.Parse(out)
		if err != nil || !secdesc.SameAccess(d, again) || again.Owner != d.Owner {
			t.Errorf("%x becomes %x: %v", b, out, err)
		}
	})
}
