//go:build linux && !cgo

package nss

import "errors"

// module stands for softoken in a program built without cgo, which cannot
// load it. No value of it exists, as load always fails.
type module struct{}

type scratch struct{}

var errNoCgo = errors.New("this program was built without cgo")

func load(path, params string) (*module, error) { return nil, errNoCgo }

func (m *module) openSession(slot, flags uint) (uint, error)                { return 0, errNoCgo }
func (m *module) closeSession(session uint)                                 {}
func (m *module) tokenFlags(slot uint) (uint, error)                        { return 0, errNoCgo }
func (m *module) mechanisms(slot uint) (map[uint]bool, error)               { return nil, errNoCgo }
func (m *module) version() string                                           { return "" }
func (m *module) login(session, user uint, pin string) error                { return errNoCgo }
func (m *module) logout(session uint) error                                 { return errNoCgo }
func (m *module) initPIN(session uint, pin string) error                    { return errNoCgo }
func (m *module) find(session uint, template []Attribute) ([]Handle, error) { return nil, errNoCgo }
func (m *module) values(session uint, h Handle, types []uint, room *scratch) ([][]byte, error) {
	return nil, errNoCgo
}
func (m *module) create(session uint, template []Attribute) (Handle, error) { return 0, errNoCgo }
func (m *module) set(session uint, h Handle, template []Attribute) error    { return errNoCgo }
func (m *module) destroy(session uint, h Handle) error                      { return errNoCgo }
func (m *module) sign(session, mechanism uint, parameter []byte, key Handle, data []byte) ([]byte, error) {
	return nil, errNoCgo
}
func (m *module) wrapKey(session, mechanism uint, parameter []byte, wrapping, key Handle) ([]byte, error) {
	return nil, errNoCgo
}
func (m *module) generateKeyPair(session, mechanism uint, public, private []Attribute) (Handle, Handle, error) {
	return 0, 0, errNoCgo
}
