//go:build unix

package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"radswarm/radicle/radtest"
)

// The benchmarks run the same git commands side by side, round after round, and print medians: with a plain bare repository, with
// Radicle's helper (its release build, made by `.ci/radicle release`) and with ours.
//
//	go test -run='^$' -bench=. ./cmd/git-remote-rad

// leastRounds is how many rounds a median is made of at least.
const leastRounds = 10

// A lane is one of those that are compared: a helper in its own copy of a home, or a remote that needs none.
type lane struct {
	name   string
	remote string // "rad" or "bare"
	dir    string
	env    []string
	took   []time.Duration
}

// released is Radicle's helper as people have it.
var released = sync.OnceValues(func() (dir, what string) {
	test, err := exec.Command("sh", "../../.ci/radicle", "path").Output()
	if err != nil {
		return "", ""
	}
	dir = strings.Replace(strings.TrimSpace(string(test)), "-test-", "-release-", 1)
	if _, err := os.Stat(filepath.Join(dir, "git-remote-rad")); err == nil {
		return dir, "RELEASE build"
	}
	return strings.TrimSpace(string(test)), "TEST build, which is slower: .ci/radicle release makes the real one"
})

// lanes makes the three in copies of a home, in which prepare was run once by Radicle's tools. The bare repository has what Ana
// has pushed.
func lanes(b *testing.B, name string, prepare ...string) []*lane {
	b.Helper()
	radtest.Tools(b)
	first := folder(b, name)
	succeed(b, story{name: "prepare", lines: append([]string{"cd demo"}, prepare...)}.play(b, stock(b), first))
	succeed(b, story{name: "bare", lines: []string{
		"git clone -q --mirror rad://$Z/$ANA bare.git", "cd demo", "git remote add bare file://$T/work/bare.git", "git fetch -q bare",
	}}.play(b, stock(b), first))
	dir, what := released()
	b.Logf("Radicle's helper: %s", what)
	var all []*lane
	for _, s := range []side{{"bare", dir}, {"radicle", dir}, ours(b)} {
		at := folder(b, "")
		clone(b, first, at)
		succeed(b, story{name: "bare", lines: []string{"git -C demo remote set-url bare file://$T/work/bare.git"}}.play(b, stock(b), at))
		env := append(s.env(b, at), "RAD_HOME="+filepath.Join(at, "ana"), "GIT_AUTHOR_NAME=ana", "GIT_AUTHOR_EMAIL=ana@localhost",
			"GIT_COMMITTER_NAME=ana", "GIT_COMMITTER_EMAIL=ana@localhost")
		l := &lane{name: s.name, remote: "rad", dir: filepath.Join(at, "work", "demo"), env: append(env, radtest.FixedDates()...)}
		if s.name == "bare" {
			l.remote = "bare"
		}
		all = append(all, l)
	}
	return all
}

// git runs a git command of a lane that is not measured.
func (l *lane) git(b *testing.B, args ...string) {
	b.Helper()
	l.run(b, "git", args...)
}

// time runs a command of a lane that is measured.
func (l *lane) time(b *testing.B, name string, args ...string) {
	b.Helper()
	began := time.Now()
	l.run(b, name, args...)
	l.took = append(l.took, time.Since(began))
}

func (l *lane) run(b *testing.B, name string, args ...string) {
	b.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = l.dir, l.env
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s: %s %s: %v\n%s", l.name, name, strings.Join(args, " "), err, out)
	}
}

// push is a push that tells nobody.
func (l *lane) push(b *testing.B, refs ...string) {
	b.Helper()
	args := []string{"push", "-q"}
	if l.remote == "rad" {
		args = append(args, "-o", "no-sync")
	}
	l.time(b, "git", append(append(args, l.remote), refs...)...)
}

func (l *lane) median() float64 {
	slices.Sort(l.took)
	n := len(l.took)
	return float64((l.took[(n-1)/2]+l.took[n/2])/2) / 1e6
}

// race lets the lanes run round after round, and reports the medians in milliseconds and what ours is of the others.
func race(b *testing.B, all []*lane, round func(l *lane, n int)) {
	b.Helper()
	n := 0
	turn := func() {
		for _, l := range all {
			round(l, n)
		}
		n++
	}
	for b.Loop() {
		turn()
	}
	for n < leastRounds {
		turn()
	}
	own := all[len(all)-1].median()
	for _, l := range all {
		b.ReportMetric(l.median(), l.name+"-ms")
		if l.median() != own {
			b.ReportMetric(own/l.median(), "ours/"+l.name)
		}
	}
	b.ReportMetric(float64(n), "rounds")
	b.ReportMetric(0, "ns/op")
}

func BenchmarkPushOneCommit(b *testing.B) {
	race(b, lanes(b, "one"), func(l *lane, n int) {
		l.git(b, "commit", "-q", "--allow-empty", "-m", fmt.Sprint(n))
		l.push(b, "master")
	})
}

