package disk

import (
	"context"
	"fmt"
	"strings"

	"radswarm/blobstore"
)

// rebuild makes the index anew from the files.
func (s *Store) rebuild(ctx context.Context, path string) error {
	if s.index != nil {
		_ = s.index.close() // it is given up
		s.index = nil
	}
	if err := s.distrust(); err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := remove(s.fs, indexFile+suffix); err != nil {
			return err
		}
	}
	index, err := openIndex(path, s.unsync)
	if err != nil {
		return err
	}
	s.index = index
	n, err := s.scan(ctx)
	s.log.Info("index is made anew", "shares", n)
	return err
}

// scanBatch is how many shares a scan writes to the index at once, at least.
const scanBatch = 1000

// scan reads all footers into the index, and returns how many there are.
func (s *Store) scan(ctx context.Context) (n int, err error) {
	var all []settled
	for i := range 256 {
		outer := fmt.Sprintf("%02x", i)
		inner, err := s.fs.ReadDir(outer)
		if err != nil && !isAbsent(err) {
			return n, err
		}
		for _, dir := range inner {
			if len(dir) != 1 || !strings.Contains("0123456789abcdef", dir) {
				continue
			}
			found, err := s.scanFolder(ctx, outer+"/"+dir)
			if err != nil {
				return n, err
			}
			all = append(all, found...)
		}
		if len(all) < scanBatch && i < 255 {
			continue
		}
		if _, err := s.index.settle(all); err != nil {
			return n, err
		}
		n, all = n+len(all), all[:0]
	}
	return n, nil
}

// scanFolder reads the footers of one folder.
func (s *Store) scanFolder(ctx context.Context, dir string) (all []settled, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	files, err := s.fs.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	found := map[blobstore.ShareName][]standing{}
	for _, base := range files {
		if name, st, since, ok := parseBase(dir, base); ok {
			found[name] = append(found[name], standing{st, since})
		}
	}
	for name, standings := range found {
		r, err := s.tidy(name, standings, record{})
		if err != nil {
			return nil, err
		}
		all = append(all, settled{r, 0})
	}
	return all, nil
}

// recover looks at the names that the index has marked: of steps that did not end.
func (s *Store) recover(ctx context.Context) error {
	var after blobstore.ShareName
	for {
		names, err := s.index.dirty(after)
		if err != nil || len(names) == 0 {
			return err
		}
		var all []settled
		for _, name := range names {
			if err := ctx.Err(); err != nil {
				return err
			}
			r, err := s.recoverName(name)
			if err != nil {
				return err
			}
			all = append(all, settled{r, 0})
		}
		if _, err := s.index.settle(all); err != nil {
			return err
		}
		after = names[len(names)-1]
	}
}

// recoverName returns what there is of a marked name, durably.
func (s *Store) recoverName(name blobstore.ShareName) (record, error) {
	row, _, err := s.index.row(name)
	if err != nil {
		return record{}, err
	}
	r, err := s.inspect(name, row)
	if err == nil && r.state != absent {
		err = s.fs.SyncDir(folder(name.SID))
	}
	return r, err
}
