package record_test

import (
	"bytes"
	"errors"
	"maps"
	"strings"
	"testing"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/radicle"
)

// scene is a repository of Ana's, with a film that Bo may read, and a reader's way to look at it.
type scene struct {
	*repo
	ana, bo, cy *person
	film        *record.Object // Ana's
	key         keyring.GroupKey
	anas        files
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{repo: newRepo(t), ana: ana(t), bo: bo(t), cy: cy(t), anas: make(files)}
	var b record.Batch
	s.key = s.ana.group(t, &b, keyring.Members, 0, s.bo)
	s.film = must[*record.Object](t)(s.ana.store(t, spec{pointer: film("film"), holders: people(10)}).Wrap(s.key))
	b.Put(s.film, nil)
	b.Cards = append(b.Cards, s.ana.card)
	s.anas.apply(t, s.ana.at(s.rid), b)
	return s
}

// look opens the film as somebody, for whom Ana is a delegate.
func (s *scene) look(t *testing.T, who *person, lies *record.Lies, others map[*person]files) ([]record.Choice, []*record.ObjectError) {
	t.Helper()
	branches := map[*person]files{s.ana: s.anas}
	maps.Copy(branches, others)
	standing := stands(map[*person]record.Trust{s.ana: record.Delegate, who: record.Own})
	choices, failed, err := s.index(t, branches).Lookup(t.Context(), film("film"), who.opener(), standing, lies)
	check(t, err)
	return choices, failed
}

func TestAttackAStrangersRecordForMyFilm(t *testing.T) {
	s := newScene(t)
	// Cy knows the pointer, and so OID and size; whatever she writes is under a key of her own, public or not.
	fake := must[*record.Object](t)(s.cy.store(t, spec{pointer: film("film"), roots: "other"}).Publish())
	cys := make(files)
	cys.put(t, fake)
	choices, _ := s.look(t, s.bo, nil, map[*person]files{s.cy: cys})
	if len(choices) != 2 {
		t.Fatalf("%d choices", len(choices))
	}
	first, second := choices[0], choices[1]
	if first.Place.Writer != s.ana.did() || !first.Streams || first.Contradicted {
		t.Errorf("first %+v", first)
	}
	if second.Place.Writer != s.cy.did() || second.Streams || second.Trust != record.Stranger {
		t.Errorf("second %+v", second)
	}
}

func TestAttackAnEnvelopeCopiedIntoAnotherRepository(t *testing.T) {
	s := newScene(t)
	// The same files, as Ana's branch of another repository: record, wrap and envelope are all there.
	copied := record.Place{RID: otherRID(t), Writer: s.ana.did()}
	b := must[*record.Branch](t)(record.ReadBranch(t.Context(), s, copied, s.commit(t, s.anas)))
	r := must[*record.Record](t)(b.Get(t.Context(), film("film")))
	_, err := s.bo.opener().Open(t.Context(), b, r)
	wantClass(t, err, "sealed")
	_, err = s.cy.opener().Open(t.Context(), b, r)
	wantClass(t, err, "unreadable")
	// Ana's own key opens it anywhere; it is her name that is on it. But not the hints: they are bound to the place.
	o := must[*record.Object](t)(s.ana.opener().Open(t.Context(), b, r))
	if len(o.Holders) != 0 {
		t.Errorf("hints of another repository: %v", o.Holders)
	}
}

func TestAttackAnEnvelopeCopiedToAnotherWriter(t *testing.T) {
	s := newScene(t)
	choices, failed := s.look(t, s.bo, nil, map[*person]files{s.cy: maps.Clone(s.anas)})
	if len(choices) != 1 || choices[0].Place.Writer != s.ana.did() {
		t.Errorf("%+v", choices)
	}
	if len(failed) != 1 || failed[0].Writer != s.cy.did() {
		t.Fatalf("%v", failed)
	}
	wantClass(t, failed[0], "sealed")
}

// TestAttackAnEnvelopeUnderAnotherKeysID gives Bo a key that is not the one of the epoch.
func TestAttackAnEnvelopeUnderAnotherKeysID(t *testing.T) {
	s := newScene(t)
	other := make(files)
	var b record.Batch
	s.ana.group(t, &b, keyring.Members, 0, s.bo)
	other.apply(t, s.ana.at(s.rid), b)
	for path, data := range other {
		dir, recipient := path[:strings.LastIndex(path, "/")], path[strings.LastIndex(path, "/"):]
		if strings.HasPrefix(path, "keys/epochs/") && recipient == "/"+s.bo.NID().String() {
			for mine := range s.anas {
				if strings.HasSuffix(mine, recipient) && !strings.HasPrefix(mine, dir) {
					s.anas[mine] = data
				}
			}
		}
	}
	_, failed := s.look(t, s.bo, nil, nil)
	if len(failed) != 1 {
		t.Fatalf("%v", failed)
	}
	wantClass(t, failed[0], "sealed")
}

