package record_test

import (
	"fmt"
	"strings"
	"testing"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/radicle"
)

// ranked describes choices: writer, trust, and whether it streams or is contradicted.
func ranked(names map[radicle.DID]string, choices []record.Choice) string {
	var out []string
	for _, c := range choices {
		s := names[c.Place.Writer] + " " + c.Trust.String()
		if c.Streams {
			s += " streams"
		}
		if c.Contradicted {
			s += " contradicted"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func TestOnlyTheTrustedStream(t *testing.T) {
	all := []*person{ana(t), bo(t), cy(t), newPerson(t, 0xfc), newPerson(t, 0xfb)}
	names := make(map[radicle.DID]string)
	trust := make(map[*person]record.Trust)
	var objects []*record.Object
	for i, name := range []string{"eve", "dan", "cy", "bo", "ana"} {
		p := all[len(all)-1-i]
		names[p.did()] = name
		trust[p] = record.Trust(i)
		objects = append(objects, p.store(t, spec{pointer: film("film")})) // each under a key of their own
	}
	got := ranked(names, record.Rank(objects, stands(trust), nil))
	want := "ana own streams, bo delegate streams, cy introducer streams, dan asked streams, eve stranger"
	if got != want {
		t.Errorf("%s", got)
	}
}

func TestOrderAmongEquals(t *testing.T) {
	a, b, c := ana(t), bo(t), cy(t)
	names := map[radicle.DID]string{a.did(): "ana", b.did(): "bo", c.did(): "cy"}
	equal := stands(map[*person]record.Trust{a: record.Delegate, b: record.Delegate, c: record.Delegate})
	gen := c.store(t, spec{pointer: film("film"), gen: 1})
	long := b.store(t, spec{pointer: film("film"), n: 20})
	short := a.store(t, spec{pointer: film("film")})
	want := "cy delegate streams, bo delegate streams, ana delegate streams"
	for _, order := range [][]*record.Object{{gen, long, short}, {short, long, gen}, {long, gen, short}} {
		if got := ranked(names, record.Rank(order, equal, nil)); got != want {
			t.Errorf("%s", got)
		}
	}
}

// TestContradictions is about one film under one key, of which some say that it has other shares.
func TestContradictions(t *testing.T) {
	a, b, c := ana(t), bo(t), cy(t)
	names := map[radicle.DID]string{a.did(): "ana", b.did(): "bo", c.did(): "cy"}
	film := a.store(t, spec{pointer: film("film")})
	other := func(p *person, s spec) *record.Object { return p.storeAs(t, film, s) }
	same := other(b, spec{})
	longer := other(b, spec{n: 12})
	lie := other(b, spec{roots: "lie"})
	lieOfCy := other(c, spec{roots: "lie"})
	recoded := other(b, spec{k: 5})
	for about, test := range map[string]struct {
		objects     []*record.Object
		ana, bo, cy record.Trust
		want        string
	}{
		"the same shares":          {[]*record.Object{film, same}, record.Delegate, record.Asked, 0, "ana delegate streams, bo asked streams"},
		"more of the same shares":  {[]*record.Object{film, longer}, record.Asked, record.Asked, 0, "bo asked streams, ana asked streams"},
		"another coding":           {[]*record.Object{film, recoded}, record.Delegate, record.Asked, 0, "ana delegate streams, bo asked streams"},
		"the less trusted lies":    {[]*record.Object{film, lie}, record.Delegate, record.Introducer, 0, "ana delegate streams, bo introducer contradicted"},
		"the less trusted is true": {[]*record.Object{film, lie}, record.Asked, record.Own, 0, "bo own streams, ana asked contradicted"},
		"a stranger lies":          {[]*record.Object{lieOfCy, film}, record.Asked, 0, 0, "ana asked streams, cy stranger contradicted"},
		"equals":                   {[]*record.Object{lie, film}, record.Delegate, record.Delegate, 0, "BOTH"},
		"many strangers outvote nobody": {
			[]*record.Object{lie, lieOfCy, film}, record.Introducer, 0, 0, "ana introducer streams, BOTH STRANGERS",
		},
		"an equal contradicts through a longer one": {
			[]*record.Object{film, longer, lieOfCy},
			record.Delegate, record.Delegate, record.Asked,
			"bo delegate streams, ana delegate streams, cy asked contradicted",
		},
	} {
		t.Run(about, func(t *testing.T) {
			standing := stands(map[*person]record.Trust{a: test.ana, b: test.bo, c: test.cy})
			choices := record.Rank(test.objects, standing, nil)
			got := ranked(names, choices)
			switch test.want {
			case "BOTH":
				for _, c := range choices {
					if c.Streams || !c.Contradicted {
						t.Errorf("%s", got)
					}
				}
			case "ana introducer streams, BOTH STRANGERS":
				if !strings.HasPrefix(got, "ana introducer streams, ") || strings.Count(got, "stranger contradicted") != 2 {
					t.Errorf("%s", got)
				}
			default:
				if got != test.want {
					t.Errorf("%s, want %s", got, test.want)
				}
			}
		})
	}
}

func TestLiesAreBounded(t *testing.T) {
	var lies record.Lies
	a := ana(t)
	m := a.store(t, spec{pointer: film("film")}).Manifest
	if lies.Has(m) || (*record.Lies)(nil).Has(m) {
		t.Error("a lie that nobody found out")
	}
	lies.Add(m)
	lies.Add(m)
	for i := range 4095 {
		lies.Restore([32]byte{byte(i), byte(i >> 8), 1})
	}
	if !lies.Has(m) {
		t.Error("forgotten too early")
	}
	lies.Restore([32]byte{2})
	if lies.Has(m) {
		t.Error("the oldest is still known")
	}
}

// TestStrangersDoNotCrowdOut has more strangers than records that are opened.
func TestStrangersDoNotCrowdOut(t *testing.T) {
	r, a := newRepo(t), ana(t)
	x := record.NewIndex(r.rid, r)
	f := make(files)
	f[pathOf(t, film("film"))] = []byte("not a record")
	commit := r.commit(t, f)
	for _, did := range people(200) {
		check(t, x.Update(t.Context(), did, record.Stranger, commit))
	}
	f = make(files)
	f.put(t, a.store(t, spec{pointer: film("film")}))
	check(t, x.Update(t.Context(), a.did(), record.Own, r.commit(t, f)))
	r.blobs = 0
	choices, failed, err := x.Lookup(t.Context(), film("film"), a.opener(), stands(map[*person]record.Trust{a: record.Asked}), nil)
	if err != nil || len(choices) != 1 || choices[0].Place.Writer != a.did() || len(failed) != 63 || r.blobs != 64 {
		t.Errorf("%d choices, %d failed, %d read, %v", len(choices), len(failed), r.blobs, err)
	}
}

// TestWhoElseHasIt is the view for dedup.
func TestWhoElseHasIt(t *testing.T) {
	s := newScene(t)
	var b record.Batch
	key := s.bo.group(t, &b, keyring.Members, 0, s.ana, s.cy)
	b.Put(must[*record.Object](t)(must[*record.Object](t)(s.film.Adopt(s.bo.did())).Wrap(key)), nil)
	bos := make(files)
	bos.apply(t, s.bo.at(s.rid), b)
	x := s.index(t, map[*person]files{s.ana: s.anas, s.bo: bos})
	check1 := func(who *person, want string) {
		t.Helper()
		choices, _, err := x.Lookup(t.Context(), film("film"), who.opener(), stands(nil), nil)
		check(t, err)
		var got []string
		for _, c := range record.Others(choices, who.did()) {
			name := map[radicle.DID]string{s.ana.did(): "ana", s.bo.did(): "bo"}[c.Place.Writer]
			got = append(got, fmt.Sprint(name, " ", c.SameShares(s.film)))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%v, want %s", got, want)
		}
	}
	check1(s.ana, "bo true")
	check1(s.bo, "ana true")
	check1(s.cy, "bo true")
}
