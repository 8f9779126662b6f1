package objects_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/objects"
)

// What was pending when the daemon ended goes on when it runs again, and what was placed is not sent again.
func TestPendingGoesOnAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(6)), newFile(t, 2<<20, 1)
		h.town.goAway(h.town.all[0])
		h.mustPut(f, control.Safe)
		until(t, "five have theirs", func() bool { return h.List().Objects[0].Placed == 5 })
		before := h.town.taken()
		h.close()
		h.town.comeBack(h.town.all[0])
		h.open()
		until(t, "all have theirs", func() bool { return h.Counts().Full == 1 && h.Counts().Pending == 0 })
		if more := h.town.taken() - before; more > f.Size/2 { // a third, and what padding adds
			t.Errorf("%d bytes for one share", more)
		}
		h.close()
	})
}

// The rest is placed from the link when the file is gone, and from shares when the link is gone as well.
func TestPendingWithoutTheFile(t *testing.T) {
	for _, linked := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			h, f := newHome(t, newTown(6)), newFile(t, 2<<20, 1)
			h.town.goAway(h.town.all[0], h.town.all[1])
			h.mustPut(f, control.Safe)
			until(t, "four have theirs", func() bool { return h.List().Objects[0].Placed == 4 })
			link := filepath.Join(h.dir, "pending", f.OID.String())
			if err := os.Remove(f.path); err != nil {
				t.Fatal(err)
			}
			if !linked {
				if err := os.Remove(link); err != nil {
					t.Fatal(err)
				}
			}
			h.town.comeBack(h.town.all...)
			until(t, "all have theirs", func() bool { return h.Counts().Full == 1 && h.Counts().Pending == 0 })
			if _, err := os.Lstat(link); !os.IsNotExist(err) {
				t.Errorf("the link is still there: %v", err)
			}
			h.mustGet(f)
			h.close()
		})
	}
}

// A link is kept for a day, if what is placed brings the object back.
func TestLinksAreDroppedAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(6)), newFile(t, 1<<20, 1)
		h.town.goAway(h.town.all[0])
		h.mustPut(f, control.Safe)
		link := filepath.Join(h.dir, "pending", f.OID.String())
		pause(t, 23*time.Hour)
		if _, err := os.Lstat(link); err != nil {
			t.Error(err)
		}
		pause(t, 2*time.Hour)
		if _, err := os.Lstat(link); !os.IsNotExist(err) {
			t.Errorf("still there: %v", err)
		}
		h.close()
	})
}

// An object is coded again for more friends when they have been there for a while: the new coding is placed before the old shares
// are deleted, so that it comes back at every moment.
func TestMoreFriendsMeanAnotherCoding(t *testing.T) {
	for _, fileStays := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			h, f := newHome(t, newTown(1)), newFile(t, 2<<20, 1)
			h.mustPut(f, control.Full)
			for range 9 {
				h.town.add()
			}
			if !fileStays {
				if err := os.Remove(f.path); err != nil {
					t.Fatal(err)
				}
			}
			pause(t, 9*time.Minute)
			if k := h.List().Objects[0].K; k != 1 {
				t.Errorf("K = %d at once", k)
			}
			pause(t, time.Minute)
			until(t, "3 of 10", func() bool {
				s := h.List().Objects[0].Safety
				if !s.Stored {
					t.Fatalf("less safe meanwhile: %+v", s)
				}
				return s.K == 3 && s.Full
			})
			until(t, "old shares are gone", func() bool { return h.town.shares() == 10 })
			h.again()
			h.mustGet(f)
			h.close()
		})
	}
}

// A coding that does not fit takes the place of none: the object comes back all the time.
func TestAnotherCodingThatDoesNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(1)), newFile(t, 2<<20, 1)
		h.mustPut(f, control.Full)
		for i := range 9 {
			if n := h.town.add(); i > 0 {
				n.holder.Set(blobtest.Full(n.view()))
			}
		}
		pause(t, 20*time.Minute)
		if s := h.List().Objects[0]; s.K != 1 || !s.Stored || !s.Pending {
			t.Errorf("%+v", s)
		}
		h.mustGet(f)
		h.close()
		for _, n := range h.town.all[2:] {
			n.holder.Set(n.view())
		}
		h.open()
		until(t, "3 of 10", func() bool { s := h.List().Objects[0]; return s.K == 3 && s.Full && !s.Pending })
		h.mustGet(f)
		h.close()
	})
}

