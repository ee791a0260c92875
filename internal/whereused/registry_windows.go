package whereused

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"golang.org/x/sys/windows/registry"
)

// registryPlaces are the keys of HKEY_LOCAL_MACHINE in which programs of
// Windows name certificates.
var registryPlaces = []struct {
	path  string
	depth int // of subkeys
	what  string
}{
	{`SYSTEM\CurrentControlSet\Services\HTTP\Parameters\SslBindingInfo`, 1, "the binding of http.sys and IIS"},
	{`SYSTEM\CurrentControlSet\Services\HTTP\Parameters\SslSniBindingInfo`, 1, "the binding of http.sys and IIS by host name"},
	{`SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations`, 1, "Remote Desktop"},
	{`SOFTWARE\Microsoft\Windows\CurrentVersion\WSMAN\Listener`, 1, "the listener of WinRM"},
	{`SOFTWARE\Microsoft\Microsoft SQL Server`, 3, "SQL Server"},
}

const maxKeys = 5_000 // that are looked at

// registry looks for the certificate in the registry: as bytes, which is how
// bindings name it, and in text.
func (s *search) registry(ctx context.Context) error {
	for _, p := range registryPlaces {
		if err := s.key(ctx, p.path, p.what, p.depth); err != nil {
			return err
		}
	}
	return nil
}

func (s *search) key(ctx context.Context, path, what string, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.r.Keys >= maxKeys || len(s.r.Files) >= maxUses {
		s.r.Cut = true
		return nil
	}
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE|registry.ENUMERATE_SUB_KEYS|registry.WOW64_64KEY)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	if err != nil {
		s.r.Denied++
		return nil
	}
	s.r.Keys++
	s.values(k, path, what)
	names, err := []string(nil), error(nil)
	if depth > 0 {
		names, err = k.ReadSubKeyNames(-1)
	}
	k.Close()
	if err != nil {
		s.r.Denied++
	}
	for _, name := range names {
		if err := s.key(ctx, path+`\`+name, what, depth-1); err != nil {
			return err
		}
	}
	return nil
}

// values looks at the values of one key; one that names the certificate is
// enough.
func (s *search) values(k registry.Key, path, what string) {
	names, err := k.ReadValueNames(-1)
	if err != nil {
		s.r.Denied++
		return
	}
	for _, name := range names {
		n, kind, err := k.GetValue(name, nil)
		if err != nil || n > maxFile {
			continue // it is gone, or no thumbprint
		}
		by := ""
		switch kind {
		case registry.BINARY:
			data, _, _ := k.GetBinaryValue(name)
			switch hex.EncodeToString(data) {
			case s.names.sha1:
				by = BySHA1
			case s.names.sha256:
				by = BySHA256
			}
		case registry.SZ, registry.EXPAND_SZ:
			text, _, _ := k.GetStringValue(name)
			by, _ = s.line(text, "")
		}
		if by != "" {
			s.r.Files = append(s.r.Files, Use{Path: `HKLM\` + path, By: by, What: what + " " + path[strings.LastIndex(path, `\`)+1:]})
			return
		}
	}
}
