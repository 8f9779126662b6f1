package disk

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/share"
)

// rotten is a store in a folder with a share of Ana's and Bo's, and one of Ana's that stays good.
type rotten struct {
	*Store
	dir      string
	sh, good blobtest.Share
}

func newRotten(t *testing.T) rotten {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shares")
	s, err := Create(t.Context(), dir, Options{Limits: Limits{Floor: noFloor}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	r := rotten{s, dir, blobtest.NewShare(1, 5*share.GroupSize+100), blobtest.NewShare(2, 100)}
	blobtest.MustPut(t, s.For(person(0), NoLimit), person(0), r.sh, r.good)
	blobtest.MustPut(t, s.For(person(1), NoLimit), person(1), r.sh)
	return r
}

func (r rotten) path() string      { return filepath.Join(r.dir, sharePath(r.sh.Name, held, 0)) }
func (r rotten) leasePath() string { return filepath.Join(r.dir, leasePath(r.sh.Name)) }

// asideAndHealed fails the test unless the share is absent for both owners, kept for repair, and there again for both when one
// of them puts it.
func (r rotten) asideAndHealed(t *testing.T) {
	t.Helper()
	ana, bo := r.For(person(0), NoLimit), r.For(person(1), NoLimit)
	for _, h := range []blobstore.Holder{ana, bo} {
		if _, err := get(t, h, r.sh); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("served after it rotted: %v", err)
		}
		held, err := h.Have(t.Context(), []blobstore.ShareName{r.sh.Name, r.good.Name}, blobstore.Nonce{})
		if err != nil || held[0].Len != 0 {
			t.Errorf("said to be held after it rotted: %v", err)
		}
		if _, err := h.Manifests(t.Context(), r.sh.MID); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("manifest of what rotted: %v", err)
		}
	}
	if _, err := os.Stat(filepath.Join(r.dir, sharePath(r.sh.Name, bad, 0))); err != nil {
		t.Errorf("not kept for repair: %v", err)
	}
	if st, err := r.Stats(t.Context()); err != nil || st.Bad != 1 || st.Held != 1 {
		t.Errorf("%+v, %v", st, err)
	}
	mustHave(t, r.Store, person(0), r.good)
	blobtest.MustPut(t, bo, person(1), r.sh)
	mustHave(t, r.Store, person(0), r.sh)
	mustHave(t, r.Store, person(1), r.sh)
	if got := r.Charged(person(1)); got != r.sh.Charge() {
		t.Errorf("charged %d after healing, was %d", got, r.sh.Charge())
	}
	fsck(t, r.Store)
}

// A turned bit in a share is found by whoever reads it, in every group, and by no one who reads another.
func TestRotIsNotServed(t *testing.T) {
	for group := range int64(6) {
		r := newRotten(t)
		flip(t, r.path(), group*share.GroupSize+int64(group)*19)
		h := r.For(person(0), NoLimit)
		other := blobstore.Range{Off: (group + 1) % 6 * share.GroupSize, Len: 100}
		if err := h.Get(t.Context(), r.sh.Name, []blobstore.Range{other}, func(int, []byte) error { return nil }); err != nil {
			t.Errorf("group %d: another is not read: %v", group, err)
		}
		served := 0
		err := h.Get(t.Context(), r.sh.Name, r.sh.Ranges(share.GroupSize), func(i int, b []byte) error {
			served++
			if !bytes.Equal(b, r.sh.Data[i*share.GroupSize:][:len(b)]) {
				t.Errorf("group %d: other bytes are served", i)
			}
			return nil
		})
		rot, ok := errors.AsType[*RotError](err)
		if !ok || rot.Off != group*share.GroupSize || rot.Name != r.sh.Name || !errors.Is(err, blobstore.ErrProof) || served != int(group) {
			t.Errorf("group %d: after %d: %v", group, served, err)
		}
		r.asideAndHealed(t)
	}
}

