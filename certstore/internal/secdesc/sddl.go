package secdesc

import (
	"fmt"
	"strconv"
	"strings"
)

// Two-letter words of SDDL, [MS-DTYP] 2.5.1.1; the order is that in which they
// are written.
type word struct {
	text string
	bits uint32
}

var rightWords = []word{
	{"GA", GenericAll}, {"GR", GenericRead}, {"GW", GenericWrite}, {"GX", GenericExec},
	{"FA", FileAll}, {"FR", FileRead}, {"FW", FileWrite}, {"FX", FileExec},
	{"KA", KeyAll}, {"KR", KeyRead}, {"KW", 0x20006}, {"KX", KeyRead},
	{"RC", 0x20000}, {"SD", 0x10000}, {"WD", 0x40000}, {"WO", 0x80000},
	{"CC", 0x1}, {"DC", 0x2}, {"LC", 0x4}, {"SW", 0x8}, {"RP", 0x10}, {"WP", 0x20}, {"DT", 0x40}, {"LO", 0x80}, {"CR", 0x100},
}

var flagWords = []word{
	{"OI", uint32(ObjectInherit)}, {"CI", uint32(ContainerInherit)}, {"NP", uint32(NoPropagate)}, {"IO", uint32(InheritOnly)}, {"ID", uint32(Inherited)},
}

// SDDL returns the descriptor without its audit list. It fails for entries that
// are neither Allow nor Deny.
func (d *Descriptor) SDDL() (string, error) {
	var b strings.Builder
	if d.Owner != "" {
		b.WriteString("O:" + sidWord(d.Owner))
	}
	if d.Group != "" {
		b.WriteString("G:" + sidWord(d.Group))
	}
	if d.Control&DACLPresent == 0 {
		return b.String(), nil
	}
	b.WriteString("D:")
	if d.Control&DACLProtected != 0 {
		b.WriteString("P")
	}
	if d.Control&DACLAutoInherited != 0 {
		b.WriteString("AI")
	}
	if d.NullDACL {
		b.WriteString("NO_ACCESS_CONTROL")
	}
	for _, a := range d.DACL {
		kind := "A"
		switch a.Type {
		case Allow:
		case Deny:
			kind = "D"
		default:
			return "", fmt.Errorf("an entry is of type %d, which SDDL is not written for here", a.Type)
		}
		fmt.Fprintf(&b, "(%s;%s;%s;;;%s)", kind, flagText(a.Flags), rightText(a.Mask), sidWord(a.SID))
	}
	return b.String(), nil
}

func flagText(flags byte) string {
	var b strings.Builder
	for _, w := range flagWords {
		if uint32(flags)&w.bits != 0 {
			b.WriteString(w.text)
		}
	}
	return b.String()
}

// rightText writes one word where one says it all, else a number.
func rightText(mask uint32) string {
	for _, w := range rightWords {
		if w.bits == mask {
			return w.text
		}
	}
	return fmt.Sprintf("0x%x", mask)
}

func sidWord(s SID) string {
	for _, w := range wellKnown {
		if w.sid == s && w.abbreviation != "" {
			return w.abbreviation
		}
	}
	return string(s)
}

// ParseSDDL reads owner, group and access list. Abbreviations that depend on a
// domain, such as DA, and audit lists are refused.
func ParseSDDL(text string) (*Descriptor, error) {
	d := &Descriptor{}
	if len(text) > maxSize {
		return nil, malformed("it is too long")
	}
	rest := text
	for rest != "" {
		part, after, ok := strings.Cut(rest, ":")
		if !ok {
			return nil, malformed(fmt.Sprintf("%.40q", rest))
		}
		var value string
		value, rest = cutPart(after)
		var err error
		switch part {
		case "O":
			d.Owner, err = parseSIDWord(value)
		case "G":
			d.Group, err = parseSIDWord(value)
		case "D":
			err = d.parseDACL(value)
		default:
			err = malformed(fmt.Sprintf("part %.10q is not known", part))
		}
		if err != nil {
			return nil, err
		}
	}
	return d, nil
}

// cutPart returns what stands before the next "X:".
func cutPart(s string) (value, rest string) {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ':':
			if depth == 0 && i > 0 {
				return s[:i-1], s[i-1:]
			}
		}
	}
	return s, ""
}

func (d *Descriptor) parseDACL(text string) error {
	flags, entries := text, ""
	if i := strings.IndexByte(text, '('); i >= 0 {
		flags, entries = text[:i], text[i:]
	}
	d.Control |= DACLPresent
	for flags != "" {
		switch {
		case strings.HasPrefix(flags, "NO_ACCESS_CONTROL"):
			d.NullDACL, flags = true, flags[len("NO_ACCESS_CONTROL"):]
		case strings.HasPrefix(flags, "P"):
			d.Control, flags = d.Control|DACLProtected, flags[1:]
		case strings.HasPrefix(flags, "AI"):
			d.Control, flags = d.Control|DACLAutoInherited, flags[2:]
		case strings.HasPrefix(flags, "AR"):
			d.Control, flags = d.Control|0x0100, flags[2:]
		default:
			return malformed(fmt.Sprintf("list flag %.20q", flags))
		}
	}
	for entries != "" {
		one, rest, ok := strings.Cut(strings.TrimPrefix(entries, "("), ")")
		if !ok || entries[0] != '(' {
			return malformed(fmt.Sprintf("entry %.40q", entries))
		}
		a, err := parseACE(one)
		if err != nil {
			return err
		}
		d.DACL = append(d.DACL, a)
		entries = rest
	}
	return nil
}

func parseACE(text string) (ACE, error) {
	f := strings.Split(text, ";")
	if len(f) != 6 || f[3] != "" || f[4] != "" {
		return ACE{}, malformed(fmt.Sprintf("entry %.80q", text))
	}
	var a ACE
	switch f[0] {
	case "A":
	case "D":
		a.Type = Deny
	default:
		return a, malformed(fmt.Sprintf("entry of type %.10q", f[0]))
	}
	flags, err := parseWords(f[1], flagWords)
	if err != nil {
		return a, err
	}
	a.Flags = byte(flags)
	if n, err := strconv.ParseUint(f[2], 0, 32); err == nil {
		a.Mask = uint32(n)
	} else if a.Mask, err = parseWords(f[2], rightWords); err != nil {
		return a, err
	}
	a.SID, err = parseSIDWord(f[5])
	return a, err
}

func parseWords(text string, words []word) (bits uint32, err error) {
	for rest := text; rest != ""; rest = rest[2:] {
		found := false
		for _, w := range words {
			if strings.HasPrefix(rest, w.text) {
				bits, found = bits|w.bits, true
				break
			}
		}
		if !found {
			return 0, malformed(fmt.Sprintf("word %.20q", rest))
		}
	}
	return bits, nil
}

func parseSIDWord(text string) (SID, error) {
	for _, w := range wellKnown {
		if w.abbreviation != "" && w.abbreviation == text {
			return w.sid, nil
		}
	}
	return ParseSID(text)
}
