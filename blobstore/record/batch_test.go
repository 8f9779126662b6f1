package record_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/radicle"
)

func TestABatchIsTheSameTreeWhateverTheHistory(t *testing.T) {
	r, a := newRepo(t), ana(t)
	place := a.at(r.rid)
	var changes []record.Change
	for i := range 300 {
		o := a.store(t, spec{pointer: film(fmt.Sprint(i))})
		changes = append(changes, record.Change{Pointer: o.Pointer(), Record: o.Record})
	}
	at := func(change func(files)) string {
		f := make(files)
		change(f)
		return r.tree(t, f).String()
	}
	want := at(func(f files) { f.apply(t, place, record.Batch{Records: changes}) })
	got := at(func(f files) {
		for _, i := range rand.Perm(len(changes)) {
			f.apply(t, place, record.Batch{Records: changes[i : i+1]})
		}
	})
	if got != want {
		t.Errorf("one by one: %v, want %v", got, want)
	}
	got = at(func(f files) { // more than there will be, and less
		extra := a.store(t, spec{pointer: film("extra")})
		f.put(t, extra)
		f.apply(t, place, record.Batch{Records: changes})
		f.apply(t, place, record.Batch{Records: []record.Change{{Pointer: extra.Pointer(), Base: extra.Record.Base()}}})
	})
	if got != want {
		t.Errorf("after a removal: %v, want %v", got, want)
	}
}

func TestAChangeReplacesWhatItWasMadeFrom(t *testing.T) {
	r, a := newRepo(t), ana(t)
	big := a.store(t, spec{pointer: film("film"), k: 10, n: 30})
	small := a.store(t, spec{pointer: film("film"), k: 1, n: 2})
	f := make(files)
	f.put(t, big)
	var b record.Batch
	b.Put(small, big.Record)
	report := f.apply(t, a.at(r.rid), b)
	if !bytes.Equal(f[pathOf(t, film("film"))], small.Record.Bytes()) || report.Written != 1 || report.Merged != 0 {
		t.Errorf("%+v", report)
	}
	if report = f.apply(t, a.at(r.rid), b); report.Written != 0 {
		t.Errorf("again: %+v", report)
	}
	// Made from nothing, where there is something: the two are merged, and the larger coding stays.
	g := make(files)
	g.put(t, big)
	b = record.Batch{}
	b.Put(small, nil)
	report = g.apply(t, a.at(r.rid), b)
	if !bytes.Equal(g[pathOf(t, film("film"))], big.Record.Bytes()) || report.Written != 0 || report.Merged != 1 {
		t.Errorf("%+v", report)
	}
}

func TestWhatIsNotChanged(t *testing.T) {
	r, a := newRepo(t), ana(t)
	path, place := pathOf(t, film("film")), a.at(r.rid)
	private := a.store(t, spec{pointer: film("film")})
	public := must[*record.Object](t)(private.Publish())
	newer := append([]byte{2}, private.Record.Bytes()[1:]...)
	critical := private.Record.Bytes()
	critical = append(critical[:len(critical)-1], 1, 200, 0, 1, 7)
	remove := record.Change{Pointer: film("film"), Base: private.Record.Base()}
	for about, test := range map[string]struct {
		there  []byte
		change record.Change
		want   string
	}{
		"a newer version stays":                               {newer, record.Change{Pointer: film("film"), Record: private.Record}, "version"},
		"a newer version is not removed":                      {newer, remove, "version"},
		"nor one with an extension that has to be understood": {critical, remove, "version"},
		"public does not become private": {
			public.Record.Bytes(), record.Change{Pointer: film("film"), Record: private.Record, Base: public.Record.Base()}, "inward",
		},
		"what was changed is not removed": {public.Record.Bytes(), remove, "changed"},
	} {
		t.Run(about, func(t *testing.T) {
			f := files{path: test.there}
			report := f.apply(t, place, record.Batch{Records: []record.Change{test.change}})
			if len(report.Kept) != 1 || report.Written+report.Removed != 0 || !bytes.Equal(f[path], test.there) {
				t.Fatalf("%+v", report)
			}
			wantClass(t, report.Kept[0], test.want)
		})
	}
	f := files{path: public.Record.Bytes()}
	f.put(t, private) // not made from it: merged, and still public
	if !bytes.Equal(f[path], public.Record.Bytes()) {
		t.Error("public became private")
	}
	f[path] = []byte("garbage")
	f.put(t, private)
	if !bytes.Equal(f[path], private.Record.Bytes()) {
		t.Error("garbage is in the way")
	}
	if report := f.apply(t, place, record.Batch{Records: []record.Change{remove, remove}}); report.Removed != 1 || len(f) != 0 {
		t.Errorf("%+v, %d files", report, len(f))
	}
}

