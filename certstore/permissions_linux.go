package certstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"certdesk/certstore/internal/nss"
	"certdesk/internal/certificate"
)

var _ KeyPermitter = (*linuxStore)(nil)

// KeyPermissions implements [KeyPermitter]. NSS has no permissions of single
// keys: whoever can read key4.db has them all. That is root, and those whom
// the modes and access lists of the file and of the folders above it let in.
func (s *linuxStore) KeyPermissions(ctx context.Context, ref Ref) (KeyPermissions, error) {
	var p KeyPermissions
	err := s.during(ctx, "permissions", ref, func(d *database) (*certificate.Certificate, error) {
		c, _, err := s.locate(ctx, d, ref)
		if err != nil {
			return nil, err
		}
		err = d.Read(ctx, func(sess *nss.Session) error {
			pieces, err := d.pieces(sess, c)
			if err == nil && !pieces.hasKey() {
				err = errNoKey
			}
			p.Password = sess.Locked || d.Unlocked()
			return err
		})
		if isNotExist(err) {
			err = errNoKey
		}
		if err == nil {
			err = d.permissions(&p)
		}
		return c, err
	})
	if err != nil {
		return KeyPermissions{}, err
	}
	return p, nil
}

// PlanKeyPermissions implements [KeyPermitter].
func (s *linuxStore) PlanKeyPermissions(ctx context.Context, ref Ref, c KeyChange) (before, after KeyPermissions, err error) {
	if before, err = s.KeyPermissions(ctx, ref); err != nil {
		return before, after, err
	}
	return before, before, s.fail("permissions", ref, nil, before.Fixed)
}

// SetKeyPermissions implements [KeyPermitter].
func (s *linuxStore) SetKeyPermissions(ctx context.Context, ref Ref, from, to []byte) error {
	p, err := s.KeyPermissions(ctx, ref)
	if err == nil {
		err = s.fail("permissions", ref, nil, p.Fixed)
	}
	return err
}

// permissions fills in who can read the key database.
func (d *database) permissions(p *KeyPermissions) error {
	dir, err := filepath.Abs(d.Dir)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "key4.db")
	p.Kind, p.Path = "NSS database", file
	p.Fixed = &impossible{"NSS protects its database as a whole, not single keys",
		fmt.Sprintf("Give the other account a database of its own: export a PFX, and import it as that account. Or let it read this one, with every key in it: setfacl -m u:ACCOUNT:rx %s; setfacl -m u:ACCOUNT:r %s %s.",
			dir, filepath.Join(dir, "cert9.db"), file)}
	key, err := rightsOf(file)
	if err != nil {
		return err
	}
	p.Owner = userName(key.uid)
	var folders []rights
	for at := dir; ; at = filepath.Dir(at) {
		f, err := rightsOf(at)
		if err != nil {
			return err
		}
		folders = append(folders, f)
		if at == filepath.Dir(at) {
			break
		}
	}
	p.Users = readers(key, folders)
	return nil
}

// readers lists who can read a file in a folder with all those above it.
func readers(key rights, folders []rights) []KeyUser {
	root := KeyUser{Account: userName(0), Access: AccessFull, Through: "may read every file"}
	list := []KeyUser{root}
	for _, w := range key.named() {
		if w.uid == 0 || key.bits(w)&4 == 0 {
			continue
		}
		in := true
		for _, f := range folders {
			in = in && f.bits(w)&1 != 0
		}
		if !in {
			continue
		}
		u := KeyUser{Access: AccessUse}
		if folders[0].bits(w)&2 != 0 || w.uid == key.uid {
			u.Access = AccessFull
		}
		mode := fmt.Sprintf("key4.db has mode %04o", key.mode)
		switch {
		case w.uid == key.uid:
			u.Account, u.Through = userName(w.uid), "owns key4.db, mode "+fmt.Sprintf("%04o", key.mode)
		case w.uid >= 0:
			u.Account, u.Through = userName(w.uid), "named by the access list of key4.db"
		case w.gid == key.gid:
			u.Account, u.Through = "group "+groupName(w.gid), mode
		case w.gid >= 0:
			u.Account, u.Through = "group "+groupName(w.gid), "named by the access list of key4.db"
		default:
			u.Account, u.Through = "everybody", mode
		}
		list = append(list, u)
	}
	return list
}

// A who is a user, a group (uid -1), or everybody else (both -1).
type who struct{ uid, gid int }

// Rights are the mode of a file and its POSIX access list, if it has one.
type rights struct {
	uid, gid int
	mode     fs.FileMode
	list     []listEntry
}

// A listEntry is one of system.posix_acl_access (acl(5), linux/posix_acl_xattr.h).
type listEntry struct {
	tag, perm uint16
	id        int
}

// Tags of entries.
const (
	aclUser     = 0x02
	aclGroupObj = 0x04
	aclGroup    = 0x08
	aclMask     = 0x10
)

func rightsOf(path string) (rights, error) {
	st, err := os.Stat(path)
	if err != nil {
		return rights{}, err
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return rights{}, errors.New("the file system tells no owner")
	}
	r := rights{uid: int(sys.Uid), gid: int(sys.Gid), mode: st.Mode().Perm()}
	buf := make([]byte, 4096)
	n, err := unix.Getxattr(path, "system.posix_acl_access", buf)
	switch {
	case err == nil:
		r.list = parseList(buf[:n])
	case !errors.Is(err, unix.ENODATA) && !errors.Is(err, unix.ENOTSUP):
		return r, &fs.PathError{Op: "read the access list of", Path: path, Err: err}
	}
	return r, nil
}

// parseList reads version 2 of the format; others are taken for none.
func parseList(b []byte) (list []listEntry) {
	if len(b) < 4 || binary.LittleEndian.Uint32(b) != 2 {
		return nil
	}
	for b = b[4:]; len(b) >= 8; b = b[8:] {
		list = append(list, listEntry{binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:]), int(int32(binary.LittleEndian.Uint32(b[4:])))})
	}
	return list
}

// named returns whom the file distinguishes: owner, named users, group, named
// groups, everybody else.
func (r rights) named() []who {
	users, groups := []who{{r.uid, -1}}, []who{{-1, r.gid}}
	for _, e := range r.list {
		switch e.tag {
		case aclUser:
			users = append(users, who{e.id, -1})
		case aclGroup:
			groups = append(groups, who{-1, e.id})
		}
	}
	return append(append(users, groups...), who{-1, -1})
}

// bits returns the rights of w (4 read, 2 write, 1 execute): acl(5), "access
// check algorithm".
func (r rights) bits(w who) fs.FileMode {
	if w.uid == r.uid {
		return r.mode >> 6 & 7
	}
	mask, group := uint16(7), uint16(r.mode>>3&7)
	for _, e := range r.list {
		switch e.tag {
		case aclMask:
			mask = e.perm
		case aclGroupObj:
			group = e.perm
		}
	}
	found, bits := w.gid == r.gid && w.gid >= 0, uint16(0)
	if found {
		bits = group
	}
	for _, e := range r.list {
		if e.tag == aclUser && e.id == w.uid && w.uid >= 0 {
			return fs.FileMode(e.perm & mask)
		}
		if e.tag == aclGroup && e.id == w.gid && w.gid >= 0 {
			found, bits = true, bits|e.perm
		}
	}
	if found {
		return fs.FileMode(bits & mask)
	}
	return r.mode & 7
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}

func groupName(gid int) string {
	if g, err := user.LookupGroupId(strconv.Itoa(gid)); err == nil {
		return g.Name
	}
	return strconv.Itoa(gid)
}
