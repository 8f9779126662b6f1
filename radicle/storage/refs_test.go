package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

// put writes a file below a repository, as only a broken or hostile program would.
func put(tb testing.TB, r *storage.Repo, name, content string) {
	tb.Helper()
	path := filepath.Join(r.Dir(), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		tb.Fatal(err)
	}
}

func oidText(oids []radicle.Oid) []string {
	var all []string
	for _, id := range oids {
		all = append(all, id.String())
	}
	return all
}

// compareWithGit fails unless our reader sees the refs that git sees.
func compareWithGit(tb testing.TB, r *storage.Repo) *storage.Snapshot {
	tb.Helper()
	want, err := r.RefsByGit(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	got, err := r.Refs(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	if diff := cmp.Diff(show(want.Refs), show(got.Refs)); diff != "" {
		tb.Errorf("refs (-git +we):\n%s", diff)
	}
	for _, ref := range want.Refs {
		if id, err := r.Ref(tb.Context(), ref.Name); err != nil || id != ref.ID {
			tb.Errorf("%s: %v, %v, git says %v", ref.Name, id, err, ref.ID)
		}
	}
	return got
}

func show(refs []storage.Ref) []string {
	var lines []string
	for _, r := range refs {
		lines = append(lines, fmt.Sprint(r.ID, " ", r.Name, " ", r.Target))
	}
	return lines
}

func TestRefsAreWhatGitSees(t *testing.T) {
	r := newRepo(t)
	ids := []radicle.Oid{someCommit(t, r, 1), someCommit(t, r, 2), someCommit(t, r, 3)}
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"refs/a", "refs/a-b/c", "refs/heads/main", "refs/x", "refs/heads/caf\u00e9", "refs/heads/a./b", "refs/tags/v1.0"}
	for i := range 60 {
		names = append(names, fmt.Sprintf("%srefs/heads/%d/%d", storage.NamespacePrefix(ana.NID()), i%7, i))
	}
	for round := range 12 {
		var script strings.Builder
		for _, name := range names {
			switch random.IntN(4) {
			case 0:
				fmt.Fprintf(&script, "update %s %v\n", name, ids[random.IntN(len(ids))])
			case 1:
				fmt.Fprintf(&script, "delete %s\n", name)
			}
		}
		gitInput(t, r.Dir(), script.String(), "update-ref", "--stdin")
		git(t, r.Dir(), "symbolic-ref", fmt.Sprintf("refs/sym/%d", round), names[random.IntN(len(names))])
		if round%3 == 0 {
			git(t, r.Dir(), "pack-refs", "--all")
		}
		compareWithGit(t, r)
	}
}

func TestBrokenRefsAreLeftOut(t *testing.T) {
	r := newRepo(t)
	id := someCommit(t, r, 1).String()
	git(t, r.Dir(), "update-ref", "refs/heads/hidden", id)
	git(t, r.Dir(), "update-ref", "refs/heads/good", id)
	git(t, r.Dir(), "pack-refs", "--all")
	for name, content := range map[string]string{
		"refs/heads/hidden":      "garbage\n", // packed too, but the file counts
		"refs/heads/empty":       "",
		"refs/heads/short":       id[1:] + "\n",
		"refs/heads/null":        strings.Repeat("0", 40) + "\n",
		"refs/heads/long":        id + "x\n",
		"refs/heads/huge":        id + strings.Repeat(" ", 5000),
		"refs/heads/a b":         id,
		"refs/heads/a..b":        id,
		"refs/heads/dangling":    "ref: refs/heads/none\n",
		"refs/heads/self":        "ref: refs/heads/self\n",
		"refs/heads/ping":        "ref: refs/heads/pong\n",
		"refs/heads/pong":        "ref: refs/heads/ping\n",
		"refs/heads/outside":     "ref: ../../../etc/passwd\n",
		"refs/heads/five/1":      "ref: refs/heads/five/2",
		"refs/heads/five/2":      "ref: refs/heads/five/3",
		"refs/heads/five/3":      "ref: refs/heads/five/4",
		"refs/heads/five/4":      "ref: refs/heads/five/5",
		"refs/heads/five/5":      "ref: refs/heads/good",
		"refs/heads/upper":       strings.ToUpper(id) + "\n",
		"refs/heads/trailing":    id + "\tbranch of somebody\n",
		"refs/heads/x.lock":      id,
		"refs/heads/.x":          id,
		"refs/heads/spaces":      "ref:  \trefs/heads/good \n",
		"refs/heads/no-newline":  id,
		"refs/heads/to-a-packed": "ref: refs/heads/good\n",
		"refs/heads/to-head":     "ref: HEAD\n",
	} {
		if name == "refs/heads/huge" {
			continue // git reads it: see below
		}
		put(t, r, name, content)
	}
	git(t, r.Dir(), "symbolic-ref", "HEAD", "refs/heads/good")
	s := compareWithGit(t, r)
	if id, err := r.Ref(t.Context(), "HEAD"); err != nil || id.String() == "" {
		t.Errorf("HEAD: %v, %v", id, err)
	}
	var names []string
	for _, b := range s.Broken {
		names = append(names, strings.TrimPrefix(b.Name, "refs/heads/"))
	}
	want := []string{"a b", "a..b", "dangling", "empty", "five/1", "hidden", "long", "null", "outside", "ping", "pong", "self", "short"}
	if !slices.Equal(names, want) {
		t.Errorf("broken: %q", names)
	}
	for _, name := range want {
		_, err := r.Ref(t.Context(), "refs/heads/"+name)
		if !errors.As(err, new(*storage.RefError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	put(t, r, "refs/heads/huge", id+strings.Repeat(" ", 5000))
	if _, err := r.Ref(t.Context(), "refs/heads/huge"); !errors.As(err, new(*storage.RefError)) {
		t.Errorf("huge: %v", err)
	}
}

func TestRefThatIsNotThere(t *testing.T) {
	r := newRepo(t)
	for _, name := range []string{"refs/heads/none", "refs/heads", "refs/heads/none/x", "MERGE_HEAD"} {
		if id, err := r.Ref(t.Context(), name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, %v", name, id, err)
		}
	}
	if _, err := r.Ref(t.Context(), "../config"); !errors.As(err, new(*storage.RefError)) {
		t.Errorf("%v", err)
	}
}

func TestRefsDoNotLeaveTheRepository(t *testing.T) {
	r := newRepo(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(strings.Repeat("1", 40)), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"refs/heads/file": secret, "refs/dir": filepath.Dir(secret)} {
		if err := os.Symlink(target, filepath.Join(r.Dir(), name)); err != nil {
			t.Skip(err)
		}
	}
	s, err := r.Refs(t.Context())
	if err != nil || len(s.Refs) != 1 || len(s.Broken) != 2 {
		t.Errorf("%v, %v", s, err)
	}
}

func TestPackedRefsThatGitRefuses(t *testing.T) {
	r := newRepo(t)
	for _, text := range []string{"x\n", strings.Repeat("1", 40) + "\n", strings.Repeat("g", 40) + " refs/heads/x\n", "\n"} {
		put(t, r, "packed-refs", text)
		if s, err := r.Refs(t.Context()); !errors.As(err, new(*storage.RefError)) {
			t.Errorf("%q: %v, %v", text, s, err)
		}
	}
}

func TestPeers(t *testing.T) {
	r := newRepo(t)
	update(t, r, ana, nil)
	update(t, r, bo, nil)
	id := someCommit(t, r, 1).String()
	git(t, r.Dir(), "update-ref", "refs/namespaces/z6Mkwrong/refs/rad/sigrefs", id)
	git(t, r.Dir(), "update-ref", storage.NamespacePrefix(radicle.NID{1})+"refs/heads/main", id) // not signed
	s, err := r.Refs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []radicle.NID{ana.NID(), bo.NID()}
	slices.SortFunc(want, radicle.NID.Compare)
	if got := s.Peers(); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if got := len(s.Prefix("refs/namespaces/")); got != 2*2+2 {
		t.Errorf("%d refs in namespaces", got)
	}
	if got := s.Prefix("refs/none/"); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// While all refs are packed and moved all the time, none is ever missing.
func TestRefsWhileGitPacks(t *testing.T) {
	r := newRepo(t)
	ids := []radicle.Oid{someCommit(t, r, 1), someCommit(t, r, 2)}
	var script strings.Builder
	for i := range 200 {
		fmt.Fprintf(&script, "create refs/heads/stable/%d %v\n", i, ids[0])
	}
	gitInput(t, r.Dir(), script.String(), "update-ref", "--stdin")
	ctx, stop := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	var rounds atomic.Int32
	writer.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			rounds.Add(1)
			git(t, r.Dir(), "pack-refs", "--all", "--prune")
			var script strings.Builder
			for n := range 200 {
				fmt.Fprintf(&script, "update refs/heads/stable/%d %v\n", n, ids[(i+1)%2])
			}
			gitInput(t, r.Dir(), script.String(), "update-ref", "--stdin")
		}
	})
	for rounds.Load() < 8 {
		s, err := r.Refs(t.Context())
		if err != nil {
			t.Error(err)
		}
		if n := len(s.Prefix("refs/heads/stable/")); n != 200 {
			t.Errorf("%d refs", n)
		}
		if id, err := r.Ref(t.Context(), "refs/heads/stable/7"); err != nil || !slices.Contains(oidText(ids), id.String()) {
			t.Errorf("one ref: %v, %v", id, err)
		}
	}
	stop()
	writer.Wait()
}

func TestTooDeep(t *testing.T) {
	r := newRepo(t)
	put(t, r, "refs/"+strings.Repeat("d/", 200)+"x", someCommit(t, r, 1).String())
	s, err := r.Refs(t.Context())
	if err != nil || len(s.Broken) != 1 {
		t.Errorf("%v, %v", s.Broken, err)
	}
}

// The head that was read is gone when its objects are: somebody has moved it, and deleted what nobody needed any more.
func TestSigrefsThatMoveMeanwhile(t *testing.T) {
	plain := newRepo(t)
	list := update(t, plain, ana, nil).List
	ref := storage.NamespacePrefix(ana.NID()) + sigrefs.RefSigrefs
	put(t, plain, ref, gitobj.Hash(gitobj.KindCommit, []byte("absent"), gitobj.SHA1).String())
	if _, err := plain.Sigrefs(t.Context(), ana.NID()); !errors.Is(err, storage.ErrIncomplete) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an object that is missing: %v", err)
	}
	mover := filepath.Join(t.TempDir(), "git")
	script := fmt.Sprintf("#!/bin/sh\ncase \"$*\" in *cat-file*) echo %v >%s;; esac\nexec git \"$@\"\n", list.At, filepath.Join(plain.Dir(), ref))
	if err := os.WriteFile(mover, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := storage.Open(t.Context(), filepath.Dir(plain.Dir()), storage.Options{Git: mover})
	if err != nil {
		t.Fatal(err)
	}
	got, err := openRepo(t, s, plain.RID()).Sigrefs(t.Context(), ana.NID())
	if err != nil || got.At != list.At {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := plain.Sigrefs(t.Context(), bo.NID()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nobody: %v", err)
	}
}

func TestRefsInADirectory(t *testing.T) {
	r := newRepo(t)
	id := someCommit(t, r, 1)
	for i, name := range []string{"refs/heads/a", "refs/heads/b/c", "refs/headstrong/x", "refs/tags/v1"} {
		git(t, r.Dir(), "update-ref", name, id.String())
		if i == 1 {
			git(t, r.Dir(), "pack-refs", "--all")
		}
	}
	got, err := r.RefsIn(t.Context(), "refs/heads")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, ref := range got.Refs {
		names = append(names, ref.Name)
	}
	if diff := cmp.Diff([]string{"refs/heads/a", "refs/heads/b/c"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	for _, dir := range []string{"", "objects", "refs/../..", "refs/heads/", "/refs/heads"} {
		if _, err := r.RefsIn(t.Context(), dir); !errors.As(err, new(*gitobj.RefNameError)) {
			t.Errorf("%q: %v", dir, err)
		}
	}
	if none, err := r.RefsIn(t.Context(), "refs/none"); err != nil || len(none.Refs) != 0 {
		t.Errorf("a directory that is not there: %v, %v", none, err)
	}
}
