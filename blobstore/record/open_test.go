package record_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/radicle"
)

// opens says what becomes of the film in a branch for somebody.
func (r *repo) opens(t *testing.T, writer *person, f files, o *record.Opener) (*record.Object, error) {
	t.Helper()
	b := r.branch(t, writer, f)
	rec := must[*record.Record](t)(b.Get(t.Context(), film("film")))
	return o.Open(t.Context(), b, rec)
}

func TestWhoOpensWhat(t *testing.T) {
	r, a := newRepo(t), ana(t)
	laptop, b, c := newPerson(t, 0xfc), bo(t), cy(t) // laptop: another DID of Ana's
	var batch record.Batch
	mine := a.group(t, &batch, keyring.Mine, 0, laptop)
	members := a.group(t, &batch, keyring.Members, 1, b)
	named := a.group(t, &batch, keyring.Named, 2, c)
	keys := make(files)
	keys.apply(t, a.at(r.rid), batch)
	plain := a.store(t, spec{pointer: film("film"), holders: people(10)})
	wrap := func(keys ...keyring.GroupKey) *record.Object {
		o := plain
		for _, k := range keys {
			o = must[*record.Object](t)(o.Wrap(k))
		}
		return o
	}
	everyone := map[string]*record.Opener{
		"ana": a.opener(), "laptop": laptop.opener(), "bo": b.opener(), "cy": c.opener(), "nobody": record.NewOpener(nil),
	}
	for about, test := range map[string]struct {
		o    *record.Object
		open string
	}{
		"private":                  {plain, "ana"},
		"private, further DIDs":    {wrap(mine), "ana laptop"},
		"members":                  {wrap(members), "ana bo"},
		"members and further DIDs": {wrap(mine, members), "ana bo laptop"},
		"named":                    {wrap(named), "ana cy"},
		"named and members":        {wrap(named, members), "ana bo cy"},
		"public":                   {must[*record.Object](t)(wrap(mine).Publish()), "ana bo cy laptop nobody"},
		"public domain":            {a.store(t, spec{pointer: film("film"), public: true}), "ana bo cy laptop nobody"},
	} {
		f := maps.Clone(keys)
		f.put(t, test.o)
		var opened []string
		for _, name := range slices.Sorted(maps.Keys(everyone)) {
			o, err := r.opens(t, a, f, everyone[name])
			if err != nil {
				wantClass(t, err, "unreadable")
				continue
			}
			opened = append(opened, name)
			if !o.Key.Equal(test.o.Key) || o.Manifest.Hash() != test.o.Manifest.Hash() || !slices.Equal(o.Holders, test.o.Holders) {
				t.Errorf("%s: %s opens something else", about, name)
			}
		}
		if got := strings.Join(opened, " "); got != test.open {
			t.Errorf("%s: opened by %s, want %s", about, got, test.open)
		}
	}
}

// TestANewMemberOpensWhatIsOld joins after the film was stored: the record stays as it is.
func TestANewMemberOpensWhatIsOld(t *testing.T) {
	s := newScene(t)
	_, err := s.opens(t, s.ana, s.anas, s.cy.opener())
	wantClass(t, err, "unreadable")
	s.plan(t, keyring.Members, s.bo, s.cy)
	if o, err := s.opens(t, s.ana, s.anas, s.cy.opener()); err != nil || !o.Key.Equal(s.film.Key) {
		t.Error(err)
	}
}

// plan makes a plan of Ana's from what her branch says, applies it, and returns it.
func (s *scene) plan(t *testing.T, kind keyring.GroupKind, readers ...*person) keyring.Plan {
	t.Helper()
	b := s.branch(t, s.ana, s.anas)
	kept := must[[]keyring.Kept](t)(b.Kept(t.Context(), s.ana.opener(), kind))
	var to []keyring.Recipient
	for _, r := range readers {
		to = append(to, r.recipient())
	}
	plan := must[keyring.Plan](t)(b.Place().Group(kind).Plan(kept, b.NextEpoch(), s.ana.recipient(), to))
	var batch record.Batch
	batch.Seal(kind, plan.Sealings)
	s.anas.apply(t, b.Place(), batch)
	return plan
}

