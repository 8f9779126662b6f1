package radtest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/node"
	"radswarm/radicle/radtest"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

// openRepo opens a repository in the storage of a home.
func openRepo(t *testing.T, h *radtest.Home, rid radicle.RID) *storage.Repo {
	t.Helper()
	s, err := storage.Open(t.Context(), h.Storage(), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Repository(rid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// signed is the verified list of a namespace as we read it.
func signed(t *testing.T, r *storage.Repo, nid radicle.NID) *sigrefs.List {
	t.Helper()
	list, err := r.Sigrefs(t.Context(), nid)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Signed refs written in turn by rad's helper and by us are one history, which a second real node fetches and accepts at every step,
// and which both programs verify in both storages. Two writers take part: the delegate, and a peer who only follows.
func TestSigrefsInTurn(t *testing.T) {
	const turns = 10
	ana, bo := radtest.StartNode(t, radtest.NewHome(t, radtest.Ana)), radtest.StartNode(t, radtest.NewHome(t, radtest.Bo))
	dir := map[*radtest.Node]string{ana: ana.Home.Commit(t, "demo", "README", "hello")}
	rid := ana.Home.Init(t, dir[ana])
	radtest.Connect(t, bo, ana)
	dir[bo] = bo.Clone(t, rid, ana)

	for turn := range turns {
		for _, pair := range [][2]*radtest.Node{{ana, bo}, {bo, ana}} {
			writer, reader := pair[0], pair[1]
			before := sigrefsHead(t, writer, rid)
			if turn%2 == 0 {
				writeWithRad(t, writer, dir[writer], turn)
			} else {
				writeOurselves(t, writer, rid, turn)
			}
			list := signed(t, openRepo(t, writer.Home, rid), writer.NID())
			if list.Level != sigrefs.Parent || (before != "" && list.Parent.String() != before) {
				t.Fatalf("turn %d: %v at level %v on %v, want it on %s", turn, list.At, list.Level, list.Parent, before)
			}
			arrives(t, writer, reader, rid, list.At)
		}
	}
	for _, n := range []*radtest.Node{ana, bo} {
		rad := n.Home.Rad(t, n.Home.Work, "inspect", rid.String(), "--sigrefs")
		if strings.Count(rad, " parent") != 2 {
			t.Errorf("rad inspect --sigrefs at %s:\n%s", n.Home.Person.Alias(), rad)
		}
		problems, err := openRepo(t, n.Home, rid).Check(t.Context())
		if err != nil || len(problems) != 0 {
			t.Errorf("check at %s: %v, %v", n.Home.Person.Alias(), problems, err)
		}
	}
}

// writeWithRad pushes a new commit with the real helper.
func writeWithRad(t *testing.T, n *radtest.Node, dir string, turn int) {
	t.Helper()
	n.Home.Commit(t, dir, n.Home.Person.Alias().String(), fmt.Sprint("turn ", turn))
	n.Home.Git(t, dir, "push", "-q", "rad", "HEAD:theirs")
}

// writeOurselves moves a ref as our records do, in a namespace that Radicle's tools also write, and announces it.
func writeOurselves(t *testing.T, n *radtest.Node, rid radicle.RID, turn int) {
	t.Helper()
	signer, err := n.Home.Profile(t).Signer(t.Context(), n.Home.Lookup)
	if err != nil {
		t.Fatal(err)
	}
	repo := openRepo(t, n.Home, rid)
	result, err := repo.Update(t.Context(), signer, func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Commit(ctx, "refs/notes/swarm", "Add a record\n", func(ctx context.Context, tree *storage.Tree) error {
			return tree.Write(ctx, fmt.Sprintf("%02x/record", turn), []byte{byte(turn)})
		})
		return err
	})
	if err != nil || !result.Signed || result.Mended != nil || result.Attempts != 1 {
		t.Fatalf("turn %d: %+v, %v", turn, result, err)
	}
	if _, err := n.AnnounceAndWait(t.Context(), rid, node.AnnounceOptions{}); err != nil {
		t.Fatal(err)
	}
}
