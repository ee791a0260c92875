//go:build linux && cgo

package nss

/*
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdlib.h>

typedef unsigned long ulong_t; // CK_ULONG
typedef struct { ulong_t type; void *value; ulong_t length; } attribute; // CK_ATTRIBUTE
typedef ulong_t (*get_attribute_value)(ulong_t, ulong_t, attribute *, ulong_t);

// The beginning of a CK_FUNCTION_LIST: a version, then the functions in the
// order of PKCS#11 2.40 section 4.6.
struct functions { unsigned char version[2]; void *before[24]; get_attribute_value getAttributeValue; };

static get_attribute_value getter(void *library) {
	struct functions *list = NULL;
	ulong_t (*get)(struct functions **) = (ulong_t (*)(struct functions **))dlsym(library, "C_GetFunctionList");
	return get && get(&list) == 0 && list ? list->getAttributeValue : NULL;
}

// number reports whether an attribute that this package reads is a CK_ULONG.
static int number(ulong_t type) {
	return type == 0x100 || // CKA_KEY_TYPE
		(type >= 0x62C && type <= 0x62F) || // CKA_PKCS_TRUST_SERVER_AUTH to CKA_PKCS_TRUST_EMAIL
		(type >= 0xCE536358 && type <= 0xCE53635B); // CKA_TRUST_SERVER_AUTH to CKA_TRUST_EMAIL
}

// values reads n attributes of an object into buf, size octets for each.
// length has the types before and the lengths after. Numbers are given just
// the room they take: softoken mistakes larger room for too little
// (sftkdb_fixupTemplateOut).
static ulong_t values(get_attribute_value f, ulong_t session, ulong_t object, ulong_t *length, ulong_t n, unsigned char *buf, ulong_t size) {
	attribute list[6];
	for (ulong_t i = 0; i < n; i++)
		list[i] = (attribute){length[i], buf + i * size, number(length[i]) ? sizeof(ulong_t) : size};
	ulong_t rv = f(session, object, list, n);
	for (ulong_t i = 0; i < n; i++)
		length[i] = list[i].length;
	return rv;
}
*/
import "C"

import (
	"bytes"
	"errors"
	"fmt"
	"unsafe"

	"github.com/miekg/pkcs11"
)

// findBatch is how many handles one C_FindObjects call may return.
const findBatch = 4096

// module is a loaded PKCS#11 library. Its methods are the C functions of the
// same name.
type module struct {
	ctx *pkcs11.Ctx
	get C.get_attribute_value
}

// load loads the library at path and initialises it with NSS's parameters.
func load(path, params string) (*module, error) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	// pkcs11.New does not say why it fails.
	h := C.dlopen(name, C.RTLD_LAZY)
	if h == nil {
		return nil, errors.New(C.GoString(C.dlerror()))
	}
	defer C.dlclose(h)
	ctx := pkcs11.New(path)
	if ctx == nil {
		return nil, fmt.Errorf("%s is not a PKCS#11 module", path)
	}
	m := &module{ctx, C.getter(h)}
	// Softoken may look at the string until C_Finalize, which is never called.
	if err := m.error("C_Initialize", ctx.Initialize(pkcs11.InitializeWithReserved(unsafe.Pointer(C.CString(params))))); err != nil {
		ctx.Destroy()
		return nil, err
	}
	return m, nil
}

func (m *module) error(call string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[pkcs11.Error](err); ok {
		return &Error{Call: call, Code: uint(e)}
	}
	return fmt.Errorf("%s: %w", call, err)
}

func (m *module) openSession(slot, flags uint) (uint, error) {
	h, err := m.ctx.OpenSession(slot, flags)
	return uint(h), m.error("C_OpenSession", err)
}

func (m *module) closeSession(session uint) {
	_ = m.ctx.CloseSession(pkcs11.SessionHandle(session)) // nothing can be done about it
}

func (m *module) tokenFlags(slot uint) (uint, error) {
	info, err := m.ctx.GetTokenInfo(slot)
	return info.Flags, m.error("C_GetTokenInfo", err)
}

func (m *module) mechanisms(slot uint) (map[uint]bool, error) {
	list, err := m.ctx.GetMechanismList(slot)
	set := make(map[uint]bool, len(list))
	for _, mech := range list {
		set[mech.Mechanism] = true
	}
	return set, m.error("C_GetMechanismList", err)
}

func (m *module) version() string {
	info, err := m.ctx.GetInfo()
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d.%d", info.LibraryVersion.Major, info.LibraryVersion.Minor)
}

func (m *module) login(session, user uint, pin string) error {
	return m.error("C_Login", m.ctx.Login(pkcs11.SessionHandle(session), user, pin))
}

func (m *module) logout(session uint) error {
	return m.error("C_Logout", m.ctx.Logout(pkcs11.SessionHandle(session)))
}

