package replicate_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/replicate"
	"radswarm/radicle/storage"
)

// large makes a repository with that many commits in one line, and refs at some of them.
func large(tb testing.TB, h *home, commits, refs int) *storage.Repo {
	tb.Helper()
	r := h.init(tb, h.draft())
	var stream bytes.Buffer
	for i := range commits {
		text := fmt.Sprintf("line %d\n", i)
		fmt.Fprintf(&stream, "commit refs/heads/import\nmark :%d\ncommitter a <a@example.org> %d +0000\ndata 1\nm\n", i+1, i+1)
		fmt.Fprintf(&stream, "M 100644 inline dir%d/file%d\ndata %d\n%s\n", i%20, i%400, len(text), text)
	}
	dir := tb.TempDir()
	git(tb, dir, "init", "-q", "--bare")
	cmd := exec.Command("git", "fast-import", "--quiet", "--export-marks=marks")
	cmd.Dir, cmd.Stdin = dir, &stream
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("%v\n%s", err, out)
	}
	git(tb, r.Dir(), "fetch", "-q", dir, "refs/heads/import")
	marks, err := os.ReadFile(filepath.Join(dir, "marks"))
	if err != nil {
		tb.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(marks), []byte("\n"))
	_, err = r.Update(tb.Context(), h.key, func(ctx context.Context, tx *storage.Tx) error {
		for i := range refs {
			_, hex, _ := bytes.Cut(lines[(i+1)*len(lines)/refs-1], []byte(" "))
			if err := tx.Set(ctx, fmt.Sprintf("refs/heads/b%04d", i), oid(tb, string(hex))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	git(tb, r.Dir(), "gc", "-q")
	return r
}

// BenchmarkClone clones 5,000 commits with 1,000 refs, verified, and says how many times as long that takes as a "git clone
// --mirror" of the same repository over git's own protocol.
func BenchmarkClone(b *testing.B) {
	a := newHome(b, ana)
	r := large(b, a, 5000, 1000)
	server := a.server(replicate.ServerOptions{})
	var ours, gits time.Duration
	for b.Loop() {
		c := newHome(b, bo)
		start := time.Now()
		_, err := c.fetchStream(b, serve(b, server, radicle.DID{}), replicate.Options{RID: r.RID()})
		ours += time.Since(start)
		if err != nil {
			b.Fatal(err)
		}
		start = time.Now()
		git(b, b.TempDir(), "clone", "-q", "--mirror", "file://"+r.Dir(), "copy")
		gits += time.Since(start)
	}
	b.ReportMetric(float64(ours)/float64(gits), "x-git-clone")
	b.ReportMetric(float64(ours.Milliseconds())/float64(b.N), "ms/clone")
	b.ReportMetric(float64(gits.Milliseconds())/float64(b.N), "ms/git-clone")
}

// BenchmarkNothingNew asks for what is there: 1,000 refs.
func BenchmarkNothingNew(b *testing.B) {
	a, c := newHome(b, ana), newHome(b, bo)
	r := large(b, a, 1000, 1000)
	o := replicate.Options{RID: r.RID()}
	c.mustFetch(b, a, o)
	server := a.server(replicate.ServerOptions{})
	for b.Loop() {
		result, err := c.fetchStream(b, serve(b, server, radicle.DID{}), o)
		if err != nil || len(result.Namespaces) > 0 {
			b.Fatal(result, err)
		}
	}
}

// BenchmarkOneCommit fetches a push of one commit.
func BenchmarkOneCommit(b *testing.B) {
	a, c := newHome(b, ana), newHome(b, bo)
	r := large(b, a, 1000, 100)
	o := replicate.Options{RID: r.RID()}
	c.mustFetch(b, a, o)
	server := a.server(replicate.ServerOptions{})
	var took time.Duration
	for i := 0; b.Loop(); i++ {
		push(b, r, ana, "refs/heads/b0000", fmt.Sprint(i))
		start := time.Now()
		result, err := c.fetchStream(b, serve(b, server, radicle.DID{}), o)
		took += time.Since(start)
		if err != nil || len(result.Namespaces) != 1 {
			b.Fatal(result, err)
		}
	}
	b.ReportMetric(float64(took.Microseconds())/1000/float64(b.N), "ms/fetch")
}
