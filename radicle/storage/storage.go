package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"radswarm/radicle"
)

// Options are what [Open] needs to know beside the directory.
type Options struct {
	// Git is the path of the git to run. Default: what PATH says.
	Git string
	// SkipVersion leaves out the question which git this is, and the process that answers it: for programs that git itself has
	// started, and to which a millisecond matters. With a git that is too old, commands then fail one by one; see [CheckGit].
	SkipVersion bool
	// Now is the clock for what is signed. Default: time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Storage is the storage directory of a Radicle home: a bare repository for each repository id. Safe for concurrent
// use.
type Storage struct {
	dir string
	git gitTool
	now func() time.Time

	onWrite func(what string) // as in Repo
}

// CheckGit fails as [Open] does if git is not there or too old. An empty path is what PATH says.
func CheckGit(ctx context.Context, path string) error {
	git, err := findGit(path)
	if err != nil {
		return err
	}
	return git.checkVersion(ctx)
}

// Open opens the storage at dir, <home>/storage, which need not exist yet. It fails if there is no git, or with a
// [*VersionError] if it is too old.
func Open(ctx context.Context, dir string, options Options) (*Storage, error) {
	options = options.withDefaults()
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	git, err := findGit(options.Git)
	if err == nil && !options.SkipVersion {
		err = git.checkVersion(ctx)
	}
	if err != nil {
		return nil, err
	}
	return &Storage{dir: dir, git: git, now: options.Now}, nil
}

// Path returns where the repository lies, or would lie.
func (s *Storage) Path(rid radicle.RID) string { return filepath.Join(s.dir, rid.Canonical()) }

// Repositories returns the ids of all repositories, sorted. What is hidden, temporary (*.tmp, *.lock) or not named
// after an id is none.
func (s *Storage) Repositories(ctx context.Context) ([]radicle.RID, error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	var rids []radicle.RID
	for _, e := range entries {
		rid, err := radicle.ParseRID(e.Name())
		if err == nil && e.IsDir() && rid.Canonical() == e.Name() {
			rids = append(rids, rid)
		}
	}
	slices.SortFunc(rids, radicle.RID.Compare)
	return rids, ctx.Err()
}

// Repository opens a repository. One that is not there is an error that wraps [fs.ErrNotExist]. Close it after use.
func (s *Storage) Repository(rid radicle.RID) (*Repo, error) {
	if rid.IsZero() {
		return nil, fmt.Errorf("no repository id: %w", fs.ErrNotExist)
	}
	return s.open(rid, s.Path(rid))
}

// open opens the repository rid at a path that need not be its own yet.
func (s *Storage) open(rid radicle.RID, dir string) (*Repo, error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%v is not in storage: %w", rid, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	r := &Repo{storage: s, rid: rid, dir: dir, root: root}
	r.cat = newCatFile(r.catCommand)
	if r.reftable, err = usesReftable(root); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return r, nil
}

// writing tells a test what comes next.
func (s *Storage) writing(what string) {
	if s.onWrite != nil {
		s.onWrite(what)
	}
}

// usesReftable reports whether refs lie in tables instead of files. Radicle makes no such repositories.
func usesReftable(root *os.Root) (bool, error) {
	info, err := root.Stat("reftable")
	if absent(err) {
		return false, nil
	}
	return err == nil && info.IsDir(), err
}
