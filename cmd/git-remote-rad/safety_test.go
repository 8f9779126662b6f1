//go:build unix

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/radtest"
	"radswarm/radicle/storage"
)

// enough is more git commands than any push runs.
const enough = 60

// A push that is killed: what comes before it, and what a person does after it.
var killed = map[string]struct {
	home                string
	prepare, push, then []string
}{
	"refs": {
		"one",
		[]string{"cd demo", "git push -q rad master:old", "write README two", "git tag -m tag v1", "git branch new"},
		[]string{"cd demo", "git push rad master new v1 :old"},
		[]string{"cd demo", "git push rad master new v1", "git push rad :old || git update-ref -d refs/remotes/rad/old", "git push rad new:again"},
	},
	"room": {
		"one",
		[]string{"cd demo", "git push -q rad master:refs/heads/a/b"},
		[]string{"cd demo", "git push rad :refs/heads/a/b master:refs/heads/a"},
		[]string{
			"cd demo", "git update-ref -d refs/remotes/rad/a/b || true", "git push rad :refs/heads/a/b master:refs/heads/a || git push rad master:refs/heads/a",
			"git push rad master:again",
		},
	},
	"patches": {
		"patch",
		[]string{"cd demo", "git checkout -q master", "git merge -q topic", "git checkout -q -b more", "write more more"},
		[]string{"cd demo", "at 20", "git push rad master HEAD:refs/patches"},
		[]string{"cd demo", "at 20", "git push rad master HEAD:refs/patches", "git push rad HEAD~1:refs/heads/again", "git fetch -q -p rad"},
	},
}

// A helper that is killed leaves a repository that Radicle's tools and ours take as it is, whichever of its git commands it was
// at, and whether that goes on alone or dies with it. What the person does then leads to the same as if nothing had happened.
func TestKilled(t *testing.T) {
	radtest.Tools(t)
	for name, k := range killed {
		before, done := folder(t, k.home), folder(t, "")
		succeed(t, story{name: name, lines: k.prepare}.play(t, stock(t), before))
		push, then := story{name: name, lines: k.push}, story{name: name, lines: k.then}
		clone(t, before, done)
		succeed(t, push.play(t, ours(t), done))
		succeed(t, then.play(t, ours(t), done))
		want := outcome(render(nil, withoutSignature(state(t, done))))
		if len(problems(t, done)) > 0 {
			t.Fatal(problems(t, done))
		}
		for end, at := range map[string]string{"git goes on": "kill -9 $HELPER", "git too": "kill -9 $HELPER; exit 1"} {
			t.Run(name+"/"+end, func(t *testing.T) {
				t.Parallel()
				var wrong []string
				for n := 1; ; n++ {
					dir := folder(t, "")
					clone(t, before, dir)
					w := newWatch(t, ours(t), n, at)
					steps := push.play(t, w.side, dir, w.env())
					if !w.reached() {
						succeed(t, steps)
						if n < 3 {
							t.Errorf("only %q was run: the watch is blind", w.last(t))
						}
						break
					}
					if n > enough {
						t.Fatalf("no end: %s", w.last(t))
					}
					accepted(t, dir, w.last(t))
					succeed(t, then.play(t, ours(t), dir))
					if d := diff(want, outcome(render(nil, withoutSignature(state(t, dir))))); d != "" {
						wrong = append(wrong, fmt.Sprintf("killed at git %s: what is left in the end (+) is not what it was without that (-):\n%s", w.last(t), d))
					}
					for _, p := range problems(t, dir) {
						wrong = append(wrong, fmt.Sprintf("killed at git %s: in the end: %v", w.last(t), p))
					}
					_ = os.RemoveAll(dir)
				}
				missing(t, strings.Join(wrong, "\n"))
			})
		}
	}
}

// folder is a fresh folder with a copy of a home; with none it is not there yet.
func folder(t testing.TB, name string) string {
	t.Helper()
	parent, err := os.MkdirTemp(scratchDir(t, "folders"), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(parent) })
	dir := filepath.Join(parent, "t")
	if name != "" {
		clone(t, home(t, name), dir)
	}
	return dir
}

func succeed(t testing.TB, steps []step) {
	t.Helper()
	for _, s := range steps {
		if s.exit != "0" {
			t.Fatal(render([]step{s}, nil))
		}
	}
}

// withoutSignature leaves out what depends on how often was signed.
func withoutSignature(files map[string]string) map[string]string {
	for name, text := range files {
		if strings.HasSuffix(name, ": refs") {
			var kept []string
			for line := range strings.Lines(text) {
				if !strings.Contains(line, "/refs/rad/sigrefs ") {
					kept = append(kept, line)
				}
			}
			files[name] = strings.Join(kept, "")
		}
	}
	return files
}

// accepted holds a home's repository against Radicle's tools and ours.
func accepted(t testing.TB, dir, when string) {
	t.Helper()
	look := story{name: "accepted", lines: []string{
		"cd demo", "rad inspect --sigrefs", "rad patch list --all", "git clone -q --mirror rad://$Z/$ANA $T/mirror", "rm -rf $T/mirror",
	}}
	for _, s := range look.play(t, stock(t), dir) {
		if s.exit != "0" {
			t.Errorf("%s: Radicle's tools say\n%s", when, render([]step{s}, nil))
		}
	}
	for _, p := range problems(t, dir) {
		t.Errorf("%s: %v", when, p)
	}
}

