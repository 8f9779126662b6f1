package record_test

import (
	"bytes"
	"slices"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/radicle"
)

func TestLengthsAreAsSpecified(t *testing.T) {
	a := ana(t)
	var b record.Batch
	key := a.group(t, &b, keyring.Members, 0)
	wrapped := func(s spec) *record.Record {
		return must[*record.Object](t)(a.store(t, s).Wrap(key)).Record
	}
	for _, test := range []struct {
		about string
		r     *record.Record
		want  int
	}{
		{"the shortest: public, one root", a.store(t, spec{pointer: film("f"), k: 1, n: 1, public: true}).Record, 208},
		{"private, one root, nobody named", a.store(t, spec{pointer: film("f"), k: 1, n: 1}).Record, 239},
		{"1-of-2", wrapped(spec{pointer: film("f"), k: 1, n: 2, holders: people(2)}), 396},
		{"3-of-10", wrapped(spec{pointer: film("f"), holders: people(10)}), 940},
		{"10-of-30", wrapped(spec{pointer: film("f"), k: 10, n: 30, holders: people(30)}), 2220},
	} {
		if got := len(test.r.Bytes()); got != test.want {
			t.Errorf("%s: %d bytes, want %d", test.about, got, test.want)
		}
	}
}

func TestARecordSaysWhatItWasMadeOf(t *testing.T) {
	a := ana(t)
	o := a.store(t, spec{pointer: film("film"), gen: 7, holders: people(4)})
	r := must[*record.Record](t)(record.Parse(o.Record.Bytes()))
	if r.Pointer() != film("film") || r.Gen() != 7 || r.K() != 3 || r.Salt() != a.ring.Current() || len(r.Wraps()) != 0 {
		t.Errorf("%v %d %d %v", r.Pointer(), r.Gen(), r.K(), r.Salt())
	}
	if r.Params().Pad != blobstore.PadPadme || r.Base() != o.Record.Base() || r.Reach() != record.Private {
		t.Errorf("%v %v", r.Params(), r.Reach())
	}
	r.Bytes()[0] = 9 // a copy
	if r.Bytes()[0] != 1 {
		t.Error("the encoding can be changed")
	}
}

func TestReach(t *testing.T) {
	a := ana(t)
	o := a.store(t, spec{pointer: film("film"), holders: people(10)})
	var b record.Batch
	mine, members, named := a.group(t, &b, keyring.Mine, 0), a.group(t, &b, keyring.Members, 1), a.group(t, &b, keyring.Named, 2)
	reaches := func(o *record.Object, want record.Reach, kinds ...keyring.GroupKind) {
		t.Helper()
		var got []keyring.GroupKind
		for _, w := range o.Record.Wraps() {
			got = append(got, w.Kind)
		}
		if o.Reach() != want || !slices.Equal(got, kinds) {
			t.Errorf("%v, wraps of %v; want %v, %v", o.Reach(), got, want, kinds)
		}
	}
	reaches(o, record.Private)
	o1 := must[*record.Object](t)(o.Wrap(mine))
	reaches(o1, record.Private, keyring.Mine)
	o2 := must[*record.Object](t)(o1.Wrap(members))
	reaches(o2, record.Group, keyring.Members, keyring.Mine)
	reaches(must[*record.Object](t)(o.Wrap(named)), record.Group, keyring.Named)
	again := must[*record.Object](t)(o2.Wrap(members))
	if again != o2 {
		t.Error("a wrap that is there was added again")
	}
	public := must[*record.Object](t)(o2.Publish())
	reaches(public, record.Public)
	for _, same := range []*record.Object{
		must[*record.Object](t)(public.Wrap(members)), must[*record.Object](t)(public.Publish()), must[*record.Object](t)(public.Hold(people(3))),
	} {
		if same != public {
			t.Error("a public record changed")
		}
	}
	// Neither manifest nor names at holders changed on the way, and nobody is named in public.
	if public.Manifest.Hash() != o.Manifest.Hash() || !public.Key.Equal(o.Key) || len(public.Holders) != 0 {
		t.Error("publishing changed the object")
	}
	for _, h := range people(10) {
		if bytes.Contains(public.Record.Bytes(), h[:]) || bytes.Contains(o2.Record.Bytes(), h[:]) {
			t.Error("a holder is named in clear")
		}
	}
}

func TestWrapsOfAnotherPlaceAreRefused(t *testing.T) {
	a, b := ana(t), bo(t)
	var batch record.Batch
	_, err := a.store(t, spec{pointer: film("film")}).Wrap(b.group(t, &batch, keyring.Members, 0))
	wantClass(t, err, "mismatch")
}

