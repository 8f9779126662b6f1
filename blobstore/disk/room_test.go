package disk

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/share"
)

// putOne puts one share and returns its outcome.
func putOne(t testing.TB, h blobstore.Holder, owner int, sh blobtest.Share) blobstore.Outcome {
	t.Helper()
	outcomes, err := h.Put(t.Context(), []blobstore.Offer{sh.Offer(person(owner))})
	if err != nil {
		t.Fatal(err)
	}
	return outcomes[0]
}

// bound fails the test unless an outcome is full by a bound.
func bound(t testing.TB, o blobstore.Outcome, want Bound) {
	t.Helper()
	e, ok := errors.AsType[*FullError](o.Err)
	if !ok || e.Bound != want || !errors.Is(o.Err, blobstore.ErrFull) {
		t.Errorf("%+v, want full by %s", o, want)
	}
}

// A hundred who put at once never get beyond the total, at no moment.
func TestHundredPuts(t *testing.T) {
	const fits = 30
	charge := blobtest.NewShare(0, 20_000).Charge()
	s := create(t, Options{Limits: Limits{Total: fits*charge + charge - 1, Floor: noFloor}})
	var most atomic.Int64
	var taken atomic.Int64
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			sh := blobtest.NewShare(uint64(i), 20_000)
			offer := sh.Offer(person(i % 3))
			offer.Share = func() (io.ReadCloser, error) {
				st, err := s.Stats(t.Context())
				if err != nil {
					t.Error(err)
				}
				for sum := st.Charged + st.Promised; ; {
					if old := most.Load(); sum <= old || most.CompareAndSwap(old, sum) {
						break
					}
				}
				return io.NopCloser(bytes.NewReader(sh.Data)), nil
			}
			outcomes, err := s.For(person(i%3), NoLimit).Put(t.Context(), []blobstore.Offer{offer})
			switch {
			case err != nil:
				t.Error(err)
			case outcomes[0].Err == nil:
				taken.Add(1)
			default:
				bound(t, outcomes[0], BoundTotal)
			}
		})
	}
	wg.Wait()
	if taken.Load() != fits {
		t.Errorf("%d were taken, %d fit", taken.Load(), fits)
	}
	if most.Load() > fits*charge+charge-1 {
		t.Errorf("%d bytes at a time", most.Load())
	}
	fsck(t, s)
}

func TestPledge(t *testing.T) {
	s := create(t, Options{Limits: Limits{Floor: noFloor}})
	a, b := blobtest.NewShare(1, 50_000), blobtest.NewShare(2, 50_000)
	ana := s.For(person(0), a.Charge())
	if o := putOne(t, ana, 0, a); o.Err != nil {
		t.Fatal(o.Err)
	}
	bound(t, putOne(t, ana, 0, b), BoundPledge)
	blobtest.MustPut(t, s.For(person(1), b.Charge()), person(1), b)
	bound(t, putOne(t, ana, 0, b), BoundPledge) // also of what is there for others
	if o := putOne(t, ana, 0, a); o.Err != nil || !o.Had {
		t.Errorf("what is Ana's already: %+v", o)
	}
	if o := putOne(t, s.For(person(0), a.Charge()+b.Charge()-1), 0, b); o.Err == nil {
		t.Error("a pledge one byte too small")
	}
	if o := putOne(t, s.For(person(0), a.Charge()+b.Charge()), 0, b); o.Err != nil || !o.Had {
		t.Errorf("%+v", o)
	}
	bound(t, putOne(t, s.For(person(0), 1), 0, blobtest.NewShare(3, 1)), BoundPledge) // lowered: nothing goes, nothing comes
	mustHave(t, s, person(0), a, b)
	fsck(t, s)
}

// A larger manifest is charged like any other byte.
func TestManifestIsCharged(t *testing.T) {
	s := create(t, Options{Limits: Limits{Floor: noFloor}})
	sh := blobtest.NewShare(1, 50_000)
	sh.Sealed = nil
	h := s.For(person(0), sh.Charge()+100)
	if o := putOne(t, h, 0, sh); o.Err != nil {
		t.Fatal(o.Err)
	}
	sh.Sealed = make([]byte, 101)
	bound(t, putOne(t, h, 0, sh), BoundPledge)
	sh.Sealed = make([]byte, 100)
	if o := putOne(t, h, 0, sh); o.Err != nil || s.Charged(person(0)) != sh.Charge() {
		t.Errorf("%+v, charged %d", o, s.Charged(person(0)))
	}
	fsck(t, s)
}

