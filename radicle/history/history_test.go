package history_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
	"radswarm/radicle/history"
)

// place is a repository of a test.
type place struct {
	testing.TB
	dir string
}

func newPlace(tb testing.TB) place {
	p := place{tb, tb.TempDir()}
	p.git("init", "-q", "-b", "main")
	return p
}

func (p place) Git(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=ana", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=ana", "GIT_COMMITTER_EMAIL=a@b")
	return cmd
}

func (p place) git(args ...string) string {
	p.Helper()
	out, err := p.Git(p.Context(), args...).CombinedOutput()
	if err != nil {
		p.Fatalf("git %v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (p place) oid(rev string) radicle.Oid {
	p.Helper()
	id, err := radicle.ParseOid(p.git("rev-parse", rev))
	if err != nil {
		p.Fatal(err)
	}
	return id
}

// commit writes files, those without text away, and commits.
func (p place) commit(files ...string) radicle.Oid {
	p.Helper()
	for i := 0; i < len(files); i += 2 {
		name := filepath.Join(p.dir, files[i])
		if files[i+1] == "" {
			p.git("rm", "-q", files[i])
			continue
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			p.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(files[i+1]), 0o644); err != nil {
			p.Fatal(err)
		}
		p.git("add", files[i])
	}
	p.git("commit", "-q", "--allow-empty", "-m", fmt.Sprint(files))
	return p.oid("HEAD")
}

// first returns the first commits with a file of this text among those that HEAD reaches.
func (p place) first(text string) []radicle.Oid {
	p.Helper()
	blob := radicle.Oid{}
	cmd := p.Git(p.Context(), "hash-object", "--stdin")
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.Output()
	if err == nil {
		blob, err = radicle.ParseOid(strings.TrimSpace(string(out)))
	}
	if err != nil {
		p.Fatal(err)
	}
	g := p.graph(history.Limits{})
	var added []radicle.Oid
	err = history.Added(p.Context(), p, g.Since(nil), func(commit, b radicle.Oid) error {
		if b == blob {
			added = append(added, commit)
		}
		return nil
	})
	if err != nil {
		p.Fatal(err)
	}
	first, err := g.First(p.Context(), [][]radicle.Oid{added})
	if err != nil {
		p.Fatal(err)
	}
	return first[0]
}

func (p place) graph(l history.Limits) *history.Graph {
	p.Helper()
	g, err := history.Read(p.Context(), p, []radicle.Oid{p.oid("HEAD")}, l)
	if err != nil {
		p.Fatal(err)
	}
	return g
}

func (p place) want(text string, commits ...radicle.Oid) {
	p.Helper()
	got := p.first(text)
	slices.SortFunc(got, radicle.Oid.Compare)
	slices.SortFunc(commits, radicle.Oid.Compare)
	if d := cmp.Diff(fmt.Sprint(commits), fmt.Sprint(got)); d != "" {
		p.Error(d)
	}
}

// A file is new once, however often it goes, comes back, or gets another name.
func TestFirst(t *testing.T) {
	p := newPlace(t)
	root := p.commit("a", "one", "tab\tand \"quotes\"", "odd")
	p.want("one", root)
	p.want("odd", root)
	two := p.commit("dir/b", "two")
	p.commit("a", "")
	p.commit("dir/c", "one")
	p.commit("b", "two", "dir/b", "")
	p.want("one", root)
	p.want("two", two)
	p.want("three")
}

// What a merge brings was new on the side that it comes from; on two sides it was new twice.
func TestMerge(t *testing.T) {
	p := newPlace(t)
	p.commit("base", "base")
	p.git("checkout", "-q", "-b", "side")
	side := p.commit("side", "side", "both", "both")
	p.git("checkout", "-q", "main")
	main := p.commit("main", "main", "other", "both")
	p.git("merge", "-q", "--no-ff", "-m", "merge", "side")
	p.want("side", side)
	p.want("main", main)
	p.want("both", side, main)
	p.commit("again", "both")
	p.want("both", side, main)
}

// What only the merge itself has is new there, also where both sides have something else at that path.
func TestMergeThatAdds(t *testing.T) {
	p := newPlace(t)
	p.commit("x", "x")
	p.git("checkout", "-q", "-b", "side")
	p.commit("x", "side")
	p.git("checkout", "-q", "main")
	p.commit("x", "main")
	_ = p.Git(t.Context(), "merge", "-q", "side").Run() // a conflict
	merge := p.commit("x", "third", "y", "fourth")
	if len(strings.Fields(p.git("rev-list", "--parents", "-1", "HEAD"))) != 3 {
		t.Fatal("no merge")
	}
	p.want("third", merge)
	p.want("fourth", merge)
}

// Commits that old tips reach are not read again, and tips that are gone reach nothing.
func TestSince(t *testing.T) {
	p := newPlace(t)
	one := p.commit("a", "1")
	two := p.commit("a", "2")
	three := p.commit("a", "3")
	g := p.graph(history.Limits{})
	if d := cmp.Diff(fmt.Sprint([]radicle.Oid{three, two}), fmt.Sprint(g.Since([]radicle.Oid{one, p.oid("HEAD^{tree}")}))); d != "" {
		t.Error(d)
	}
	if !g.Has(one) || g.Has(p.oid("HEAD^{tree}")) {
		t.Error("wrong commits")
	}
	p.git("tag", "-a", "-m", "x", "v1")
	h, err := history.Read(t.Context(), p, []radicle.Oid{p.oid("v1"), p.oid("HEAD:a")}, history.Limits{})
	if err != nil || len(h.Since(nil)) != 3 {
		t.Errorf("through a tag: %v, %v", h, err)
	}
}

// A history that is too large is an error, and not half a history.
func TestLimits(t *testing.T) {
	p := newPlace(t)
	root := p.commit("a", "1")
	p.commit("a", "2")
	p.commit("a", "3")
	limit := func(l history.Limits, what string) {
		t.Helper()
		g, err := history.Read(t.Context(), p, []radicle.Oid{p.oid("HEAD")}, l)
		var over *history.LimitError
		if !errors.As(err, &over) || over.What != what {
			t.Errorf("%+v: %v, %v", l, g, err)
		}
	}
	limit(history.Limits{Commits: 2}, "commits")
	p.graph(history.Limits{Commits: 3})
	args := []string{"commit-tree", "-m", "octopus", "HEAD^{tree}"}
	for i := range 3 {
		p.git("update-ref", fmt.Sprintf("refs/heads/arm%d", i), p.git("commit-tree", "-m", fmt.Sprint(i), "-p", root.String(), "HEAD^{tree}"))
		args = append(args, "-p", fmt.Sprintf("arm%d", i))
	}
	p.git("reset", "-q", "--soft", p.git(args...))
	limit(history.Limits{Parents: 2}, "parents of a commit")
	p.graph(history.Limits{Parents: 3})
	if _, err := history.Read(t.Context(), p, []radicle.Oid{p.oid("HEAD"), gone(t)}, history.Limits{}); err == nil {
		t.Error("a tip that is not there is passed over")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := history.Read(ctx, p, []radicle.Oid{p.oid("HEAD")}, history.Limits{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	stop := errors.New("stop")
	if err := history.Added(t.Context(), p, []radicle.Oid{root}, func(_, _ radicle.Oid) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}

func gone(tb testing.TB) radicle.Oid {
	id, err := radicle.ParseOid(strings.Repeat("ab", 20))
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

// The first of a set in any graph are those that a plain search finds.
func TestFirstInAnyGraph(t *testing.T) {
	p := newPlace(t)
	random := rand.New(rand.NewPCG(1, 2))
	tree := p.git("write-tree")
	var commits []radicle.Oid
	parents := make(map[radicle.Oid][]radicle.Oid)
	for i := range 60 {
		args := []string{"commit-tree", "-m", fmt.Sprint(i), tree}
		var of []radicle.Oid
		for range min(i, random.IntN(4)) {
			if q := commits[random.IntN(len(commits))]; !slices.Contains(of, q) {
				of, args = append(of, q), append(args, "-p", q.String())
			}
		}
		id, err := radicle.ParseOid(p.git(args...))
		if err != nil {
			t.Fatal(err)
		}
		commits, parents[id] = append(commits, id), of
	}
	g, err := history.Read(t.Context(), p, commits, history.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var sets [][]radicle.Oid
	for range 150 { // more than two times 64
		var set []radicle.Oid
		for range 1 + random.IntN(8) {
			if c := commits[random.IntN(len(commits))]; !slices.Contains(set, c) {
				set = append(set, c)
			}
		}
		sets = append(sets, set)
	}
	first, err := g.First(t.Context(), sets)
	if err != nil {
		t.Fatal(err)
	}
	var reaches func(from, to radicle.Oid) bool
	reaches = func(from, to radicle.Oid) bool {
		return slices.ContainsFunc(parents[from], func(q radicle.Oid) bool { return q == to || reaches(q, to) })
	}
	for i, set := range sets {
		want := slices.DeleteFunc(slices.Clone(set), func(c radicle.Oid) bool {
			return slices.ContainsFunc(set, func(d radicle.Oid) bool { return reaches(c, d) })
		})
		slices.SortFunc(want, radicle.Oid.Compare)
		slices.SortFunc(first[i], radicle.Oid.Compare)
		if !slices.Equal(want, first[i]) {
			t.Errorf("set %d: %v, want %v", i, first[i], want)
		}
	}
}
