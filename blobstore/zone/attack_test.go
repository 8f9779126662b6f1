package zone_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/blobstore/zone"
	"radswarm/radicle"
)

// Bo gets a pointer of Ana's private film into the commit, at a path that everyone may read: Ana merges and pushes.
func TestAPointerAtAnotherPathOpensNothing(t *testing.T) {
	p := zone.Policy{Consent: zone.Consent{Global: public}, Public: true, Readers: []radicle.DID{someone(1)}}
	s := settle(t, p, zone.Zone{}, "private", "public")
	if s.Zone != private || len(s.Refused) != 1 || s.Refused[0].Why != zone.Elsewhere {
		t.Error(s)
	}
	if s := settle(t, p, private, "public"); s.Zone != private || s.Refused[0].Why != zone.Stays {
		t.Error("what was settled as private went outward with a path", s)
	}
}

// A program publishes the repository, and a fetched attribute asks for everything: nothing becomes public.
func TestNothingBecomesPublicByItself(t *testing.T) {
	for _, global := range []zone.Zone{{}, follow, private} {
		p := zone.Policy{Consent: zone.Consent{Global: global}, Public: true}
		s := settle(t, p, zone.Zone{}, "public")
		if s.Zone == public || s.Refused[0].Command() != "rad swarm zone default public" {
			t.Error(global, s)
		}
	}
	if s := settle(t, zone.Policy{Consent: zone.Consent{Global: public}}, zone.Zone{}, "public", "unspecified"); s.Zone != follow {
		t.Error("a private repository became public by a setting for all", s)
	}
}

func TestHostileIdentityDocument(t *testing.T) {
	w := newWorld(t)
	weak := radicle.DID{1}
	var many members
	for i := range zone.MaxReaders + 50 {
		many = append(many, someone(i))
	}
	for name, readers := range map[string]members{
		"nobody":         nil,
		"without me":     dids(w.bo),
		"me twice":       append(dids(w.ana, w.ana, w.bo), dids(w.bo, w.bo)...),
		"weak keys":      {w.bo.did(), weak, {}, {0xff, 31: 0xff}},
		"zeros":          make(members, 5000),
		"far too many":   append(dids(w.bo), many...),
		"many, me last":  append(slices.Clone(many), w.ana.did()),
		"only weak keys": {weak},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && len(readers) > 100 {
				t.Skip("a thousand envelopes")
			}
			w.TB, w.readers, w.branches = t, readers, map[radicle.DID]files{}
			r := w.push(w.ana, follow, "film")
			who := "a"
			if slices.Contains(readers, w.bo.did()) {
				who = "ab"
			}
			w.want("film", who)
			if n := len(r.Batch.Envelopes); n > zone.MaxReaders+1 {
				t.Errorf("%d envelopes", n)
			}
			if got := len(truths[zone.TooMany](r)) > 0; got != (len(readers) > zone.MaxReaders && name != "zeros") {
				t.Error(truths[zone.TooMany](r))
			}
			if strings.Contains(name, "weak") && len(truths[zone.CannotRead](r)) == 0 {
				t.Error(r.Truths)
			}
		})
	}
}

// A document that goes to and fro cannot use up the epochs of a branch.
func TestFlappingMembersMakeNoEpochs(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	w.push(w.ana, follow, "film")
	for i := range 20 {
		w.readers = dids(w.ana, []*person{w.bo, w.cy}[i%2])
		w.do(w.round(w.ana))
	}
	if n := w.branch(w.ana).NextEpoch(); n != 1 {
		t.Errorf("%d epochs", n)
	}
}

func TestForgedRecordsAreNotWrappedAgain(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	longer := func(s *spec) { s.n = 20 } // of two that are merged the longer would stay
	w.do(w.round(w.bo, zone.Pending{Object: w.stored(w.bo, "bo's private", longer), Zone: private}))
	w.push(w.bo, follow, "bo's follow")
	w.push(w.ana, private, "damaged")
	w.push(w.ana, private, "mine")
	w.push(w.ana, follow, "ours")
	f := w.branches[w.ana.did()]
	for path, b := range w.branches[w.bo.did()] { // as if they were Ana's
		if !strings.HasPrefix(path, "keys/") {
			f[path] = bytes.Clone(b)
		}
	}
	path := pathOf(t, w, "damaged")
	f[path] = bytes.Clone(f[path])
	f[path][70] ^= 1 // in the sealed manifest
	forged := maps.Clone(f)

	r := w.round(w.ana)
	r.Further = dids(w.cy)
	result := must[*zone.Result](t)(r.Plan(t.Context()))
	var changed []blobstore.Pointer
	for _, c := range result.Batch.Records {
		changed = append(changed, c.Pointer)
	}
	if !slices.Equal(changed, []blobstore.Pointer{film("mine")}) {
		t.Errorf("wrapped %v", changed)
	}
	if len(result.Problems) != 3 {
		t.Error(result.Problems)
	}
	w.apply(r.Place, result)
	for _, name := range []string{"bo's private", "bo's follow", "damaged"} {
		if path := pathOf(t, w, name); !bytes.Equal(f[path], forged[path]) {
			t.Error(name, "was changed")
		}
	}
	// The owner's own upload takes the place of a forged record.
	w.push(w.ana, private, "bo's private")
	w.want("bo's private", "a")
	if _, err := w.change("bo's private", follow); err != nil {
		t.Error(err)
	}
	w.want("bo's private", "ab")
}

