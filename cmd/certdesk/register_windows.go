package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// createdValue lists in [productKey] which keys register made, so that
// unregister takes away those and no others.
const createdValue = "Created"

var procSHChangeNotify = windows.NewLazySystemDLL("shell32.dll").NewProc("SHChangeNotify")

// associationsChanged tells the desktop to look at file types again.
func associationsChanged() {
	const assocChanged, idList = 0x08000000, 0
	procSHChangeNotify.Call(assocChanged, idList, 0, 0) // returns nothing
}

// register makes Certdesk a program that opens certificates, for this user.
func register() error {
	exe, err := program()
	if err != nil {
		return err
	}
	values := registration(exe)
	created := createdBefore()
	for _, path := range keysOf(values) {
		k, existed, err := registry.CreateKey(registry.CURRENT_USER, path, registry.SET_VALUE)
		if err != nil {
			return fmt.Errorf("register: HKEY_CURRENT_USER\\%s: %w", path, err)
		}
		k.Close()
		if !existed {
			created = append(created, path)
		}
	}
	// The list comes before the values: what is interrupted can be taken back.
	if err := set(productKey, func(k registry.Key) error { return k.SetStringsValue(createdValue, created) }); err != nil {
		return err
	}
	for _, v := range values {
		if err := set(v.key, func(k registry.Key) error { return k.SetStringValue(v.name, v.text) }); err != nil {
			return err
		}
	}
	for _, v := range defaults() {
		// Nobody opens such files yet. Wine does not show the user's classes
		// among all.
		if text(registry.CLASSES_ROOT, v.key[len(classesKey):], "") == "" && text(registry.CURRENT_USER, v.key, "") == "" {
			if err := set(v.key, func(k registry.Key) error { return k.SetStringValue("", v.text) }); err != nil {
				return err
			}
		}
	}
	associationsChanged()
	return nil
}

// program returns the path of what is registered.
func program() (string, error) {
	exe, err := os.Executable()
	return registered(exe, func(path string) bool {
		st, err := os.Stat(path)
		return err == nil && st.Mode().IsRegular()
	}), err
}

// text returns a value of the registry, "" if there is none.
func text(root registry.Key, path, name string) string {
	k, err := registry.OpenKey(root, path, registry.QUERY_VALUE)
	if err != nil {
		return ""
	}
	defer k.Close()
	s, _, _ := k.GetStringValue(name)
	return s
}

func set(path string, f func(registry.Key) error) error {
	k, err := registry.OpenKey(registry.CURRENT_USER, path, registry.SET_VALUE)
	if err == nil {
		err = f(k)
		k.Close()
	}
	if err != nil {
		return fmt.Errorf("register: HKEY_CURRENT_USER\\%s: %w", path, err)
	}
	return nil
}

func createdBefore() []string {
	k, err := registry.OpenKey(registry.CURRENT_USER, productKey, registry.QUERY_VALUE)
	if err != nil {
		return nil
	}
	defer k.Close()
	created, _, _ := k.GetStringsValue(createdValue) // none: nothing was registered
	return created
}

// unregister takes away the values that register wrote, wherever the program
// was then, and the keys that it made and nobody else uses.
func unregister() error {
	created := createdBefore()
	exe, err := program()
	if err != nil {
		return err
	}
	values := append(registration(exe), regValue{productKey, createdValue, ""})
	for _, name := range programsIn(created) {
		values = append(values, registration(name)...)
	}
	var problems []error
	for _, v := range values {
		problems = append(problems, remove(v))
	}
	for _, v := range defaults() {
		if text(registry.CURRENT_USER, v.key, "") == v.text {
			problems = append(problems, remove(v))
		}
	}
	for _, path := range slices.Backward(created) {
		problems = append(problems, prune(path))
	}
	associationsChanged()
	return errors.Join(problems...)
}

func remove(v regValue) error {
	k, err := registry.OpenKey(registry.CURRENT_USER, v.key, registry.SET_VALUE)
	if err == nil {
		err = k.DeleteValue(v.name)
		k.Close()
	}
	if err != nil && !errors.Is(err, registry.ErrNotExist) {
		return fmt.Errorf("unregister: HKEY_CURRENT_USER\\%s: %w", v.key, err)
	}
	return nil
}

// prune deletes a key in which nothing is left.
func prune(path string) error {
	k, err := registry.OpenKey(registry.CURRENT_USER, path, registry.QUERY_VALUE|registry.ENUMERATE_SUB_KEYS)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	var info *registry.KeyInfo
	if err == nil {
		info, err = k.Stat()
		k.Close()
	}
	if err == nil && info.SubKeyCount == 0 && info.ValueCount == 0 {
		err = registry.DeleteKey(registry.CURRENT_USER, path)
	}
	if err != nil {
		return fmt.Errorf("unregister: HKEY_CURRENT_USER\\%s: %w", path, err)
	}
	return nil
}
