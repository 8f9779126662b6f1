package disk

import (
	"errors"
	"io/fs"

	"radswarm/blobstore"
)

// standing is the state of a share by the name of its file.
type standing struct {
	state state
	since int64
}

// load returns what there is of a name, whose lock is held. A share that is found to be rotten is moved aside.
func (s *Store) load(name blobstore.ShareName) (record, error) {
	row, suspect, err := s.index.row(name)
	if err != nil {
		return record{}, err
	}
	if !suspect {
		r, err := s.read(name, held, 0)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return r, err
		}
		if row.state != bad && row.state != trashed && !isRot(err) {
			return record{name: name}, nil
		}
	}
	return s.inspect(name, row)
}

// peek returns what there is of a name, without its lock and without a change: what it says may be over. Of a share that is
// not held it is what the index says.
func (s *Store) peek(name blobstore.ShareName) (record, error) {
	r, err := s.read(name, held, 0)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return r, err
	}
	row, _, rowErr := s.index.row(name)
	if isRot(err) {
		row.state = bad
	} else if row.state == held {
		row = record{name: name}
	}
	return row, rowErr
}

// inspect returns what there is of a name by its files alone, and tidies them. Row is what the index says of it, or zero.
func (s *Store) inspect(name blobstore.ShareName, row record) (record, error) {
	dir := folder(name.SID)
	files, err := s.fs.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return record{name: name}, nil
	}
	if err != nil {
		return record{}, err
	}
	var found []standing
	for _, base := range files {
		if other, st, since, ok := parseBase(dir, base); ok && other == name {
			found = append(found, standing{st, since})
		}
	}
	return s.tidy(name, found, row)
}

// tidy leaves one file of a share: the one that is held, else the rotten one, else the one that went to the trash last; and
// leases only beside one. It returns the record of what is left.
func (s *Store) tidy(name blobstore.ShareName, found []standing, row record) (record, error) {
	best := standing{}
	for _, f := range found {
		if better(f, best) {
			best = f
		}
	}
	r, err := record{name: name}, error(nil)
	if best.state != absent {
		r, err = s.read(name, best.state, best.since)
	}
	switch {
	case err == nil:
		return r, s.leave(name, found, best)
	case !isRot(err):
		return record{}, err
	case best.state == held:
		s.log.Warn("share is moved aside", "error", err)
		if err := s.fs.Rename(sharePath(name, held, 0), sharePath(name, bad, 0)); err != nil {
			return record{}, err
		}
		if err := s.fs.SyncDir(folder(name.SID)); err != nil {
			return record{}, err
		}
	case best.state == trashed:
		return record{name: name}, s.leave(name, found, standing{})
	}
	r.state = bad
	r.complete(row)
	return r, nil
}

// leave removes all files of a share but one, and leases beside none.
func (s *Store) leave(name blobstore.ShareName, found []standing, best standing) error {
	left := len(found)
	for _, f := range found {
		if best.state != absent && (f == best || f.state == absent) {
			continue
		}
		if err := remove(s.fs, stem(name)+f.ending()); err != nil {
			return err
		}
		left--
	}
	if left == len(found) {
		return nil
	}
	return s.fs.SyncDir(folder(name.SID))
}

// complete fills what could not be read of a rotten share with what the index says.
func (r *record) complete(row record) {
	if r.base == 0 {
		r.length, r.base = row.length, max(row.base, blobstore.MinCharge)
	}
	if r.leases == nil {
		r.leases = row.leases
	}
}

// better reports whether file a of a share is to be kept rather than b.
func better(a, b standing) bool {
	if a.state == absent || b.state == absent {
		return a.state != absent
	}
	return a.state < b.state || a.state == b.state && a.since > b.since
}

// ending returns the ending of the file's name; that of leases for absent.
func (f standing) ending() string {
	if f.state == absent {
		return leaseSuffix
	}
	return f.state.suffix(f.since)
}
