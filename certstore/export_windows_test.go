package certstore

import "errors"

// DenyMachine makes a store behave as if the user had no rights on the
// machine's stores, which Wine cannot do.
func DenyMachine(s Store) {
	s.(*windowsStore).writable = func() error { return errDenied }
}

var errDenied = &because{ErrDenied, errors.New("RegOpenKeyEx: Access is denied")}

// Links returns where the keys of all entries are, the user's first.
func Links(s Store) ([]*link, error) {
	var list []*link
	for _, loc := range []Location{User, Machine} {
		all, err := s.(*windowsStore).all(loc)
		if err != nil {
			return nil, err
		}
		for _, e := range all {
			if e.link != nil {
				list = append(list, e.link)
			}
		}
	}
	return list, nil
}

// MachineWritable tells why the machine's stores cannot be changed.
var MachineWritable = machineWritable

// What the last resort reads and writes.
var (
	FileDescriptor = fileDescriptor
	SetFileList    = setFileList
)
