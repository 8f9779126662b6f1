package zone_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/blobstore/zone"
	"radswarm/radicle"
)

func TestWhoOpensWhat(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	w.push(w.ana, private, "private")
	w.push(w.ana, follow, "follow")
	w.push(w.ana, named(t, w.bo.did()), "shared")
	w.push(w.ana, public, "public")
	w.push(w.ana, zone.Zone{}, "pending")
	w.want("private", "a")
	w.want("follow", "ab")
	w.want("shared", "ab")
	w.want("public", "abcn")
	w.want("pending", "a")
}

func TestPrivateOpensWithTheKeyAlone(t *testing.T) {
	w := newWorld(t)
	w.push(w.ana, private, "first")
	w.ana.rotate(t)
	check(t, w.cards.Add(w.ana.card))
	w.push(w.ana, private, "second")
	// A fresh machine has the key, and the cards that the branch carries.
	cards, refused := w.branch(w.ana).Cards(t.Context())
	if len(refused) > 0 || len(cards) != 2 {
		t.Fatal(cards, refused)
	}
	w.ana = &person{w.ana.MemorySigner, must[*keyring.Keyring](t)(keyring.Unlock(t.Context(), w.ana, cards...)), w.ana.card}
	w.want("first", "a")
	w.want("second", "a")
}

func TestANewMemberOpensTheOldWithoutACommand(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.cy)
	w.push(w.ana, follow, "one")
	w.readers = dids(w.ana)
	w.push(w.ana, follow, "two") // epoch 1: without Cy
	w.readers = dids(w.ana, w.bo)
	r := w.do(w.round(w.ana))
	if len(r.Batch.Records) != 0 || len(r.Batch.Envelopes) != 2 {
		t.Errorf("%d records and %d envelopes for two epochs", len(r.Batch.Records), len(r.Batch.Envelopes))
	}
	w.want("one", "abc")
	w.want("two", "ab")
}

func TestARemovedMemberOpensNothingNew(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo, w.cy)
	w.push(w.ana, follow, "old")
	w.readers = dids(w.ana, w.cy)
	if r := w.do(w.round(w.ana)); !r.Empty() {
		t.Error("an epoch was started before it is used")
	}
	r := w.push(w.ana, follow, "new")
	if lost := truths[zone.LostAccess](r); len(lost) != 1 || !slices.Equal(lost[0].People, dids(w.bo)) {
		t.Error(r.Truths)
	}
	w.want("old", "abc")
	w.want("new", "ac")
	if r := w.push(w.ana, follow, "newer"); len(r.Truths) != 0 || len(r.Batch.Envelopes) != 0 {
		t.Error("said twice", r.Truths)
	}
	w.want("newer", "ac")
}

func TestRemovedAndAddedInOneRound(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	w.push(w.ana, follow, "old")
	w.readers = dids(w.ana, w.cy)
	w.push(w.ana, follow, "new")
	w.want("old", "abc")
	w.want("new", "ac")
	w.readers = dids(w.ana, w.bo, w.cy)
	w.do(w.round(w.ana))
	w.want("new", "abc")
}

func TestAReaderWhoseCardRotatedGetsTheNextEpoch(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	w.push(w.ana, follow, "old")
	w.push(w.ana, named(t, w.bo.did()), "shared")
	stolen := *w.bo
	w.bo.rotate(t)
	check(t, w.cards.Add(w.bo.card))
	w.push(w.ana, follow, "new")
	w.push(w.ana, named(t, w.bo.did()), "shared new")
	for _, name := range []string{"old", "new", "shared", "shared new"} {
		w.want(name, "ab")
	}
	if w.opens(&stolen, w.ana, "new") || w.opens(&stolen, w.ana, "shared new") {
		t.Error("the secret from before the rotation opens what is new")
	}
}

func TestABareDIDIsSealedAgainWhenItsCardAppears(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	w.cards.Forget(w.bo.did())
	kem := func() (all []keyring.KEM) {
		for _, kind := range []keyring.GroupKind{keyring.Members, keyring.Named} {
			kept := must[[]keyring.Kept](t)(w.branch(w.ana).Kept(t.Context(), record.NewOpener(w.ana.ring), kind))
			for _, k := range kept {
				all = append(all, k.Sealed[w.bo.did()].KEM())
			}
		}
		return all
	}
	r := w.push(w.ana, follow, "film")
	if !slices.Contains(r.Truths, zone.Truth(zone.NoCard{Who: w.bo.did()})) {
		t.Error(r.Truths)
	}
	w.push(w.ana, named(t, w.bo.did()), "shared")
	w.want("film", "ab")
	if got := kem(); !slices.Equal(got, []keyring.KEM{keyring.KEMX25519, keyring.KEMX25519}) {
		t.Error(got)
	}
	check(t, w.cards.Add(w.bo.card))
	w.do(w.round(w.ana))
	if got := kem(); !slices.Equal(got, []keyring.KEM{keyring.KEMHybrid, keyring.KEMHybrid}) {
		t.Error(got)
	}
	w.want("film", "ab")
	w.want("shared", "ab")
}