func TestMoreWrapsThanFitKeepTheHighestEpochs(t *testing.T) {
	a := ana(t)
	o := a.store(t, spec{pointer: film("film")})
	var b record.Batch
	for i := range int64(record.MaxWraps + 3) {
		o = must[*record.Object](t)(o.Wrap(a.group(t, &b, keyring.Members, i)))
	}
	wraps := o.Record.Wraps()
	if len(wraps) != record.MaxWraps || wraps[0].Epoch != 3 || wraps[record.MaxWraps-1].Epoch != record.MaxWraps+2 {
		t.Errorf("%d wraps, %v", len(wraps), wraps)
	}
}

func TestNewRefusesWhatDoesNotBelongTogether(t *testing.T) {
	a := ana(t)
	s := spec{pointer: film("film")}
	salt, ck := a.contentKey(t, s)
	m := manifestOf(t, ck, s)
	publicOf := spec{pointer: s.pointer, public: true}
	otherDomain := spec{pointer: s.pointer, gen: 1}
	_, otherKey := a.contentKey(t, otherDomain)
	for about, n := range map[string]record.New{
		"another object":        {Pointer: film("other"), Salt: salt, Key: otherKey, Manifest: m},
		"another key":           {Pointer: s.pointer, Salt: salt, Key: otherKey, Manifest: m},
		"another gen":           {Pointer: s.pointer, Gen: 1, Salt: salt, Key: ck, Manifest: m},
		"another size":          {Pointer: filmOf("film", 5_000_000), Salt: salt, Key: ck, Manifest: m},
		"padding of the public": {Pointer: s.pointer, Key: ck, Manifest: m},
		"a key that is not of the public domain": {
			Pointer: s.pointer, Key: ck, Manifest: manifestOf(t, ck, publicOf),
		},
	} {
		t.Run(about, func(t *testing.T) {
			_, err := a.at(rid(t)).New(n)
			wantClass(t, err, "mismatch")
		})
	}
}

func TestHoldersAreTrimmedAndBounded(t *testing.T) {
	a := ana(t)
	o := a.store(t, spec{pointer: film("film")})
	two := append(people(2), radicle.DID{}, radicle.DID{})
	held := must[*record.Object](t)(o.Hold(two))
	if !slices.Equal(held.Holders, two[:2]) {
		t.Errorf("%v", held.Holders)
	}
	gap := append([]radicle.DID{{}}, people(1)...)
	if held = must[*record.Object](t)(o.Hold(gap)); !slices.Equal(held.Holders, gap) {
		t.Errorf("%v", held.Holders)
	}
	for _, none := range [][]radicle.DID{nil, make([]radicle.DID, 3)} {
		if again := must[*record.Object](t)(held.Hold(none)); !bytes.Equal(again.Record.Bytes(), o.Record.Bytes()) {
			t.Error("hints of nobody")
		}
	}
	all := slices.Repeat(people(1), blobstore.MaxN)
	must[*record.Object](t)(o.Hold(all))
	_, err := o.Hold(append(all, all[0]))
	wantClass(t, err, "bounds")
}

// TestSealingAgainGivesTheSameBytes keeps branches from growing where nothing changed.
func TestSealingAgainGivesTheSameBytes(t *testing.T) {
	a := ana(t)
	s := spec{pointer: film("film"), holders: people(10)}
	if !bytes.Equal(a.store(t, s).Record.Bytes(), a.store(t, s).Record.Bytes()) {
		t.Error("the same object has two records")
	}
	other := s
	other.holders = slices.Clone(people(10))
	slices.Reverse(other.holders)
	x, y := a.store(t, s).Record.Bytes(), a.store(t, other).Record.Bytes()
	hints := len(x) - 1 - 28 - 10*radicle.KeySize
	if bytes.Equal(x[hints:hints+12], y[hints:hints+12]) {
		t.Error("two contents under one nonce")
	}
}

func TestRecodeKeepsTheReach(t *testing.T) {
	a := ana(t)
	var b record.Batch
	small := spec{pointer: film("film"), k: 1, n: 2, holders: people(2)}
	o := must[*record.Object](t)(a.store(t, small).Wrap(a.group(t, &b, keyring.Members, 0)))
	more := must[*record.Object](t)(o.Recode(manifestOf(t, o.Key, spec{pointer: film("film")}), people(10)))
	if more.Record.K() != 3 || len(more.Holders) != 10 || !slices.Equal(more.Record.Wraps(), o.Record.Wraps()) || more.Reach() != record.Group {
		t.Errorf("%d %v", more.Record.K(), more.Record.Wraps())
	}
	_, err := o.Recode(manifestOf(t, o.Key, spec{pointer: film("film"), gen: 1}), nil)
	wantClass(t, err, "mismatch")
	public := must[*record.Object](t)(o.Publish())
	again := must[*record.Object](t)(public.Recode(more.Manifest, people(10)))
	if again.Reach() != record.Public || len(again.Holders) != 0 || again.Record.K() != 3 {
		t.Errorf("%v %d", again.Reach(), again.Record.K())
	}
}
