package storage_test

import (
	"bytes"
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
	"time"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/storage"
)

func TestObjectsAreWhatGitReads(t *testing.T) {
	for _, count := range []int{1, 300} { // in files of their own, in a pack
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			r := newRepo(t)
			random := rand.NewChaCha8([32]byte{byte(count)})
			want := make(map[radicle.Oid][]byte)
			err := r.Store(t.Context(), count > 1, func(w gitobj.Writer) {
				for i := range count {
					data := make([]byte, []int{0, 1, 15, 16, 17, 2047, 2048, 70000}[i%8])
					if _, err := random.Read(data); err != nil {
						t.Fatal(err)
					}
					want[write(t, w, gitobj.KindBlob, data)] = data
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			for id, data := range want {
				if got := git(t, r.Dir(), "cat-file", "blob", id.String()); got != string(data) {
					t.Errorf("%v: git reads %d bytes, want %d", id, len(got), len(data))
				}
				kind, got, err := r.Read(t.Context(), id, int64(len(data)))
				if err != nil || kind != gitobj.KindBlob || !bytes.Equal(got, data) {
					t.Errorf("%v: %v, %d bytes, %v", id, kind, len(got), err)
				}
			}
			git(t, r.Dir(), "fsck", "--strict")
			packs, _ := filepath.Glob(filepath.Join(r.Dir(), "objects/pack/*.pack"))
			if (len(packs) == 1) != (count == 300) {
				t.Errorf("%d packs", len(packs))
			}
		})
	}
}

func TestPackIsWhatGitVerifies(t *testing.T) {
	r := newRepo(t)
	update(t, r, ana, func(ctx context.Context, tx *storage.Tx) error {
		for i := range 50 {
			write(t, tx, gitobj.KindBlob, fmt.Append(nil, i))
		}
		tag := write(t, tx, gitobj.KindTag, []byte("object "+someCommit(t, tx, 1).String()+
			"\ntype commit\ntag v1\ntagger Ana <a@x> 1 +0000\n\nv1\n"))
		return tx.Set(ctx, "refs/tags/v1", tag)
	})
	packs, err := filepath.Glob(filepath.Join(r.Dir(), "objects/pack/*.idx"))
	if err != nil || len(packs) != 1 {
		t.Fatal(packs, err)
	}
	git(t, r.Dir(), "verify-pack", packs[0])
	git(t, r.Dir(), "index-pack", "-o", filepath.Join(t.TempDir(), "x.idx"), strings.TrimSuffix(packs[0], "idx")+"pack")
	git(t, r.Dir(), "gc", "--prune=now", "-q")
	checkSigned(t, r, ana.NID())
}

// An object that nobody needed for long, and that we store again, must not be deleted as old.
func TestObjectsThatAreThereAreMadeYoung(t *testing.T) {
	r := newRepo(t)
	id := write(t, r, gitobj.KindBlob, []byte("old"))
	path := filepath.Join(r.Dir(), "objects", id.String()[:2], id.String()[2:])
	old := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	write(t, r, gitobj.KindBlob, []byte("old"))
	info, err := os.Stat(path)
	if err != nil || time.Since(info.ModTime()) > time.Hour {
		t.Errorf("%v, %v", info.ModTime(), err)
	}
	git(t, r.Dir(), "prune", "--expire=1.hour.ago")
	if _, _, err := r.Read(t.Context(), id, 10); err != nil {
		t.Error(err)
	}
}

func TestNoTemporaryFilesStay(t *testing.T) {
	r := newRepo(t)
	update(t, r, ana, func(ctx context.Context, tx *storage.Tx) error {
		for i := range 20 {
			write(t, tx, gitobj.KindBlob, fmt.Append(nil, i))
		}
		return tx.Set(ctx, "refs/heads/x", someCommit(t, tx, 1))
	})
	err := filepath.WalkDir(r.Dir(), func(path string, d fs.DirEntry, err error) error {
		if base := filepath.Base(path); strings.HasPrefix(base, "tmp_") || strings.HasSuffix(base, ".lock") {
			t.Errorf("%s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestReadBounds(t *testing.T) {
	r := newRepo(t)
	small := write(t, r, gitobj.KindBlob, []byte("hello"))
	large := write(t, r, gitobj.KindBlob, make([]byte, 3<<20)) // not worth reading past
	for range 2 {
		for id, size := range map[radicle.Oid]int64{small: 5, large: 3 << 20} {
			for max, fits := range map[int64]bool{0: false, size - 1: false, size: true, size + 1: true} {
				kind, data, err := r.Read(t.Context(), id, max)
				tooLarge, over := errors.AsType[*gitobj.TooLargeError](err)
				if fits && (err != nil || kind != gitobj.KindBlob || int64(len(data)) != size) {
					t.Errorf("%d of at most %d: %v", size, max, err)
				}
				if !fits && (!over || tooLarge.Size != size || tooLarge.ID != id) {
					t.Errorf("%d of at most %d: %v", size, max, err)
				}
			}
		}
	}
	absent := gitobj.Hash(gitobj.KindBlob, []byte("absent"), gitobj.SHA1)
	for _, id := range []radicle.Oid{absent, {}} {
		if _, _, err := r.Read(t.Context(), id, 10); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v: %v", id, err)
		}
	}
}

func TestReadFromManyGoroutines(t *testing.T) {
	r := newRepo(t)
	var ids []radicle.Oid
	for i := range 20 {
		ids = append(ids, write(t, r, gitobj.KindBlob, bytes.Repeat([]byte{byte(i)}, i*1000)))
	}
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 200 {
				n := (i*7 + g) % len(ids)
				_, data, err := r.Read(t.Context(), ids[n], 1<<20)
				if err != nil || !bytes.Equal(data, bytes.Repeat([]byte{byte(n)}, n*1000)) {
					t.Errorf("%d: %d bytes, %v", n, len(data), err)
				}
			}
		})
	}
	all.Wait()
}

func TestReaderIsStartedAgain(t *testing.T) {
	r := newRepo(t)
	id := write(t, r, gitobj.KindBlob, []byte("hello"))
	if r.CatPID() != 0 {
		t.Error("a process before the first read")
	}
	for range 3 {
		if _, _, err := r.Read(t.Context(), id, 10); err != nil {
			t.Fatal(err)
		}
		p, err := os.FindProcess(r.CatPID())
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Kill(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadStopsWithTheContext(t *testing.T) {
	r := newRepo(t)
	id := write(t, r, gitobj.KindBlob, []byte("hello"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := r.Read(ctx, id, 10); err != context.Canceled { //nolint:errorlint // bare by contract
		t.Error(err)
	}
	// In the middle of a read: the process does not answer.
	hang := filepath.Join(t.TempDir(), "git")
	script := "#!/bin/sh\ncase \"$*\" in *version) echo git version 2.40.0;; *) exec sleep 600;; esac\n"
	if err := os.WriteFile(hang, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := storage.Open(t.Context(), filepath.Dir(r.Dir()), storage.Options{Git: hang})
	if err != nil {
		t.Fatal(err)
	}
	slow := openRepo(t, s, r.RID())
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := slow.Read(ctx, id, 10); err != context.DeadlineExceeded { //nolint:errorlint // bare by contract
		t.Error(err)
	}
}

func TestObjectThatIsCorrupt(t *testing.T) {
	r := newRepo(t)
	good := write(t, r, gitobj.KindBlob, []byte("good"))
	bad := write(t, r, gitobj.KindBlob, []byte("bad"))
	path := filepath.Join(r.Dir(), "objects", bad.String()[:2], bad.String()[2:])
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"", "garbage", "\x78\x01garbage"} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		_, _, err := r.Read(t.Context(), bad, 10)
		if err == nil {
			t.Errorf("%q: read", content)
		}
		if _, data, err := r.Read(t.Context(), good, 10); err != nil || string(data) != "good" {
			t.Errorf("after it: %q, %v", data, err)
		}
	}
}

// While everything is repacked and pruned, what refs reach can always be read.
func TestReadWhileGitRepacks(t *testing.T) {
	r := newRepo(t)
	var parents []radicle.Oid
	var commits []radicle.Oid
	for i := range 30 {
		c := someCommit(t, r, i, parents...)
		parents, commits = []radicle.Oid{c}, append(commits, c)
	}
	git(t, r.Dir(), "update-ref", "refs/heads/main", parents[0].String())
	ctx, stop := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	var rounds atomic.Int32
	writer.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			rounds.Add(1)
			git(t, r.Dir(), "repack", "-a", "-d", "-q", "-F")
			git(t, r.Dir(), "gc", "-q", "--prune=now")
			write(t, r, gitobj.KindBlob, fmt.Append(nil, "new ", i))
		}
	})
	for i := 0; rounds.Load() < 6; i++ {
		if _, err := gitobj.ReadCommit(t.Context(), r, commits[i%len(commits)]); err != nil {
			t.Error(err)
		}
	}
	stop()
	writer.Wait()
	if s, err := r.Refs(t.Context()); err != nil || !slices.ContainsFunc(s.Refs, func(ref storage.Ref) bool { return ref.Name == "refs/heads/main" }) {
		t.Errorf("%v, %v", s, err)
	}
}

func TestCollectJoinsPacks(t *testing.T) {
	r := newRepo(t)
	packs := func() int {
		all, err := filepath.Glob(filepath.Join(r.Dir(), "objects/pack/*.pack"))
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	for n := range 55 {
		err := r.Store(t.Context(), true, func(w gitobj.Writer) { write(t, w, gitobj.KindBlob, fmt.Append(nil, n)) })
		if err != nil {
			t.Fatal(err)
		}
	}
	update(t, r, ana, nil)
	young := gitobj.Hash(gitobj.KindBlob, []byte("7"), gitobj.SHA1)
	if before := packs(); before != 55 {
		t.Errorf("%d packs before", before)
	}
	if err := r.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := packs(); after != 1 {
		t.Errorf("%d packs after", after)
	}
	if _, _, err := r.Read(t.Context(), young, 10); err != nil {
		t.Errorf("an object without a ref: %v", err)
	}
	checkSigned(t, r, ana.NID())
}