// A client that requires it does not wait for that.
func TestAnotherCodingAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(1)), newFile(t, 2<<20, 1)
		h.mustPut(f, control.Full)
		for range 9 {
			h.town.add()
		}
		if out := h.mustPut(f, control.Safe); out.Safety.K != 3 || !out.Safety.Safe {
			t.Errorf("%+v", out.Safety)
		}
		h.close()
	})
}

// For the same K more shares are placed, and none is sent again.
func TestMoreFriendsMeanMoreShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(5)), newFile(t, 2<<20, 1)
		h.mustPut(f, control.Full)
		before := h.town.taken()
		h.town.add()
		h.town.add()
		pause(t, 10*time.Minute)
		until(t, "3 of 7", func() bool { s := h.List().Objects[0].Safety; return s.N == 7 && s.Full })
		if more := h.town.taken() - before; more > f.Size { // two thirds
			t.Errorf("%d bytes for two shares", more)
		}
		h.close()
	})
}

// What somebody has is placed elsewhere, then deleted there.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(12)), newFile(t, 1<<20, 1)
		h.mustPut(f, control.Full)
		holding, err := h.Holding(t.Context(), f.OID, nil)
		if err != nil {
			t.Fatal(err)
		}
		first := h.town.find(*holding.Shares[0].DID)
		h.town.set(first, func(n *neighbour) { n.free = 0 }) // who drains is no candidate
		out, err := h.Drain(t.Context(), first.did, nil)
		if err != nil || out != (objects.Drained{Moved: 1}) {
			t.Errorf("%+v, %v", out, err)
		}
		if s := h.List().Objects[0].Safety; !s.Full || first.store.Len() != 0 || h.town.shares() != 10 || h.Held(first.did) != 0 {
			t.Errorf("%+v, %d there, %d in all", s, first.store.Len(), h.town.shares())
		}
		h.mustGet(f)
		h.close()
	})
}

// What nobody else can take, and the object is safe without, is given up; it is placed when somebody comes.
func TestDrainWhatIsNotNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(10)), newFile(t, 1<<20, 1)
		h.mustPut(f, control.Full)
		bo := h.town.all[0]
		h.town.set(bo, func(n *neighbour) { n.free = 0 })
		out, err := h.Drain(t.Context(), bo.did, nil)
		if err != nil || out != (objects.Drained{}) || bo.store.Len() != 0 {
			t.Errorf("%+v, %v", out, err)
		}
		if o := h.List().Objects[0]; !o.Safe || o.Placed != 9 || !o.Pending {
			t.Errorf("%+v", o)
		}
		h.town.add()
		until(t, "somebody new has it", func() bool { return h.Counts().Full == 1 && h.Counts().Pending == 0 })
		h.close()
	})
}

// What nobody else can take stays where it is.
func TestDrainWhatNobodyTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(1)), newFile(t, 1<<20, 1)
		h.mustPut(f, control.Full)
		out, err := h.Drain(t.Context(), h.town.all[0].did, nil)
		if err != nil || out != (objects.Drained{Left: 1}) || h.town.shares() != 1 {
			t.Errorf("%+v, %v", out, err)
		}
		h.close()
	})
}

// Shares of what is forgotten are deleted, at once or when their holder is back, also after a restart.
func TestForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(5)), newFile(t, 1<<20, 1)
		h.mustPut(f, control.Full)
		h.town.goAway(h.town.all[0])
		out, err := h.Forget(t.Context(), f.OID, nil, control.Forget{}, nil)
		if err != nil || out.Deleted != 4 || len(out.Failed) != 1 || out.Failed[0].Name != "bo" || out.Failed[0].Error != "is away" {
			t.Errorf("%+v, %v", out, err)
		}
		if len(h.List().Objects) != 0 || h.town.shares() != 1 {
			t.Errorf("%d objects, %d shares", len(h.List().Objects), h.town.shares())
		}
		h.again()
		if jobs := h.Jobs(); len(jobs) != 1 || jobs[0].What != "deleting 1 share" || jobs[0].Since.IsZero() {
			t.Errorf("%+v", jobs)
		}
		h.town.comeBack(h.town.all[0])
		until(t, "the last share is gone", func() bool { return h.town.shares() == 0 && len(h.Jobs()) == 0 })
		h.close()
	})
}

