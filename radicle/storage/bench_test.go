package storage_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/radtest"
	"radswarm/radicle/storage"
)

const manyRefs = 10_000

// fill gives the namespace of nid that many heads, in files as git writes them.
func fill(b *testing.B, r *storage.Repo, nid radicle.NID) {
	b.Helper()
	id := someCommit(b, r, 1)
	var script strings.Builder
	for i := range manyRefs {
		fmt.Fprintf(&script, "create %srefs/heads/branch-%05d %v\n", storage.NamespacePrefix(nid), i, id)
	}
	gitInput(b, r.Dir(), script.String(), "update-ref", "--stdin")
}

// timed runs f and adds its time to total.
func timed(total *time.Duration, f func()) {
	start := time.Now()
	f()
	*total += time.Since(start)
}

// report prints our time, theirs and the ratio, all per run.
func report(b *testing.B, ours, theirs time.Duration) {
	b.Helper()
	n := float64(b.N)
	b.ReportMetric(ours.Seconds()*1000/n, "our-ms")
	b.ReportMetric(theirs.Seconds()*1000/n, "their-ms")
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "ratio")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkRefs lists ten thousand refs and compares with "git for-each-ref".
func BenchmarkRefs(b *testing.B) {
	for _, layout := range []string{"files", "packed"} {
		b.Run(layout, func(b *testing.B) {
			r := newRepo(b)
			fill(b, r, ana.NID())
			if layout == "packed" {
				git(b, r.Dir(), "pack-refs", "--all")
			}
			var ours, theirs time.Duration
			for b.Loop() {
				timed(&ours, func() {
					if s, err := r.Refs(b.Context()); err != nil || len(s.Refs) < manyRefs {
						b.Fatal(err)
					}
				})
				timed(&theirs, func() { git(b, r.Dir(), "for-each-ref", "--format=%(objectname) %(refname)") })
			}
			report(b, ours, theirs)
		})
	}
}

// BenchmarkRead reads a commit, which git has at hand.
func BenchmarkRead(b *testing.B) {
	r := newRepo(b)
	id := someCommit(b, r, 1)
	for b.Loop() {
		if _, err := gitobj.ReadCommit(b.Context(), r, id); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWrite stores objects durably, as files and as a pack, and compares with one "git hash-object" that syncs.
func BenchmarkWrite(b *testing.B) {
	for _, count := range []int{1, 2, 4, 8, 16, 100} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			r := newRepo(b)
			dir := b.TempDir()
			n := 0
			var loose, pack, theirs time.Duration
			for b.Loop() {
				n++
				timed(&loose, func() { storeBlobs(b, r, false, n, count) })
				timed(&pack, func() { storeBlobs(b, r, true, n, count) })
				var paths strings.Builder
				for i := range count {
					path := filepath.Join(dir, fmt.Sprint(i))
					if err := os.WriteFile(path, fmt.Append(nil, "git", n, i), 0o644); err != nil {
						b.Fatal(err)
					}
					paths.WriteString(path + "\n")
				}
				timed(&theirs, func() {
					gitInput(b, r.Dir(), paths.String(), "-c", "core.fsync=loose-object", "hash-object", "-w", "--stdin-paths")
				})
			}
			b.ReportMetric(pack.Seconds()*1000/float64(b.N), "pack-ms")
			report(b, loose, theirs)
		})
	}
}

// storeBlobs stores objects without moving a ref.
func storeBlobs(b *testing.B, r *storage.Repo, pack bool, n, count int) {
	b.Helper()
	if err := r.Store(b.Context(), pack, func(w gitobj.Writer) {
		for i := range count {
			write(b, w, gitobj.KindBlob, fmt.Append(nil, pack, n, i))
		}
	}); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkUpdate moves one of ten thousand refs and signs, and compares with Radicle's helper, which does the same for
// a "git push" to an equal repository.
func BenchmarkUpdate(b *testing.B) {
	home := radtest.NewHome(b, radtest.Ana)
	work := home.Commit(b, "film", "README", "hello")
	rid := home.Init(b, work)
	s := openStorage(b, home.Storage())
	theirs := openRepo(b, s, rid)
	fill(b, theirs, home.Person.NID())
	update(b, theirs, home.Person.Signer(), nil)
	copied := filepath.Join(b.TempDir(), "storage")
	if err := os.CopyFS(copied, os.DirFS(home.Storage())); err != nil {
		b.Fatal(err)
	}
	ours := openRepo(b, openStorage(b, copied), rid)
	pushed := func(n int) func(context.Context, *storage.Tx) error {
		return func(ctx context.Context, tx *storage.Tx) error {
			return tx.Set(ctx, "refs/heads/branch-00000", someCommit(b, tx, n))
		}
	}
	var our, their, gitPush time.Duration
	plain := filepath.Join(b.TempDir(), "plain.git")
	git(b, work, "init", "-q", "--bare", plain)
	n := 0
	for b.Loop() {
		n++
		home.Commit(b, work, "README", fmt.Sprint(n))
		timed(&our, func() { update(b, ours, home.Person.Signer(), pushed(n)) })
		timed(&their, func() { home.Git(b, work, "push", "-q", "-o", "no-sync", "rad", "+HEAD:refs/heads/branch-00001") })
		timed(&gitPush, func() { home.Git(b, work, "push", "-q", plain, "HEAD:refs/heads/x") })
	}
	// The helper's part is what the push takes beyond one to a plain repository.
	b.ReportMetric(gitPush.Seconds()*1000/float64(b.N), "plain-push-ms")
	report(b, our, their)
}

// BenchmarkGitStart is what every git process costs.
func BenchmarkGitStart(b *testing.B) {
	for b.Loop() {
		if err := exec.Command("git", "version").Run(); err != nil {
			b.Fatal(err)
		}
	}
}
