package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"radswarm/radicle"
)

const (
	// quarantineDir is the folder below storage for what is not a repository yet, or never will be. Radicle passes over
	// hidden names.
	quarantineDir = ".radswarm"
	// markerSuffix ends the name of the file that says that the folder beside it is a quarantine: <random>.quarantine
	// and <random>. Whoever uses the folder holds a lock on the file.
	markerSuffix = ".quarantine"
	// markerText is what a marker holds as soon as there can be a folder.
	markerText = "radswarm quarantine 1\n"
)

// Quarantine is an empty repository, hidden in storage, for what a stranger sends: it has a configuration of its own,
// no hooks and no refs. With [Quarantine.Attach] it sees the objects of the repository in storage. It becomes that
// repository with [Quarantine.Publish], or gives its objects away to it with [Repo.Receive]; Close removes it in any
// case. What a process that died left behind is removed by [Storage.Sweep].
type Quarantine struct {
	storage *Storage
	parent  *os.Root // quarantineDir
	name    string
	marker  *os.File // locked
	repo    *Repo    // nil once it is published
}

// Quarantine makes one for the repository rid. alias and nid, of the home's owner, become the git identity of the
// repository if it is published. Close it after use.
func (s *Storage) Quarantine(ctx context.Context, rid radicle.RID, alias radicle.Alias, nid radicle.NID) (*Quarantine, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	parent, err := s.openQuarantine()
	if err != nil {
		return nil, err
	}
	q := &Quarantine{storage: s, parent: parent}
	if q.name, q.marker, err = mark(parent); err != nil {
		return nil, errors.Join(err, parent.Close())
	}
	dir := filepath.Join(s.dir, quarantineDir, q.name)
	if err = s.layOut(dir, alias, nid); err == nil {
		err = useObjectFormat(dir, rid)
	}
	if err == nil {
		q.repo, err = s.open(rid, dir)
	}
	if err != nil {
		return nil, errors.Join(err, q.Close())
	}
	q.repo.onWrite = s.onWrite
	return q, nil
}