func TestOneListsEpochsAreNotAnothers(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo, w.cy)
	w.push(w.ana, named(t, w.bo.did()), "bo's")
	w.push(w.ana, named(t, w.cy.did()), "cy's")
	w.push(w.ana, named(t, w.bo.did(), w.cy.did()), "both's")
	if r := w.push(w.ana, named(t, w.bo.did()), "bo's too"); len(r.Batch.Envelopes) != 0 {
		t.Error("the list's epoch was not found again")
	}
	w.want("bo's", "ab")
	w.want("bo's too", "ab")
	w.want("cy's", "ac")
	w.want("both's", "abc")
	w.readers = dids(w.ana, w.cy) // Bo is removed: the settings name nobody else
	w.push(w.ana, named(t, w.bo.did(), w.cy.did()), "later")
	w.want("later", "ac")
	r := w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "by my word"), Zone: named(t, w.bo.did())})
	r.Named = dids(w.bo)
	w.do(r)
	w.want("by my word", "ab")
}

func TestSeveralListsInOneRound(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo, w.cy)
	w.do(w.round(w.ana,
		zone.Pending{Object: w.stored(w.ana, "f"), Zone: follow},
		zone.Pending{Object: w.stored(w.ana, "b"), Zone: named(t, w.bo.did())},
		zone.Pending{Object: w.stored(w.ana, "c"), Zone: named(t, w.cy.did())},
		zone.Pending{Object: w.stored(w.ana, "b2"), Zone: named(t, w.bo.did())},
	))
	for name, who := range map[string]string{"f": "abc", "b": "ab", "c": "ac", "b2": "ab"} {
		w.want(name, who)
	}
	if n := w.branch(w.ana).NextEpoch(); n != 3 {
		t.Errorf("next epoch %d", n)
	}
}

func TestPendingObjectsAreSettledLater(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	w.push(w.ana, zone.Zone{}, "film")
	w.want("film", "a")
	w.push(w.ana, follow, "film")
	w.want("film", "ab")
	if r := w.push(w.ana, follow, "film"); !r.Empty() {
		t.Error("settled again, it changes")
	}
	if r := w.push(w.ana, private, "film"); !r.Empty() {
		t.Error("a narrower zone takes nothing back")
	}
	w.want("film", "ab")
}

func TestRecodedManifests(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	longer := func(s *spec) { s.n, s.holders = 14, []radicle.DID{someone(1)} }
	w.push(w.ana, follow, "film")
	r := w.do(w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "film", longer), Zone: follow}))
	if len(r.Batch.Records) != 1 || len(r.Batch.Envelopes) != 0 {
		t.Error(len(r.Batch.Records), len(r.Batch.Envelopes))
	}
	w.want("film", "ab")
	b := w.branch(w.ana)
	o := must[*record.Object](t)(record.NewOpener(w.bo.ring).Open(t.Context(), b, must[*record.Record](t)(b.Get(t.Context(), film("film")))))
	if o.Manifest.Roots() != 14 || !slices.Equal(o.Holders, []radicle.DID{someone(1)}) {
		t.Error(o.Manifest.Roots(), o.Holders)
	}
	if r := w.push(w.ana, follow, "film"); !r.Empty() {
		t.Error("an older manifest takes the place of a newer one")
	}
	next := func(s *spec) { s.gen = 1 }
	w.do(w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "film", next), Zone: private}))
	w.want("film", "a")
	if r := w.push(w.ana, follow, "film"); !r.Empty() {
		t.Error("an older gen takes the place of a newer one")
	}
	w.want("film", "a")
}

func TestAdopting(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo, w.cy)
	w.push(w.bo, follow, "follow")
	w.push(w.bo, named(t, w.ana.did()), "shared")
	w.push(w.bo, public, "public")
	b := w.branch(w.bo)
	for _, name := range []string{"follow", "shared", "public", "follow", "shared", "public"} {
		rec := must[*record.Record](t)(b.Get(t.Context(), film(name)))
		o := must[*record.Object](t)(record.NewOpener(w.ana.ring).Open(t.Context(), b, rec))
		w.do(w.round(w.ana, zone.Pending{Object: o, Zone: public}))
	}
	w.want("follow", "abc") // not further than Bo let it
	w.want("shared", "a")
	w.want("public", "abcn")
}

