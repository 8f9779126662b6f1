package disk

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strconv"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
)

// tailBuffer is how many bytes of what follows a share in its file are written at once.
const tailBuffer = 64 << 10

// part is the file of a share that arrives.
type part struct {
	file
	path   string
	footer footer
	lease  lease
	closed bool
}

// partPath returns a name in partsDir that nobody has.
func (s *Store) partPath() string { return partsPrefix + strconv.FormatUint(s.parts.Add(1), 10) }

// newPart makes the file of a share, with the whole of its room put aside. The claim's bytes are then no longer to come.
func (s *Store) newPart(o blobstore.Offer, c *claim) (*part, error) {
	l := newLease(o)
	p := &part{path: s.partPath(), lease: l, footer: newFooter(o.Name, o.Len, l)}
	f, err := s.fs.Create(p.path)
	if err != nil {
		return nil, fullOr(err, c.total)
	}
	p.file = f
	aside, err := f.Allocate(p.footer.fileSize())
	if err != nil {
		return nil, errors.Join(fullOr(err, c.total), s.drop(p))
	}
	if aside {
		s.account.written(c)
	}
	return p, nil
}

// fullOr returns a *[FullError] where err is one of a full disk.
func fullOr(err error, need int64) error {
	if isFull(err) {
		return &FullError{Bound: BoundDisk, Need: need}
	}
	return err
}

// drop closes and removes a part. The next Open does it where this fails.
func (s *Store) drop(p *part) error {
	var err error
	if !p.closed {
		err = p.Close()
	}
	return errors.Join(err, remove(s.fs, p.path))
}

// finish makes the bytes of a part durable.
func (p *part) finish() error {
	err := p.Sync()
	p.closed = true
	return errors.Join(err, p.Close())
}

// receive writes a share to its part, with all that follows it, and checks length and root.
func (s *Store) receive(ctx context.Context, o blobstore.Offer, p *part) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	src, err := o.Share()
	if err != nil {
		return err
	}
	err = p.fill(ctx, src)
	return fullOr(errors.Join(err, src.Close()), p.footer.fileSize())
}

// fill writes what src gives.
func (p *part) fill(ctx context.Context, src io.Reader) error {
	f := &p.footer
	tail := bufio.NewWriterSize(io.NewOffsetWriter(p, f.length), int(min(f.fileSize()-f.length, tailBuffer)))
	r, err := share.NewReader(untilDone{ctx, src}, f.length, f.name.Root, tail)
	if err != nil {
		return err
	}
	if _, err := r.WriteTo(&body{file: p.file}); err != nil {
		return err
	}
	_, _ = tail.Write(p.lease.sealed) // an error stays, and is Flush's
	_, _ = tail.Write(f.append(nil))
	return tail.Flush()
}

// untilDone is a reader that ends with a context.
type untilDone struct {
	ctx context.Context
	io.Reader
}

func (r untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// install moves a part, which is durable, to the place of its share.
func (s *Store) install(p *part, had *bool) func(*record) error {
	return func(r *record) error {
		if *had = r.state == held; *had { // somebody was faster
			return s.lend(r, p.lease)
		}
		leases := []lease{p.lease}
		if r.state == bad {
			leases = withLease(r.leases, p.lease)
		}
		before := standing{r.state, r.since}
		if err := s.replace(p, before, leases); err != nil {
			return err
		}
		*r = record{name: p.footer.name, state: held, length: p.footer.length, leases: leases, footer: p.lease}
		r.base = blobstore.Charge(r.length, 0)
		return nil
	}
}

// replace puts a part where its share belongs, and removes the one that stood there in another state.
func (s *Store) replace(p *part, before standing, leases []lease) error {
	name := p.footer.name
	if err := s.makeFolders(folder(name.SID)); err != nil {
		return err
	}
	if err := s.writeLeases(name, p.lease, leases); err != nil {
		return err
	}
	if len(leases) > 1 { // those of others stay, whatever the disk does first
		if err := s.fs.SyncDir(folder(name.SID)); err != nil {
			return err
		}
	}
	if err := s.fs.Rename(p.path, sharePath(name, held, 0)); err != nil {
		return err
	}
	if before.state == absent {
		return nil
	}
	return remove(s.fs, stem(name)+before.ending())
}

// lend gives a share that is held one more owner, or one of its owners another lease.
func (s *Store) lend(r *record, l lease) error {
	leases := withLease(r.leases, l)
	if err := s.writeLeases(r.name, r.footer, leases); err != nil {
		return err
	}
	r.leases = leases
	return nil
}

// revive is lend for a share that is held or in the trash. From there it comes back to a new owner alone.
func (s *Store) revive(l lease) func(*record) error {
	return func(r *record) error {
		switch r.state {
		case held:
			return s.lend(r, l)
		case trashed:
			leases := []lease{l}
			if err := s.writeLeases(r.name, r.footer, leases); err != nil {
				return err
			}
			if err := s.fs.Rename(sharePath(r.name, trashed, r.since), sharePath(r.name, held, 0)); err != nil {
				return err
			}
			r.state, r.since, r.leases = held, 0, leases
			return nil
		}
		return blobstore.ErrBusy // it went between question and answer
	}
}