// Every method that reads a share finds out that it rotted.
func TestRotIsNotProved(t *testing.T) {
	whole := blobstore.Range{Off: 0, Len: share.GroupSize}
	for name, call := range map[string]func(context.Context, blobstore.Holder, blobstore.ShareName) error{
		"Prove": func(ctx context.Context, h blobstore.Holder, name blobstore.ShareName) error {
			_, err := h.Prove(ctx, name, []blobstore.Range{whole})
			return err
		},
		"Audit": func(ctx context.Context, h blobstore.Holder, name blobstore.ShareName) error {
			_, err := h.Audit(ctx, name, blobstore.Nonce{}, 100)
			return err
		},
		"Hash": func(ctx context.Context, h blobstore.Holder, name blobstore.ShareName) error {
			_, err := h.Hash(ctx, name, blobstore.Nonce{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRotten(t)
			flip(t, r.path(), 100)
			if err := call(t.Context(), r.For(person(1), NoLimit), r.sh.Name); !isRot(err) {
				t.Errorf("%v", err)
			}
			r.asideAndHealed(t)
		})
	}
}

// Scrub finds a turned bit wherever it is: share, outboard, manifest, footer, leases; and a file that ends early or goes on.
func TestScrubFindsRot(t *testing.T) {
	length := int64(5*share.GroupSize + 100)
	outboard := share.OutboardLen(length)
	for name, spoil := range map[string]func(t *testing.T, r rotten){
		"first byte":   func(t *testing.T, r rotten) { flip(t, r.path(), 0) },
		"last byte":    func(t *testing.T, r rotten) { flip(t, r.path(), length-1) },
		"outboard":     func(t *testing.T, r rotten) { flip(t, r.path(), length) },
		"outboard end": func(t *testing.T, r rotten) { flip(t, r.path(), length+outboard-1) },
		"manifest":     func(t *testing.T, r rotten) { flip(t, r.path(), length+outboard+7) },
		"footer":       func(t *testing.T, r rotten) { flip(t, r.path(), length+outboard+464+20) },
		"footer end":   func(t *testing.T, r rotten) { flip(t, r.path(), length+outboard+464+511) },
		"leases":       func(t *testing.T, r rotten) { flip(t, r.leasePath(), 80) },
		"cut": func(t *testing.T, r rotten) {
			if err := os.Truncate(r.path(), length); err != nil {
				t.Fatal(err)
			}
		},
		"emptied": func(t *testing.T, r rotten) { write(t, r.path(), nil) },
		"longer":  func(t *testing.T, r rotten) { write(t, r.path(), append(read(t, r.path()), 0)) },
		"stuffed": func(t *testing.T, r rotten) {
			b := read(t, r.path())
			write(t, r.path(), slices.Insert(b, len(b)-footerSize, 0, 0, 0))
		},
		"another": func(t *testing.T, r rotten) {
			write(t, r.path(), read(t, filepath.Join(r.dir, sharePath(r.good.Name, held, 0))))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRotten(t)
			spoil(t, r)
			found := 0
			for sc, err := range r.Scrub(t.Context(), time.Now(), 0) {
				if err != nil {
					t.Fatal(err)
				}
				if (sc.Rot != nil) != (sc.Name == r.sh.Name) {
					t.Errorf("%v: %v", sc.Name, sc.Rot)
				}
				found++
			}
			if found != 2 {
				t.Errorf("%d shares were read", found)
			}
			r.asideAndHealed(t)
		})
	}
}

// Rot that a scan finds, without an index to complete what cannot be read, is moved aside too and heals.
func TestRotWithoutIndex(t *testing.T) {
	for name, spoil := range map[string]func(r rotten) (path string, off int64){
		"footer": func(r rotten) (string, int64) { return r.path(), int64(len(r.sh.Data)) + 5*share.EntrySize + 464 + 100 },
		"leases": func(r rotten) (string, int64) { return r.leasePath(), 3 },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRotten(t)
			closeStore(t, r.Store)
			path, off := spoil(r)
			flip(t, path, off)
			if err := os.Remove(filepath.Join(r.dir, indexFile)); err != nil {
				t.Fatal(err)
			}
			s := reopen(t, r.dir, Options{Limits: Limits{Floor: noFloor}})
			fsck(t, s)
			if st, err := s.Stats(t.Context()); err != nil || st.Bad != 1 {
				t.Errorf("%+v, %v", st, err)
			}
			blobtest.MustPut(t, s.For(person(1), NoLimit), person(1), r.sh)
			mustHave(t, s, person(1), r.sh)
			fsck(t, s)
		})
	}
}

// A rotten share whose last owner lets it go goes at once: there is nothing to take back.
func TestRottenIsDeleted(t *testing.T) {
	r := newRotten(t)
	flip(t, r.path(), 1)
	if _, err := get(t, r.For(person(0), NoLimit), r.sh); !isRot(err) {
		t.Fatal(err)
	}
	for i := range 2 {
		if err := r.For(person(i), NoLimit).Delete(t.Context(), []blobstore.ShareName{r.sh.Name}); err != nil {
			t.Fatal(err)
		}
		fsck(t, r.Store)
	}
	if st, err := r.Stats(t.Context()); err != nil || st.Bad != 0 || st.Trashed != 0 || st.Charged != r.good.Charge() {
		t.Errorf("%+v, %v", st, err)
	}
}