func TestABatchOfSomebodyElseIsRefused(t *testing.T) {
	r, a, b := newRepo(t), ana(t), bo(t)
	o := a.store(t, spec{pointer: film("film")})
	for about, batch := range map[string]record.Batch{
		"a record under another name": {Records: []record.Change{{Pointer: film("other"), Record: o.Record}}},
		"a card":                      {Cards: []*keyring.Card{b.card}},
	} {
		_, err := a.at(r.rid).Apply(t.Context(), make(files), batch)
		if class(err) != "mismatch" {
			t.Errorf("%s: %v", about, err)
		}
	}
	_, err := a.at(r.rid).Apply(t.Context(), make(files), record.Batch{Envelopes: []record.Envelope{{Kind: 9}}})
	wantClass(t, err, "encoding")
}

func TestAFullFolder(t *testing.T) {
	r, a := newRepo(t), ana(t)
	o := a.store(t, spec{pointer: film("film")})
	path := pathOf(t, film("film"))
	f := make(files)
	for i := range record.MaxInFolder - 1 {
		f[fmt.Sprintf("%s/%038x", path[:2], i)] = []byte("x")
	}
	b := record.Batch{Records: []record.Change{{Pointer: o.Pointer(), Record: o.Record}}}
	last := maps.Clone(f)
	if report := last.apply(t, a.at(r.rid), b); report.Written != 1 {
		t.Errorf("%+v", report)
	}
	f[fmt.Sprintf("%s/%038x", path[:2], record.MaxInFolder)] = []byte("x")
	report := f.apply(t, a.at(r.rid), b)
	if report.Written != 0 || len(report.Kept) != 1 {
		t.Fatalf("%+v", report)
	}
	wantClass(t, report.Kept[0], "bounds")
}