func TestPlansGoOnFromTheBranch(t *testing.T) {
	s := newScene(t)
	if p := s.plan(t, keyring.Members, s.bo); p.Started || len(p.Sealings) != 0 {
		t.Errorf("nothing changed, but %d envelopes", len(p.Sealings))
	}
	if p := s.plan(t, keyring.Members, s.bo, s.cy); p.Started || len(p.Sealings) != 1 {
		t.Errorf("one more: %+v", p)
	}
	// Bo leaves: a new epoch, which he does not open.
	p := s.plan(t, keyring.Members, s.cy)
	if !p.Started || p.Key.Epoch().Number != 1 {
		t.Fatalf("%+v", p)
	}
	s.anas.put(t, must[*record.Object](t)(s.ana.store(t, spec{pointer: film("second")}).Wrap(p.Key)))
	b := s.branch(t, s.ana, s.anas)
	second := must[*record.Record](t)(b.Get(t.Context(), film("second")))
	_, err := s.bo.opener().Open(t.Context(), b, second)
	wantClass(t, err, "unreadable")
	must[*record.Object](t)(s.cy.opener().Open(t.Context(), b, second))
	// All kinds are counted together.
	if p := s.plan(t, keyring.Named, s.bo); !p.Started || p.Key.Epoch().Number != 2 {
		t.Errorf("%+v", p.Key.Epoch())
	}
	readers := must[[]radicle.DID](t)(s.branch(t, s.ana, s.anas).Readers(t.Context(), keyring.Members))
	want := []radicle.DID{s.ana.did(), s.cy.did()}
	slices.SortFunc(want, radicle.DID.Compare)
	if !slices.Equal(readers, want) {
		t.Errorf("%v", readers)
	}
}

// TestAForkedEpochOpensBothWays has two machines start epoch 1 without knowing of each other.
func TestAForkedEpochOpensBothWays(t *testing.T) {
	s := newScene(t)
	var b record.Batch
	one, two := s.ana.group(t, &b, keyring.Members, 1, s.cy), s.ana.group(t, &b, keyring.Members, 1, s.cy)
	b.Put(must[*record.Object](t)(s.ana.store(t, spec{pointer: film("1")}).Wrap(one)), nil)
	b.Put(must[*record.Object](t)(s.ana.store(t, spec{pointer: film("2")}).Wrap(two)), nil)
	s.anas.apply(t, s.ana.at(s.rid), b)
	branch, o := s.branch(t, s.ana, s.anas), s.cy.opener()
	for _, name := range []string{"1", "2"} {
		must[*record.Object](t)(o.Open(t.Context(), branch, must[*record.Record](t)(branch.Get(t.Context(), film(name)))))
	}
	if branch.NextEpoch() != 2 {
		t.Errorf("next is %d", branch.NextEpoch())
	}
	if p := s.plan(t, keyring.Members, s.cy); !p.Started || p.Key.Epoch().Number != 2 {
		t.Errorf("%+v", p.Key.Epoch())
	}
}

// TestAnAdoptedObject is Ana's film in Bo's branch: his salt derives another key, though it has the same id.
func TestAnAdoptedObject(t *testing.T) {
	s := newScene(t)
	theirs := must[*record.Object](t)(s.opens(t, s.ana, s.anas, s.bo.opener()))
	adopted := must[*record.Object](t)(theirs.Adopt(s.bo.did()))
	bos := make(files)
	bos.put(t, adopted)
	_, err := s.opens(t, s.bo, bos, s.bo.opener())
	wantClass(t, err, "sealed") // his own key was tried, and nothing else is there
	var b record.Batch
	mine := s.bo.group(t, &b, keyring.Mine, 0)
	b.Put(must[*record.Object](t)(adopted.Wrap(mine)), adopted.Record)
	bos.apply(t, s.bo.at(s.rid), b)
	o := must[*record.Object](t)(s.opens(t, s.bo, bos, s.bo.opener()))
	if !o.SameShares(s.film) || len(o.Holders) != 0 || o.Reach() != record.Private {
		t.Errorf("%v", o.Reach())
	}
}

func TestRotationKeepsOldRecordsReadable(t *testing.T) {
	s := newScene(t)
	rotated := must[*keyring.Keyring](t)(s.ana.ring.Rotate(t.Context(), s.ana))
	must[*record.Object](t)(s.opens(t, s.ana, s.anas, record.NewOpener(rotated)))
	s.ana.ring = rotated
	s.anas.put(t, s.ana.store(t, spec{pointer: film("new")}))
	b := s.branch(t, s.ana, s.anas)
	r := must[*record.Record](t)(b.Get(t.Context(), film("new")))
	must[*record.Object](t)(record.NewOpener(rotated).Open(t.Context(), b, r))
	// From the key alone, without the newer card: the salt is named.
	_, err := ana(t).opener().Open(t.Context(), b, r)
	wantClass(t, err, "salt")
}

// TestTheOpenerRemembersGroupKeys opens one envelope for many records, and none where there is none.
func TestTheOpenerRemembersGroupKeys(t *testing.T) {
	s := newScene(t)
	var all []*record.Object
	for _, name := range []string{"a", "b", "c", "d"} {
		all = append(all, must[*record.Object](t)(s.ana.store(t, spec{pointer: film(name)}).Wrap(s.key)))
	}
	s.anas.put(t, all...)
	b := s.branch(t, s.ana, s.anas)
	for _, who := range []*record.Opener{s.bo.opener(), s.cy.opener()} {
		s.trees, s.blobs = 0, 0
		for r, err := range b.All(t.Context()) {
			check(t, err)
			_, _ = who.Open(t.Context(), b, r)
		}
		if s.trees != 1 || s.blobs > b.Len()+1 {
			t.Errorf("%d trees, %d blobs read", s.trees, s.blobs)
		}
	}
}