func TestTruthsOfAFirstPush(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	r := w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "film"), Zone: follow},
		zone.Pending{Object: w.stored(w.ana, "open"), Zone: public})
	r.Public = true
	result := w.do(r)
	if got := truths[zone.WillRead](result); len(got) != 1 || !slices.Equal(got[0].People, dids(w.bo)) {
		t.Error(got)
	}
	if !slices.Contains(result.Truths, zone.Truth(zone.Confirmable{Objects: 1})) || !slices.Contains(result.Truths, zone.Truth(zone.Forever{Objects: 1})) {
		t.Error(result.Truths)
	}
	if len(result.Truths) != 3 {
		t.Error(result.Truths)
	}
	r.Branch = w.branch(w.ana)
	r.Seen = must[*zone.Result](t)(w.round(w.ana).Plan(t.Context())).Seen
	if again := must[*zone.Result](t)(r.Plan(t.Context())); !again.Empty() || len(again.Truths) != 0 {
		t.Error("said twice", again.Truths)
	}
	r.Pending = []zone.Pending{{Object: w.stored(w.ana, "more"), Zone: follow}}
	if again := must[*zone.Result](t)(r.Plan(t.Context())); len(again.Batch.Records) != 1 {
		t.Error("a pending object was taken for seen")
	}
}

func TestOnlyAReaderPublishesTheCard(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.bo)
	if r := w.push(w.ana, follow, "film"); len(r.Batch.Cards) != 0 {
		t.Error("card of somebody who is no member")
	}
	w.want("film", "ab") // the writer always reads
	w.readers = dids(w.bo, w.ana)
	if r := w.do(w.round(w.ana)); len(r.Batch.Cards) != 1 {
		t.Error("no card")
	}
}

func TestNoCardNoRound(t *testing.T) {
	w := newWorld(t)
	w.cards.Forget(w.ana.did())
	if _, err := w.round(w.ana).Plan(t.Context()); !errors.Is(err, zone.ErrNoCard) {
		t.Error(err)
	}
}

type unverified struct{}

var errUnverified = errors.New("identity does not verify")

func (unverified) Readers(context.Context, radicle.RID) ([]radicle.DID, error) {
	return nil, errUnverified
}

func TestWithoutAVerifiedDocumentNothingIsSealed(t *testing.T) {
	w := newWorld(t)
	r := w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "film"), Zone: follow})
	r.Members = unverified{}
	if result, err := r.Plan(t.Context()); !errors.Is(err, errUnverified) || result != nil {
		t.Error(result, err)
	}
}

func TestEpochsThatDoNotOpenAreReplaced(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	w.push(w.ana, follow, "film")
	w.damage(w.ana)
	w.readers = dids(w.ana, w.bo, w.cy)
	w.do(w.round(w.ana))
	w.want("film", "abc")
}

func TestAForkOfEpochs(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	one := w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "one"), Zone: follow})
	two := w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "two"), Zone: follow})
	a, b := must[*zone.Result](t)(one.Plan(t.Context())), must[*zone.Result](t)(two.Plan(t.Context()))
	w.apply(one.Place, a)
	w.apply(two.Place, b)
	w.do(w.round(w.ana))
	w.want("one", "ab")
	w.want("two", "ab")
	w.readers = dids(w.ana, w.bo, w.cy)
	w.push(w.ana, follow, "three")
	for _, name := range []string{"one", "two", "three"} {
		w.want(name, "abc")
	}
	if n := w.branch(w.ana).NextEpoch(); n != 2 {
		t.Errorf("next epoch %d", n)
	}
}

func TestPublicDomainIsNotTakenForLess(t *testing.T) {
	w := newWorld(t)
	open := func(s *spec) { s.salt = keyring.SaltID{} }
	r := must[*zone.Result](t)(w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "film", open), Zone: follow}).Plan(t.Context()))
	if len(r.Batch.Records) != 0 || len(r.Problems) != 1 {
		t.Fatal(r.Problems)
	}
	if inward, ok := errors.AsType[*zone.InwardError](r.Problems[0]); !ok || inward.Is != zone.Public {
		t.Error(r.Problems[0])
	}
	w.do(w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "film", open), Zone: public}))
	w.want("film", "abcn")
}

func TestAnotherSaltIsAProblem(t *testing.T) {
	w := newWorld(t)
	w.push(w.ana, private, "film")
	w.ana.rotate(t)
	check(t, w.cards.Add(w.ana.card))
	r := must[*zone.Result](t)(w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "film"), Zone: private}).Plan(t.Context()))
	if len(r.Problems) != 1 || !errors.Is(r.Problems[0], keyring.ErrMismatch) || errors.Is(r.Problems[0], blobstore.ErrBounds) {
		t.Error(r.Problems)
	}
}
