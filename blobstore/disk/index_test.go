package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
)

// mixed returns a closed store with a bit of everything, the shares that Ana has in it, and the rows of its index.
func mixed(t *testing.T, options Options) (dir string, shares []blobtest.Share, want []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "shares")
	s, err := Create(t.Context(), dir, options)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		shares = append(shares, blobtest.NewShare(uint64(i), 1+i*9000))
	}
	ana, bo := s.For(person(0), NoLimit), s.For(person(1), NoLimit)
	blobtest.MustPut(t, ana, person(0), shares...)
	blobtest.MustPut(t, bo, person(1), shares[:5]...)
	gone := blobtest.NewShare(100, 5000)
	blobtest.MustPut(t, ana, person(0), gone)
	if err := ana.Delete(t.Context(), []blobstore.ShareName{gone.Name, shares[0].Name, shares[1].Name}); err != nil {
		t.Fatal(err)
	}
	flip(t, filepath.Join(dir, sharePath(shares[19].Name, held, 0)), 100)
	if _, err := get(t, ana, shares[19]); !isRot(err) {
		t.Fatalf("a bit was turned: %v", err)
	}
	fsck(t, s)
	want = rows(t, s.index)
	closeStore(t, s)
	return dir, shares[2:19], want
}

// flip turns a bit of a file.
func flip(t testing.TB, path string, off int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], off); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x04
	if _, err := f.WriteAt(b[:], off); err != nil {
		t.Fatal(err)
	}
}

