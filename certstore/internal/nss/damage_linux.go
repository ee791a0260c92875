package nss

import (
	"encoding/binary"
	"os"
	"path/filepath"
)

// damaged reports whether one of the files is no SQLite database, or lacks its
// end. Softoken answers to both as to a database that another program locked.
func (d *Database) damaged() bool {
	return damagedFile(filepath.Join(d.Dir, "cert9.db")) || damagedFile(filepath.Join(d.Dir, "key4.db"))
}

// damagedFile looks at the header, see "Database File Format" of SQLite,
// section 1.3.
func damagedFile(path string) bool {
	const magic = "SQLite format 3\x00"
	for _, suffix := range []string{"-journal", "-wal"} {
		if _, err := os.Lstat(path + suffix); err == nil {
			return false // somebody writes at this moment, or was killed while doing so
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [100]byte
	n, _ := f.ReadAt(head[:], 0)
	st, err := f.Stat()
	switch {
	case err != nil || !st.Mode().IsRegular() || n == 0 && st.Size() == 0:
		return false
	case n < len(head) || string(head[:len(magic)]) != magic:
		return true
	}
	page := int64(binary.BigEndian.Uint16(head[16:]))
	if page == 1 {
		page = 1 << 16
	}
	counter, validFor := binary.BigEndian.Uint32(head[24:]), binary.BigEndian.Uint32(head[92:])
	return counter == validFor && st.Size() < page*int64(binary.BigEndian.Uint32(head[28:]))
}
