package nss

// A Session is a session with a database, for one goroutine.
type Session struct {
	lib *Library
	h   uint
	// Locked is true while a password hides the private keys.
	Locked bool

	room *scratch
}

// Find returns the objects that match template (C_FindObjects).
func (s *Session) Find(template ...Attribute) ([]Handle, error) {
	return s.lib.m.find(s.h, template)
}

// Values returns attributes of an object (C_GetAttributeValue). It fails with
// CKR_ATTRIBUTE_TYPE_INVALID if the object lacks one of them.
func (s *Session) Values(h Handle, types ...uint) ([][]byte, error) {
	return s.lib.m.values(s.h, h, types, s.room)
}

// Create stores an object (C_CreateObject).
func (s *Session) Create(template ...Attribute) (Handle, error) {
	return s.lib.m.create(s.h, template)
}

// Set changes attributes of an object (C_SetAttributeValue).
func (s *Session) Set(h Handle, template ...Attribute) error {
	return s.lib.m.set(s.h, h, template)
}

// Destroy deletes an object (C_DestroyObject).
func (s *Session) Destroy(h Handle) error {
	return s.lib.m.destroy(s.h, h)
}

// Sign signs data (C_SignInit, C_Sign).
func (s *Session) Sign(mechanism uint, parameter []byte, key Handle, data []byte) ([]byte, error) {
	return s.lib.m.sign(s.h, mechanism, parameter, key, data)
}

// Wrap returns key encrypted with wrapping (C_WrapKey).
func (s *Session) Wrap(mechanism uint, parameter []byte, wrapping, key Handle) ([]byte, error) {
	return s.lib.m.wrapKey(s.h, mechanism, parameter, wrapping, key)
}

// GenerateKeyPair makes a key pair (C_GenerateKeyPair) of the templates of its
// halves.
func (s *Session) GenerateKeyPair(mechanism uint, public, private []Attribute) (pub, priv Handle, err error) {
	return s.lib.m.generateKeyPair(s.h, mechanism, public, private)
}