// openQuarantine opens the folder of all quarantines, which is made if need be.
func (s *Storage) openQuarantine() (*os.Root, error) {
	dir := filepath.Join(s.dir, quarantineDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return os.OpenRoot(dir)
}

// errNoLocks says that a file system knows no locks. Its quarantines are never swept.
var errNoLocks = errors.New("the file system has no locks")

// mark makes a marker under a new name and locks it. It is whole before there is a folder.
func mark(parent *os.Root) (name string, f *os.File, err error) {
	for range maxAttempts {
		name = strings.ToLower(rand.Text())
		if f, err = parent.OpenFile(name+markerSuffix, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
			return "", nil, err
		}
		locked, err := tryLock(f)
		if err == nil && locked && isStill(parent, name+markerSuffix, f) || errors.Is(err, errNoLocks) {
			_, err = f.WriteString(markerText)
		} else if err == nil { // a sweep takes it for one that somebody left
			_ = f.Close() // nothing was written
			continue
		}
		if err != nil {
			return "", nil, errors.Join(err, f.Close(), parent.Remove(name+markerSuffix))
		}
		return name, f, nil
	}
	return "", nil, ErrBusy
}

// isStill reports whether the name is still that of the open file.
func isStill(parent *os.Root, name string, f *os.File) bool {
	there, err := parent.Stat(name)
	open, openErr := f.Stat()
	return err == nil && openErr == nil && os.SameFile(there, open)
}

// useObjectFormat makes the empty repository one of SHA-256 if its id is.
func useObjectFormat(dir string, rid radicle.RID) error {
	if rid.Oid().Len() != radicle.SHA256Size {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(dir, "config"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n")
	return errors.Join(err, f.Close())
}

// Repo is the quarantined repository, nil once it is published. It belongs to the quarantine, and is closed with it; after an
// error of Publish it is another one.
func (q *Quarantine) Repo() *Repo { return q.repo }

// Attach lets the quarantine see the objects of the repository in storage, which must be there.
func (q *Quarantine) Attach() error {
	if _, err := os.Stat(filepath.Join(q.storage.Path(q.repo.rid), "objects")); err != nil {
		return err
	}
	// Relative to the folder that it stands for, so that no character of a path can mean something else.
	target := strings.Join([]string{"..", "..", "..", q.repo.rid.Canonical(), "objects"}, "/")
	q.repo.cat.close() // it would not look for alternates again
	return q.repo.root.WriteFile(alternates, []byte(target+"\n"), 0o666)
}

// alternates names other folders with objects; see gitrepository-layout(5).
const alternates = "objects/info/alternates"

// Close removes the quarantine and all that is left in it.
func (q *Quarantine) Close() error {
	var err error
	if q.repo != nil {
		err = q.repo.Close()
	}
	err = errors.Join(err, q.parent.RemoveAll(q.name), q.marker.Close())
	if removeErr := q.parent.Remove(q.name + markerSuffix); !errors.Is(removeErr, fs.ErrNotExist) { // a sweep may be faster
		err = errors.Join(err, removeErr)
	}
	return errors.Join(err, q.parent.Close())
}

// Sweep removes the quarantines of processes that died, and nothing else: folders beside a marker that nobody has locked.
// It returns how many.
func (s *Storage) Sweep(ctx context.Context) (int, error) {
	parent, err := os.OpenRoot(filepath.Join(s.dir, quarantineDir))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, ctx.Err()
	}
	if err != nil {
		return 0, err
	}
	defer parent.Close() // only read
	entries, err := fs.ReadDir(parent.FS(), ".")
	if err != nil {
		return 0, err
	}
	swept := 0
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), markerSuffix)
		if err := ctx.Err(); err != nil {
			return swept, err
		}
		if !ok || !e.Type().IsRegular() || len(name) != len(rand.Text()) {
			continue
		}
		removed, err := sweepOne(parent, name)
		if err != nil {
			return swept, err
		}
		if removed {
			swept++
		}
	}
	return swept, nil
}

// sweepOne removes one quarantine if nobody uses it.
func sweepOne(parent *os.Root, name string) (bool, error) {
	marker, err := parent.OpenFile(name+markerSuffix, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer marker.Close() // only locked
	if free, err := tryLock(marker); !free || err != nil {
		if errors.Is(err, errNoLocks) {
			err = nil
		}
		return false, err
	}
	text, err := io.ReadAll(io.LimitReader(marker, int64(len(markerText))+1))
	if err != nil || !strings.HasPrefix(markerText, string(text)) {
		return false, err // not ours
	}
	if string(text) == markerText {
		if err := parent.RemoveAll(name); err != nil {
			return false, err
		}
	}
	if runtime.GOOS == "windows" { // where nothing that is open can be removed
		_ = marker.Close()
	}
	if err := parent.Remove(name + markerSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return true, nil
}

// Publish makes the quarantine the repository in storage, with the refs given and the symbolic ones of rules. It is there
// whole or not at all. One that is already there is [ErrExists], and the quarantine stays as it was but for its refs.
func (q *Quarantine) Publish(ctx context.Context, refs []Ref, symbolic map[string]string) error {
	r := q.repo
	if _, err := r.root.Lstat(alternates); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%v: %w", r.rid, ErrExists), err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := r.writePacked(refs); err != nil {
		return err
	}
	for name, target := range symbolic {
		if err := r.setSymbolic(ctx, name, target); err != nil {
			return err
		}
	}
	if err := r.syncAll(); err != nil {
		return err
	}
	if err := r.Close(); err != nil { // before it moves: Windows moves nothing that is open
		return err
	}
	q.repo = nil
	err := q.storage.publish(r.dir, q.storage.Path(r.rid))
	if err != nil {
		again, openErr := q.storage.open(r.rid, r.dir)
		q.repo = again
		return errors.Join(err, openErr)
	}
	return nil
}
