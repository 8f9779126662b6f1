package disk

import (
	"errors"
	"io"
	"io/fs"

	"radswarm/blobstore"
)

// entry is the file of a share, open, with its footer.
type entry struct {
	file
	footer footer
}

// openEntry opens the file of a share. One that is not the share's, by length or footer, is a *[RotError].
func (s *Store) openEntry(name blobstore.ShareName, st state, since int64) (*entry, error) {
	f, err := s.fs.Open(sharePath(name, st, since))
	if err != nil {
		return nil, err
	}
	e := &entry{file: f}
	if e.footer, err = readFooter(f, name); err != nil {
		_ = f.Close() // only read
		return nil, err
	}
	return e, nil
}

func readFooter(f file, name blobstore.ShareName) (footer, error) {
	size, err := f.Size()
	if err != nil {
		return footer{}, err
	}
	if size < footerSize {
		return footer{}, &RotError{name, size, blobstore.ErrTruncated}
	}
	var b [footerSize]byte
	if err := readFull(f, b[:], size-footerSize, name); err != nil {
		return footer{}, err
	}
	foot, err := parseFooter(b[:])
	if err == nil && foot.name != name {
		err = &blobstore.FieldError{Field: "name of the share", Err: blobstore.ErrEncoding}
	}
	if err == nil && foot.fileSize() != size {
		err = &blobstore.FieldError{Field: "length of the file", Err: blobstore.ErrEncoding}
	}
	if err != nil {
		return footer{}, &RotError{name, size - footerSize, err}
	}
	return foot, nil
}

// readFull fills b from byte off of a share's file. That the file ends early, or the disk cannot read it, is a *[RotError].
func readFull(f io.ReaderAt, b []byte, off int64, name blobstore.ShareName) error {
	n, err := f.ReadAt(b, off)
	switch {
	case n == len(b):
		return nil
	case err == io.EOF:
		return &RotError{name, off + int64(n), blobstore.ErrTruncated}
	case isBroken(err):
		return &RotError{name, off + int64(n), err}
	}
	return err
}

// lease returns the lease in the file.
func (e *entry) lease() (lease, error) {
	f := &e.footer
	l := lease{owner: f.owner, open: f.open, mid: f.mid}
	if f.sealed > 0 {
		l.sealed = make([]byte, f.sealed)
	}
	if err := readFull(e, l.sealed, f.sealedOff(), f.name); err != nil {
		return lease{}, err
	}
	if checksum(l.sealed) != f.sealedCRC {
		return lease{}, &RotError{f.name, f.sealedOff(), &blobstore.FieldError{Field: "sealed manifest", Err: blobstore.ErrEncoding}}
	}
	return l, nil
}

// readLeases returns what stands in the file of leases. None is [fs.ErrNotExist].
func (s *Store) readLeases(name blobstore.ShareName) ([]lease, error) {
	b, err := readFile(s.fs, leasePath(name), maxLeaseFile)
	if isBroken(err) {
		return nil, &RotError{name, -1, err}
	}
	if err != nil {
		return nil, err
	}
	leases, err := parseLeases(b, name)
	if err != nil {
		return nil, &RotError{name, -1, err}
	}
	return leases, nil
}

// read returns what the files say of a share in a state. Absent is [fs.ErrNotExist]. Where they can be read in part only, the
// error is a *[RotError] and the record has that part.
func (s *Store) read(name blobstore.ShareName, st state, since int64) (record, error) {
	r := record{name: name, state: st, since: since}
	err := s.readEntry(&r)
	if err != nil && !isRot(err) {
		return r, err
	}
	leases, leasesErr := s.readLeases(name)
	switch {
	case leasesErr == nil:
		r.leases = leases
	case !isAbsent(leasesErr):
		return r, leasesErr
	case !r.footer.owner.IsZero():
		r.leases = []lease{r.footer}
	}
	return r, err
}

// readEntry fills what the file of the share itself says.
func (s *Store) readEntry(r *record) error {
	e, err := s.openEntry(r.name, r.state, r.since)
	if err != nil {
		return err
	}
	defer e.Close()
	r.length, r.base = e.footer.length, blobstore.Charge(e.footer.length, 0)
	r.footer, err = e.lease()
	return err
}

func isRot(err error) bool {
	_, ok := errors.AsType[*RotError](err)
	return ok
}

// isAbsent reports whether an error says that there is no file, and not that a share rotted.
func isAbsent(err error) bool { return errors.Is(err, fs.ErrNotExist) && !isRot(err) }

// writeLeases makes leases those of a share whose file has the lease footer. The folder is to be synced.
func (s *Store) writeLeases(name blobstore.ShareName, footer lease, leases []lease) error {
	if len(leases) == 1 && leases[0].equal(footer) {
		return remove(s.fs, leasePath(name))
	}
	if len(leases) > MaxOwners {
		return &FullError{Bound: BoundOwners, Need: 1}
	}
	return writeFile(s.fs, s.partPath(), leasePath(name), appendLeases(nil, name, leases))
}