// An index that is lost, broken or not the one last used is made anew, and says what the old one did.
func TestIndexIsACache(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, dir, path string){
		"deleted": func(t *testing.T, _, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
		"empty": func(t *testing.T, _, path string) { write(t, path, nil) },
		"text":  func(t *testing.T, _, path string) { write(t, path, []byte("this is no index at all")) },
		"cut": func(t *testing.T, _, path string) {
			if err := os.Truncate(path, 5000); err != nil {
				t.Fatal(err)
			}
		},
		"scribbled": func(t *testing.T, _, path string) {
			b := read(t, path)
			for off := 4096; off < len(b); off += 4096 {
				copy(b[off:], bytes.Repeat([]byte{0xa5}, 4000))
			}
			write(t, path, b)
		},
		"other version": func(t *testing.T, _, path string) {
			x, err := openIndex(path, true)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(x.run("PRAGMA user_version = 7"), x.close()); err != nil {
				t.Fatal(err)
			}
		},
		"no session": func(t *testing.T, dir, _ string) {
			if err := os.Remove(filepath.Join(dir, sessionFile)); err != nil {
				t.Fatal(err)
			}
		},
		"other session": func(t *testing.T, dir, _ string) {
			write(t, filepath.Join(dir, sessionFile), formatSession(make([]byte, 16)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			options := Options{Limits: Limits{Floor: noFloor}}
			dir, shares, want := mixed(t, options)
			spoil(t, dir, filepath.Join(dir, indexFile))
			s := reopen(t, dir, options)
			if diff := cmp.Diff(want, rows(t, s.index)); diff != "" {
				t.Errorf("index before (-) and after (+):\n%s", diff)
			}
			fsck(t, s)
			mustHave(t, s, person(0), shares...)
			for _, sh := range shares {
				got, err := s.For(person(0), NoLimit).Manifests(t.Context(), sh.MID)
				if err != nil || len(got) != 1 || !bytes.Equal(got[0], sh.Sealed) {
					t.Errorf("%d manifests: %v", len(got), err)
				}
			}
		})
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// An index that was put back from a backup is older than the files, and not believed.
func TestOlderIndex(t *testing.T) {
	options := Options{Limits: Limits{Floor: noFloor}}
	dir, shares, _ := mixed(t, options)
	backup := read(t, filepath.Join(dir, indexFile))
	s := reopen(t, dir, options)
	late := blobtest.NewShare(500, 12_345)
	blobtest.MustPut(t, s.For(person(0), NoLimit), person(0), late)
	closeStore(t, s)
	write(t, filepath.Join(dir, indexFile), backup)
	s = reopen(t, dir, options)
	mustHave(t, s, person(0), append(shares, late)...)
	if got, err := s.For(person(0), NoLimit).Manifests(t.Context(), late.MID); err != nil || len(got) != 1 {
		t.Errorf("%d manifests: %v", len(got), err)
	}
	fsck(t, s)
}

// A good index is believed: no footer is read.
func TestIndexIsBelieved(t *testing.T) {
	disk, w := newMemFS(), newWorld(1)
	path := filepath.Join(t.TempDir(), indexFile)
	s, err := startMem(t, disk, path, w.options())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.put(t.Context(), s, 0, 0, 1, 2, 3); err != nil {
		t.Fatal(err)
	}
	_ = s.index.close()
	reads := 0
	fsys := hookFS{disk, func(op, name string) error {
		if op == "read" && name != sessionFile {
			reads++
		}
		return nil
	}}
	if s, err = startMem(t, fsys, path, w.options()); err != nil {
		t.Fatal(err)
	}
	if reads != 0 {
		t.Errorf("%d reads", reads)
	}
	w.check(t, s)
	_ = s.index.close()
}

// What the index says wrongly opens nothing, and removes nothing.
func TestIndexLies(t *testing.T) {
	disk, w := newMemFS(), newWorld(1)
	s, err := startMem(t, disk, filepath.Join(t.TempDir(), indexFile), w.options())
	if err != nil {
		t.Fatal(err)
	}
	defer s.index.close()
	sh, gone := blobtest.NewShare(1, 1000), blobtest.NewShare(2, 1000)
	ana, bo := s.For(person(0), NoLimit), s.For(person(1), NoLimit)
	blobtest.MustPut(t, ana, person(0), sh, gone)
	if err := ana.Delete(t.Context(), []blobstore.ShareName{gone.Name}); err != nil {
		t.Fatal(err)
	}
	for _, lie := range []string{
		"UPDATE lease SET open = 1", "UPDATE share SET since = 1 WHERE state = 3",
	} {
		if err := s.index.run(lie); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := bo.Manifests(t.Context(), sh.MID); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%d manifests of Ana's: %v", len(got), err)
	}
	if n, err := s.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("%d swept before their time: %v", n, err)
	}
	if o := putOne(t, ana, 0, gone); !o.Had || o.Err != nil {
		t.Errorf("%+v", o)
	}
	if err := s.index.run("UPDATE lease SET mid = x'00'"); err != nil {
		t.Fatal(err)
	}
	if got, err := ana.Manifests(t.Context(), blobstore.MID{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%d manifests under no name: %v", len(got), err)
	}
}

// Of several files of one share the best is left; leases beside none go.
func TestTidy(t *testing.T) {
	for name, test := range map[string]struct {
		there []standing
		want  standing
	}{
		"all":     {[]standing{{trashed, 7}, {bad, 0}, {held, 0}, {trashed, 9}}, standing{held, 0}},
		"bad":     {[]standing{{trashed, 7}, {bad, 0}}, standing{bad, 0}},
		"trash":   {[]standing{{trashed, 7}, {trashed, 9}, {trashed, 8}}, standing{trashed, 9}},
		"leases":  {[]standing{{absent, 0}}, standing{}},
		"all-two": {[]standing{{absent, 0}, {held, 0}, {bad, 0}}, standing{held, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			disk, w := newMemFS(), newWorld(1)
			s, err := startMem(t, disk, filepath.Join(t.TempDir(), indexFile), w.options())
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(w.put(t.Context(), s, 0, 1), w.put(t.Context(), s, 1, 1)); err != nil {
				t.Fatal(err)
			}
			_ = s.index.close()
			_, _, node, err := disk.find("", sharePath(w.shares[1].Name, held, 0))
			if err != nil {
				t.Fatal(err)
			}
			folder := disk.dirs[folder(w.shares[1].Name.SID)]
			base := filepath.Base(stem(w.shares[1].Name))
			delete(folder.now, base+standing{held, 0}.ending())
			for _, st := range test.there {
				if st.state != absent {
					folder.now[base+st.ending()] = node
				}
			}
			if s, err = startMem(t, disk, filepath.Join(t.TempDir(), indexFile), w.options()); err != nil {
				t.Fatal(err)
			}
			defer s.index.close()
			fsck(t, s)
			want := map[string]bool{}
			if test.want.state != absent {
				want[base+test.want.ending()], want[base+leaseSuffix] = true, true
			}
			got := map[string]bool{}
			for name := range folder.now {
				got[name] = true
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// While the index cannot be written, nothing is taken that it would not know, and what is there can be read and deleted.
func TestIndexFails(t *testing.T) {
	disk, w := newMemFS(), newWorld(1)
	path := filepath.Join(t.TempDir(), indexFile)
	s, err := startMem(t, disk, path, w.options())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.put(t.Context(), s, 0, 0, 1, 2); err != nil {
		t.Fatal(err)
	}
	if err := s.index.run("PRAGMA query_only = 1"); err != nil {
		t.Fatal(err)
	}
	if err := w.put(t.Context(), s, 0, 3); err == nil {
		t.Error("a share was taken that the index cannot have")
	}
	if _, err := disk.Open(sharePath(w.shares[3].Name, held, 0)); err == nil {
		t.Error("a share was taken and refused")
	}
	if err := w.look(t.Context(), s, 0, 1); err != nil {
		t.Error(err)
	}
	if err := w.delete(t.Context(), s, 0, 1); err != nil {
		t.Error(err)
	}
	if _, err := disk.Open(sharePath(w.shares[1].Name, held, 0)); err == nil {
		t.Error("a share was not deleted")
	}
	_ = s.index.close()
	if s, err = startMem(t, disk, path, w.options()); err != nil {
		t.Fatal(err)
	}
	w.check(t, s)
	_ = s.index.close()
}

// An index that cannot grow is a disk that is full.
func TestIndexIsFull(t *testing.T) {
	disk, w := newMemFS(), newWorld(1)
	path := filepath.Join(t.TempDir(), indexFile)
	s, err := startMem(t, disk, path, w.options())
	if err != nil {
		t.Fatal(err)
	}
	var pages int
	if err := s.index.one("PRAGMA page_count", nil, &pages); err != nil {
		t.Fatal(err)
	}
	if err := s.index.run(fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
		t.Fatal(err)
	}
	var kept []blobtest.Share
	for i := 0; ; i++ {
		sh := blobtest.NewShare(uint64(i), 10)
		o := putOne(t, s.For(person(0), NoLimit), 0, sh)
		if o.Err != nil {
			bound(t, o, BoundDisk)
			break
		}
		kept = append(kept, sh)
	}
	mustHave(t, s, person(0), kept...)
	if a := &s.account; a.kept.total+a.promised.total != int64(len(kept))*kept[0].Charge() { // what is not booked stays promised
		t.Errorf("%d bytes are charged and %d promised for %d shares", a.kept.total, a.promised.total, len(kept))
	}
	_ = s.index.close()
	if s, err = startMem(t, disk, path, w.options()); err != nil {
		t.Fatal(err)
	}
	mustHave(t, s, person(0), kept...)
	fsck(t, s)
	_ = s.index.close()
}

func TestStats(t *testing.T) {
	options := Options{Limits: Limits{Floor: 1}}
	dir, shares, _ := mixed(t, options)
	s := reopen(t, dir, options)
	st, err := s.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if st.Held != 19 || st.Bad != 1 || st.Trashed != 1 || st.Promised != 0 || st.Floor != 1 || st.Free <= 0 || st.Size < st.Free {
		t.Errorf("%+v", st)
	}
	var total, ana int64
	names := map[blobstore.ShareName]bool{}
	bad := 0
	for k, err := range s.Kept(t.Context(), person(0)) {
		if err != nil {
			t.Fatal(err)
		}
		names[k.Name] = true
		ana += k.Charge
		if k.Bad {
			bad++
		}
	}
	if len(names) != len(shares)+1 || bad != 1 {
		t.Errorf("%d shares of Ana's, %d of them bad", len(names), bad)
	}
	ana += blobtest.NewShare(100, 5000).Charge() // in the trash
	for _, owner := range s.Owners() {
		total += owner
	}
	if got := s.Charged(person(0)); got != ana || s.Owners()[person(0)] != ana || total <= st.Charged {
		t.Errorf("Ana is charged %d, want %d; all owners %d, in all %d", got, ana, total, st.Charged)
	}
}

// More shares than fit a page are all listed, once.
func TestKeptPages(t *testing.T) {
	s := create(t, Options{Limits: Limits{Floor: noFloor}})
	n := 2*pageSize + 3
	x := s.index
	var all []settled
	for i := range n {
		r := record{name: blobstore.ShareName{Root: blobstore.Root{byte(i), byte(i >> 8)}}, state: held, length: 1, base: 4096}
		r.leases = []lease{{owner: person(i % 2)}, {owner: person(2)}}
		slices.SortFunc(r.leases, func(a, b lease) int { return a.owner.Compare(b.owner) })
		all = append(all, settled{r, 0})
	}
	if _, err := x.settle(all); err != nil {
		t.Fatal(err)
	}
	for owner, want := range []int{(n + 1) / 2, n / 2, n, 0} {
		seen := map[blobstore.ShareName]bool{}
		for k, err := range s.Kept(t.Context(), person(owner)) {
			if err != nil || seen[k.Name] {
				t.Fatalf("%v, or twice", err)
			}
			seen[k.Name] = true
		}
		if len(seen) != want {
			t.Errorf("person %d has %d, want %d", owner, len(seen), want)
		}
	}
	for range s.Kept(t.Context(), person(2)) {
		break
	}
}
