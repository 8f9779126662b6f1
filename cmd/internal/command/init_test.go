package command

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
	"radswarm/radicle/radtest"
)

// worldOf is the world of a home of radtest's.
func worldOf(h *radtest.Home) *world {
	env := map[string]string{}
	for _, v := range h.Env() {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	return &world{home: h.Home, env: env}
}

// initHere runs our init in a working copy and returns what it says in JSON.
func initHere(t *testing.T, h *radtest.Home, args ...string) founded {
	t.Helper()
	for _, v := range h.Env() { // git runs in the environment of the process
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	got := worldOf(h).run(t, append([]string{"init", "--json", "-q"}, args...)...)
	var out founded
	if got.exit != 0 || json.Unmarshal([]byte(got.out), &out) != nil {
		t.Fatal(got)
	}
	return out
}

// lookAt is what git says of a working copy that was joined: its configuration and refs.
func lookAt(t *testing.T, h *radtest.Home, dir string) []string {
	t.Helper()
	config := strings.Split(h.Git(t, dir, "config", "--local", "--list"), "\n")
	slices.Sort(config)
	return append(config, strings.Split(h.Git(t, dir, "for-each-ref"), "\n")...)
}

// Of the same working copy and key, rad init and ours make the same repository and join it alike.
func TestInitIsRadInit(t *testing.T) {
	radtest.Tools(t)
	theirs, ours := radtest.NewHome(t, radtest.Ana).With(radtest.FixedDates()...), radtest.NewHome(t, radtest.Ana).With(radtest.FixedDates()...)
	one := theirs.Commit(t, "film", "README", "hello")
	rid := theirs.Init(t, one)
	other := ours.Commit(t, "film", "README", "hello")
	project := projectOf(t, theirs, rid)
	got := initHere(t, ours, other, "--public", "--name", project[0], "--description", project[1], "--default-branch", "master")
	if got.RID != rid || !got.Public || got.Branch != "master" {
		t.Errorf("%+v, not %v", got, rid)
	}
	if diff := cmp.Diff(lookAt(t, theirs, one), lookAt(t, ours, other)); diff != "" {
		t.Errorf("working copy (-rad +we):\n%s", diff)
	}
	if a, b := theirs.Ref(t, rid, "refs/heads/master"), ours.Ref(t, rid, "refs/heads/master"); a != b || a == "" {
		t.Errorf("master is %q, not %q", b, a)
	}
	if out := ours.Rad(t, other, "."); out != rid.String() {
		t.Errorf("rad . says %q", out)
	}
}

// projectOf returns name and description of a repository.
func projectOf(t *testing.T, h *radtest.Home, rid radicle.RID) [2]string {
	t.Helper()
	var payload struct {
		Project struct{ Name, Description string } `json:"xyz.radicle.project"`
	}
	if err := json.Unmarshal([]byte(h.Rad(t, h.Work, "inspect", rid.String(), "--payload")), &payload); err != nil {
		t.Fatal(err)
	}
	return [2]string{payload.Project.Name, payload.Project.Description}
}

// A node that runs offers the repository from then on; with the passphrase from the environment, and a branch that follows
// something else already left alone.
func TestInitSeeds(t *testing.T) {
	radtest.Tools(t)
	ana := radtest.NewHome(t, radtest.Ana)
	node := radtest.StartNode(t, ana)
	dir := ana.Commit(t, "film", "README", "hello")
	ana.Git(t, dir, "config", "branch.master.remote", "origin")
	ana.Git(t, dir, "config", "branch.master.merge", "refs/heads/other")
	got := initHere(t, ana, dir, "--private")
	if !got.Seeded || got.Public || got.Name != filepath.Base(dir) {
		t.Errorf("%+v", got)
	}
	if out := ana.Rad(t, dir, "seed"); !strings.Contains(out, got.RID.String()) || !strings.Contains(out, "all") {
		t.Errorf("rad seed: %s", out)
	}
	if out := ana.Git(t, dir, "config", "branch.master.remote"); out != "origin" {
		t.Errorf("the branch follows %s", out)
	}
	if out := ana.Rad(t, dir, "inspect", "--visibility"); !strings.Contains(out, "private") {
		t.Errorf("rad inspect: %s", out)
	}
	node.Stop(t)
	dir = ana.Commit(t, "other", "README", "hello")
	if got := initHere(t, ana, dir, "--private"); got.Seeded {
		t.Errorf("offered by a node that does not run: %+v", got)
	}
}

// What init cannot do leaves storage and working copy as they were.
func TestInitThatFails(t *testing.T) {
	ana := radtest.NewHome(t, radtest.Ana)
	dir := ana.Commit(t, "film", "README", "hello")
	before := lookAt(t, ana, dir)
	for line, want := range map[string]string{
		"init --private --default-branch nothing":         "branch nothing has no commit yet",
		"init --private --name a/b":                       "init: invalid identity document",
		"init --private --default-branch a..b":            "init: invalid identity document",
		"init --private --default-branch --upload-pack=x": "",
	} {
		got := worldOf(ana).run(t, append(strings.Fields(line), dir)...)
		if got.exit == 0 || !strings.HasPrefix(got.err, "error: "+want) {
			t.Errorf("%s: %v", line, got)
		}
	}
	if diff := cmp.Diff(before, lookAt(t, ana, dir)); diff != "" {
		t.Error(diff)
	}
	if left, err := os.ReadDir(ana.Storage()); err != nil || len(left) > 0 {
		t.Errorf("storage has %v, %v", left, err)
	}
}
