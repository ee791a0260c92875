//go:build darwin || linux

// Package dylib fills a [keychain.Library] from dynamic libraries. Programs
// link it on macOS only, tests on Linux too, to load a stand-in.
package dylib

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unsafe"

	"github.com/ebitengine/purego"

	"certdesk/certstore/internal/keychain"
)

// The frameworks. No file is there since macOS 11; the loader knows them.
const (
	CoreFoundation = "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation"
	Security       = "/System/Library/Frameworks/Security.framework/Security"
)

// Load fills a Library from the libraries at two paths. Every symbol is looked
// up now; the error names all that are missing.
func Load(coreFoundation, security string) (*keychain.Library, error) {
	l := &keychain.Library{}
	var missing []string
	for _, framework := range []struct {
		path string
		part any
	}{{coreFoundation, &l.CoreFoundation}, {security, &l.Security}} {
		handle, err := purego.Dlopen(framework.path, purego.RTLD_NOW|purego.RTLD_LOCAL)
		if err != nil {
			return nil, fmt.Errorf("load %s: %w", framework.path, err)
		}
		missing = append(missing, fill(framework.part, handle)...)
	}
	if len(missing) > 0 {
		return nil, errors.New("this system has no " + strings.Join(missing, ", "))
	}
	return l, nil
}

// fill sets the fields of the structure that part points to and returns the
// symbols that are missing.
func fill(part any, handle uintptr) (missing []string) {
	v := reflect.ValueOf(part).Elem()
	for i := range v.NumField() {
		name := symbol(v.Type().Field(i))
		address, err := purego.Dlsym(handle, name)
		if err != nil || address == 0 {
			missing = append(missing, name)
			continue
		}
		switch field := v.Field(i).Addr().Interface().(type) {
		case *keychain.Ref: // the symbol is a variable
			*field = **(**keychain.Ref)(unsafe.Pointer(&address))
		case *keychain.Address: // the symbol is the structure
			*field = keychain.Address(address)
		default:
			purego.RegisterFunc(field, address)
		}
	}
	return missing
}

// symbol returns the name of a field in the library: Apple's constants begin
// with a small k.
func symbol(f reflect.StructField) string {
	if name := f.Tag.Get("symbol"); name != "" {
		return name
	}
	if strings.HasPrefix(f.Name, "K") {
		return "k" + f.Name[1:]
	}
	return f.Name
}