// What is stored again after it was forgotten is not deleted by those who come back.
func TestForgetAndPutAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(5)), newFile(t, 1<<20, 1)
		h.mustPut(f, control.Full)
		h.town.goAway(h.town.all[0])
		if _, err := h.Forget(t.Context(), f.OID, nil, control.Forget{}, nil); err != nil {
			t.Fatal(err)
		}
		h.mustPut(f, control.Safe)
		h.town.comeBack(h.town.all[0])
		until(t, "all have theirs", func() bool { return h.Counts().Full == 1 })
		pause(t, time.Hour)
		if h.town.shares() != 5 || len(h.Jobs()) != 0 {
			t.Errorf("%d shares, jobs %+v", h.town.shares(), h.Jobs())
		}
		h.mustGet(f)
		h.close()
	})
}

// Somebody who is no friend any more counts no longer.
func TestRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(12)), newFile(t, 1<<20, 1)
		h.mustPut(f, control.Full)
		holding, _ := h.Holding(t.Context(), f.OID, nil)
		first := h.town.find(*holding.Shares[0].DID)
		h.town.goAway(first)
		h.town.set(first, func(n *neighbour) { n.stranger = true })
		if err := h.Removed(t.Context(), first.did); err != nil {
			t.Fatal(err)
		}
		until(t, "somebody else has it", func() bool { return h.Counts().Full == 1 && h.Counts().Pending == 0 })
		h.close()
	})
}

// An object whose file is gone is not read back again and again while nobody takes the shares that are missing.
func TestNothingIsReadBackInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(6)), newFile(t, 1<<20, 1)
		stubborn := h.town.all[:2]
		for _, one := range stubborn {
			one.holder.Set(blobtest.Full(one.view()))
		}
		h.mustPut(f, control.Safe)
		until(t, "four have theirs", func() bool { return h.List().Objects[0].Placed == 4 })
		for _, path := range []string{f.path, filepath.Join(h.dir, "pending", f.OID.String())} {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		reads := &reading{Holder: h.town.all[2].view()}
		h.town.all[2].holder.Set(reads)
		others := &reading{Holder: h.town.all[3].view()}
		h.town.all[3].holder.Set(others)
		pause(t, 5*time.Hour)
		if n := reads.bytes.Load() + others.bytes.Load(); n == 0 || n > f.Size {
			t.Errorf("%d bytes were read of two friends", n)
		}
		for _, one := range stubborn {
			one.holder.Set(one.view())
		}
		pause(t, 2*time.Hour)
		if c := h.Counts(); c.Full != 1 || c.Pending != 0 {
			t.Errorf("%+v", c)
		}
		h.close()
	})
}

// reading counts the bytes that are read of a holder.
type reading struct {
	blobstore.Holder
	bytes atomic.Int64
}

func (h *reading) Get(ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range, visit func(int, []byte) error) error {
	return h.Holder.Get(ctx, name, ranges, func(i int, b []byte) error {
		h.bytes.Add(int64(len(b)))
		return visit(i, b)
	})
}

// A file that changed before anybody came is said to have, and is not forgotten without a word.
func TestAFileChangesBeforeItIsPlaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(0)), newFile(t, 1<<20, 1)
		h.mustPut(f, control.Local)
		file, err := os.OpenFile(f.path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		info, _ := file.Stat()
		if _, err := file.WriteAt([]byte("other"), 100); err != nil || file.Close() != nil || os.Chtimes(f.path, time.Time{}, info.ModTime()) != nil {
			t.Fatal(err)
		}
		h.town.add()
		pause(t, time.Minute)
		if l := h.List().Objects; len(l) != 1 || l[0].Stored || l[0].Waiting == "" {
			t.Errorf("%+v", l)
		}
		if err := os.WriteFile(f.path, f.bytes, 0o644); err != nil {
			t.Fatal(err)
		}
		h.mustPut(f, control.Safe)
		h.mustGet(f)
		h.close()
	})
}
