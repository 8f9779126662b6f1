package disk

import (
	"context"
	"errors"
	"iter"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
)

// Scrubbed is a share that Scrub has read.
type Scrubbed struct {
	Name blobstore.ShareName
	Len  int64     // bytes read
	Rot  *RotError // why it was moved aside; nil if it is what it was
}

// Scrub reads all shares that were not read since before, the longest unread first, and checks every byte. It is as slow as
// whoever ranges over it, and reads no more than rate bytes a second; 0 for no bound. A share that rotted is moved aside, kept for
// repair, and absent until it is put again. An error, such as that of ctx, is the last.
func (s *Store) Scrub(ctx context.Context, before time.Time, rate int64) iter.Seq2[Scrubbed, error] {
	return func(yield func(Scrubbed, error) bool) {
		p := pacer{rate: rate}
		for {
			names, err := s.unread(ctx, before)
			if err != nil {
				yield(Scrubbed{}, err)
				return
			}
			if len(names) == 0 {
				return
			}
			for _, name := range names {
				done, err := s.scrubOne(ctx, name, s.laterOf(before), &p)
				if !yield(done, err) || err != nil {
					return
				}
			}
		}
	}
}

func (s *Store) unread(ctx context.Context, before time.Time) ([]blobstore.ShareName, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return s.index.unread(before)
}

// laterOf returns the time of now, or t if that is to come: what is read now is then not read again.
func (s *Store) laterOf(t time.Time) time.Time {
	if now := s.now(); now.After(t) {
		return now
	}
	return t
}

// scrubOne reads one share, and notes that it did at a time.
func (s *Store) scrubOne(ctx context.Context, name blobstore.ShareName, at time.Time, p *pacer) (Scrubbed, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return Scrubbed{}, err
	}
	defer leave()
	length, err := s.readAll(ctx, name, p)
	done := Scrubbed{Name: name, Len: length}
	err = s.aside(err)
	if rot, ok := errors.AsType[*RotError](err); ok {
		done.Rot = rot
		return done, nil
	}
	if isAbsent(err) { // deleted meanwhile, or by somebody else
		err = s.change([]*step{{name: name, do: func(*record) error { return nil }}})
	}
	if err != nil {
		return Scrubbed{}, err
	}
	return done, s.index.wasRead(name, at)
}

// readAll checks all that stands in the files of a share.
func (s *Store) readAll(ctx context.Context, name blobstore.ShareName, p *pacer) (int64, error) {
	r, err := s.openReader(name)
	if err != nil {
		return 0, err
	}
	defer r.close()
	for off := int64(0); off < r.footer.length; off += share.GroupSize {
		if err := r.load(off); err != nil {
			return off, err
		}
		if err := p.wait(ctx, int64(r.have.Len)); err != nil {
			return off, err
		}
	}
	_, err = s.read(name, held, 0)
	return r.footer.length, err
}

// pacer keeps to a number of bytes a second.
type pacer struct {
	rate int64
	owed time.Duration
}

// leastWait is how long it waits at least, once it does.
const leastWait = 10 * time.Millisecond

// wait waits for as long as n bytes may take, or until ctx is done.
func (p *pacer) wait(ctx context.Context, n int64) error {
	if p.rate > 0 {
		p.owed += time.Duration(float64(n) / float64(p.rate) * float64(time.Second))
	}
	if p.owed < leastWait {
		return ctx.Err()
	}
	timer := time.NewTimer(p.owed)
	defer timer.Stop()
	p.owed = 0
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// aside moves a share aside whose reading ended with a *[RotError], if another look finds the same. It returns err.
func (s *Store) aside(err error) error {
	rot, ok := errors.AsType[*RotError](err)
	if !ok {
		return err
	}
	st := &step{name: rot.Name, do: func(r *record) error {
		if r.state != held || !isRot(s.recheck(rot)) {
			return nil
		}
		r.state = bad
		return s.fs.Rename(sharePath(rot.Name, held, 0), sharePath(rot.Name, bad, 0))
	}}
	if failed := s.change([]*step{st}); failed != nil {
		s.log.Error("rotten share cannot be moved aside", "error", failed)
	} else {
		s.log.Warn("share is moved aside", "error", rot)
	}
	return err
}

// recheck reads again what was found rotten.
func (s *Store) recheck(rot *RotError) error {
	r, err := s.openReader(rot.Name)
	if err != nil {
		return err
	}
	defer r.close()
	return r.check(rot.Off)
}
