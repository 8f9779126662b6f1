package friend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Copies are called like the database with .1, the newest, and .2 behind it.
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

// Backup writes a copy of the database to path, which it replaces: it is all there or not at all. The copy is consistent, in one
// file, and for its owner only.
func (s *State) Backup(ctx context.Context, path string) error {
	return s.view(ctx, func(d *database) error {
		return replace(path, func(temp string) error { return d.run("VACUUM INTO ?", temp) })
	})
}

// BackupDaily makes the daily copy, if the newest is older than a day, and keeps the one before; done says whether it did.
// A database that is damaged is not copied over what is good: it is a [*CorruptError].
func (s *State) BackupDaily(ctx context.Context) (done bool, err error) {
	newest := copyName(s.path, 1)
	info, err := os.Lstat(newest)
	if err == nil && s.Now().Sub(info.ModTime()).Abs() < dailyAfter {
		return false, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	exists := err == nil
	err = s.view(ctx, func(d *database) error {
		if err := d.check(); err != nil {
			return damage{err}
		}
		return replace(newest, func(temp string) error {
			if err := d.run("VACUUM INTO ?", temp); err != nil {
				return err
			}
			if err := os.Chtimes(temp, s.Now(), s.Now()); err != nil || !exists {
				return err
			}
			return os.Rename(newest, copyName(s.path, 2))
		})
	})
	return err == nil, explain(s.path, err)
}

// Restore puts a copy in the place of a database that nobody has open. The copy is read and checked first; what was there,
// with what SQLite keeps beside it, is moved aside under names that end in .broken-<Unix seconds>, never removed. Errors are
// those of [Open] for the copy.
func Restore(ctx context.Context, path, from string, options Options) error {
	return errors.ErrUnsupported
}

// replace makes a file: under another name, empty and for its owner only, for f to fill; then synced and moved to its name.
func replace(path string, f func(temp string) error) error {
	temp := path + ".new"
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err = f(temp); err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncDir(filepath.Dir(path))
}