// TestTwoMachinesEndWithOneTree applies what two machines did, each without knowing of the other, in both orders.
func TestTwoMachinesEndWithOneTree(t *testing.T) {
	s := newScene(t)
	place := s.ana.at(s.rid)
	base := s.film.Record
	rotate := func() *keyring.Card {
		k := must[*keyring.Keyring](t)(s.ana.ring.Rotate(t.Context(), s.ana))
		return must[*keyring.Card](t)(k.Card(t.Context(), s.ana, s.ana.card.Seq(), now))
	}
	rotated := []*keyring.Card{rotate(), rotate()}
	device := func(n byte) *keyring.Certificate {
		return must[*keyring.Certificate](t)(keyring.IssueCertificate(t.Context(), s.ana, keyring.CertificateRequest{
			Device: keyring.NewDeviceKey(seed(n)).Device(), Now: now,
		}))
	}
	var machines [2]record.Batch
	for i := range machines {
		b := &machines[i]
		epoch := s.ana.group(t, b, keyring.Members, 1, s.bo, s.cy) // a fork: the same number
		for n := range 20 {
			o := s.ana.store(t, spec{pointer: film(fmt.Sprint("both", n)), k: 1 + (n+i)%3, holders: people(1 + (n*7+i)%10)})
			b.Put(must[*record.Object](t)(o.Wrap(epoch)), nil)
			b.Put(s.ana.store(t, spec{pointer: film(fmt.Sprint("one", i, n))}), nil)
		}
		b.Put(must[*record.Object](t)(s.film.Wrap(epoch)), base)
		b.Cards, b.Certificate = []*keyring.Card{rotated[i]}, device(byte(1+i))
		// Both seal the epoch that there is to Cy.
		e := must[keyring.Envelope](t)(s.key.Seal(s.cy.recipient()))
		b.Seal(keyring.Members, []keyring.Sealing{{ID: s.key.ID(), Recipient: s.cy.did(), Envelope: e}})
	}
	var ends []files
	for _, order := range [][]int{{0, 1}, {1, 0}, {0, 1, 0, 1}, {1, 1, 0}} {
		f := maps.Clone(s.anas)
		for _, i := range order {
			f.apply(t, place, machines[i])
		}
		ends = append(ends, f)
	}
	for i, f := range ends[1:] {
		if diff := cmp.Diff(ends[0], f); diff != "" {
			t.Errorf("order %d:\n%.2000s", i+1, diff)
		}
	}
	b := s.branch(t, s.ana, ends[0])
	if cards, _ := b.Cards(t.Context()); len(cards) != 3 {
		t.Errorf("%d cards: a rotation was lost", len(cards))
	}
	if b.Len() != 1+20+40 {
		t.Errorf("%d records", b.Len())
	}
	film := must[*record.Record](t)(b.Get(t.Context(), film("film")))
	if len(film.Wraps()) != 3 {
		t.Errorf("%d wraps of the film", len(film.Wraps()))
	}
}

// TestEnvelopesToCardsTakeThePlaceOfBareOnes, and not the other way round.
func TestEnvelopesToCardsTakeThePlaceOfBareOnes(t *testing.T) {
	s := newScene(t)
	seal := func(to keyring.Recipient) []keyring.Sealing {
		e := must[keyring.Envelope](t)(s.key.Seal(to))
		return []keyring.Sealing{{ID: s.key.ID(), Recipient: s.cy.did(), Envelope: e}}
	}
	bare, card := seal(keyring.Recipient{DID: s.cy.did()}), seal(s.cy.recipient())
	for _, order := range [][][]keyring.Sealing{{bare, card}, {card, bare}, {bare, bare, card, card, bare}} {
		f := maps.Clone(s.anas)
		for _, sealings := range order {
			var b record.Batch
			b.Seal(keyring.Members, sealings)
			f.apply(t, s.ana.at(s.rid), b)
		}
		kept := must[[]keyring.Kept](t)(s.branch(t, s.ana, f).Kept(t.Context(), s.ana.opener(), keyring.Members))
		if got := kept[0].Sealed[s.cy.did()]; got.KEM() != keyring.KEMHybrid {
			t.Errorf("kem %v", got.KEM())
		}
	}
}