func BenchmarkPushTenRefs(b *testing.B) {
	race(b, lanes(b, "one"), func(l *lane, n int) {
		var refs []string
		for i := range 10 {
			refs = append(refs, fmt.Sprintf("master:refs/heads/b%d/%d", n, i))
		}
		l.push(b, refs...)
	})
}

func BenchmarkFetchNothingNew(b *testing.B) {
	race(b, lanes(b, "one"), func(l *lane, _ int) { l.time(b, "git", "fetch", "-q", l.remote) })
}

// fiveThousand makes commits that each change a file.
const fiveThousand = `for i in $(seq 5000); do printf 'commit refs/heads/master\ncommitter ana <ana@localhost> %d +0000\ndata 1\nx\n` +
	`%sM 100644 inline f%d\ndata <<E\n%d\nE\n' $((1671125284 + i)) "$([ $i = 1 ] && echo 'from refs/heads/master^0 ')" $((i % 100)) $i; done` +
	` | sed 's/^from refs.heads.master^0 M/from refs\/heads\/master^0\nM/' | git fast-import --quiet --force`

func BenchmarkCloneFiveThousandCommits(b *testing.B) {
	all := lanes(b, "one", fiveThousand, "git reset -q --hard", "[ $(git rev-list --count HEAD) = 5002 ]", "git push -q rad master")
	url := func(l *lane) string {
		out, err := exec.Command("git", "-C", l.dir, "remote", "get-url", l.remote).Output()
		if err != nil {
			b.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	race(b, all, func(l *lane, n int) {
		l.time(b, "git", "clone", "-q", "--no-checkout", url(l), "../clone")
		if err := os.RemoveAll(filepath.Join(l.dir, "..", "clone")); err != nil {
			b.Fatal(err)
		}
	})
}

// many writes n branches beside those that are there, in storage and above the namespaces, as a node packs them.
func many(n int) []string {
	return []string{
		"H=$(git rev-parse HEAD)", "stored for-each-ref --format='%(objectname) %(refname)' >$T/p",
		fmt.Sprintf(`seq %d | sed "s,.*,$H refs/namespaces/$ANA/refs/heads/m/&," >>$T/p`, n),
		fmt.Sprintf(`seq %d | sed "s,.*,$H refs/heads/m/&," >>$T/p`, n),
		"sort -k2 $T/p >$T/ana/storage/$Z/packed-refs", "rm $T/p", "git push -q rad master:refs/heads/x",
	}
}

func BenchmarkListTenThousandRefs(b *testing.B) {
	race(b, lanes(b, "one", many(10_000)...), func(l *lane, _ int) { l.time(b, "git", "ls-remote", "-q", l.remote) })
}

func BenchmarkPushBesideTwentyThousandRefs(b *testing.B) {
	race(b, lanes(b, "one", append(many(20_000), "stored pack-refs --all")...), func(l *lane, n int) {
		l.git(b, "commit", "-q", "--allow-empty", "-m", fmt.Sprint(n))
		l.push(b, "master")
	})
}

// The start of the program alone, beside that of a Go program that does nothing.
func BenchmarkColdStart(b *testing.B) {
	dir, what := released()
	if dir == "" {
		radtest.Tools(b)
	}
	b.Logf("Radicle's helper: %s", what)
	source := filepath.Join(b.TempDir(), "main.go")
	if err := os.WriteFile(source, []byte("package main\nfunc main() {}\n"), 0o644); err != nil {
		b.Fatal(err)
	}
	empty := filepath.Join(b.TempDir(), "empty")
	if out, err := exec.Command("go", "build", "-o", empty, source).CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	programs := map[string]string{
		"empty": empty, "radicle": filepath.Join(dir, "git-remote-rad"), "ours": filepath.Join(ours(b).bin, "git-remote-rad"),
	}
	var all []*lane
	for _, name := range []string{"empty", "radicle", "ours"} {
		all = append(all, &lane{name: name, dir: b.TempDir(), env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.TempDir()}})
	}
	race(b, all, func(l *lane, _ int) { l.time(b, programs[l.name], "--version") })
}

// A push that a node announces, to a seed that is connected: it ends when the seed has it.
func BenchmarkPushWithANode(b *testing.B) {
	radtest.Tools(b)
	ana, bo := radtest.NewHome(b, radtest.Ana), radtest.NewHome(b, radtest.Bo)
	anaNode, boNode := radtest.StartNode(b, ana), radtest.StartNode(b, bo)
	dir, rid := published(b, ana)
	radtest.Connect(b, boNode, anaNode)
	boNode.Clone(b, rid, anaNode)
	bin, what := released()
	b.Logf("Radicle's helper: %s", what)
	var all []*lane
	for _, s := range []side{{"radicle", bin}, ours(b)} {
		all = append(all, &lane{name: s.name, remote: "rad", dir: dir, env: with(b, ana, s).Env()})
	}
	race(b, all, func(l *lane, n int) {
		l.git(b, "commit", "-q", "--allow-empty", "-m", fmt.Sprint(n))
		l.time(b, "git", "push", "-q", "rad", "master")
	})
}
