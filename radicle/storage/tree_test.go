package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/storage"
)

// notes runs edit on the notes of a repository and returns where they are then.
func notes(tb testing.TB, r *storage.Repo, edit func(ctx context.Context, tree *storage.Tree) error) radicle.Oid {
	tb.Helper()
	var id radicle.Oid
	update(tb, r, ana, func(ctx context.Context, tx *storage.Tx) (err error) {
		id, err = tx.Commit(ctx, "refs/notes/swarm", "Records", edit)
		return err
	})
	return id
}

func TestTreeIsWhatWasWritten(t *testing.T) {
	r := newRepo(t)
	random := rand.New(rand.NewPCG(3, 4))
	want := make(map[string]string)
	for range 20 {
		id := notes(t, r, func(ctx context.Context, tree *storage.Tree) error {
			for range 30 {
				path := fmt.Sprintf("%02x/%02x/%d", random.IntN(4), random.IntN(4), random.IntN(9))
				if random.IntN(3) == 0 {
					err := tree.Remove(ctx, path)
					if _, there := want[path]; there != (err == nil) || err != nil && !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("remove %s: %v", path, err)
					}
					delete(want, path)
					continue
				}
				want[path] = fmt.Sprint(random.IntN(5))
				if err := tree.Write(ctx, path, []byte(want[path])); err != nil {
					return err
				}
			}
			return checkTree(ctx, t, tree, want)
		})
		var paths []string
		for line := range strings.Lines(git(t, r.Dir(), "ls-tree", "-r", id.String())) {
			_, path, _ := strings.Cut(strings.TrimSpace(line), "\t")
			paths = append(paths, path)
			if got := git(t, r.Dir(), "cat-file", "blob", id.String()+":"+path); got != want[path] {
				t.Errorf("%s: %q, want %q", path, got, want[path])
			}
		}
		if len(paths) != len(want) {
			t.Errorf("%d files, want %d: %q", len(paths), len(want), paths)
		}
	}
	checkSigned(t, r, ana.NID())
}

// checkTree reads everything back before it is stored.
func checkTree(ctx context.Context, t *testing.T, tree *storage.Tree, want map[string]string) error {
	t.Helper()
	for path, content := range want {
		got, err := tree.Read(ctx, path, 100)
		if err != nil || string(got) != content {
			return fmt.Errorf("%s: %q, %w", path, got, err)
		}
	}
	return nil
}

func TestTreeList(t *testing.T) {
	r := newRepo(t)
	for range 2 { // as written, then as read
		notes(t, r, func(ctx context.Context, tree *storage.Tree) error {
			for _, path := range []string{"b", "a/y", "a/x/z"} {
				if err := tree.Write(ctx, path, []byte(path)); err != nil {
					return err
				}
			}
			for dir, want := range map[string][]string{"": {"a/", "b"}, "a": {"x/", "y"}, "a/x": {"z"}} {
				if got, err := tree.List(ctx, dir); err != nil || !slices.Equal(got, want) {
					t.Errorf("%q: %q, %v", dir, got, err)
				}
			}
			for _, dir := range []string{"b", "c", "a/y", "a/c"} {
				if got, err := tree.List(ctx, dir); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%q: %q, %v", dir, got, err)
				}
			}
			return nil
		})
	}
}

func TestTreeRefuses(t *testing.T) {
	r := newRepo(t)
	notes(t, r, func(ctx context.Context, tree *storage.Tree) error {
		if err := tree.Write(ctx, "a/b", nil); err != nil {
			return err
		}
		if err := tree.Write(ctx, "a", nil); !errors.Is(err, fs.ErrExist) {
			t.Errorf("a file over a directory: %v", err)
		}
		if err := tree.Write(ctx, "a/b/c", nil); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a directory over a file: %v", err)
		}
		for _, path := range []string{"", "/", "a//b", "/a", "a/", strings.Repeat("a/", 40) + "a"} {
			if err := tree.Write(ctx, path, nil); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("%q: %v", path, err)
			}
		}
		for _, path := range []string{"a", "x", "x/y"} {
			if _, err := tree.Read(ctx, path, 10); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("read %q: %v", path, err)
			}
			if err := tree.Remove(ctx, path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("remove %q: %v", path, err)
			}
		}
		return nil
	})
	_, err := r.Update(t.Context(), ana, func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Commit(ctx, "refs/notes/swarm", "Records", func(ctx context.Context, tree *storage.Tree) error {
			return tree.Write(ctx, "..", []byte("x"))
		})
		return err
	})
	if err == nil {
		t.Error("a file named ..")
	}
}

func TestCommitOfNothingIsNone(t *testing.T) {
	r := newRepo(t)
	touch := func(ctx context.Context, tree *storage.Tree) error {
		if err := tree.Write(ctx, "a/b", []byte("x")); err != nil {
			return err
		}
		return tree.Remove(ctx, "a/b")
	}
	if id := notes(t, r, touch); !id.IsZero() {
		t.Errorf("a first commit of nothing: %v", id)
	}
	write := func(ctx context.Context, tree *storage.Tree) error { return tree.Write(ctx, "a/c", []byte("x")) }
	first := notes(t, r, write)
	for _, same := range []func(context.Context, *storage.Tree) error{touch, write} {
		if id := notes(t, r, same); id != first {
			t.Errorf("%v after %v", id, first)
		}
	}
	empty := notes(t, r, func(ctx context.Context, tree *storage.Tree) error { return tree.Remove(ctx, "a/c") })
	if empty == first || git(t, r.Dir(), "ls-tree", empty.String()) != "" {
		t.Errorf("%v after %v", empty, first)
	}
	if n := git(t, r.Dir(), "rev-list", "--count", empty.String()); n != "2\n" {
		t.Errorf("%s commits", n)
	}
}
