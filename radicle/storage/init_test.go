package storage_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
	"radswarm/radicle/radtest"
	"radswarm/radicle/storage"
)

// newDocument is the document of a public repository of one delegate.
func newDocument(tb testing.TB, name string, key radicle.Signer) *identity.Document {
	tb.Helper()
	project := identity.Project{Name: name, Description: "test", DefaultBranch: "master"}
	doc, err := identity.New(project, key.NID().DID(), identity.Visibility{}).Verify()
	if err != nil {
		tb.Fatal(err)
	}
	return doc
}

// workingCopy makes one with a commit and returns its git directory and the commit.
func workingCopy(tb testing.TB) (gitDir string, head radicle.Oid) {
	tb.Helper()
	dir := tb.TempDir()
	git(tb, dir, "init", "-q", "-b", "master")
	tree := strings.TrimSpace(gitInput(tb, dir, "", "mktree"))
	commit := gitInput(tb, dir, "first", "-c", "user.name=Ana", "-c", "user.email=ana@example.org", "commit-tree", tree)
	git(tb, dir, "update-ref", "refs/heads/master", strings.TrimSpace(commit))
	head, err := radicle.ParseOid(strings.TrimSpace(commit))
	if err != nil {
		tb.Fatal(err)
	}
	return filepath.Join(dir, ".git"), head
}

