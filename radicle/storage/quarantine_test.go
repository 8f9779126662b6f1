package storage_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/storage"
)

func newQuarantine(tb testing.TB, s *storage.Storage, rid radicle.RID) *storage.Quarantine {
	tb.Helper()
	q, err := s.Quarantine(tb.Context(), rid, "bo", bo.NID())
	if err != nil {
		tb.Fatal(err)
	}
	return q
}

// inQuarantine is what lies there.
func inQuarantine(tb testing.TB, dir string) (names []string) {
	tb.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, ".radswarm"))
	if err != nil {
		tb.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestQuarantineBecomesARepository(t *testing.T) {
	from := newRepo(t)
	dir := filepath.Join(t.TempDir(), "storage")
	s := openStorage(t, dir)
	q := newQuarantine(t, s, from.RID())
	if rids, err := s.Repositories(t.Context()); err != nil || len(rids) != 0 {
		t.Errorf("before: %v, %v", rids, err)
	}
	git(t, q.Repo().Dir(), "fetch", "-q", from.Dir(), "refs/rad/id")
	root, err := from.Ref(t.Context(), "refs/rad/id")
	if err != nil {
		t.Fatal(err)
	}
	refs := []storage.Ref{{Name: "refs/rad/id", ID: root}, {Name: "refs/heads/main", ID: root}}
	if err := q.Publish(t.Context(), refs, map[string]string{"HEAD": "refs/heads/main"}); err != nil {
		t.Fatal(err)
	}
	if err := q.Close(); err != nil {
		t.Error(err)
	}
	r := openRepo(t, s, from.RID())
	for _, name := range []string{"HEAD", "refs/rad/id", "refs/heads/main"} {
		if got, err := r.Ref(t.Context(), name); err != nil || got != root {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got := git(t, r.Dir(), "config", "user.email"); got != "bo@"+bo.NID().String()+"\n" {
		t.Errorf("%q", got)
	}
	git(t, r.Dir(), "fsck", "--strict")
	if left := inQuarantine(t, dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// Somebody else's repository came first: it stays, and the quarantine can give it what it has.
func TestQuarantineComesSecond(t *testing.T) {
	r := newRepo(t)
	s := openStorage(t, filepath.Dir(r.Dir()))
	q := newQuarantine(t, s, r.RID())
	id := packed(t, q)
	if err := q.Publish(t.Context(), nil, nil); !errors.Is(err, storage.ErrExists) {
		t.Errorf("published: %v", err)
	}
	if err := q.Attach(); err != nil {
		t.Fatal(err)
	}
	if err := q.Publish(t.Context(), nil, nil); !errors.Is(err, storage.ErrExists) {
		t.Errorf("published with alternates: %v", err)
	}
	root, _ := r.Ref(t.Context(), "refs/rad/id")
	if kinds, err := q.Repo().Kinds(t.Context(), []radicle.Oid{root, id}); err != nil || len(kinds) != 2 {
		t.Errorf("sees %v, %v", kinds, err)
	}
	if err := r.Receive(t.Context(), q, []storage.Move{{Name: "refs/heads/x", To: id}}); err != nil {
		t.Fatal(err)
	}
	if err := q.Close(); err != nil {
		t.Error(err)
	}
	if err := r.Connected(t.Context(), []radicle.Oid{id}, nil); err != nil {
		t.Error(err)
	}
}

// packed puts a commit into a pack of the quarantine.
func packed(tb testing.TB, q *storage.Quarantine) radicle.Oid {
	tb.Helper()
	var id radicle.Oid
	if err := q.Repo().Store(tb.Context(), true, func(w gitobj.Writer) { id = someCommit(tb, w, 77) }); err != nil {
		tb.Fatal(err)
	}
	return id
}

// A quarantine takes nothing from the repository but objects: no configuration, no hooks, no refs.
func TestQuarantineIsEmpty(t *testing.T) {
	r := newRepo(t)
	git(t, r.Dir(), "config", "uploadpack.packObjectsHook", "false")
	update(t, r, ana, nil)
	q := newQuarantine(t, openStorage(t, filepath.Dir(r.Dir())), r.RID())
	defer q.Close()
	if err := q.Attach(); err != nil {
		t.Fatal(err)
	}
	if config := git(t, q.Repo().Dir(), "config", "--list", "--local"); strings.Contains(config, "uploadpack") {
		t.Error(config)
	}
	if refs := git(t, q.Repo().Dir(), "for-each-ref"); refs != "" {
		t.Error(refs)
	}
	root, _ := r.Ref(t.Context(), "refs/rad/id")
	if _, err := gitobj.ReadCommit(t.Context(), q.Repo(), root); err != nil {
		t.Error(err)
	}
}

func TestQuarantineOfSHA256(t *testing.T) {
	for size, want := range map[int]string{radicle.SHA1Size: "sha1\n", radicle.SHA256Size: "sha256\n"} {
		q := newQuarantine(t, openStorage(t, filepath.Join(t.TempDir(), "storage")), radicle.NewRID(gitobj.Hash(gitobj.KindBlob, nil, size)))
		if got := git(t, q.Repo().Dir(), "rev-parse", "--show-object-format"); got != want {
			t.Errorf("%q", got)
		}
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	}
}

// strew puts there what is not ours, or looks like it: the files named are to stay, and so is what a link to outside names.
func strew(t *testing.T, dir string) (foreign []string, outside string) {
	t.Helper()
	name := strings.Repeat("a", 26)
	const marker = "radswarm quarantine 1\n"
	texts := map[string]string{
		"folder/file": "", name + ".quarantine": "mine", name + "/file": "", "short.quarantine": "mine", strings.Repeat("b", 26) + "/file": "",
		"file": "", "mine.quarantine": marker, "mine/file": "", // the last is not a name that we give
	}
	for f, text := range texts {
		foreign = append(foreign, f)
		f = filepath.Join(dir, filepath.FromSlash(f))
		if err := errors.Join(os.MkdirAll(filepath.Dir(f), 0o755), os.WriteFile(f, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	outside = filepath.Join(t.TempDir(), "outside")
	link := strings.Repeat("c", 26)
	err := errors.Join(
		os.MkdirAll(filepath.Join(outside, "precious"), 0o755), os.Symlink(outside, filepath.Join(dir, link)),
		os.WriteFile(filepath.Join(dir, link+".quarantine"), []byte(marker), 0o644),
		os.WriteFile(filepath.Join(dir, strings.Repeat("d", 26)+".quarantine"), nil, 0o644), // died before it wrote
	)
	if err != nil {
		t.Fatal(err)
	}
	return foreign, outside
}

func TestSweep(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "storage")
	s := openStorage(t, dir)
	if n, err := s.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("no storage yet: %d, %v", n, err)
	}
	rid := newRepo(t).RID()
	dead, alive, published := newQuarantine(t, s, rid), newQuarantine(t, s, rid), newQuarantine(t, s, rid)
	packed(t, dead)
	if err := published.Publish(t.Context(), nil, nil); err != nil {
		t.Fatal(err)
	}
	for _, q := range []*storage.Quarantine{dead, published} {
		if err := q.Abandon(); err != nil {
			t.Fatal(err)
		}
	}
	foreign, outside := strew(t, filepath.Join(dir, ".radswarm"))
	if n, err := s.Sweep(t.Context()); n != 4 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if _, err := os.Stat(filepath.Join(outside, "precious")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(alive.Repo().Dir()); err != nil {
		t.Errorf("the one in use: %v", err)
	}
	if _, err := os.Stat(dead.Repo().Dir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the dead one: %v", err)
	}
	if _, err := s.Repository(rid); err != nil {
		t.Errorf("the published one: %v", err)
	}
	for _, f := range foreign {
		if _, err := os.Stat(filepath.Join(dir, ".radswarm", filepath.FromSlash(f))); err != nil {
			t.Error(err)
		}
	}
	if err := alive.Close(); err != nil {
		t.Error(err)
	}
	if left := inQuarantine(t, dir); len(left) != 8 {
		t.Errorf("left: %v", left)
	}
}

// Quarantines come and go while others sweep.
func TestSweepMeanwhile(t *testing.T) {
	s := openStorage(t, filepath.Join(t.TempDir(), "storage"))
	rid := newRepo(t).RID()
	var users, sweepers sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		sweepers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := s.Sweep(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		})
		users.Go(func() {
			for range 15 {
				q, err := s.Quarantine(t.Context(), rid, "bo", bo.NID())
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := os.Stat(q.Repo().Dir()); err != nil {
					t.Error(err)
				}
				if err := q.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	users.Wait()
	close(done)
	sweepers.Wait()
}

// Receiving takes packs and nothing else, and moves all refs or none.
func TestReceive(t *testing.T) {
	r := newRepo(t)
	q := newQuarantine(t, openStorage(t, filepath.Dir(r.Dir())), r.RID())
	defer q.Close()
	id := packed(t, q)
	root, _ := r.Ref(t.Context(), "refs/rad/id")
	for _, name := range []string{"pack-x.pack", "pack-" + strings.Repeat("0", 40) + ".keep", "config", "../info/alternates"} {
		if err := os.WriteFile(filepath.Join(q.Repo().Dir(), "objects", "pack", name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	err := r.Receive(t.Context(), q, []storage.Move{{Name: "refs/heads/a", To: id}, {Name: "refs/rad/id", From: id, To: id}})
	if stale, ok := errors.AsType[*storage.StaleError](err); !ok || stale.Name != "refs/rad/id" || stale.Got != root {
		t.Errorf("%v", err)
	}
	if _, err := r.Ref(t.Context(), "refs/heads/a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("moved: %v", err)
	}
	packs, err := filepath.Glob(filepath.Join(r.Dir(), "objects", "pack", "*"))
	if err != nil || len(packs) != 2 {
		t.Errorf("%v, %v", packs, err)
	}
	if _, err := os.Stat(filepath.Join(r.Dir(), "objects", "info", "alternates")); err == nil {
		t.Error("alternates")
	}
	if err := r.Receive(t.Context(), q, []storage.Move{{Name: "refs/heads/a", To: id}}); err != nil {
		t.Error(err)
	}
	// Conditions: a ref is where it is, or is not there.
	met := []storage.Move{{Name: "refs/heads/b", To: id}, {Name: "refs/heads/a", From: id, To: id}, {Name: "refs/heads/none"}}
	if err := r.Receive(t.Context(), q, met); err != nil {
		t.Error(err)
	}
	for _, not := range []storage.Move{{Name: "refs/heads/a", From: root, To: root}, {Name: "refs/heads/a"}, {Name: "refs/heads/none", From: id, To: id}} {
		err := r.Receive(t.Context(), q, []storage.Move{{Name: "refs/heads/c", To: id}, not})
		if _, there := r.Ref(t.Context(), "refs/heads/c"); !errors.As(err, new(*storage.StaleError)) || there == nil {
			t.Errorf("%+v: %v", not, err)
		}
	}
	lock := filepath.Join(r.Dir(), "refs", "heads", "a.lock")
	if err := os.WriteFile(lock, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.Receive(t.Context(), q, []storage.Move{{Name: "refs/heads/a", From: id, To: root}}); !errors.Is(err, storage.ErrBusy) {
		t.Errorf("%v", err)
	}
}

// The repository lies on another disk.
func TestReceiveOnAnotherDisk(t *testing.T) {
	r := newRepo(t)
	const other = "/dev/shm"
	dir, err := os.MkdirTemp(other, "radswarm")
	if err != nil {
		t.Skipf("no other disk: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	moved := filepath.Join(dir, "repo")
	if err := errors.Join(os.CopyFS(moved, os.DirFS(r.Dir())), os.RemoveAll(r.Dir()), os.Symlink(moved, r.Dir())); err != nil {
		t.Fatal(err)
	}
	s := openStorage(t, filepath.Dir(r.Dir()))
	there := openRepo(t, s, r.RID())
	q := newQuarantine(t, s, r.RID())
	defer q.Close()
	id := packed(t, q)
	if err := errors.Join(q.Attach(), there.Receive(t.Context(), q, []storage.Move{{Name: "refs/heads/a", To: id}})); err != nil {
		t.Fatal(err)
	}
	git(t, moved, "cat-file", "-e", "refs/heads/a^{commit}")
	git(t, moved, "fsck", "--strict")
}

// A branch a becomes a/b, and a branch c/d becomes c.
func TestReceiveNamesThatBecomeFolders(t *testing.T) {
	r := newRepo(t)
	root, _ := r.Ref(t.Context(), "refs/rad/id")
	for _, name := range []string{"refs/heads/a", "refs/heads/c/d", "refs/heads/e"} {
		git(t, r.Dir(), "update-ref", name, root.String())
	}
	q := newQuarantine(t, openStorage(t, filepath.Dir(r.Dir())), r.RID())
	defer q.Close()
	err := r.Receive(t.Context(), q, []storage.Move{
		{Name: "refs/heads/a/b", To: root},
		{Name: "refs/heads/c", To: root},
		{Name: "refs/heads/a", From: root},
		{Name: "refs/heads/c/d", From: root},
		{Name: "refs/heads/e", From: root},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := git(t, r.Dir(), "for-each-ref", "--format=%(refname)", "refs/heads"); got != "refs/heads/a/b\nrefs/heads/c\n" {
		t.Errorf("%s", got)
	}
}

func TestConnected(t *testing.T) {
	r := newRepo(t)
	missing := radicle.Oid{}
	for _, hex := range []string{strings.Repeat("1", 40)} {
		missing, _ = radicle.ParseOid(hex)
	}
	whole, hole := someCommit(t, r, 1), someCommit(t, r, 2, missing)
	noTree := writeCommit(t, r, missing)
	noBlob := writeCommit(t, r, writeTree(t, r, gitobj.Tree{{Mode: gitobj.ModeFile, Name: "x", ID: missing}}))
	above := someCommit(t, r, 3, hole)
	for name, test := range map[string]struct {
		tips, known []radicle.Oid
		ok          bool
	}{
		"nothing":           {ok: true},
		"whole":             {tips: []radicle.Oid{whole}, ok: true},
		"no parent":         {tips: []radicle.Oid{whole, hole}},
		"no tree":           {tips: []radicle.Oid{noTree}},
		"no blob":           {tips: []radicle.Oid{noBlob}},
		"below":             {tips: []radicle.Oid{above}},
		"known to be whole": {tips: []radicle.Oid{above}, known: []radicle.Oid{hole}, ok: true},
		"known and missing": {tips: []radicle.Oid{whole}, known: []radicle.Oid{missing}, ok: true},
	} {
		err := r.Connected(t.Context(), test.tips, test.known)
		if test.ok != (err == nil) || err != nil && !errors.Is(err, storage.ErrIncomplete) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
