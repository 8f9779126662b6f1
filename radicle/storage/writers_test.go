package storage_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"radswarm/radicle/storage"
)

// Twenty writers, each with a repository handle of its own, as processes have; nothing is lost.
func TestTwentyWriters(t *testing.T) {
	const writers, pushes = 20, 3
	r := newRepo(t)
	dir := filepath.Dir(r.Dir())
	var all sync.WaitGroup
	for w := range writers {
		mine := openRepo(t, openStorage(t, dir), r.RID())
		all.Go(func() {
			for n := range pushes {
				name := fmt.Sprintf("writer-%d/%d", w, n)
				_, err := mine.Update(t.Context(), ana, func(ctx context.Context, tx *storage.Tx) error {
					if err := tx.Set(ctx, "refs/heads/"+name, someCommit(t, tx, 100*w+n)); err != nil {
						return err
					}
					_, err := tx.Commit(ctx, "refs/notes/swarm", "Records", func(ctx context.Context, tree *storage.Tree) error {
						return tree.Write(ctx, name, []byte(name))
					})
					return err
				})
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	all.Wait()
	list := checkSigned(t, r, ana.NID())
	if len(list.Refs) != writers*pushes+2 {
		t.Errorf("%d refs", len(list.Refs))
	}
	notes := git(t, r.Dir(), "ls-tree", "-r", "--name-only", storage.NamespacePrefix(ana.NID())+"refs/notes/swarm")
	if n := strings.Count(notes, "\n"); n != writers*pushes {
		t.Errorf("%d notes", n)
	}
	// One commit for each push in both histories.
	for _, ref := range []string{"refs/notes/swarm", "refs/rad/sigrefs"} {
		n := git(t, r.Dir(), "rev-list", "--count", storage.NamespacePrefix(ana.NID())+ref)
		if strings.TrimSpace(n) != fmt.Sprint(writers*pushes) {
			t.Errorf("%s: %s commits", ref, n)
		}
	}
}

func TestLockLeavesNothingBehind(t *testing.T) {
	r := newRepo(t)
	update(t, r, ana, nil)
	entries, err := os.ReadDir(r.Dir())
	if err != nil {
		t.Fatal(err)
	}
	known := []string{"HEAD", "config", "description", "hooks", "info", "objects", "refs", "branches"}
	for _, e := range entries {
		if !slices.Contains(known, e.Name()) {
			t.Errorf("%s", e.Name())
		}
	}
}
