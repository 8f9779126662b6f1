package identity_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
	"radswarm/radicle/cjson"
	"radswarm/radicle/cob"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
)

// pen writes as the key of 32 times b, at the time of all real commits in the vectors.
func pen(w gitobj.Writer, b byte, alias radicle.Alias) cob.Pen {
	return cob.Pen{Objects: w, Signer: signer(b), Who: cob.Author(alias, signer(b).NID(), time.Unix(1671125284, 0).UTC())}
}

func parseOid(t testing.TB, s string) radicle.Oid {
	t.Helper()
	id, err := radicle.ParseOid(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestOperationsOfRealTools writes what rad 1.10.0 wrote with rad init, rad id update and rad id accept, to the same commits.
func TestOperationsOfRealTools(t *testing.T) {
	w := gitobj.NewMemory(20)
	ana, bo := pen(w, 0xff, "alice"), pen(w, 0xfe, "bob")
	id, refs, err := identity.Init(t.Context(), ana, heartwood(t))
	if err != nil {
		t.Fatal(err)
	}
	const root = "0656c217f917c3e06234771e9ecae53aba5e173e"
	if id.RID().String() != "rad:z42hL2jL4XNk6K8oHQaSWfMgCL7ji" || id.Root().String() != root || id.Head() != id.Root() {
		t.Fatalf("repository %v, root %v", id.RID(), id.Root())
	}
	namespace := "refs/namespaces/z6MknSLrJoTcukLrE435hVNQT4JUhbvWLX4kUzqkEStBU8Vi/"
	object := namespace + "refs/cobs/xyz.radicle.id/" + root
	want := []identity.RefUpdate{
		{Name: object, ID: id.Root()},
		{Name: namespace + "refs/rad/id", Symbolic: object},
		{Name: namespace + "refs/rad/root", ID: id.Root()},
		{Name: "refs/rad/id", ID: id.Root()},
	}
	if diff := cmp.Diff(want, refs, cmp.Comparer(func(a, b radicle.Oid) bool { return a == b })); diff != "" {
		t.Error(diff)
	}

	step := func(name, commit, head string, got radicle.Oid, err error) {
		t.Helper()
		if err != nil || got.String() != commit || id.Head().String() != head {
			t.Errorf("%s: %v, %v, head %v", name, got, err, id.Head())
		}
		read, err := identity.Read(t.Context(), w, id.RID(), id.Root(), []radicle.Oid{got}, cob.Limits{})
		if err != nil || read.Head() != id.Head() || !read.Document().Equal(id.Document()) || len(read.Skipped()) > 0 {
			t.Errorf("%s, read back: %v, head %v", name, err, read.Head())
		}
	}
	edit := func(change func(*identity.Draft)) *identity.Document {
		t.Helper()
		draft := id.Document().Edit()
		change(&draft)
		return verify(t, draft)
	}
	const crefs, addBo, rename = "5eccb9caedcfac0873c99b48fad9f583ea71735d", "7f841dc88bb585b3e5aa7c12c159bbc67bdb3c6f",
		"68fee2c8948df02c4755c307768f078e0deee3dd"
	got, err := id.Propose(t.Context(), ana, edit(func(d *identity.Draft) {
		_ = d.SetPayload(identity.CanonicalRefsPayload, "rules", cjson.Object{{Key: "refs/tags/releases/*", Value: cjson.Object{
			{Key: "allow", Value: "delegates"}, {Key: "threshold", Value: cjson.Int(1)},
		}}})
	}), identity.Text{Title: "Add crefs"})
	step("add crefs", crefs, crefs, got, err)
	got, err = id.Propose(t.Context(), ana, edit(func(d *identity.Draft) { d.AddDelegate(did(0xfe)) }), identity.Text{Title: "Add bob"})
	step("add Bo", addBo, addBo, got, err)
	got, err = id.Propose(t.Context(), ana, edit(func(d *identity.Draft) {
		_ = d.SetPayload(identity.ProjectPayload, "description", "Second")
	}), identity.Text{Title: " Rename ", Description: "A longer text"})
	step("rename", rename, addBo, got, err)
	got, err = id.Accept(t.Context(), bo, got)
	step("accept", "264272db37a5e397ac60d100bcaca63ae1de3740", rename, got, err)
}

// TestHistoryVectors: histories with votes, conflicts and hostile operations, and what radicle 0.25.1 made of them. (It lists
// no redacted revisions.)
func TestHistoryVectors(t *testing.T) {
	var vectors []struct {
		RID        radicle.RID
		Documents  []string
		Operations []struct {
			ID      radicle.Oid
			Seed    string
			Parents []radicle.Oid
			Seconds int64
			Actions []string
		}
		Tips, TipsAfter []radicle.Oid
		Head            radicle.Oid
		Revisions       []struct {
			ID                 radicle.Oid
			State              string
			Author             radicle.DID
			Accepted, Rejected []string
		}
	}
	readVectors(t, "histories.json", &vectors)
	for i, v := range vectors {
		w := gitobj.NewMemory(20)
		for _, text := range v.Documents {
			writeBlob(t, w, text)
		}
		for j, op := range v.Operations {
			c := cob.Change{Type: identity.Type, Message: "x", Tips: op.Parents}
			for _, a := range op.Actions {
				c.Actions = append(c.Actions, []byte(a))
			}
			if j == 0 {
				c.Embeds = []cob.Embed{{Name: "radicle.json", Blob: v.RID.Oid()}}
			}
			var seed byte
			if _, err := fmt.Sscanf(op.Seed, "%x", &seed); err != nil {
				t.Fatal(err)
			}
			who := gitobj.Signature{Name: "a", Email: "a@b", Seconds: op.Seconds, Zone: gitobj.UTC}
			e, err := c.Write(t.Context(), cob.Pen{Objects: w, Signer: signer(seed), Who: who})
			if err != nil || e.ID != op.ID {
				t.Fatalf("history %d, operation %d: %v, %v", i, j, e, err)
			}
		}
		id, err := identity.Read(t.Context(), w, v.RID, v.Operations[0].ID, v.Tips, cob.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if id.Head() != v.Head || !slices.Equal(id.Tips(), v.TipsAfter) || len(id.Revisions()) != len(v.Revisions) {
			t.Errorf("history %d: head %v, tips %v, %d revisions", i, id.Head(), id.Tips(), len(id.Revisions()))
			continue
		}
		for j, r := range id.Revisions() {
			want := v.Revisions[j]
			accepted, rejected := r.Votes()
			if r.ID != want.ID || stateText(r) != want.State || r.Author != want.Author ||
				!sameVotes(accepted, want.Accepted) || !sameVotes(rejected, want.Rejected) {
				t.Errorf("history %d, revision %v: %s by %v, for %v, against %v, want %+v", i, r.ID, stateText(r), r.Author, accepted, rejected, want)
			}
		}
	}
}

// stateText is a state as Radicle prints it.
func stateText(r *identity.Revision) string {
	switch r.State {
	case identity.RejectedByVote:
		return "rejected by vote"
	case identity.RejectedByParent:
		return "rejected by parent"
	case identity.RejectedBySibling:
		return "rejected by sibling '" + r.Sibling.String() + "'"
	case identity.RedactedByAuthor:
		return "redacted by author"
	case identity.RedactedByParent:
		return "redacted by parent"
	}
	return r.State.String()
}

func sameVotes(got []radicle.DID, want []string) bool {
	var texts []string
	for _, did := range got {
		texts = append(texts, did.String())
	}
	slices.Sort(texts)
	return slices.Equal(texts, want)
}

func writeBlob(t testing.TB, w gitobj.Writer, text string) radicle.Oid {
	t.Helper()
	id, err := w.Write(t.Context(), gitobj.KindBlob, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return id
}
