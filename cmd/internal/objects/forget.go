package objects

import (
	"context"
	"fmt"
	"sync"

	"radswarm/blobstore"
	"radswarm/blobstore/swarm"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// Forget gives an object up: its shares are deleted where they are, and it is no longer known here. Who is away is told when
// they are back; with Force also those that cannot be told at all are no reason to refuse.
func (o *Objects) Forget(
	ctx context.Context, oid blobstore.OID, size *int64, ask control.Forget, tell Tell,
) (control.Forgotten, error) {
	r, err := o.known(oid, size)
	if err != nil {
		return control.Forgotten{}, err
	}
	out := control.Forgotten{Object: control.Pointer(r.Pointer), Failed: []control.PersonError{}}
	unlock, err := o.locks.lock(ctx, oid)
	if err != nil {
		return out, err
	}
	defer unlock()
	if r = o.index.get(oid, r.Size); r == nil {
		return out, nil
	}
	at, err := o.names(ctx, r)
	if err != nil && !ask.Force {
		return out, err
	}
	for did, names := range at {
		for _, name := range names {
			o.partings.say(did, name)
		}
	}
	dropLink(r.Source)
	o.works.forget(oid)
	o.index.forget(r.Pointer)
	if err := o.index.sync(ctx); err != nil {
		return out, err
	}
	out.Deleted, out.Failed = o.part(ctx, at)
	return out, o.index.sync(ctx)
}

// names returns what the shares of an object are called, by who has them.
func (o *Objects) names(ctx context.Context, r *row) (map[radicle.DID][]blobstore.ShareName, error) {
	at := map[radicle.DID][]blobstore.ShareName{}
	for _, next := range []bool{false, true} {
		if k := map[bool]int{false: r.Coding.K, true: r.Next.K}[next]; k == 0 || len(r.of(k)) == 0 {
			continue
		}
		c, err := o.coded(ctx, r, next)
		if err != nil {
			return at, err
		}
		for index, did := range r.of(c.k()) {
			name, err := c.name(did, index)
			if err != nil {
				return at, err
			}
			at[did] = append(at[did], name)
		}
	}
	return at, nil
}

// part has shares deleted at those who can be reached, and says at whom not.
func (o *Objects) part(ctx context.Context, at map[radicle.DID][]blobstore.ShareName) (deleted int, failed []control.PersonError) {
	var (
		telling sync.WaitGroup
		mu      sync.Mutex
	)
	failed = []control.PersonError{}
	for did, names := range at {
		telling.Go(func() {
			err := error(swarm.ErrNobody)
			if o.opt.People.Person(did).Online {
				_, err = o.partings.tell(ctx, did)
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = append(failed, control.PersonError{DID: did, Name: o.opt.People.Person(did).Name, Error: inWords(err)})
				return
			}
			deleted += len(names)
		})
	}
	telling.Wait()
	return deleted, failed
}

// Drained is what became of the shares that somebody had.
type Drained struct {
	Moved int // shares that others took
	Left  int // shares that are still there
}

// Drain places the shares that somebody has with others, then deletes them there. What nobody else takes stays, unless the
// object is safe without it.
func (o *Objects) Drain(ctx context.Context, did radicle.DID, tell Tell) (Drained, error) {
	var out Drained
	objects := o.sharesAt(did)
	for i, p := range objects {
		if tell != nil {
			tell(control.Line{Progress: &control.Progress{What: "moving shares", Bytes: int64(i), Total: int64(len(objects)), Unit: "objects"}})
		}
		moved, left, err := o.drain(ctx, p, did)
		out.Moved, out.Left = out.Moved+moved, out.Left+left
		if err != nil && ctx.Err() != nil {
			return out, ctx.Err()
		}
		if err != nil && tell != nil {
			tell(control.Line{Note: fmt.Sprintf("object %v: %v", p.OID, err)})
		}
	}
	if err := o.index.sync(ctx); err != nil {
		return out, err
	}
	if o.opt.People.Person(did).Online {
		if _, err := o.partings.tell(ctx, did); err != nil {
			return out, err
		}
	}
	return out, o.index.sync(ctx)
}

// drain moves the shares of one object.
func (o *Objects) drain(ctx context.Context, p blobstore.Pointer, did radicle.DID) (moved, left int, err error) {
	unlock, err := o.locks.lock(ctx, p.OID)
	if err != nil {
		return 0, 0, err
	}
	defer unlock()
	r := o.index.get(p.OID, p.Size)
	if r == nil {
		return 0, 0, nil
	}
	for _, next := range []bool{false, true} {
		if k := map[bool]int{false: r.Coding.K, true: r.Next.K}[next]; k == 0 {
			continue
		}
		c, err := o.coded(ctx, r, next)
		if err != nil {
			return moved, left, err
		}
		m, l, err := o.drainCoding(ctx, c, did)
		if moved, left = moved+m, left+l; err != nil {
			return moved, left, err
		}
	}
	return moved, left, nil
}

func (o *Objects) drainCoding(ctx context.Context, c *coded, did radicle.DID) (moved, left int, err error) {
	there := map[int]bool{}
	for index, at := range c.row.of(c.k()) {
		if at == did {
			there[index] = true
		}
	}
	if len(there) == 0 {
		return 0, 0, nil
	}
	err = o.sendElsewhere(ctx, c, there, did)
	r := o.index.get(c.row.OID, c.row.Size)
	if r == nil {
		return 0, 0, err
	}
	crowd := newCrowd(o.opt.People)
	for index := range there {
		if at, ok := r.of(c.k())[index]; ok && at != did {
			moved++
		} else if !crowd.safeWithout(r, c, did) {
			left++
			continue
		}
		name, nameErr := c.name(did, index)
		if nameErr != nil {
			return moved, left, nameErr
		}
		o.index.lost(r.OID, c.k(), index, did)
		o.partings.say(did, name)
		if o.index.get(r.OID, r.Size).at(c.k(), index) == nil { // until there is somebody else
			o.pend(r.Pointer)
			o.works.start(r.Pointer, false)
		}
	}
	if c.row = o.index.get(r.OID, r.Size); c.row != nil && moved > 0 && c.k() == c.row.Coding.K {
		o.tellRecords(ctx, c)
	}
	return moved, left, err
}

// sendElsewhere places shares with somebody else than who has them.
func (o *Objects) sendElsewhere(ctx context.Context, c *coded, indices map[int]bool, did radicle.DID) error {
	crowd := newCrowd(o.opt.People)
	takers := o.takers(c, crowd, did)
	if len(takers) == 0 {
		return nil
	}
	open, _, done, err := o.plaintext(ctx, c.row)
	if err != nil {
		return err
	}
	defer done()
	if err := o.partings.unsay(ctx, c, takers); err != nil {
		return err
	}
	leave, err := o.gate.pass(ctx, likely(takers, len(indices)))
	if err != nil {
		return err
	}
	defer leave()
	s := o.sending(c, takers, open)
	for index := range indices {
		delete(s.Placed, index)
	}
	w := &work{Pointer: c.row.Pointer, changed: make(chan struct{}), done: make(chan struct{})} // nobody waits for it
	report, err := swarm.Send(ctx, s, o.sendOptions(w, c))
	o.failures(report.Failed)
	return err
}

// safeWithout reports whether an object is safe without what somebody has.
func (c *crowd) safeWithout(r *row, of *coded, did radicle.DID) bool {
	rest := *r
	rest.shares = nil
	for _, s := range r.shares {
		if s.at.Value() != did {
			rest.shares = append(rest.shares, s)
		}
	}
	return c.safety(&rest, of.k(), of.n).Safe
}

// Removed says that somebody is no friend any more: what they have counts no longer, and is placed with others.
func (o *Objects) Removed(ctx context.Context, did radicle.DID) error {
	for _, p := range o.sharesAt(did) {
		r := o.index.get(p.OID, p.Size)
		if r == nil {
			continue
		}
		for _, s := range r.shares {
			if s.at.Value() == did {
				o.index.lost(p.OID, int(s.k), int(s.index), did)
			}
		}
		o.pend(p)
		o.works.start(p, false)
	}
	return o.index.sync(ctx)
}
