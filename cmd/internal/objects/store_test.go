package objects_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/record"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/objects"
	"radswarm/radicle"
)

// repository is where objects of these tests belong.
func repository(t testing.TB) radicle.RID {
	t.Helper()
	rid, err := radicle.ParseRID("rad:z42hL2jL4XNk6K8oHQaSWfMgCL7ji")
	if err != nil {
		t.Fatal(err)
	}
	return rid
}

// records keeps what it is told, and knows what collaborators stored.
type records struct {
	mu     sync.Mutex
	stored []record.New
	known  map[blobstore.OID][]record.Choice
	public bool // what is stored for any repository
	from   control.From
}

func (r *records) Public(context.Context, radicle.RID) bool { return r.public }

func (r *records) FindFrom(
	ctx context.Context, rid radicle.RID, from control.From, oid blobstore.OID, size int64,
) ([]record.Choice, error) {
	r.from = from
	return r.Find(ctx, rid, oid, size)
}

func (r *records) Find(_ context.Context, _ radicle.RID, oid blobstore.OID, _ int64) ([]record.Choice, error) {
	return r.known[oid], nil
}

func (r *records) Stored(_ context.Context, _ radicle.RID, n record.New) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stored = append(r.stored, n)
}

func (r *records) all() []record.New {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]record.New(nil), r.stored...)
}

func store(files []*file, require control.Requirement, storage string) control.Store {
	ask := control.Store{Require: require, Storage: storage}
	for _, f := range files {
		ask.Files = append(ask.Files, control.File{Pointer: control.Pointer(f.Pointer), Path: f.path, Name: filepath.Base(f.path)})
	}
	return ask
}

func look(files []*file) control.Look {
	var ask control.Look
	for _, f := range files {
		ask.Objects = append(ask.Objects, control.Pointer(f.Pointer))
	}
	return ask
}

// Objects of a repository are told to its records as soon as they are safe, and whenever somebody else has a share.
func TestStoreTellsRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rid, told := repository(t), &records{}
		h := newHome(t, newTown(6), func(o *objects.Options) { o.Records = told })
		files := []*file{newFile(t, 300_000, 1), newFile(t, 0, 2), newFile(t, 1<<20, 3)}
		storage := t.TempDir()
		h.town.goAway(h.town.all[0])
		out, err := h.Store(t.Context(), rid, store(files, "", storage), nil)
		if err != nil || len(out.Objects) != 3 || !out.Objects[0].Safe || !out.Objects[1].Safe || !out.Objects[2].Safe {
			t.Fatalf("%+v, %v", out, err)
		}
		if n := len(told.all()); n < 3 {
			t.Errorf("told of %d", n)
		}
		for _, n := range told.all() {
			p := record.Place{RID: rid, Writer: ana().NID().DID()}
			if _, err := p.New(n); err != nil {
				t.Errorf("no record of %v: %v", n.Pointer, err)
			}
		}
		if _, err := os.Lstat(filepath.Join(storage, "radswarm", "pending", files[0].OID.String())); err != nil {
			t.Errorf("no link in the lfs storage: %v", err)
		}
		pending, err := h.Pending(t.Context(), rid)
		if rids, _ := h.Unrecorded(t.Context()); err != nil || len(pending) != 3 || len(rids) != 1 {
			t.Errorf("%d pending, %v", len(pending), err)
		}
		until(t, "it waits for the sixth", func() bool { return strings.Contains(h.List().Objects[0].Waiting, "bo") })
		err = h.Recorded(t.Context(), rid, []blobstore.Pointer{files[0].Pointer, files[1].Pointer, files[2].Pointer})
		h.again()
		if rids, _ := h.Unrecorded(t.Context()); err != nil || len(rids) != 0 {
			t.Errorf("%v, %v", rids, err)
		}
		h.town.comeBack(h.town.all[0])
		until(t, "all have theirs", func() bool { return h.Counts().Full == 3 && h.Counts().Pending == 0 })
		if rids, _ := h.Unrecorded(t.Context()); len(rids) != 1 {
			t.Error("a holder is new, and nobody is told")
		}
		looked, err := h.Look(t.Context(), rid, look(files))
		if err != nil || !looked.Objects[0].Full || !looked.Objects[2].Full {
			t.Errorf("%+v, %v", looked, err)
		}
		to := filepath.Join(t.TempDir(), "x")
		if _, err := h.Fetch(t.Context(), rid, control.Get{OID: files[2].OID, To: to}, nil); err != nil {
			t.Error(err)
		}
		h.close()
	})
}