// TestMergingIsTheSameBothWays takes records as two machines may leave them.
func TestMergingIsTheSameBothWays(t *testing.T) {
	a := ana(t)
	rng := rand.New(rand.NewPCG(1, 2))
	var keys []keyring.GroupKey
	for i := range int64(12) {
		var b record.Batch
		keys = append(keys, a.group(t, &b, keyring.GroupKind(1+i%3), i/2))
	}
	rotated := must[*keyring.Keyring](t)(a.ring.Rotate(t.Context(), a))
	some := func() *record.Record {
		who := &person{a.MemorySigner, a.ring, a.card}
		if rng.IntN(4) == 0 {
			who.ring = rotated
		}
		s := spec{pointer: film("film"), gen: uint32(rng.IntN(5) / 4), k: 1 + rng.IntN(3), n: 10 + rng.IntN(3)}
		s.holders = people(rng.IntN(4))
		o := who.store(t, s)
		for range rng.IntN(12) {
			o = must[*record.Object](t)(o.Wrap(keys[rng.IntN(len(keys))]))
		}
		if rng.IntN(6) == 0 {
			o = must[*record.Object](t)(o.Publish())
		}
		return extended(t, o.Record, rng)
	}
	merge := func(x, y *record.Record) *record.Record { return must[*record.Record](t)(record.Merge(x, y)) }
	for range 150 {
		x, y, z := some(), some(), some()
		m := merge(x, y)
		if left, right := merge(m, z), merge(x, merge(y, z)); !bytes.Equal(left.Bytes(), right.Bytes()) {
			t.Fatalf("three: another result\n%x\n%x\n%x", x.Bytes(), y.Bytes(), z.Bytes())
		}
		for about, other := range map[string]*record.Record{
			"in the other order": merge(y, x), "again with the first": merge(m, x), "again with the second": merge(y, m), "itself": merge(m, m),
		} {
			if !bytes.Equal(m.Bytes(), other.Bytes()) {
				t.Fatalf("%s: another result\n%x\n%x", about, x.Bytes(), y.Bytes())
			}
		}
		if m.Gen() < max(x.Gen(), y.Gen()) || m.Reach() < min(x.Reach(), y.Reach()) {
			t.Fatalf("gen %d, reach %v", m.Gen(), m.Reach())
		}
		if x.Gen() == y.Gen() && x.Salt() == y.Salt() {
			if m.Reach() < max(x.Reach(), y.Reach()) || m.K() < min(x.K(), y.K()) {
				t.Fatalf("reach %v, K %d", m.Reach(), m.K())
			}
			for _, w := range append(x.Wraps(), y.Wraps()...) {
				if m.Reach() != record.Public && len(m.Wraps()) < record.MaxWraps && !slices.Contains(m.Wraps(), w) {
					t.Fatal("a wrap was lost")
				}
			}
		}
	}
}

// extended adds extensions that this program does not know.
func extended(tb testing.TB, r *record.Record, rng *rand.Rand) *record.Record {
	raw := r.Bytes()
	raw[len(raw)-1] = byte(rng.IntN(4))
	for i := range raw[len(raw)-1] {
		raw = append(raw, 1+i*2+byte(rng.IntN(2)), 0, 1, byte(rng.IntN(3)))
	}
	return must[*record.Record](tb)(record.Parse(raw))
}

// TestUnknownExtensionsAreKept rewrites a record of a later program in every way there is.
func TestUnknownExtensionsAreKept(t *testing.T) {
	a := ana(t)
	r, f := newRepo(t), make(files)
	o := a.store(t, spec{pointer: film("film")})
	raw := o.Record.Bytes()
	raw = append(raw[:len(raw)-1], 2, 5, 0, 3, 'a', 'b', 'c', 127, 0, 1, 'd')
	f[pathOf(t, film("film"))] = raw
	later := must[*record.Object](t)(r.opens(t, a, f, a.opener()))
	var b record.Batch
	key := a.group(t, &b, keyring.Members, 0)
	for about, next := range map[string]*record.Object{
		"wrap":    must[*record.Object](t)(later.Wrap(key)),
		"publish": must[*record.Object](t)(later.Publish()),
		"hold":    must[*record.Object](t)(later.Hold(people(3))),
		"recode":  must[*record.Object](t)(later.Recode(manifestOf(t, o.Key, spec{pointer: film("film"), n: 20}), nil)),
		"adopt":   must[*record.Object](t)(later.Adopt(a.did())),
		"merge":   {Record: must[*record.Record](t)(record.Merge(o.Record, later.Record))},
	} {
		if !bytes.HasSuffix(next.Record.Bytes(), raw[len(raw)-11:]) {
			t.Errorf("%s loses extensions", about)
		}
	}
}