func TestAttackACardWithAnOlderNumber(t *testing.T) {
	s := newScene(t)
	rotated := must[*keyring.Keyring](t)(s.ana.ring.Rotate(t.Context(), s.ana))
	newer := must[*keyring.Card](t)(rotated.Card(t.Context(), s.ana, s.ana.card.Seq(), now))
	place := s.ana.at(s.rid)
	s.anas.apply(t, place, record.Batch{Cards: []*keyring.Card{newer}})
	cards, refused := s.branch(t, s.ana, s.anas).Cards(t.Context())
	if len(refused) != 0 || len(cards) != 2 || !bytes.Equal(cards[1].Bytes(), newer.Bytes()) {
		t.Fatalf("%d cards, refused %v", len(cards), refused)
	}
	seen := keyring.NewCards(nowClock)
	check(t, seen.Add(cards[len(cards)-1]))

	// Somebody hands out the branch as it was before.
	old := newScene(t)
	cards, _ = old.branch(t, old.ana, old.anas).Cards(t.Context())
	if err := seen.Add(cards[len(cards)-1]); !errors.Is(err, keyring.ErrRollback) {
		t.Errorf("an older card was taken: %v", err)
	}
	if got := seen.Get(s.ana.did()); got.Seq() != newer.Seq() {
		t.Errorf("card %d", got.Seq())
	}
	// And a writer does not go back: the older card of the same salt does not replace the newer.
	again := must[*keyring.Card](t)(rotated.Card(t.Context(), s.ana, newer.Seq(), now))
	s.anas.apply(t, place, record.Batch{Cards: []*keyring.Card{again}})
	if r := s.anas.apply(t, place, record.Batch{Cards: []*keyring.Card{newer, s.ana.card}}); r.Written != 0 {
		t.Errorf("%d files written", r.Written)
	}
}

func TestAttackACardOfSomebodyElse(t *testing.T) {
	s := newScene(t)
	s.anas["keys/cards/"+s.cy.card.Current().String()] = s.cy.card.Bytes() // under the same salt id: everybody's first
	s.anas["keys/cards/0123456789abcdef"] = s.ana.card.Bytes()             // Ana's, under another
	cards, refused := s.branch(t, s.ana, s.anas).Cards(t.Context())
	if len(cards) != 0 || len(refused) != 2 {
		t.Fatalf("%d cards, %v", len(cards), refused)
	}
	wantClass(t, refused[0], "mismatch")
	wantClass(t, refused[1], "mismatch")
}

// TestAttackARecordWhoseManifestLies has a reader, who knows the content key, sign a manifest of other shares.
func TestAttackARecordWhoseManifestLies(t *testing.T) {
	s := newScene(t)
	var b record.Batch
	key := s.bo.group(t, &b, keyring.Members, 0, s.ana, s.cy)
	lie := must[*record.Object](t)(s.bo.storeAs(t, s.film, spec{roots: "lie"}).Wrap(key))
	b.Put(lie, nil)
	bos := make(files)
	bos.apply(t, s.bo.at(s.rid), b)

	// To Ana, who made the film, Bo is a stranger or a delegate: it does not matter.
	for _, trust := range []record.Trust{record.Stranger, record.Asked, record.Introducer, record.Delegate} {
		choices := record.Rank([]*record.Object{lie, s.film}, stands(map[*person]record.Trust{s.ana: record.Own, s.bo: trust}), nil)
		if len(choices) != 2 || choices[0].Object != s.film || !choices[0].Streams || choices[1].Streams || !choices[1].Contradicted {
			t.Errorf("%v: %+v", trust, choices)
		}
	}
	// To somebody who trusts both alike, one of the two lies: neither streams before it is known which.
	equal := stands(map[*person]record.Trust{s.ana: record.Delegate, s.bo: record.Delegate})
	choices := record.Rank([]*record.Object{lie, s.film}, equal, nil)
	for _, c := range choices {
		if c.Streams || !c.Contradicted {
			t.Errorf("by %v: %+v", c.Place.Writer, c)
		}
	}
	// A whole read gives another SHA-256; from then on the true one streams alone, whoever repeats the lie.
	var lies record.Lies
	lies.Add(lie.Manifest)
	repeated := must[*record.Object](t)(s.cy.storeAs(t, s.film, spec{roots: "lie"}).Wrap(s.cy.group(t, &b, keyring.Members, 0)))
	choices = record.Rank([]*record.Object{lie, repeated, s.film}, equal, &lies)
	if len(choices) != 1 || choices[0].Object != s.film || !choices[0].Streams || choices[0].Contradicted {
		t.Errorf("%+v", choices)
	}
}

