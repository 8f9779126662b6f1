package objects

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/record"
	"radswarm/blobstore/swarm"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// openTime is how long somebody may take to mark a share open.
const openTime = 10 * time.Second

// errBytes is a holder that wants the bytes of a share which it is said to have.
var errBytes = errors.New("does not have the share any more")

// Publish tells all who have shares of an object of ours that they are open: each is offered its share once more, and no bytes
// travel. From then on shares are placed as open ones. Who was told is not told again while this process lasts. An object of
// which we have no public record is [fs.ErrNotExist], and nobody is told.
func (o *Objects) Publish(ctx context.Context, p blobstore.Pointer) (control.Published, error) {
	out := control.Published{Knows: []radicle.DID{}, Waits: []radicle.DID{}, Refuses: []radicle.DID{}}
	unlock, err := o.locks.lock(ctx, p.OID)
	if err != nil {
		return out, err
	}
	defer unlock()
	r := o.index.get(p.OID, p.Size)
	if r == nil || r.Coding.K == 0 { // nobody has a share of it
		return out, nil
	}
	if !o.isPublic(ctx, r) {
		return out, fmt.Errorf("public record of %v: %w", p.OID, fs.ErrNotExist)
	}
	o.index.edit(p.OID, func(row *friend.Object) { row.Public = true })
	if err := o.index.sync(ctx); err != nil {
		return out, err
	}
	orders, err := o.openings(ctx, r)
	if err != nil {
		return out, err
	}
	o.tellOpen(ctx, orders, &out)
	return out, errors.Join(o.index.sync(ctx), ctx.Err())
}

// isPublic reports whether a record of ours has opened an object to everyone: in its repositories, or in one that is not known to
// have it.
func (o *Objects) isPublic(ctx context.Context, r *row) bool {
	records := o.records.Load()
	if records == nil {
		return false
	}
	opened := func(c record.Choice) bool { return c.Place.Writer == o.opt.Self && c.Reach() == record.Public }
	choices, err := o.recordsOf(ctx, r)
	if err != nil || !slices.ContainsFunc(choices, opened) {
		choices, err = (*records).Find(ctx, radicle.RID{}, r.OID, r.Size)
	}
	return err == nil && slices.ContainsFunc(choices, opened)
}

// opening is a share that is to be marked open.
type opening struct {
	*coded
	at    radicle.DID
	index int
}

// openings are all shares of an object, of the coding that counts and of the next.
func (o *Objects) openings(ctx context.Context, r *row) (all []opening, err error) {
	for _, next := range []bool{false, true} {
		if next && r.Next.K == 0 {
			continue
		}
		c, err := o.coded(ctx, r, next)
		if err != nil {
			return nil, err
		}
		for index, did := range r.of(c.k()) {
			all = append(all, opening{c, did, index})
		}
	}
	return all, nil
}

// tellOpen tells those who were not told yet, all at once, and says who knows.
func (o *Objects) tellOpen(ctx context.Context, orders []opening, out *control.Published) {
	var (
		telling sync.WaitGroup
		mu      sync.Mutex
		people  = map[radicle.DID]error{}
	)
	for _, order := range orders {
		telling.Go(func() {
			err := o.told.once(order, func() error { return o.markOpen(ctx, order) })
			mu.Lock()
			defer mu.Unlock()
			if old, ok := people[order.at]; !ok || old == nil {
				people[order.at] = err
			}
		})
	}
	telling.Wait()
	for _, did := range slices.SortedFunc(maps.Keys(people), radicle.DID.Compare) {
		switch err := people[did]; {
		case err == nil:
			out.Knows = append(out.Knows, did)
		case errors.Is(err, blobstore.ErrDenied):
			out.Refuses = append(out.Refuses, did)
		default:
			out.Waits = append(out.Waits, did)
			o.log.Info("share is not marked open yet", "by", did, "err", err)
		}
	}
}

// markOpen offers one share again, marked open. One that is not there any more is placed again some time, as an open one.
func (o *Objects) markOpen(ctx context.Context, order opening) error {
	name, err := order.name(order.at, order.index)
	if err != nil {
		return err
	}
	if !o.opt.People.Person(order.at).Online {
		return swarm.ErrNobody
	}
	s := swarm.Source{DID: order.at, Holder: o.opt.People.Holder(order.at), Index: order.index, Name: name}
	if err = o.offerAgain(ctx, order.coded, s, true); errors.Is(err, errBytes) {
		o.lost(order.coded, order.index, order.at)
		o.works.start(order.row.Pointer, false)
		return nil
	}
	return err
}

// told is which holders know what is open.
type told struct {
	mu  sync.Mutex
	all map[blobstore.ShareName]error // nil, or that they keep nothing open
}

// once tells a holder unless it knows. One that keeps nothing open has been told, too.
func (t *told) once(order opening, tell func() error) error {
	name, err := order.name(order.at, order.index)
	if err != nil {
		return err
	}
	t.mu.Lock()
	err, known := t.all[name]
	t.mu.Unlock()
	if known {
		return err
	}
	if err = tell(); err != nil && !errors.Is(err, blobstore.ErrDenied) {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil || len(t.all) >= maxTold {
		t.all = map[blobstore.ShareName]error{}
	}
	t.all[name] = err
	return err
}

// maxTold bounds what is remembered of who was told: then all are told once more.
const maxTold = 1 << 16
