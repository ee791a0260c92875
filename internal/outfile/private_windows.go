package outfile

import (
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"
)

// createPrivate makes a file for this user, and as in the user's profile for
// the system and elevated administrators. What its folder would let others do
// is not taken over: Go leaves the mode out on Windows.
func createPrivate(path string) (*os.File, error) {
	h, err := createAlone(path)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), nil
}

func createAlone(path string) (windows.Handle, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return 0, fmt.Errorf("who the user is: %w", err)
	}
	me := user.User.Sid.String()
	sd, err := windows.SecurityDescriptorFromString("O:" + me + "D:P(A;;FA;;;" + me + ")(A;;FA;;;SY)(A;;FA;;;BA)")
	if err != nil {
		return 0, fmt.Errorf("who may read the file: %w", err)
	}
	if full, err := filepath.Abs(path); err == nil && len(full) >= windows.MAX_PATH-12 && full[0] != '\\' {
		path = `\\?\` + full
	}
	wide, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	sa := &windows.SecurityAttributes{SecurityDescriptor: sd}
	sa.Length = uint32(unsafe.Sizeof(*sa))
	return windows.CreateFile(wide, windows.GENERIC_READ|windows.GENERIC_WRITE, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, sa,
		windows.CREATE_NEW, windows.FILE_ATTRIBUTE_NORMAL, 0)
}
