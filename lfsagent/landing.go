package lfsagent

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"radswarm/blobstore"
)

// landing is the folder where downloads arrive and from where git-lfs moves them, which is why it lies in the LFS storage: git-lfs
// does not move across file systems. Its files are of the agent that named them, one at a time.
type landing struct {
	dir  string
	root *os.Root
	mode fs.FileMode // of a file
	last string      // name of the file that git-lfs may take
}

// forgotten is the age of a file that nobody takes any more: its agent was killed. git-lfs takes hours for no file.
const forgotten = 24 * time.Hour

// openLanding opens the folder for a core.sharedRepository, makes it where it is not, and removes what was forgotten in it.
func openLanding(dir, shared string) (*landing, error) {
	perms := sharing(shared)
	if err := makeFolders(dir, perms); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	l := &landing{dir: dir, root: root}
	if err := l.probe(perms); err != nil {
		l.close()
		return nil, err
	}
	l.sweep(time.Now().Add(-forgotten))
	return l, nil
}

// probe learns whether files can be made, and their mode by umask and by the folder's access list. The rules of a shared repository
// outrank it.
func (l *landing) probe(perms fs.FileMode) error {
	name := blobstore.OID{}.String() + "." + rand.Text() // so that it is swept if we are killed here
	f, err := l.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err := errors.Join(err, f.Close(), l.root.Remove(name)); err != nil {
		return err
	}
	if l.mode = perms; perms == 0 {
		l.mode = info.Mode().Perm()
	}
	return nil
}

// next names a file for an object: no other process has the same name, whatever it fetches.
func (l *landing) next(oid blobstore.OID) (path, name string) {
	l.last = oid.String() + "." + rand.Text()
	return filepath.Join(l.dir, l.last), l.last
}

// settle makes a file what git-lfs may have: git-lfs keeps its mode.
func (l *landing) settle(name string, size int64) error {
	info, err := l.root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return refuse(CodeFailed, "", "the daemon brought no file")
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return refuse(CodeFailed, "", "the daemon brought something that is no file")
	case info.Size() != size:
		return refuse(CodeFailed, "", "the daemon brought %d bytes of %d", info.Size(), size)
	case info.Mode().Perm() == l.mode:
		return nil
	}
	return l.root.Chmod(name, l.mode)
}

// empty makes the file of the object without bytes.
func (l *landing) empty(name string) error {
	f, err := l.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return l.settle(name, 0)
}

// tidy removes the last file if it is still there.
func (l *landing) tidy() {
	if l != nil && l.last != "" {
		_ = l.root.Remove(l.last) // gone, in most cases; else it is swept one day
		l.last = ""
	}
}

// sweep removes files of ours that have not changed since a time.
func (l *landing) sweep(since time.Time) {
	entries, err := fs.ReadDir(l.root.FS(), ".")
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && ours(e.Name()) && info.ModTime().Before(since) {
			_ = l.root.Remove(e.Name())
		}
	}
}

// ours reports whether next could have given a name.
func ours(name string) bool {
	const oid, random = 64, 26
	if len(name) != oid+1+random || name[oid] != '.' {
		return false
	}
	_, err := blobstore.ParseOID(name[:oid])
	return err == nil
}

// close removes what is left. A nil landing has nothing.
func (l *landing) close() {
	if l != nil {
		l.tidy()
		_ = l.root.Close()
	}
}