// files maps every file but objects to its content, and every directory but those of single objects to its mode.
func files(tb testing.TB, dir string) map[string]string {
	tb.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		info, err := d.Info()
		if err != nil {
			return err
		}
		all[name] = info.Mode().String()
		switch {
		case strings.HasPrefix(name, "objects/") && len(filepath.Base(name)) != len("pack"):
			delete(all, name)
		case !d.IsDir():
			data, err := os.ReadFile(path)
			all[name] += " " + string(data)
			return err
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

func TestInitMakesWhatRadMakes(t *testing.T) {
	home := radtest.NewHome(t, radtest.Ana).With(radtest.FixedDates()...)
	work := home.Commit(t, "film", "README", "hello")
	rid := home.Init(t, work)
	head, err := radicle.ParseOid(home.Git(t, work, "rev-parse", "HEAD"))
	if err != nil {
		t.Fatal(err)
	}
	s := openStorage(t, filepath.Join(t.TempDir(), "storage"))
	key := home.Person.Signer()
	r, result, err := s.Init(t.Context(), key, storage.New{
		Document: newDocument(t, "film", key), Alias: home.Person.Alias(), Source: filepath.Join(work, ".git"), Head: head,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.RID() != rid || !result.Signed {
		t.Errorf("%v, want %v; %+v", r.RID(), rid, result)
	}
	if diff := cmp.Diff(files(t, home.Repository(rid)), files(t, r.Dir())); diff != "" {
		t.Errorf("files (-rad +we):\n%s", diff)
	}
	list := func(dir string) string {
		return git(t, dir, "cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype) %(objectsize)")
	}
	if diff := cmp.Diff(list(home.Repository(rid)), list(r.Dir())); diff != "" {
		t.Errorf("objects (-rad +we):\n%s", diff)
	}
}

// rad works with a repository that we made.
func TestRadTakesWhatInitMakes(t *testing.T) {
	home := radtest.NewHome(t, radtest.Ana)
	work := home.Commit(t, "original", "README", "hello")
	head, err := radicle.ParseOid(home.Git(t, work, "rev-parse", "HEAD"))
	if err != nil {
		t.Fatal(err)
	}
	key := home.Person.Signer()
	r, _, err := openStorage(t, home.Storage()).Init(t.Context(), key, storage.New{
		Document: newDocument(t, "film", key), Alias: home.Person.Alias(), Source: filepath.Join(work, ".git"), Head: head,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	rid := r.RID().String()
	if out := home.Rad(t, home.Work, "inspect", rid, "--sigrefs"); !strings.HasSuffix(out, " root") { // its word for a first commit
		t.Errorf("rad inspect: %s", out)
	}
	home.Init(t, home.Commit(t, "other", "README", "makes the databases that only rad init makes"))
	home.Rad(t, home.Work, "checkout", rid)
	copied := home.Commit(t, filepath.Join(home.Work, "film"), "README", "again")
	home.Git(t, copied, "push", "-q", "rad", "master")
	checkSigned(t, r, key.NID())
	if problems, err := r.Check(t.Context()); err != nil || len(problems) != 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

func TestInitTwice(t *testing.T) {
	source, head := workingCopy(t)
	s := openStorage(t, filepath.Join(t.TempDir(), "storage"))
	n := storage.New{Document: newDocument(t, "film", ana), Alias: "ana", Source: source, Head: head}
	r, _, err := s.Init(t.Context(), ana, n)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if problems, err := r.Check(t.Context()); err != nil || len(problems) != 0 {
		t.Errorf("%v, %v", problems, err)
	}
	before := files(t, r.Dir())
	if _, _, err := s.Init(t.Context(), ana, n); !errors.Is(err, storage.ErrExists) {
		t.Errorf("again: %v", err)
	}
	if diff := cmp.Diff(before, files(t, r.Dir())); diff != "" {
		t.Error(diff)
	}
}

func TestInitThatFailsLeavesNothing(t *testing.T) {
	source, head := workingCopy(t)
	good := storage.New{Document: newDocument(t, "film", ana), Alias: "ana", Source: source, Head: head}
	absent, elsewhere, others := good, good, good
	absent.Head = gitobj.Hash(gitobj.KindCommit, []byte("absent"), gitobj.SHA1)
	elsewhere.Source = t.TempDir()
	others.Document = newDocument(t, "film", bo)
	for name, n := range map[string]storage.New{"no such commit": absent, "no working copy": elsewhere, "another's document": others} {
		dir := filepath.Join(t.TempDir(), "storage")
		if r, _, err := openStorage(t, dir).Init(t.Context(), ana, n); err == nil {
			t.Errorf("%s: made %v", name, r.RID())
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
			t.Errorf("%s: left %v, %v", name, entries, err)
		}
	}
}

func TestConfigIsWhatGitReads(t *testing.T) {
	for _, alias := range []string{"ana", `a"b\c`, "a;b", "a#b", "-a", "é", "[a]", "a=b", "'"} {
		path := filepath.Join(t.TempDir(), "config")
		text := storage.ConfigText(radicle.Alias(alias), ana.NID(), true, true)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("core.bare=true\ncore.repositoryformatversion=0\ncore.filemode=true\ncore.ignorecase=true\nuser.name=%s\nuser.email=%[1]s@%v\n", alias, ana.NID())
		if got := git(t, filepath.Dir(path), "config", "--file", path, "--list"); got != want {
			t.Errorf("%q: %q", alias, got)
		}
	}
}

// founder makes a repository and kills itself before one of its writes.
func founder(dir string) int {
	ctx, cancel := victimContext()
	defer cancel()
	step, err := strconv.Atoi(os.Getenv(envStep))
	if err != nil {
		return fail(err)
	}
	s, err := storage.Open(ctx, dir, storage.Options{Now: clock})
	if err != nil {
		return fail(err)
	}
	s.OnWrite(dieAfter(step))
	head, err := radicle.ParseOid(os.Getenv(envHead))
	if err != nil {
		return fail(err)
	}
	project := identity.Project{Name: "film", DefaultBranch: "master"}
	doc, err := identity.New(project, ana.NID().DID(), identity.Visibility{}).Verify()
	if err != nil {
		return fail(err)
	}
	n := storage.New{Document: doc, Alias: "ana", Source: os.Getenv(envSource), Head: head}
	r, _, err := s.Init(ctx, ana, n)
	if err != nil {
		return fail(err)
	}
	return fail(r.Close())
}

// kill -9 at any write of Init leaves a repository that is complete, or none.
func TestInitKilledBetweenWrites(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no kill -9")
	}
	source, head := workingCopy(t)
	for step := 0; ; step++ {
		dir := filepath.Join(t.TempDir(), "storage")
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), envFounder+"="+dir, envStep+"="+strconv.Itoa(step), envSource+"="+source, envHead+"="+head.String())
		out, err := cmd.CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.Exited()) {
			t.Fatalf("step %d: %v\n%s", step, err, out)
		}
		s := openStorage(t, dir)
		rids, listErr := s.Repositories(t.Context())
		if listErr != nil || len(rids) > 1 || len(rids) == 0 && err == nil {
			t.Fatalf("step %d: %v, %v", step, rids, listErr)
		}
		for _, rid := range rids {
			r := openRepo(t, s, rid)
			if problems, err := r.Check(t.Context()); err != nil || len(problems) != 0 {
				t.Errorf("step %d: %v, %v", step, problems, err)
			}
			checkSigned(t, r, ana.NID())
		}
		if err == nil {
			t.Logf("killed before each of %d writes", step)
			return
		}
	}
}
