package remote_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/identity"
	"radswarm/radicle/profile"
	"radswarm/radicle/radtest"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
	"radswarm/remote"
)

// world is Ana's home with a repository of one commit in storage, and the working copy that it came from. Radicle's tools have no
// part in it.
type world struct {
	home *radtest.Home
	dir  string // the working copy
	rid  radicle.RID
	repo *storage.Repo
	big  remote.BigFiles
	env  map[string]string // of the helper, over the home's
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	for _, person := range []string{"AUTHOR", "COMMITTER"} {
		t.Setenv("GIT_"+person+"_NAME", "ana")
		t.Setenv("GIT_"+person+"_EMAIL", "ana@example.org")
	}
	w := &world{home: radtest.NewHome(t, radtest.Ana), env: make(map[string]string)}
	w.dir = filepath.Join(w.home.Work, "demo")
	w.git(t, w.home.Work, "init", "-q", "-b", "master", w.dir)
	t.Setenv("GIT_DIR", filepath.Join(w.dir, ".git"))
	t.Setenv("GIT_WORK_TREE", w.dir)
	head := w.commit(t, "README", "one")
	store := w.storage(t)
	project := identity.Project{Name: "demo", Description: "test", DefaultBranch: "master"}
	doc, err := identity.New(project, radtest.Ana.NID().DID(), identity.Visibility{}).Verify()
	if err != nil {
		t.Fatal(err)
	}
	w.repo, _, err = store.Init(t.Context(), radtest.Ana.Signer(), storage.New{
		Document: doc, Alias: radtest.Ana.Alias(), Source: filepath.Join(w.dir, ".git"), Head: head,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.repo.Close() })
	w.rid = w.repo.RID()
	return w
}

func (w *world) storage(t *testing.T) *storage.Storage {
	t.Helper()
	store, err := storage.Open(t.Context(), w.home.Storage(), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// git runs git in a folder.
func (w *world) git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GIT_DIR=") || strings.HasPrefix(v, "GIT_WORK_TREE=") })
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit writes a file and commits it.
func (w *world) commit(t *testing.T, file, text string) radicle.Oid {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, file), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	w.git(t, w.dir, "add", file)
	w.git(t, w.dir, "commit", "-q", "-m", "Write "+file)
	return w.id(t, "HEAD")
}

func (w *world) id(t *testing.T, revision string) radicle.Oid {
	t.Helper()
	id, err := radicle.ParseOid(w.git(t, w.dir, "rev-parse", "--verify", revision))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// url is that of our namespace.
func (w *world) url() string { return remote.URL{RID: w.rid, NID: radtest.Ana.NID()}.String() }

// answer is what the helper said.
type answer struct {
	out, err string
	code     int
}

// run runs the helper on lines from git.
func (w *world) run(t *testing.T, args []string, input string) answer {
	t.Helper()
	var out, err bytes.Buffer
	code := remote.Main(t.Context(), remote.Config{
		Args: args, Env: w.lookup, In: strings.NewReader(input), Out: &out, Err: &err, BigFiles: w.big,
	})
	return answer{out.String(), err.String(), code}
}

func (w *world) lookup(key string) (string, bool) {
	if value, ok := w.env[key]; ok {
		return value, value != "unset"
	}
	if key == "GIT_DIR" {
		return os.LookupEnv(key)
	}
	return w.home.Lookup(key)
}

// push pushes lines without telling a node, and returns what git is told.
func (w *world) push(t *testing.T, lines ...string) answer {
	t.Helper()
	return w.run(t, []string{"rad", w.url()}, "option push-option no-sync\npush "+strings.Join(lines, "\npush ")+"\n\n")
}

// check fails unless the repository is whole: every namespace signed, every object there.
func (w *world) check(t *testing.T) {
	t.Helper()
	problems, err := w.repo.Check(t.Context())
	if err != nil || len(problems) > 0 {
		t.Errorf("storage: %v, %v", problems, err)
	}
	if out := w.git(t, w.repo.Dir(), "--git-dir="+w.repo.Dir(), "fsck", "--connectivity-only"); strings.Contains(out, "missing") {
		t.Errorf("fsck: %s", out)
	}
}

// ref returns what a ref of our namespace points to, and fails unless that is signed.
func (w *world) ref(t *testing.T, name string) radicle.Oid {
	t.Helper()
	list, err := w.repo.Sigrefs(t.Context(), radtest.Ana.NID())
	if err != nil {
		t.Fatal(err)
	}
	id, _ := w.repo.Ref(t.Context(), storage.NamespacePrefix(radtest.Ana.NID())+name)
	if signed, _ := list.Refs.Get(name); signed != id {
		t.Errorf("%s is %v, and %v was signed", name, id, signed)
	}
	return id
}

// signatures is how many commits the signed refs have.
func (w *world) signatures(t *testing.T) int {
	t.Helper()
	out := w.git(t, w.repo.Dir(), "--git-dir="+w.repo.Dir(), "rev-list", "--count", storage.NamespacePrefix(radtest.Ana.NID())+sigrefs.RefSigrefs)
	var n int
	if _, err := fmt.Sscan(out, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (a answer) expect(t *testing.T, out string, code int, said ...string) {
	t.Helper()
	if strings.TrimPrefix(a.out, "ok\n") != out || a.code != code {
		t.Errorf("exit %d, want %d; git is told\n%swant\n%speople are told\n%s", a.code, code, a.out, out, a.err)
	}
	for _, s := range said {
		if !strings.Contains(a.err, s) {
			t.Errorf("people are told\n%swant %q", a.err, s)
		}
	}
}

var _ profile.Env = (&world{}).lookup