// An object that a collaborator stored is found by its record, looked up as stored, and brought back from its holders.
func TestFetchByRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rid, told, w := repository(t), &records{}, newTown(5)
		bo := newHome(t, w, func(o *objects.Options) { o.Records = told })
		f := newFile(t, 1<<20, 1)
		if _, err := bo.Store(t.Context(), rid, store([]*file{f}, control.Full, ""), nil); err != nil {
			t.Fatal(err)
		}
		bo.close()
		all := told.all()
		made, err := record.Place{RID: rid, Writer: ana().NID().DID()}.New(all[len(all)-1])
		if err != nil {
			t.Fatal(err)
		}
		known := &records{known: map[blobstore.OID][]record.Choice{f.OID: {{Object: made}}}}
		h := newHome(t, w, func(o *objects.Options) { o.Records = known })
		h.keys.lock(errors.New("locked"))
		looked, err := h.Look(t.Context(), rid, look([]*file{f}))
		if err != nil || !looked.Objects[0].Stored || !looked.Objects[0].Full || looked.Objects[0].By != "" {
			t.Errorf("%+v, %v", looked, err)
		}
		theirs, err := record.Place{RID: rid, Writer: w.all[0].did}.New(all[len(all)-1])
		if err != nil {
			t.Fatal(err)
		}
		other := newHome(t, w, func(o *objects.Options) {
			o.Records = &records{known: map[blobstore.OID][]record.Choice{f.OID: {{Object: theirs}}}}
		})
		looked, err = other.Look(t.Context(), rid, look([]*file{f}))
		if err != nil || looked.Objects[0].By != "bo" || looked.Objects[0].People != 5 {
			t.Errorf("what bo stored: %+v, %v", looked, err)
		}
		other.close()
		to := filepath.Join(t.TempDir(), "x")
		from := control.From{Namespace: ana().NID(), Patch: rid.Oid()}
		out, err := h.Fetch(t.Context(), rid, control.Get{OID: f.OID, To: to, From: from}, nil)
		if err != nil || out.Object != control.Pointer(f.Pointer) {
			t.Errorf("%+v, %v", out, err)
		}
		if known.from != from {
			t.Errorf("records are asked for %+v", known.from)
		}
		if len(h.List().Objects) != 0 {
			t.Error("it is in the index")
		}
		h.close()
	})
}

// A record is older than the placing of the last shares: whoever keeps shares of its writer is asked, also without being a friend.
func TestFetchByAnOlderRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rid, told, w := repository(t), &records{}, newTown(5)
		bo := newHome(t, w, func(o *objects.Options) { o.Records = told })
		f := newFile(t, 1<<20, 1)
		if _, err := bo.Store(t.Context(), rid, store([]*file{f}, control.Full, ""), nil); err != nil {
			t.Fatal(err)
		}
		bo.close()
		all := told.all()
		old := all[len(all)-1]
		old.Holders = append([]radicle.DID(nil), old.Holders...)
		clear(old.Holders[2:])
		made, err := record.Place{RID: rid, Writer: ana().NID().DID()}.New(old)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range w.all {
			w.set(n, func(n *neighbour) { n.stranger = true })
		}
		known := &records{known: map[blobstore.OID][]record.Choice{f.OID: {{Object: made}}}}
		h := newHome(t, w, func(o *objects.Options) { o.Records = known })
		if _, err := h.Fetch(t.Context(), rid, control.Get{OID: f.OID, To: filepath.Join(t.TempDir(), "x")}, nil); err != nil {
			t.Error(err)
		}
		h.close()
	})
}

// Somebody who freezes in the middle is named within five seconds, also before the object could be placed with somebody else.
func TestWhoFreezesIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(2)), newFile(t, 40<<20, 1)
		cold := h.town.all[0]
		cold.holder.Set(&freezing{cold.view(), 10 << 20})
		var said heard
		out, err := h.Put(t.Context(), control.Put{Path: f.path, Require: control.Safe}, said.tell)
		if err != nil || !out.Safety.Stored {
			t.Fatalf("%+v, %v", out, err)
		}
		start := time.Now()
		_, err = h.Put(t.Context(), control.Put{Path: f.path, Require: control.Full}, said.tell)
		at, note := said.note("bo does not answer")
		if err == nil || note == "" || at.Sub(start) > 5*time.Second {
			t.Errorf("%v, %q after %v", err, note, at.Sub(start))
		}
		h.close()
	})
}

