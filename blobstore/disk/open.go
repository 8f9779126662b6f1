package disk

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Create makes a store in a folder that is empty or not there yet, and opens it. A folder with a store is [fs.ErrExist]; one
// with anything else is [ErrNotEmpty].
func Create(ctx context.Context, dir string, options Options) (*Store, error) {
	return open(ctx, dir, options, true)
}

// Open opens a store. A folder that is not there, or is none, is [ErrNotMounted] and stays as it is. Only one process can
// have a store open: another is [ErrLocked].
//
// Shares that were arriving when the last process ended are removed. The index is believed if it is the one that the store was
// last used with; else it is made anew from the files.
func Open(ctx context.Context, dir string, options Options) (*Store, error) {
	return open(ctx, dir, options, false)
}

func open(ctx context.Context, dir string, options Options, create bool) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, &StoreError{dir, err}
	}
	if create {
		if err := makeDir(dir); err != nil {
			return nil, &StoreError{dir, err}
		}
	}
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNotMounted
	}
	if err != nil {
		return nil, &StoreError{dir, err}
	}
	s := newStore(rootFS{root}, options)
	if err = s.take(root, create); err == nil && !options.ID.IsZero() && s.id != options.ID {
		err = ErrOtherStore
	}
	if err == nil {
		err = s.start(ctx, filepath.Join(dir, indexFile))
	}
	if err == nil {
		return s, nil
	}
	_ = s.release()
	if done := ctx.Err(); done != nil {
		return nil, done
	}
	return nil, &StoreError{dir, err}
}

// makeDir makes a folder for ourselves alone, durably.
func makeDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	parent, err := os.Open(filepath.Dir(dir))
	if err != nil {
		return err
	}
	return errors.Join(syncDir(parent), parent.Close())
}

// take makes the folder ours: that of a store, with the lock held. Nothing is written to a folder that is no store and shall
// be none.
func (s *Store) take(root *os.Root, create bool) (err error) {
	if create {
		err = checkEmpty(s.fs)
	} else {
		_, err = readMark(s.fs)
	}
	if err != nil {
		return err
	}
	lock, err := root.OpenFile(lockName, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	s.lock = lock
	if err := lockFile(lock); err != nil {
		return err
	}
	if create {
		if err := writeMark(s.fs); err != nil {
			return err
		}
	}
	s.id, err = readMark(s.fs)
	return err
}

// start gets the store ready: without parts, and with an index that may be believed.
func (s *Store) start(ctx context.Context, indexPath string) error {
	if err := s.clearParts(); err != nil {
		return err
	}
	err := s.believeIndex(indexPath)
	if err == nil {
		err = s.recover(ctx)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err != nil {
		s.log.Info("index is made anew", "reason", err)
		err = s.rebuild(ctx, indexPath)
	}
	if err != nil {
		return err
	}
	kept, err := s.index.sums()
	if err != nil {
		return err
	}
	s.account.kept = kept
	return s.beginSession()
}

// clearParts removes what was arriving when the last process ended: nothing can go on with it.
func (s *Store) clearParts() error {
	if err := s.fs.Mkdir(partsDir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	names, err := s.fs.ReadDir(partsDir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := s.fs.Remove(partsPrefix + name); err != nil {
			return err
		}
	}
	return nil
}

// errStale is an index that the store was not last used with.
var errStale = errors.New("not the index that the store was last used with")

// believeIndex opens the index, if it is the one that the store was last used with.
func (s *Store) believeIndex(path string) error {
	want, err := readFile(s.fs, sessionFile, 100)
	if err != nil {
		return err
	}
	if s.index, err = openIndex(path, s.unsync); err != nil {
		return err
	}
	have, err := s.index.session()
	if err != nil {
		return err
	}
	if have == nil || !bytes.Equal(want, formatSession(have)) {
		return errStale
	}
	return nil
}

func formatSession(id []byte) []byte { return append(hex.AppendEncode(nil, id), '\n') }

// beginSession gives index and store a new name in common. An index with another one, such as from a backup, is stale.
func (s *Store) beginSession() error {
	id := newID()
	if err := s.index.setSession(id[:]); err != nil {
		return err
	}
	if err := writeFile(s.fs, s.partPath(), sessionFile, formatSession(id[:])); err != nil {
		return err
	}
	return s.fs.SyncDir(".")
}

// distrust makes the next Open make the index anew. It takes no room, so that shares can be deleted where there is none.
func (s *Store) distrust() error {
	if err := remove(s.fs, sessionFile); err != nil {
		return err
	}
	return s.fs.SyncDir(".")
}