// TestAnErrorOfTheTreeEndsTheBatch fails the n-th operation, n = 0, 1, 2 … until success.
func TestAnErrorOfTheTreeEndsTheBatch(t *testing.T) {
	s := newScene(t)
	var b record.Batch
	s.ana.group(t, &b, keyring.Members, 1, s.bo)
	b.Put(s.ana.store(t, spec{pointer: film("new")}), nil)
	b.Records = append(b.Records, record.Change{Pointer: film("film"), Base: s.film.Record.Base()})
	b.Cards = []*keyring.Card{must[*keyring.Card](t)(s.ana.ring.Card(t.Context(), s.ana, s.ana.card.Seq(), now))}
	want := maps.Clone(s.anas)
	want.apply(t, s.ana.at(s.rid), b)
	for n := 0; ; n++ {
		f := maps.Clone(s.anas)
		faulty := &faultyEditor{f, n}
		_, err := s.ana.at(s.rid).Apply(t.Context(), faulty, b)
		if err == nil {
			if n < 8 {
				t.Errorf("only %d operations", n)
			}
			if diff := cmp.Diff(want, f); diff != "" {
				t.Error(diff)
			}
			return
		}
		if !errors.Is(err, errFault) {
			t.Fatalf("operation %d: %v", n, err)
		}
	}
}

var errFault = errors.New("fault")

type faultyEditor struct {
	files
	left int
}

func (f *faultyEditor) fault() error {
	if f.left--; f.left < 0 {
		return errFault
	}
	return nil
}

func (f *faultyEditor) List(ctx context.Context, dir string) ([]string, error) {
	if err := f.fault(); err != nil {
		return nil, err
	}
	return f.files.List(ctx, dir)
}

func (f *faultyEditor) Read(ctx context.Context, path string, most int64) ([]byte, error) {
	if err := f.fault(); err != nil {
		return nil, err
	}
	return f.files.Read(ctx, path, most)
}

func (f *faultyEditor) Write(ctx context.Context, path string, data []byte) error {
	if err := f.fault(); err != nil {
		return err
	}
	return f.files.Write(ctx, path, data)
}

func (f *faultyEditor) Remove(ctx context.Context, path string) error {
	if err := f.fault(); err != nil {
		return err
	}
	return f.files.Remove(ctx, path)
}

// TestPathsAreAsSpecified names every kind of file.
func TestPathsAreAsSpecified(t *testing.T) {
	a := ana(t)
	f := make(files)
	p := blobstore.Pointer{OID: must[blobstore.OID](t)(blobstore.ParseOID(strings.Repeat("4", 64))), Size: 12345}
	b := record.Batch{Cards: []*keyring.Card{a.card}}
	b.Certificate = must[*keyring.Certificate](t)(keyring.IssueCertificate(t.Context(), a, keyring.CertificateRequest{
		Device: keyring.NewDeviceKey(seed(1)).Device(), Now: now,
	}))
	var ids []string
	for i, kind := range []keyring.GroupKind{keyring.Members, keyring.Mine, keyring.Named} {
		ids = append(ids, a.group(t, &b, kind, int64(i)*0x1234567).ID().String())
	}
	b.Put(a.store(t, spec{pointer: p}), nil)
	f.apply(t, a.at(rid(t)), b)
	nid := radicle.NID(a.did()).String()
	want := []string{
		// git hash-object of "version https://git-lfs.github.com/spec/v1\noid sha256:4444…\nsize 12345\n"
		"2b/ccd0802f8dd9ec0ae5224905532b69d15599af",
		"keys/cards/66687aadf862bd77", "keys/certificate",
		"keys/epochs/00000000-members-" + ids[0] + "/" + nid,
		"keys/epochs/01234567-mine-" + ids[1] + "/" + nid,
		"keys/epochs/02468ace-named-" + ids[2] + "/" + nid,
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(f))); diff != "" {
		t.Error(diff)
	}
}
