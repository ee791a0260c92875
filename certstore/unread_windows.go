package certstore

import (
	"encoding/binary"
	"slices"
	"strings"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"certdesk/certstore/internal/wincrypt"
	"certdesk/internal/certificate"
)

// maxUnread bounds what one registry value is read of, in bytes.
const maxUnread = 1 << 20

// certificates opens the registry key in which the store y keeps its own, and
// returns its path as people write it.
func (y systemStore) certificates() (key registry.Key, path string, err error) {
	root, hive := registry.CURRENT_USER, `HKCU\`
	if y.loc == Machine {
		root, hive = registry.LOCAL_MACHINE, `HKLM\`
	}
	path = certificatesKey + `\` + y.windows + `\Certificates`
	key, err = registry.OpenKey(root, path, registry.READ)
	return key, hive + path, err
}

// registered returns the names of what stands in the registry as certificates
// of the store, their SHA-1.
func (y systemStore) registered() []string {
	key, _, err := y.certificates()
	if err != nil { // it has none there; without rights Windows gives out nothing either, which is said elsewhere
		return nil
	}
	defer key.Close()
	names, _ := key.ReadSubKeyNames(-1)
	return names
}

// unread returns those of the names, which were read before own, that Windows
// does not give out: it could not read them, or does not want to. A list that
// left them out would hide what somebody put there.
func (y systemStore) unread(names []string, own []held) []Entry {
	given := map[string]bool{}
	for _, e := range own {
		given[e.SHA1()] = true
	}
	names = slices.DeleteFunc(names, func(n string) bool { return given[strings.ToLower(n)] })
	if len(names) == 0 {
		return nil
	}
	key, path, err := y.certificates()
	if err != nil {
		return nil
	}
	defer key.Close()
	var list []Entry
	for _, name := range names {
		props := serialized(readBlob(key, name))
		der := props[wincrypt.CERT_CERT_PROP_ID]
		if len(der) == 0 || given[certificate.Parse(der).SHA1()] { // deleted meanwhile, or under another name
			continue
		}
		_, archived := props[wincrypt.CERT_ARCHIVED_PROP_ID]
		list = append(list, Entry{
			Location: y.loc, Store: y.name, DER: der, FriendlyName: text(props[wincrypt.CERT_FRIENDLY_NAME_PROP_ID]), Key: KeyNone,
			Archived: archived, Origin: path + `\` + name, Provided: ByRegistry, ReadOnly: true,
		})
	}
	return list
}

// readBlob returns the value in which Windows keeps a certificate.
func readBlob(certificates registry.Key, name string) []byte {
	key, err := registry.OpenKey(certificates, name, registry.QUERY_VALUE)
	if err != nil {
		return nil
	}
	defer key.Close()
	if n, _, err := key.GetValue("Blob", nil); err != nil || n > maxUnread {
		return nil
	}
	blob, _, _ := key.GetBinaryValue("Blob")
	return blob
}

// serialized splits a serialized certificate into its properties: each is a
// property identifier, an encoding type and a length of four octets, and that
// many octets. The certificate comes as one of them.
func serialized(blob []byte) map[uint32][]byte {
	const header = 12
	props := map[uint32][]byte{}
	for len(blob) >= header {
		id, n := binary.LittleEndian.Uint32(blob), binary.LittleEndian.Uint32(blob[8:])
		blob = blob[header:]
		if uint64(n) > uint64(len(blob)) {
			break
		}
		props[id], blob = blob[:n], blob[n:]
	}
	return props
}

// text reads a property that is a string.
func text(utf16 []byte) string {
	var wide []uint16
	for ; len(utf16) >= 2; utf16 = utf16[2:] {
		wide = append(wide, binary.LittleEndian.Uint16(utf16))
	}
	return windows.UTF16ToString(wide)
}
