package record_test

import (
	"testing"
	"time"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/radicle"
	"radswarm/radicle/radtest"
	"radswarm/radicle/storage"
)

// homeRepo opens a repository in somebody's home.
func homeRepo(t *testing.T, h *radtest.Home, rid radicle.RID) *gitRepo {
	t.Helper()
	s := must[*storage.Storage](t)(storage.Open(t.Context(), h.Storage(), storage.Options{Now: time.Now}))
	r := must[*storage.Repo](t)(s.Repository(rid))
	t.Cleanup(func() { _ = r.Close() })
	return &gitRepo{r, gitObjects{Reader: r}}
}

// TestRadicleCarriesRecords has Ana's node carry a branch to Bo's, who opens it with his key; and back.
func TestRadicleCarriesRecords(t *testing.T) {
	nodes := [2]*radtest.Node{radtest.StartNode(t, radtest.NewHome(t, radtest.Ana)), radtest.StartNode(t, radtest.NewHome(t, radtest.Bo))}
	radtest.Connect(t, nodes[1], nodes[0])
	dir := nodes[0].Home.Commit(t, "film", "README", "hello")
	rid := nodes[0].Home.Init(t, dir)
	nodes[1].Clone(t, rid, nodes[0])
	both := [2]*person{ana(t), bo(t)}
	for i, writer := range both {
		reader := both[1-i]
		here, there := homeRepo(t, nodes[i].Home, rid), homeRepo(t, nodes[1-i].Home, rid)
		o, batch := shared(t, rid, writer, reader)
		here.commit(t, writer, batch)
		want := here.signed(t, writer)
		if _, err := nodes[i].AnnounceRefs(t.Context(), rid); err != nil {
			t.Fatal(err)
		}
		radtest.Eventually(t, "the branch arrives", func() bool {
			list, err := there.Sigrefs(t.Context(), writer.NID())
			if err != nil {
				return false
			}
			id, _ := list.Refs.Get(record.Ref)
			return id == want
		})
		x := record.NewIndex(rid, there)
		check(t, x.Update(t.Context(), writer.did(), record.Own, there.signed(t, writer)))
		standing := stands(map[*person]record.Trust{writer: record.Delegate})
		choices, failed, err := x.Lookup(t.Context(), o.Pointer(), reader.opener(), standing, nil)
		if err != nil || len(failed) != 0 || len(choices) != 1 || !choices[0].Streams || !choices[0].Key.Equal(o.Key) {
			t.Errorf("%+v %v %v", choices, failed, err)
		}
		if cards, _ := x.Branch(writer.did()).Cards(t.Context()); len(cards) != 1 {
			t.Errorf("%d cards", len(cards))
		}
	}
}

// shared is a film of a writer's that a reader may read, as a batch.
func shared(t *testing.T, rid radicle.RID, writer, reader *person) (*record.Object, record.Batch) {
	t.Helper()
	place := writer.at(rid)
	plan := must[keyring.Plan](t)(place.Group(keyring.Members).Plan(nil, 0, writer.recipient(), []keyring.Recipient{reader.recipient()}))
	s := spec{pointer: film("film"), holders: people(10)}
	salt, ck := writer.contentKey(t, s)
	o := must[*record.Object](t)(place.New(record.New{
		Pointer: s.pointer, Salt: salt, Key: ck, Manifest: manifestOf(t, ck, s), Holders: s.holders,
	}))
	o = must[*record.Object](t)(o.Wrap(plan.Key))
	batch := record.Batch{Cards: []*keyring.Card{writer.card}}
	batch.Seal(keyring.Members, plan.Sealings)
	batch.Put(o, nil)
	return o, batch
}
