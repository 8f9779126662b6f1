package friend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// The daily copies are called like the database with .1, the newest, and .2 behind it.
const keptCopies = 2

// dailyAfter is how old the newest copy gets before the next is made.
const dailyAfter = 24 * time.Hour

func copyName(path string, n int) string { return fmt.Sprintf("%s.%d", path, n) }

// copiesOf returns the daily copies that are there, the newest first.
func copiesOf(path string) (found []string) {
	for n := 1; n <= keptCopies; n++ {
		if info, err := os.Lstat(copyName(path, n)); err == nil && info.Mode().IsRegular() {
			found = append(found, copyName(path, n))
		}
	}
	return found
}

// Backup writes a copy of the database to path, where it replaces what is there: the copy is there whole or not at all. It is
// consistent, one file, and for its owner only. A database that is damaged is not copied: it is a [*CorruptError].
func (s *State) Backup(ctx context.Context, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if path == s.path {
		return fmt.Errorf("copy of %s to itself: %w", path, fs.ErrInvalid)
	}
	return s.backup(ctx, path, func() error { return nil })
}

// BackupDaily makes the daily copy, if the newest is older than a day, and keeps the one before; done says whether it did.
// Errors are those of [State.Backup]: a damaged database never takes the place of a good copy.
func (s *State) BackupDaily(ctx context.Context) (done bool, err error) {
	newest := copyName(s.path, 1)
	info, err := os.Lstat(newest)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = s.backup(ctx, newest, func() error { return nil })
	case err != nil:
	case s.now().Sub(info.ModTime()).Abs() < dailyAfter:
		return false, nil
	default:
		err = s.backup(ctx, newest, func() error { return os.Rename(newest, copyName(s.path, 2)) })
	}
	return err == nil, err
}

// backup makes a copy. When it is durable under another name and only its name is missing, it calls makeWay.
func (s *State) backup(ctx context.Context, path string, makeWay func() error) error {
	return s.view(ctx, func(d *database) error {
		if err := d.check(); err != nil {
			return damage{err}
		}
		return replace(path, func(temp *os.File) error {
			if err := d.run("VACUUM INTO ?", temp.Name()); err != nil {
				return err
			}
			return os.Chtimes(temp.Name(), s.now(), s.now()) // by which the next daily copy is due
		}, makeWay)
	})
}

// Restore puts a copy, as [State.Backup] and [State.BackupDaily] make them, in the place of a database that nobody has open. The
// copy is checked first and stays where it is. What was at path, and what SQLite keeps beside it, is moved aside to names that
// end in .broken-<Unix seconds>: it is for whoever wants to save more, and for people to remove.
//
// The copy knows nothing of what came after it: a device, card or address that was replaced since is believed again until the
// newer one is seen; a revocation or removal since then is undone; an invitation that was used since can be used again. Errors
// are those of [Open], for the copy, and [ErrLocked] for a database that is open.
func Restore(ctx context.Context, path, from string, options Options) error {
	options = options.withDefaults()
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if isOpen(path, options) {
		return fmt.Errorf("%s: %w", path, ErrLocked)
	}
	return replace(path, func(temp *os.File) error {
		if err := copyFile(temp, from); err != nil {
			return err
		}
		return explain(from, probe(temp.Name(), options))
	}, func() error { return moveAside(path, options.Now()) })
}

// isOpen reports whether another process, or this one, has the database open. It touches only what is a database of ours.
func isOpen(path string, options Options) bool {
	if checkHeader(path, options) != nil {
		return false
	}
	d, err := openDatabase(path, "wal", options.unsync)
	if err == nil {
		err = errors.Join(d.run("BEGIN IMMEDIATE"), d.close())
	}
	return isLocked(err)
}

// copyFile writes the bytes of a file.
func copyFile(to *os.File, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, in)
	return errors.Join(err, in.Close())
}

// probe reads all of a database as Open would.
func probe(path string, options Options) error {
	s := newState(path, options)
	return errors.Join(s.start("delete"), s.release())
}

// moveAside moves what is at path, and what SQLite keeps beside it, to other names: the rest of an old file under the name of a
// new one would be played into it. The file goes first: without it nobody opens the rest.
func moveAside(path string, now time.Time) error {
	for _, suffix := range []string{"", walSuffix, "-journal", "-shm"} {
		to := fmt.Sprintf("%s.broken-%d%s", path, now.Unix(), suffix)
		if err := os.Rename(path+suffix, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// replace makes a file: under another name, empty and for its owner only, for fill to write; then synced, and moved to its name
// after makeWay. On error nothing is left of it.
func replace(path string, fill func(temp *os.File) error, makeWay func() error) error {
	temp := path + ".new"
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // of a crash
	}
	file, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err = fill(file); err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = makeWay()
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncDir(filepath.Dir(path))
}