// The floor of the disk is kept, whatever the pledges say, for shares that arrive at once, too.
func TestFloor(t *testing.T) {
	disk := newMemFS()
	disk.room = 10 << 20
	s, err := startMem(t, disk, filepath.Join(t.TempDir(), indexFile), Options{Limits: Limits{Floor: 9 << 20}, testOnlyUnsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.index.close()
	h := s.For(person(0), NoLimit)
	var offers []blobstore.Offer
	for i := range 4 {
		offers = append(offers, blobtest.NewShare(uint64(i), 300_000).Offer(person(0)))
	}
	outcomes, err := h.Put(t.Context(), offers)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range outcomes {
		if i < 3 && o.Err != nil {
			t.Errorf("share %d: %v", i, o.Err)
		}
	}
	bound(t, outcomes[3], BoundFloor)
	s.SetLimits(Limits{}) // 5 % or 2 GiB, of 10 MiB
	bound(t, putOne(t, h, 0, blobtest.NewShare(9, 1)), BoundFloor)
	s.SetLimits(Limits{Floor: noFloor})
	if o := putOne(t, h, 0, blobtest.NewShare(9, 1)); o.Err != nil {
		t.Error(o.Err)
	}
	fsck(t, s)
	for size, want := range map[int64]int64{0: 2 << 30, 1 << 40: 1 << 40 / 20, 30 << 30: 2 << 30, 41 << 30: 41 << 30 / 20} {
		if got := (Limits{}).floor(size); got != want {
			t.Errorf("floor of %d bytes is %d, want %d", size, got, want)
		}
	}
}

// A disk that is full although it said otherwise is found out before the first byte.
func TestDiskIsFuller(t *testing.T) {
	disk := newMemFS()
	disk.room = 1 << 20
	lie := hookFree{disk}
	s, err := startMem(t, lie, filepath.Join(t.TempDir(), indexFile), Options{testOnlyUnsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.index.close()
	h := s.For(person(0), NoLimit)
	good, big := blobtest.NewShare(1, 500_000), blobtest.NewShare(2, 600_000)
	offer := big.Offer(person(0))
	offer.Decided = func(o blobstore.Outcome) { bound(t, o, BoundDisk) }
	offer.Share = func() (io.ReadCloser, error) { t.Error("opened"); return nil, io.EOF }
	outcomes, err := h.Put(t.Context(), []blobstore.Offer{good.Offer(person(0)), offer})
	if err != nil || outcomes[0].Err != nil {
		t.Fatalf("%+v, %v", outcomes, err)
	}
	bound(t, outcomes[1], BoundDisk)
	mustHave(t, s, person(0), good)
	fsck(t, s)
}

// hookFree is a disk that says it has room.
type hookFree struct{ fileSystem }

func (hookFree) Free() (free, size int64, err error) {
	return math.MaxInt64 / 2, math.MaxInt64 / 2, nil
}

// A manifest that its owner replaced is still in the share's file, and is paid for: to send long ones and replace them by none
// would else be a way to four times the pledge.
func TestReplacedManifestIsCharged(t *testing.T) {
	options := Options{Limits: Limits{Floor: noFloor}}
	s := create(t, options)
	ana, bo, sh := s.For(person(0), NoLimit), s.For(person(1), NoLimit), blobtest.NewShare(1, 1)
	sh.Sealed = bytes.Repeat([]byte{1}, blobstore.MaxSealed)
	long := sh.Charge()
	blobtest.MustPut(t, ana, person(0), sh)
	sh.Sealed = nil
	charged := func(when string, owner int, want int64) {
		t.Helper()
		st, err := s.Stats(t.Context())
		if got := s.Charged(person(owner)); err != nil || got != want || st.Charged != want || st.Promised != 0 {
			t.Errorf("%s: %d bytes charged, %d in all, want %d: %v", when, got, st.Charged, want, err)
		}
	}
	for range 2 {
		if o := putOne(t, s.For(person(0), long-1), 0, sh); !o.Had && o.Err == nil {
			t.Errorf("%+v", o)
		}
		charged("replaced", 0, long)
	}
	blobtest.MustPut(t, bo, person(1), sh)
	if err := ana.Delete(t.Context(), []blobstore.ShareName{sh.Name}); err != nil {
		t.Fatal(err)
	}
	charged("the other owner left", 1, long)
	if err := bo.Delete(t.Context(), []blobstore.ShareName{sh.Name}); err != nil {
		t.Fatal(err)
	}
	charged("in the trash", 1, long)
}

// Where the index cannot be written for a while, room stays promised for that long and no longer, and what was stored is charged.
func TestIndexThatCannotBeWrittenForAWhile(t *testing.T) {
	s := create(t, Options{Limits: Limits{Floor: noFloor}})
	h, first, second := s.For(person(0), NoLimit), blobtest.NewShare(1, 5000), blobtest.NewShare(2, 6000)
	writable := func(yes bool) {
		t.Helper()
		s.index.mu.Lock()
		defer s.index.mu.Unlock()
		query := "PRAGMA query_only = 1"
		if yes {
			query = "PRAGMA query_only = 0"
		}
		if err := s.index.run(query); err != nil {
			t.Fatal(err)
		}
	}
	offer := first.Offer(person(0))
	open := offer.Share
	offer.Share = func() (io.ReadCloser, error) {
		writable(false)
		return open()
	}
	if outcomes, err := h.Put(t.Context(), []blobstore.Offer{offer}); err != nil || outcomes[0].Err != nil {
		t.Fatalf("%+v, %v", outcomes, err) // it is durable all the same
	}
	charged := func(kept, promised int64) {
		t.Helper()
		st, err := s.Stats(t.Context())
		if err != nil || st.Charged != kept || st.Promised != promised || s.Charged(person(0)) != kept+promised {
			t.Errorf("%d charged, %d promised, want %d and %d: %v", st.Charged, st.Promised, kept, promised, err)
		}
	}
	charged(0, first.Charge())
	writable(true)
	blobtest.MustPut(t, h, person(0), second)
	charged(first.Charge()+second.Charge(), 0)
	if names, err := s.index.dirty(blobstore.ShareName{}); err != nil || len(names) != 0 {
		t.Errorf("%d names are marked: %v", len(names), err)
	}
}

// The floor holds when two put at once: no room is put aside between the question what is free and the promise.
func TestFloorIsAskedUnderTheLock(t *testing.T) {
	var a account
	asked := 0
	err := a.reserve(&claim{pledge: NoLimit, total: 1}, func() (free, size int64, err error) {
		if asked++; a.mu.TryLock() {
			a.mu.Unlock()
			t.Error("asked while promises change")
		}
		return math.MaxInt64, math.MaxInt64, nil
	})
	if err != nil || asked != 1 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

// What is charged is known again when the store is opened again.
func TestChargesSurvive(t *testing.T) {
	options := Options{Limits: Limits{Floor: noFloor}}
	dir, _, _ := mixed(t, options)
	s := reopen(t, dir, options)
	before, st := s.Owners(), s.account.kept.total
	closeStore(t, s)
	if err := os.Remove(filepath.Join(dir, indexFile)); err != nil {
		t.Fatal(err)
	}
	s = reopen(t, dir, options)
	if after := s.Owners(); len(after) != len(before) || after[person(0)] != before[person(0)] || s.account.kept.total != st {
		t.Errorf("%v and %d, was %v and %d", after, s.account.kept.total, before, st)
	}
}

// What is in the trash stays charged until it is swept: deleting and putting in turn gains no room.
func TestTrashIsCharged(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	a, b := blobtest.NewShare(1, 50_000), blobtest.NewShare(2, 50_000)
	s := create(t, Options{Limits: Limits{Floor: noFloor, Total: a.Charge() + 100}, Now: func() time.Time { return now }})
	h := s.For(person(0), NoLimit)
	blobtest.MustPut(t, h, person(0), a)
	if err := h.Delete(t.Context(), []blobstore.ShareName{a.Name}); err != nil {
		t.Fatal(err)
	}
	bound(t, putOne(t, h, 0, b), BoundTotal)
	bound(t, putOne(t, s.For(person(0), a.Charge()), 0, b), BoundPledge)
	now = now.Add(TrashTime)
	if n, err := s.Sweep(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	if o := putOne(t, h, 0, b); o.Err != nil {
		t.Error(o.Err)
	}
	fsck(t, s)
}

func TestManyOwners(t *testing.T) {
	s := create(t, Options{Limits: Limits{Floor: noFloor}})
	sh := blobtest.NewShare(1, 100)
	for i := range MaxOwners + 1 {
		owner := person(0)
		owner[0], owner[1] = byte(i), byte(i>>8)
		outcomes, err := s.For(owner, NoLimit).Put(t.Context(), []blobstore.Offer{sh.Offer(owner)})
		if err != nil {
			t.Fatal(err)
		}
		if i < MaxOwners && outcomes[0].Err != nil {
			t.Fatalf("owner %d: %v", i, outcomes[0].Err)
		}
		if i == MaxOwners {
			bound(t, outcomes[0], BoundOwners)
		}
	}
	fsck(t, s)
}

// A Put that is cancelled reads no further, even where the reader would.
func TestCancelledPutStopsReading(t *testing.T) {
	s := create(t, Options{Limits: Limits{Floor: noFloor}})
	sh := blobtest.NewShare(1, 100*share.GroupSize)
	ctx, cancel := context.WithCancel(t.Context())
	r := &countingReader{Reader: bytes.NewReader(sh.Data), then: cancel}
	offer := sh.Offer(person(0))
	offer.Share = func() (io.ReadCloser, error) { return io.NopCloser(r), nil }
	first := blobtest.NewShare(2, 1000)
	_, err := s.For(person(0), NoLimit).Put(ctx, []blobstore.Offer{first.Offer(person(0)), offer})
	if err != context.Canceled || r.n > 2*share.GroupSize {
		t.Errorf("after %d bytes: %v", r.n, err)
	}
	mustHave(t, s, person(0), first) // which came whole
	fsck(t, s)
}

type countingReader struct {
	io.Reader
	n    int
	then func()
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.n += n
	r.then()
	return n, err
}