func (m *module) initPIN(session uint, pin string) error {
	return m.error("C_InitPIN", m.ctx.InitPIN(pkcs11.SessionHandle(session), pin))
}

func (m *module) find(session uint, template []Attribute) ([]Handle, error) {
	s := pkcs11.SessionHandle(session)
	if err := m.ctx.FindObjectsInit(s, attributes(template)); err != nil {
		return nil, m.error("C_FindObjectsInit", err)
	}
	var found []Handle
	for {
		list, _, err := m.ctx.FindObjects(s, findBatch)
		for _, h := range list {
			found = append(found, Handle(h))
		}
		if err != nil {
			_ = m.ctx.FindObjectsFinal(s)
			return nil, m.error("C_FindObjects", err)
		}
		if len(list) == 0 {
			return found, m.error("C_FindObjectsFinal", m.ctx.FindObjectsFinal(s))
		}
	}
}

// roomFor is how many octets of an attribute are expected at most, and
// attributesAtOnce how many attributes.
const roomFor, attributesAtOnce = 4096, 6

// A scratch is where a session's attributes are read to.
type scratch struct {
	length [attributesAtOnce]C.ulong_t
	value  [attributesAtOnce * roomFor]byte
}

// values asks once, with room for what a certificate usually has. The binding
// asks for the lengths first, which costs softoken as much again: a query of
// the database, and the locks for it.
func (m *module) values(session uint, h Handle, types []uint, room *scratch) ([][]byte, error) {
	if n := len(types); m.get != nil && n > 0 && n <= attributesAtOnce {
		for i, t := range types {
			room.length[i] = C.ulong_t(t)
		}
		if C.values(m.get, C.ulong_t(session), C.ulong_t(h), &room.length[0], C.ulong_t(n), (*C.uchar)(&room.value[0]), roomFor) == 0 {
			values := make([][]byte, n)
			for i := range values {
				values[i] = bytes.Clone(room.value[i*roomFor:][:min(room.length[i], roomFor)])
			}
			return values, nil
		}
	}
	query := make([]*pkcs11.Attribute, len(types))
	for i, t := range types {
		query[i] = &pkcs11.Attribute{Type: t}
	}
	answer, err := m.ctx.GetAttributeValue(pkcs11.SessionHandle(session), pkcs11.ObjectHandle(h), query)
	if err != nil {
		return nil, m.error("C_GetAttributeValue", err)
	}
	values := make([][]byte, len(types))
	for i, a := range answer {
		values[i] = a.Value
	}
	return values, nil
}

func (m *module) create(session uint, template []Attribute) (Handle, error) {
	h, err := m.ctx.CreateObject(pkcs11.SessionHandle(session), attributes(template))
	return Handle(h), m.error("C_CreateObject", err)
}

func (m *module) set(session uint, h Handle, template []Attribute) error {
	return m.error("C_SetAttributeValue", m.ctx.SetAttributeValue(pkcs11.SessionHandle(session), pkcs11.ObjectHandle(h), attributes(template)))
}

func (m *module) destroy(session uint, h Handle) error {
	return m.error("C_DestroyObject", m.ctx.DestroyObject(pkcs11.SessionHandle(session), pkcs11.ObjectHandle(h)))
}

func (m *module) sign(session, mechanism uint, parameter []byte, key Handle, data []byte) ([]byte, error) {
	s := pkcs11.SessionHandle(session)
	mech := []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, parameter)}
	if err := m.ctx.SignInit(s, mech, pkcs11.ObjectHandle(key)); err != nil {
		return nil, m.error("C_SignInit", err)
	}
	sig, err := m.ctx.Sign(s, data)
	return sig, m.error("C_Sign", err)
}

func (m *module) wrapKey(session, mechanism uint, parameter []byte, wrapping, key Handle) ([]byte, error) {
	mech := []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, parameter)}
	out, err := m.ctx.WrapKey(pkcs11.SessionHandle(session), mech, pkcs11.ObjectHandle(wrapping), pkcs11.ObjectHandle(key))
	return out, m.error("C_WrapKey", err)
}

func (m *module) generateKeyPair(session, mechanism uint, public, private []Attribute) (Handle, Handle, error) {
	mech := []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)}
	pub, priv, err := m.ctx.GenerateKeyPair(pkcs11.SessionHandle(session), mech, attributes(public), attributes(private))
	return Handle(pub), Handle(priv), m.error("C_GenerateKeyPair", err)
}

func attributes(template []Attribute) []*pkcs11.Attribute {
	list := make([]*pkcs11.Attribute, len(template))
	for i, a := range template {
		list[i] = &pkcs11.Attribute{Type: a.Type, Value: a.Value}
	}
	return list
}