// freezing is a holder that takes so many bytes and then no more.
type freezing struct {
	blobstore.Holder
	after int64
}

func (h *freezing) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	offers = slices.Clone(offers)
	for i := range offers {
		share := offers[i].Share
		offers[i].Share = func() (io.ReadCloser, error) {
			r, err := share()
			return &frozen{r, ctx, h.after}, err
		}
	}
	return h.Holder.Put(ctx, offers)
}

type frozen struct {
	io.ReadCloser
	ctx  context.Context
	left int64
}

func (r *frozen) Read(b []byte) (int, error) {
	if r.left <= 0 {
		<-r.ctx.Done()
		return 0, r.ctx.Err()
	}
	n, err := r.ReadCloser.Read(b)
	r.left -= int64(n)
	return n, err
}

// A locked key is an error at once, and what waits for it goes on when it is unlocked.
func TestLocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(0)), newFile(t, 1<<20, 1)
		h.mustPut(f, "")
		h.keys.lock(&control.Error{Code: control.CodeLocked, Message: "locked", Hint: "rad swarm unlock"})
		h.town.add()
		_, err := h.put(f, control.Safe)
		if e, ok := errors.AsType[*control.Error](err); !ok || e.Code != control.CodeLocked || e.Hint != "rad swarm unlock" {
			t.Errorf("%v", err)
		}
		if c := h.Counts(); c.Pending != 1 {
			t.Errorf("%+v", c)
		}
		h.keys.lock(nil)
		h.Wake()
		until(t, "it is placed", func() bool { return h.Counts().Full == 1 })
		h.close()
	})
}

// A file that is not the object it is said to be is refused, and leaves nothing.
func TestPutAnotherFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f, other := newHome(t, newTown(3)), newFile(t, 1<<20, 1), newFile(t, 1<<20, 2)
		_, err := h.Put(t.Context(), control.Put{Path: other.path, Object: (*control.Pointer)(&f.Pointer)}, nil)
		if e, ok := errors.AsType[*control.Error](err); !ok || e.Code != control.CodeConflict {
			t.Errorf("%v", err)
		}
		if len(h.List().Objects) != 0 || h.town.shares() != 0 {
			t.Errorf("%+v, %d shares", h.List(), h.town.shares())
		}
		h.mustPut(f, control.Safe)
		h.close()
	})
}

// Many clients may store and fetch the same at once.
func TestTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, newTown(5))
		files := []*file{newFile(t, 1<<20, 1), newFile(t, 300_000, 2), newFile(t, 10, 3)}
		var together sync.WaitGroup
		for range 4 {
			for _, f := range files {
				together.Go(func() {
					if _, err := h.put(f, control.Full); err != nil {
						t.Error(err)
					}
				})
			}
		}
		together.Wait()
		if h.town.shares() != 15 {
			t.Errorf("%d shares", h.town.shares())
		}
		to := t.TempDir()
		for range 4 {
			together.Go(func() {
				ask := control.Get{OID: files[0].OID, To: filepath.Join(to, "same"), Replace: true}
				if _, err := h.Get(t.Context(), ask, nil); err != nil {
					t.Error(err)
				}
			})
		}
		together.Wait()
		h.close()
	})
}

// Who did not answer in time, and whose connection took the question with it, is asked again before the client gives up.
func TestSilentFriendComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(3)), newFile(t, 1<<20, 1)
		bo, cut := h.town.all[0], make(chan struct{})
		bo.holder.Set(blobtest.Gated(bo.view(), func(ctx context.Context) error {
			select {
			case <-cut:
				return blobtest.ErrGone
			case <-ctx.Done():
				return ctx.Err()
			}
		}))
		time.AfterFunc(8*time.Second, func() {
			bo.holder.Set(bo.view())
			close(cut)
		})
		if out := h.mustPut(f, control.Full); !out.Safety.Full {
			t.Errorf("%+v", out.Safety)
		}
		h.close()
	})
}
