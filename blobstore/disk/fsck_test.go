package disk

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
)

// fsck fails the test, also at its end, unless store and index are at one with each other and with what the files say, and nothing is there that
// should not be. Nothing may be under way.
func fsck(t testing.TB, s *Store) {
	t.Helper()
	before := files(t, s)
	fresh := &Store{fs: s.fs, log: slog.New(slog.DiscardHandler), now: time.Now}
	dir, err := os.MkdirTemp("", "fsck") // t.TempDir is for a test that goes on
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if fresh.index, err = openIndex(filepath.Join(dir, indexFile), true); err != nil {
		t.Fatal(err)
	}
	defer fresh.index.close()
	if _, err := fresh.scan(context.WithoutCancel(t.Context())); err != nil {
		t.Fatalf("fsck: scan: %v", err)
	}
	if diff := cmp.Diff(before, files(t, s)); diff != "" {
		t.Errorf("fsck: a scan had something to tidy:\n%s", diff)
	}
	if diff := cmp.Diff(rows(t, fresh.index), rows(t, s.index)); diff != "" {
		t.Errorf("fsck: the files (-) are not what the index says (+):\n%s", diff)
	}
	checkAccount(t, s)
	for _, name := range before {
		if strings.HasPrefix(name, partsPrefix) {
			t.Errorf("fsck: a part is left: %s", name)
		}
		checkFile(t, s, name)
	}
}

// checkFile reads a share that is held, all of it.
func checkFile(t testing.TB, s *Store, path string) {
	t.Helper()
	name, st, _, ok := parseBase(filepath.ToSlash(filepath.Dir(path)), filepath.Base(path))
	if !ok || st != held {
		return
	}
	if _, err := s.readAll(context.WithoutCancel(t.Context()), name, &pacer{}); err != nil {
		t.Errorf("fsck: %s: %v", path, err)
	}
}

// checkAccount compares the account with the sums of the index.
func checkAccount(t testing.TB, s *Store) {
	t.Helper()
	kept, err := s.index.sums()
	if err != nil {
		t.Fatal(err)
	}
	a := &s.account
	if a.kept.total != kept.total || a.promised.total != 0 || a.unwritten != 0 || len(a.promised.owners) != 0 {
		t.Errorf("fsck: account is %+v, the index has %d bytes", a, kept.total)
	}
	if kept.owners == nil {
		kept.owners = map[radicle.DID]int64{}
	}
	if len(a.kept.owners)+len(kept.owners) > 0 {
		if diff := cmp.Diff(kept.owners, a.kept.owners); diff != "" {
			t.Errorf("fsck: index (-) and account (+) charge otherwise:\n%s", diff)
		}
	}
	if len(s.index.uses) != 0 || len(s.index.suspect) != 0 || len(s.names.held) != 0 {
		t.Errorf("fsck: in use %v, suspect %v, locked %v", s.index.uses, s.index.suspect, s.names.held)
	}
}

// files returns the names of all files in a store but those of the index.
func files(t testing.TB, s *Store) []string {
	t.Helper()
	var all []string
	walk(s.fs, ".", func(name string) {
		if !strings.HasPrefix(name, indexFile) {
			all = append(all, name)
		}
	})
	slices.Sort(all)
	return all
}

// rows returns an index as text.
func rows(t testing.TB, x *index) []string {
	t.Helper()
	var all []string
	var sid, root, owner, mid, hash []byte
	var state, since, length, base, dirty, open, sealed, charge int64
	err := x.each("SELECT sid, root, state, since, length, base, dirty FROM share ORDER BY sid, root", nil, func() error {
		all = append(all, fmt.Sprintf("%x-%x state %d since %d length %d base %d dirty %d", sid, root, state, since, length, base, dirty))
		return nil
	}, &sid, &root, &state, &since, &length, &base, &dirty)
	if err != nil {
		t.Fatal(err)
	}
	err = x.each(`SELECT sid, root, owner, open, mid, candidate, sealed, charge FROM lease JOIN share ON share.id = share
		ORDER BY sid, root, owner`, nil, func() error {
		all = append(all, fmt.Sprintf("%x-%x owner %x open %d mid %x %x of %d bytes, charged %d",
			sid, root, owner, open, mid, hash, sealed, charge))
		return nil
	}, &sid, &root, &owner, &open, &mid, &hash, &sealed, &charge)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