func pathOf(tb testing.TB, w *world, name string) string {
	tb.Helper()
	text := must[radicle.Oid](tb)(record.Key(w.rid, film(name))).String()
	return text[:2] + "/" + text[2:]
}

func TestNothingIsTakenFromAnotherRepository(t *testing.T) {
	w := newWorld(t)
	o := w.stored(w.ana, "film")
	o.Place.RID = must[radicle.RID](t)(radicle.ParseRID("rad:z42hL2jL4XNk6K8oHQaSWfMgCL7ji"))
	r := must[*zone.Result](t)(w.round(w.ana, zone.Pending{Object: o, Zone: follow}).Plan(t.Context()))
	if len(r.Batch.Records) != 0 || len(r.Problems) != 1 || !errors.Is(r.Problems[0], keyring.ErrMismatch) {
		t.Error(r.Problems)
	}
}

func TestAPendingZoneNamesNobodyWhoMayNotRead(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	w.push(w.ana, named(t, w.bo.did(), w.cy.did()), "film")
	w.want("film", "ab")
	w.push(w.ana, named(t, w.cy.did()), "other")
	w.want("other", "a")
}

// Somebody listed cannot be sealed to today. When that changes, what was shared with the others must not open for them.
func TestAListIsNotTheListOfThoseWhoCouldBeSealedTo(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo, w.cy)
	known := w.cards
	r := w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "bo's"), Zone: named(t, w.bo.did())})
	w.do(r)
	r = w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "both's"), Zone: named(t, w.bo.did(), w.cy.did())})
	r.Cards = unknownKEM{known, w.cy.did(), newerCard(t, w.cy)}
	result := must[*zone.Result](t)(r.Plan(t.Context()))
	w.apply(r.Place, result)
	if got := truths[zone.CannotRead](result); len(got) != 1 || got[0].Who != w.cy.did() || !errors.Is(got[0].Err, keyring.ErrKEM) {
		t.Error(result.Truths)
	}
	w.want("both's", "ab")
	r = w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "both's too"), Zone: named(t, w.bo.did(), w.cy.did())})
	r.Cards = unknownKEM{known, w.cy.did(), newerCard(t, w.cy)}
	if result := w.do(r); len(result.Batch.Envelopes) != 0 {
		t.Error("another epoch for the same people")
	}
	w.do(w.round(w.ana))
	w.push(w.ana, named(t, w.bo.did(), w.cy.did()), "later")
	w.want("later", "abc")
	w.want("bo's", "ab")
	w.want("both's", "ab")
	w.push(w.ana, named(t, w.bo.did(), w.cy.did()), "both's")
	w.want("both's", "abc")
	w.want("bo's", "ab")
}

// unknownKEM knows another card of somebody.
type unknownKEM struct {
	zone.Cards
	who  radicle.DID
	card *keyring.Card
}

func (u unknownKEM) Get(did radicle.DID) *keyring.Card {
	if did == u.who {
		return u.card
	}
	return u.Cards.Get(did)
}

// newerCard is a card with a key of a kind that is not known yet.
func newerCard(tb testing.TB, p *person) *keyring.Card {
	tb.Helper()
	const head = len("radswarm/card/v1\x00") + 32 + 8 + 2 + 32
	b := p.card.Bytes()[:head]
	b = append(b, 0x7f, 0x7f, 0, 4, 'n', 'e', 'x', 't')
	label := keyring.Label("radswarm/card/v1\x00")
	sig := must[[radicle.SignatureSize]byte](tb)(label.Sign(context.Background(), p, b[len(label):]))
	return must[*keyring.Card](tb)(keyring.ParseCard(append(b, sig[:]...)))
}

// Who was removed had no card, and could not open with an agent alone: a card that appears later must not help.
func TestARemovedBareDIDIsNotSealedAgain(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	w.cards.Forget(w.bo.did())
	w.push(w.ana, named(t, w.bo.did()), "shared")
	w.push(w.ana, follow, "follow")
	w.readers = dids(w.ana)
	check(t, w.cards.Add(w.bo.card))
	if r := w.do(w.round(w.ana)); !r.Empty() {
		t.Error("sealed to the card of somebody who was removed")
	}
	r := w.round(w.ana)
	r.Named = dids(w.bo)
	if result := w.do(r); len(result.Batch.Envelopes) != 1 {
		t.Error("the owner's word does not count")
	}
}

func TestALostNamedEpochIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	w.push(w.ana, named(t, w.bo.did()), "old")
	w.damage(w.ana)
	r := w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "new"), Zone: named(t, w.bo.did())})
	r.Further = dids(w.cy)
	w.do(r)
	w.want("old", "ab")
	w.want("new", "abc")
}

// damage damages Ana's envelopes to somebody.
func (w *world) damage(to *person) {
	w.Helper()
	n := 0
	for path := range w.branches[w.ana.did()] {
		if strings.HasPrefix(path, "keys/epochs/") && strings.HasSuffix(path, "/"+to.did().NID().String()) {
			w.branches[w.ana.did()][path] = []byte("damaged")
			n++
		}
	}
	if n == 0 {
		w.Fatal("nothing to damage")
	}
}

func TestABranchFullOfEpochs(t *testing.T) {
	w := newWorld(t)
	f := make(files)
	for i := range 4096 {
		f[fmt.Sprintf("keys/epochs/%08x-named-%032x/%v", i, i, someone(1).NID())] = []byte("x")
	}
	w.branches[w.ana.did()] = f
	if _, err := w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "f"), Zone: follow}).Plan(t.Context()); !errors.Is(err, blobstore.ErrBounds) {
		t.Error(err)
	}
	delete(f, fmt.Sprintf("keys/epochs/%08x-named-%032x/%v", 7, 7, someone(1).NID()))
	w.push(w.ana, follow, "f")
}

// What comes in at once is worked off in rounds.
func TestRoundsAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of envelopes")
	}
	w := newWorld(t)
	round := func(further []radicle.DID, name string, z zone.Zone) zone.Round {
		r := w.round(w.ana, zone.Pending{Object: w.stored(w.ana, name), Zone: z})
		r.Further = further
		return r
	}
	w.do(round(dids(w.bo), "private", private))
	const epochs = 6
	for i := range epochs {
		w.readers = members{someone(5000 + i)}
		w.do(round(dids(w.bo), fmt.Sprint(i), follow))
	}
	w.readers = nil
	for i := range zone.MaxReaders - 1 { // with Cy 1,024 new ones in each epoch: four make a round
		w.readers = append(w.readers, someone(i))
	}
	next := round(dids(w.bo, w.cy), "last", private)
	rounds, envelopes := 0, 0
	for more := true; more; rounds++ {
		r := must[*zone.Result](t)(next.Plan(t.Context()))
		if n := len(r.Batch.Envelopes); n > zone.MaxEnvelopes+2 {
			t.Fatalf("%d envelopes in one round", n)
		}
		envelopes += len(r.Batch.Envelopes)
		w.apply(w.place(w.ana), r)
		next.Branch, next.Pending, more = w.branch(w.ana), nil, r.More
	}
	if want := epochs*zone.MaxReaders + 1; rounds != 2 || envelopes != want {
		t.Errorf("%d envelopes in %d rounds, want %d", envelopes, rounds, want)
	}
	if n := w.branch(w.ana).NextEpoch(); n != epochs+1 {
		t.Errorf("an epoch was started where envelopes were postponed: %d", n)
	}
	w.want("last", "abc")
}

func TestNamedEpochsAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of envelopes")
	}
	w := newWorld(t)
	r := w.round(w.ana)
	for i := range 42 {
		r.Named = append(r.Named, someone(i))
		r.Pending = append(r.Pending, zone.Pending{Object: w.stored(w.ana, fmt.Sprint(i)), Zone: named(t, someone(i))})
	}
	w.do(r)
	for i := range 100 {
		r.Further = append(r.Further, someone(1000+i))
	}
	r.Pending = nil
	for i, want := range []int{zone.MaxEnvelopes, 4200 - zone.MaxEnvelopes, 0} {
		r.Branch = w.branch(w.ana)
		result := must[*zone.Result](t)(r.Plan(t.Context()))
		if n := len(result.Batch.Envelopes); n != want || result.More != (i == 0) {
			t.Errorf("round %d has %d envelopes, want %d", i, n, want)
		}
		w.apply(r.Place, result)
	}
}

func TestScansAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of records")
	}
	w := newWorld(t)
	var batch record.Batch
	for i := range zone.MaxRecords + 1 {
		batch.Put(w.stored(w.ana, fmt.Sprint(i)), nil)
	}
	r := w.round(w.ana)
	r.Further = dids(w.bo)
	w.branches[w.ana.did()] = make(files)
	must[record.Report](t)(r.Place.Apply(t.Context(), flat{w.branches[w.ana.did()]}, batch))
	for _, want := range []int{zone.MaxRecords, 1, 0} {
		r.Branch = w.branch(w.ana)
		result := must[*zone.Result](t)(r.Plan(t.Context()))
		if n := len(result.Batch.Records); n != want || result.More != (want > 1) {
			t.Errorf("%d records, want %d; more: %v", n, want, result.More)
		}
		must[record.Report](t)(r.Place.Apply(t.Context(), flat{w.branches[w.ana.did()]}, result.Batch))
	}
}
