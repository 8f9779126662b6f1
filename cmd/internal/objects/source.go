package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
)

// Folders in the swarm folder.
const (
	pendingDir  = "pending"  // links to what was put and is not placed yet
	fetchingDir = "fetching" // objects that are read back for work on them; emptied at the start
)

// errNoFile is an object whose plaintext is not on this disk any more.
var errNoFile = errors.New("its file is gone or was changed")

// pendingFor is the folder for links of what a repository's LFS storage has.
func pendingFor(storage string) string { return filepath.Join(storage, "radswarm", "pending") }

// findSource describes a file that is said to be an object, and links it into a folder. Where that is not possible, because it
// lies on another disk, the file itself is remembered.
func findSource(p blobstore.Pointer, path, dir string) (friend.ObjectSource, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return friend.ObjectSource{}, err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return friend.ObjectSource{}, err
	case !info.Mode().IsRegular():
		return friend.ObjectSource{}, fmt.Errorf("%s: not a regular file", path)
	case info.Size() != p.Size:
		return friend.ObjectSource{}, fmt.Errorf("%s: has %d bytes, the object %d", path, info.Size(), p.Size)
	}
	s := friend.ObjectSource{Path: path, Time: info.ModTime()}
	if link := filepath.Join(dir, p.OID.String()); linked(path, link, info) {
		s.Link = link
	}
	return s, nil
}

// linked makes a link to a file, and reports whether it is there.
func linked(path, link string, info fs.FileInfo) bool {
	if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
		return false
	}
	err := os.Link(path, link)
	if errors.Is(err, fs.ErrExist) {
		there, statErr := os.Lstat(link)
		if statErr == nil && os.SameFile(there, info) {
			return true
		}
		if err = os.Remove(link); err == nil { // of a file that was replaced since
			err = os.Link(path, link)
		}
	}
	return err == nil
}

// openSource opens the plaintext of an object, if it is still what it was: the link, else the file. Its content is not
// compared here: swarm finds out.
func openSource(r *row) (*os.File, error) {
	for _, path := range []string{r.Source.Link, r.Source.Path} {
		if path == "" {
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			continue
		}
		info, err := f.Stat()
		if err == nil && info.Mode().IsRegular() && info.Size() == r.Size && info.ModTime().Equal(r.Source.Time) {
			return f, nil
		}
		_ = f.Close() // it was only looked at
	}
	return nil, errNoFile
}

// dropLink removes the link to an object's file.
func dropLink(s friend.ObjectSource) {
	if s.Link != "" {
		_ = os.Remove(s.Link) // one that stays costs no room while the file is there
	}
}

// opener opens an object's plaintext from its beginning; see swarm.Sending.
type opener func() (io.ReadCloser, error)

// plaintext returns what opens the bytes of an object: its file, or what the shares of it gave, which is far. Done is called at the
// end.
func (o *Objects) plaintext(ctx context.Context, r *row) (open opener, far bool, done func(), err error) {
	if f, err := openSource(r); err == nil {
		_ = f.Close()
		return func() (io.ReadCloser, error) { return openSource(r) }, false, func() {}, nil
	}
	if len(r.of(r.Coding.K)) < max(1, r.Coding.K) {
		return nil, true, nil, errNoFile
	}
	path, done, err := o.readBack(ctx, r)
	if err != nil {
		return nil, true, nil, err
	}
	return func() (io.ReadCloser, error) { return os.Open(path) }, true, done, nil
}