func TestAttackALongerManifestWithOtherRoots(t *testing.T) {
	s := newScene(t)
	longer := s.bo.storeAs(t, s.film, spec{n: 20, roots: "other"})
	if longer.Manifest.Roots() <= s.film.Manifest.Roots() {
		t.Fatal("it is not longer")
	}
	standing := stands(map[*person]record.Trust{s.ana: record.Delegate, s.bo: record.Asked})
	choices := record.Rank([]*record.Object{longer, s.film}, standing, nil)
	if choices[0].Object != s.film || !choices[0].Streams || choices[1].Streams || !choices[1].Contradicted {
		t.Errorf("%+v", choices)
	}
	// Nor does an owner take one over.
	_, err := s.film.Recode(longer.Manifest, nil)
	wantClass(t, err, "mismatch")

	// One whose first roots are equal speaks of the same shares, and contradicts nobody.
	extends := s.bo.storeAs(t, s.film, spec{n: 20})
	standing = stands(map[*person]record.Trust{s.ana: record.Delegate, s.bo: record.Delegate})
	choices = record.Rank([]*record.Object{extends, s.film}, standing, nil)
	if choices[0].Object != extends || !choices[0].Streams || !choices[1].Streams {
		t.Errorf("%+v", choices)
	}
	if !extends.SameShares(s.film) || !s.film.SameShares(extends) || s.film.SameShares(longer) {
		t.Error("which speak of the same shares")
	}
	must[*record.Object](t)(s.film.Recode(extends.Manifest, people(20)))
}

// TestAttackAForgedRecord changes every byte of a record, one at a time: nothing that opens says anything else of the object.
func TestAttackAForgedRecord(t *testing.T) {
	s := newScene(t)
	b := s.branch(t, s.ana, s.anas)
	opener := s.bo.opener()
	raw := s.film.Record.Bytes()
	hints, opened := len(raw)-1-(28+10*radicle.KeySize), 0
	for i := range raw {
		forged := bytes.Clone(raw)
		forged[i] ^= 1
		r, err := record.Parse(forged)
		if err != nil {
			continue
		}
		o, err := opener.Open(t.Context(), b, r)
		if err != nil {
			continue
		}
		// The hints alone are not under the key of the manifest: they are lost, and nothing else.
		if i < hints || i == len(raw)-1 || len(o.Holders) != 0 || !o.Key.Equal(s.film.Key) || o.Manifest.Hash() != s.film.Manifest.Hash() {
			t.Errorf("byte %d: opens with %d holders", i, len(o.Holders))
		}
		opened++
	}
	if want := len(raw) - 1 - hints; opened != want {
		t.Errorf("%d opened, want %d", opened, want)
	}
}

func TestAttackARecordUnderAnotherName(t *testing.T) {
	s := newScene(t)
	other := film("another film")
	key := must[radicle.Oid](t)(record.Key(s.rid, other)).String()
	s.anas[key[:2]+"/"+key[2:]] = s.film.Record.Bytes()
	_, err := s.branch(t, s.ana, s.anas).Get(t.Context(), other)
	wantClass(t, err, "mismatch")
}

// TestAttackAReplayedRecord has a public record of Ana's in Cy's branch.
func TestAttackAReplayedRecord(t *testing.T) {
	s := newScene(t)
	open := must[*record.Object](t)(s.film.Publish())
	cys := make(files)
	cys.put(t, must[*record.Object](t)(open.Adopt(s.cy.did())))
	s.anas = make(files) // Ana's own is gone
	choices, _ := s.look(t, s.bo, nil, map[*person]files{s.cy: cys})
	if len(choices) != 1 || choices[0].Streams || choices[0].Place.Writer != s.cy.did() {
		t.Errorf("%+v", choices)
	}
	// Read whole it was another file: no copy of it comes back.
	var lies record.Lies
	lies.Add(open.Manifest)
	if choices, _ = s.look(t, s.bo, &lies, map[*person]files{s.cy: cys}); len(choices) != 0 {
		t.Errorf("%+v", choices)
	}
}

// TestAttackABranchThatWasRolledBack has the tree go back to before a re-encryption while a change is pending that was made
// from the newer record: the change does not bring the older state back, nor lose what it says.
func TestAttackABranchThatWasRolledBack(t *testing.T) {
	s := newScene(t)
	second := s.ana.store(t, spec{pointer: film("film"), gen: 1})
	third := must[*record.Object](t)(second.Hold(people(3)))
	var b record.Batch
	b.Put(third, second.Record)
	rolled := maps.Clone(s.anas) // still gen 0
	rolled.apply(t, s.ana.at(s.rid), b)
	r := must[*record.Record](t)(s.branch(t, s.ana, rolled).Get(t.Context(), film("film")))
	if r.Gen() != 1 || !bytes.Equal(r.Bytes(), third.Record.Bytes()) {
		t.Errorf("gen %d", r.Gen())
	}
	// The other way round: a change of before, applied to the newer branch, loses.
	b = record.Batch{}
	b.Put(must[*record.Object](t)(s.film.Hold(people(3))), s.film.Record)
	rolled.apply(t, s.ana.at(s.rid), b)
	if r := must[*record.Record](t)(s.branch(t, s.ana, rolled).Get(t.Context(), film("film"))); r.Gen() != 1 {
		t.Errorf("gen %d", r.Gen())
	}
}