// TestAnEnvelopeToTheBareDID needs the key file.
func TestAnEnvelopeToTheBareDID(t *testing.T) {
	s := newScene(t)
	plan := must[keyring.Plan](t)(s.ana.at(s.rid).Group(keyring.Named).Plan(nil, 5, s.ana.recipient(),
		[]keyring.Recipient{{DID: s.cy.did()}}))
	var b record.Batch
	b.Seal(keyring.Named, plan.Sealings)
	b.Put(must[*record.Object](t)(s.film.Wrap(plan.Key)), s.film.Record)
	s.anas.apply(t, s.ana.at(s.rid), b)
	must[*record.Object](t)(s.opens(t, s.ana, s.anas, s.cy.opener()))
	agent := must[*keyring.Keyring](t)(keyring.Unlock(t.Context(), signerOnly{s.cy.MemorySigner}))
	_, err := s.opens(t, s.ana, s.anas, record.NewOpener(agent))
	wantClass(t, err, "opener")
}

// signerOnly is a key behind an agent.
type signerOnly struct{ radicle.Signer }

// TestAPendingRecord is opened before there is a branch: its own by derivation, an adopted one with the key of its wrap.
func TestAPendingRecord(t *testing.T) {
	s := newScene(t)
	own := s.ana.store(t, spec{pointer: film("film"), holders: people(3)})
	o := must[*record.Object](t)(s.ana.opener().OpenPending(own.Place, own.Record))
	if !o.Key.Equal(own.Key) || len(o.Holders) != 3 {
		t.Error("opens to something else")
	}
	_, err := s.bo.opener().OpenPending(own.Place, own.Record)
	wantClass(t, err, "unreadable")
	mine := s.bo.group(t, new(record.Batch), keyring.Mine, 0)
	other := s.bo.group(t, new(record.Batch), keyring.Mine, 1)
	adopted := must[*record.Object](t)(must[*record.Object](t)(own.Adopt(s.bo.did())).Wrap(mine))
	o = must[*record.Object](t)(s.bo.opener().OpenPending(adopted.Place, adopted.Record, other, s.key, mine))
	if !o.Key.Equal(own.Key) {
		t.Error("opens to something else")
	}
	_, err = s.cy.opener().OpenPending(adopted.Place, adopted.Record, other, s.key)
	wantClass(t, err, "unreadable") // neither is of the wrap's epoch
	_, err = s.bo.opener().OpenPending(adopted.Place, adopted.Record, other)
	wantClass(t, err, "sealed") // what he derives is another key
}

// TestTheReasonIsTold has an envelope that only the key file opens, and an epoch that is not for the reader at all.
func TestTheReasonIsTold(t *testing.T) {
	s := newScene(t)
	plan := must[keyring.Plan](t)(s.ana.at(s.rid).Group(keyring.Members).Plan(nil, 5, s.ana.recipient(),
		[]keyring.Recipient{{DID: s.cy.did()}}))
	var b record.Batch
	b.Seal(keyring.Members, plan.Sealings)
	named := s.ana.group(t, &b, keyring.Named, 6, s.bo)
	o := must[*record.Object](t)(s.ana.store(t, spec{pointer: film("film")}).Wrap(plan.Key))
	b.Put(must[*record.Object](t)(o.Wrap(named)), s.film.Record)
	s.anas.apply(t, s.ana.at(s.rid), b)
	agent := must[*keyring.Keyring](t)(keyring.Unlock(t.Context(), signerOnly{s.cy.MemorySigner}))
	_, err := s.opens(t, s.ana, s.anas, record.NewOpener(agent))
	wantClass(t, err, "opener")
}

// TestWhatCouldNotBeReadIsTriedAgain has the envelopes arrive after the branch.
func TestWhatCouldNotBeReadIsTriedAgain(t *testing.T) {
	s := newScene(t)
	late := &lateObjects{repo: s.repo}
	b := must[*record.Branch](t)(record.ReadBranch(t.Context(), late, s.ana.at(s.rid), s.commit(t, s.anas)))
	r, opener := must[*record.Record](t)(b.Get(t.Context(), film("film"))), s.bo.opener()
	late.missing = true
	_, err := opener.Open(t.Context(), b, r)
	wantClass(t, err, "absent")
	late.missing = false
	must[*record.Object](t)(opener.Open(t.Context(), b, r))
}