// An error that is not of the share's bytes condemns nothing.
func TestTroubleIsNotRot(t *testing.T) {
	disk, w := newMemFS(), newWorld(1)
	fail := false
	fsys := hookFS{disk, func(op, _ string) error {
		if fail && op == "read" {
			return errFault
		}
		return nil
	}}
	s, err := startMem(t, fsys, filepath.Join(t.TempDir(), indexFile), w.options())
	if err != nil {
		t.Fatal(err)
	}
	defer s.index.close()
	if err := w.put(t.Context(), s, 0, 3); err != nil {
		t.Fatal(err)
	}
	fail = true
	if _, err := get(t, s.For(w.owners[0], NoLimit), w.shares[3]); !errors.Is(err, errFault) || isRot(err) {
		t.Errorf("%v", err)
	}
	for _, err := range s.Scrub(t.Context(), w.now().Add(time.Hour), 0) {
		if !errors.Is(err, errFault) {
			t.Errorf("%v", err)
		}
	}
	fail = false
	w.check(t, s)
}

// bendFS turns a bit of the next group that is read: a fault of memory, or of a cable.
type bendFS struct {
	fileSystem
	next *bool
}

type bendFile struct {
	file
	next *bool
}

func (b bendFS) Open(name string) (file, error) {
	f, err := b.fileSystem.Open(name)
	return bendFile{f, b.next}, err
}

func (b bendFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := b.file.ReadAt(p, off)
	if *b.next && n == share.GroupSize {
		p[7] ^= 1
		*b.next = false
	}
	return n, err
}

// What another look finds as it should be is not moved aside, and wrong bytes are handed out at no time.
func TestMisreadIsNotRot(t *testing.T) {
	disk, w, next := newMemFS(), newWorld(1), false
	s, err := startMem(t, bendFS{disk, &next}, filepath.Join(t.TempDir(), indexFile), w.options())
	if err != nil {
		t.Fatal(err)
	}
	defer s.index.close()
	if err := w.put(t.Context(), s, 0, 4); err != nil {
		t.Fatal(err)
	}
	next = true
	if _, err := get(t, s.For(w.owners[0], NoLimit), w.shares[4]); !isRot(err) || next {
		t.Errorf("%v", err)
	}
	w.check(t, s)

	r, err := s.openReader(w.shares[4].Name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	for range 2 { // a group that was read stays good when another cannot be
		if err := r.load(0); err != nil || !bytes.Equal(r.group[:r.have.Len], w.shares[4].Data[:share.GroupSize]) {
			t.Fatalf("first group: %v", err)
		}
		next = true
		if err := r.load(share.GroupSize); !isRot(err) {
			t.Errorf("second group: %v", err)
		}
	}
}

// A scrub takes up where the last one stopped, and reads nothing twice.
func TestScrubOrder(t *testing.T) {
	disk, w := newMemFS(), newWorld(1)
	s, err := startMem(t, disk, filepath.Join(t.TempDir(), indexFile), w.options())
	if err != nil {
		t.Fatal(err)
	}
	defer s.index.close()
	if err := w.put(t.Context(), s, 0, 0, 1, 2, 3, 4); err != nil {
		t.Fatal(err)
	}
	seen := map[blobstore.ShareName]int{}
	scrub := func(before time.Time, most int) {
		t.Helper()
		for sc, err := range s.Scrub(t.Context(), before, 0) {
			if err != nil || sc.Rot != nil {
				t.Fatal(err, sc.Rot)
			}
			if seen[sc.Name]++; len(seen) == most {
				return
			}
		}
	}
	scrub(w.now(), 2)
	scrub(w.now(), 9)
	for name, n := range seen {
		if n != 1 {
			t.Errorf("%v was read %d times", name, n)
		}
	}
	if len(seen) != 5 {
		t.Errorf("%d shares were read", len(seen))
	}
	clear(seen)
	scrub(w.now().Add(time.Hour), 9) // it ends although they will always have been read before that
	if len(seen) != 5 {
		t.Errorf("%d shares were read again", len(seen))
	}
	// One that somebody took away is not there, and then the index knows.
	if err := disk.Remove(sharePath(w.shares[2].Name, held, 0)); err != nil {
		t.Fatal(err)
	}
	w.clock = w.clock.Add(2 * time.Hour)
	scrub(w.now(), 9)
	w.leases[leaseKey{2, 0}] = unknown
	w.check(t, s)
}

// The pace is kept, and the context ends a wait.
func TestPacer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, start := pacer{rate: 1 << 20}, time.Now()
		for range 160 {
			if err := p.wait(t.Context(), share.GroupSize); err != nil {
				t.Fatal(err)
			}
		}
		if d := time.Since(start); d != 10*time.Second {
			t.Errorf("10 MiB at 1 MiB/s took %v", d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		if err := p.wait(ctx, 100<<20); err != context.DeadlineExceeded || time.Since(start) != time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		p = pacer{}
		if err := p.wait(ctx, 1); err != context.DeadlineExceeded {
			t.Errorf("without a pace: %v", err)
		}
	})
}
