package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/radicle"
)

// world is what some people believe about a store, from what it acknowledged.
type world struct {
	random *rand.Rand
	shares []blobtest.Share
	owners []radicle.DID
	clock  time.Time
	leases map[leaseKey]belief
	rotten map[int]bool // shares that may be absent although they are kept
	disk   *memFS       // on which shares rot; nil for none
}

type leaseKey struct{ share, owner int }

// belief is what somebody knows about a lease.
type belief int

const (
	gone    belief = iota // never put, or the Delete was acknowledged
	kept                  // the Put was acknowledged
	unknown               // something failed, or ended without a word
)

// newWorld returns a world with small shares, some of several groups, and two roots under one SID.
func newWorld(seed uint64) *world {
	w := &world{random: rand.New(rand.NewPCG(seed, 1)), clock: time.Unix(1_700_000_000, 0), leases: map[leaseKey]belief{}, rotten: map[int]bool{}}
	for i, n := range []int{1, 1000, 5000, 70_000, 140_000, 4096, 300, 65_536} {
		w.shares = append(w.shares, blobtest.NewShare(seed<<8+uint64(i), n))
	}
	w.shares[1].Name.SID = w.shares[0].Name.SID
	for i := range 3 {
		w.owners = append(w.owners, blobtest.Person(i).NID().DID())
	}
	return w
}

func (w *world) now() time.Time { return w.clock }

func (w *world) options() Options {
	return Options{Now: w.now, Limits: Limits{Floor: noFloor}, testOnlyUnsynced: true}
}

// act does something at random. An error is the store's; what it left open is unknown.
func (w *world) act(ctx context.Context, s *Store) error {
	switch owner := w.random.IntN(len(w.owners)); w.random.IntN(11) {
	case 0, 1, 2:
		return w.put(ctx, s, owner, w.random.IntN(len(w.shares)))
	case 3:
		return w.put(ctx, s, owner, w.random.Perm(len(w.shares))[:4]...)
	case 4, 5:
		return w.delete(ctx, s, owner, w.random.IntN(len(w.shares)))
	case 6:
		return w.delete(ctx, s, owner, w.random.Perm(len(w.shares))[:4]...)
	case 7:
		w.clock = w.clock.Add(time.Duration(w.random.IntN(100)) * time.Hour)
		_, err := s.Sweep(ctx)
		return err
	case 8:
		for _, err := range s.Scrub(ctx, w.clock, 0) {
			if err != nil {
				return err
			}
		}
	case 9:
		return w.rot(ctx, s, w.random.IntN(len(w.shares)))
	default:
		return w.look(ctx, s, owner, w.random.IntN(len(w.shares)))
	}
	return nil
}

// rot turns a bit of a share that is held, if there is a disk to do that to, and lets somebody find it.
func (w *world) rot(ctx context.Context, s *Store, i int) error {
	if w.disk == nil {
		return nil
	}
	_, _, n, err := w.disk.find("rot", sharePath(w.shares[i].Name, held, 0))
	if err != nil {
		return nil
	}
	w.rotten[i] = true
	n.now = bytes.Clone(n.now)
	n.now[w.random.IntN(len(w.shares[i].Data))] ^= 1
	n.synced = n.now
	for owner := range w.owners {
		if err := w.look(ctx, s, owner, i); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) put(ctx context.Context, s *Store, owner int, shares ...int) error {
	var offers []blobstore.Offer
	for _, i := range shares {
		offer := w.shares[i].Offer(w.owners[owner])
		offer.Sealed = offer.Sealed[:w.random.IntN(3)*100]
		offers = append(offers, offer)
		w.leases[leaseKey{i, owner}] = unknown
	}
	outcomes, err := s.For(w.owners[owner], NoLimit).Put(ctx, offers)
	for i, o := range outcomes {
		if o.Err == nil {
			w.leases[leaseKey{shares[i], owner}] = kept
			w.rotten[shares[i]] = w.rotten[shares[i]] && o.Had // healed if it came anew
		}
		err = errors.Join(err, o.Err)
	}
	return err
}

func (w *world) delete(ctx context.Context, s *Store, owner int, shares ...int) error {
	var names []blobstore.ShareName
	for _, i := range shares {
		names = append(names, w.shares[i].Name)
		w.leases[leaseKey{i, owner}] = unknown
	}
	err := s.For(w.owners[owner], NoLimit).Delete(ctx, names)
	for _, i := range shares {
		if err == nil {
			w.leases[leaseKey{i, owner}] = gone
		}
	}
	return err
}

// look compares a share with what its owner believes, and settles what is unknown.
func (w *world) look(ctx context.Context, s *Store, owner, i int) error {
	sh, key := w.shares[i], leaseKey{i, owner}
	var data []byte
	h := s.For(w.owners[owner], NoLimit)
	err := h.Get(ctx, sh.Name, sh.Ranges(blobstore.MaxChunk), func(_ int, b []byte) error {
		data = append(data, b...)
		return nil
	})
	switch {
	case errors.Is(err, fs.ErrNotExist) && w.rotten[i]:
	case isAbsent(err):
		if w.leases[key] == kept {
			return fmt.Errorf("share %d was acknowledged to owner %d and is lost", i, owner)
		}
		w.leases[key] = gone
	case err != nil:
		return err
	case !bytes.Equal(data, sh.Data):
		return fmt.Errorf("share %d has other bytes", i)
	case w.leases[key] == gone:
		return fmt.Errorf("share %d was deleted by owner %d and is there", i, owner)
	default:
		w.leases[key] = kept
	}
	return nil
}

// check looks at everything.
func (w *world) check(t testing.TB, s *Store) {
	t.Helper()
	for i := range w.shares {
		for owner := range w.owners {
			if err := w.look(t.Context(), s, owner, i); err != nil {
				t.Error(err)
			}
		}
	}
	fsck(t, s)
}