// repository opens Ana's repository in a folder.
func repository(t testing.TB, dir string) *storage.Repo {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "rid"))
	if err != nil {
		t.Fatal(err)
	}
	rid, err := radicle.ParseRID(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := storage.Open(t.Context(), filepath.Join(dir, "ana", "storage"), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	repo, err := s.Repository(rid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = repo.Close() })
	return repo
}

func problems(t testing.TB, dir string) []storage.Problem {
	t.Helper()
	list, err := repository(t, dir).Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Of ten pushes at once to one repository none is lost: what git was told is ok is signed in the end, and nobody is turned away.
// Nor are ours, where half of them are Radicle's helper, which may give up.
func TestTenPushesAtOnce(t *testing.T) {
	radtest.Tools(t)
	for name, others := range map[string]side{"ours": ours(t), "half of them Radicle's": stock(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pushAtOnce(t, 10, ours(t), others)
		})
	}
}

// pushAtOnce pushes from n working copies, every second one with another helper.
func pushAtOnce(t *testing.T, n int, helper, other side) {
	t.Helper()
	dir := folder(t, "one")
	prepare := story{name: "prepare", lines: []string{
		fmt.Sprintf("for i in $(seq 0 %d); do cp -Rp demo w$i; ( cd w$i; git checkout -q -b b$i; write b$i $i ); done", n-1),
	}}
	succeed(t, prepare.play(t, stock(t), dir))
	all := make([][]step, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			by := helper
			if i%2 == 1 {
				by = other
			}
			s := story{name: "push", lines: []string{fmt.Sprintf("cd w%d", i), fmt.Sprintf("git push rad HEAD HEAD~1:refs/tags/t%d", i)}}
			all[i] = s.playIn(t, by, dir, fmt.Sprintf("record%d", i))
		})
	}
	wg.Wait()
	if other != helper { // what Radicle's leaves unsigned the next push signs
		succeed(t, story{name: "after", lines: []string{"cd demo", "git push rad HEAD:refs/heads/last"}}.play(t, helper, dir))
	}
	list, err := repository(t, dir).Sigrefs(t.Context(), radtest.Ana.NID())
	if err != nil {
		t.Fatal(err)
	}
	signed := make(map[string]string)
	for _, r := range list.Refs {
		signed[r.Name] = r.ID.String()
	}
	for i, steps := range all {
		if i%2 == 0 || other == helper {
			succeed(t, steps)
			atTip(t, dir, i, signed)
		}
	}
	for _, p := range problems(t, dir) {
		t.Error(p)
	}
}

// atTip holds what was signed against what a working copy has pushed.
func atTip(t *testing.T, dir string, i int, signed map[string]string) {
	t.Helper()
	out, err := gitCmd(filepath.Join(dir, "work", fmt.Sprintf("w%d", i), ".git"), "rev-parse", "HEAD", "HEAD~1").Output()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(out))
	for j, name := range []string{fmt.Sprintf("refs/heads/b%d", i), fmt.Sprintf("refs/tags/t%d", i)} {
		if signed[name] != want[j] {
			t.Errorf("%s is signed as %q, pushed was %s", name, signed[name], want[j])
		}
	}
}

// While one helper pushes and stands still, at whichever of its git commands, another lists and fetches and does not wait for it:
// git-lfs starts one between list and push.
func TestSecondHelperNeverWaits(t *testing.T) {
	radtest.Tools(t)
	push := story{name: "push", lines: []string{"cd demo", "git push rad master HEAD~1:refs/heads/x"}}
	look := story{name: "look", lines: []string{
		"cd demo", "git ls-remote rad", "git ls-remote rad://$Z/$ANA", "git fetch rad",
		`printf 'capabilities\nlist for-push\n\n' | GIT_DIR=$PWD/.git git-remote-rad rad rad://$Z`,
	}}
	before := folder(t, "one")
	succeed(t, story{name: "prepare", lines: []string{"cd demo", "write README two", "cp -Rp . ../second"}}.play(t, stock(t), before))
	for n := 1; ; n++ {
		dir := folder(t, "")
		clone(t, before, dir)
		// Opening a FIFO waits for who opens its other end: this is where the first helper's git command stands still.
		there, on := filepath.Join(dir, "there"), filepath.Join(dir, "on")
		succeed(t, story{name: "fifos", lines: []string{"mkfifo $T/there $T/on"}}.play(t, stock(t), dir))
		w := newWatch(t, ours(t), n, fmt.Sprintf("echo >%q; read line <%q", there, on))
		var steps []step
		var wg sync.WaitGroup
		wg.Go(func() {
			steps = push.playIn(t, w.side, dir, "record1", w.env())
			if f, err := os.OpenFile(there, os.O_RDWR, 0); err == nil { // whoever still waits for it
				_, _ = f.WriteString("ended\n")
				defer func() { _ = f.Close() }()
			}
		})
		text, err := os.ReadFile(there)
		if err != nil {
			t.Fatal(err)
		}
		if string(text) == "ended\n" {
			wg.Wait()
			succeed(t, steps)
			if n < 3 {
				t.Error("the watch is blind")
			}
			return
		}
		succeed(t, look.playIn(t, ours(t), dir, "record2"))
		if err := os.WriteFile(on, []byte("on\n"), 0); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		succeed(t, steps)
	}
}
