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
		if s.Zone == public || s.Refused[0].Command() != "rad swarm zone --default public" {
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
	w.push(w.bo, private, "bo's private")
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

// What comes in at once is worked off in rounds.
func TestRoundsAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of envelopes")
	}
	w := newWorld(t)
	w.readers = dids(w.ana)
	other := w.bo
	for i := range 8 { // epochs 0 … 7
		w.readers = dids(w.ana)
		if i%2 == 0 {
			w.readers = dids(w.ana, other)
		}
		other = map[*person]*person{w.bo: w.cy, w.cy: w.bo}[other]
		w.push(w.ana, follow, fmt.Sprint(i))
	}
	epochs := int(w.branch(w.ana).NextEpoch())
	for i := range zone.MaxReaders {
		w.readers = append(w.readers, someone(i))
	}
	rounds, envelopes := 0, 0
	for more := true; more; rounds++ {
		r := must[*zone.Result](t)(w.round(w.ana).Plan(t.Context()))
		if n := len(r.Batch.Envelopes); n > zone.MaxEnvelopes+zone.MaxReaders+1 {
			t.Fatalf("%d envelopes in one round", n)
		}
		envelopes += len(r.Batch.Envelopes)
		w.apply(w.place(w.ana), r)
		more = r.More
	}
	if rounds < 2 || envelopes < epochs*(zone.MaxReaders-2) {
		t.Errorf("%d envelopes for %d epochs in %d rounds", envelopes, epochs, rounds)
	}
}
