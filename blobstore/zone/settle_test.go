package zone_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/blobstore"
	"radswarm/blobstore/zone"
	"radswarm/radicle"
)

// values are the attributes of a commit: a path has the value that is its name, up to a slash.
type values struct{}

func (values) Zones(_ context.Context, paths []string) (all []string, err error) {
	for _, path := range paths {
		value, _, _ := strings.Cut(path, "/")
		all = append(all, value)
	}
	return all, nil
}

// settle settles one object at paths that have these values.
func settle(tb testing.TB, p zone.Policy, is zone.Zone, asks ...string) zone.Settled {
	tb.Helper()
	s := zone.Sighting{Pointer: film("film"), Is: is}
	for i, value := range asks {
		s.Paths = append(s.Paths, fmt.Sprintf("%s/%d", value, i))
	}
	all := must[[]zone.Settled](tb)(p.Settle(tb.Context(), values{}, []zone.Sighting{s}))
	if len(all) != 1 || all[0].Pointer != s.Pointer {
		tb.Fatal(all)
	}
	return all[0]
}

func TestCeiling(t *testing.T) {
	people := named(t, someone(1))
	zones := []zone.Zone{{}, private, people, follow, public}
	for _, repository := range zones {
		for _, global := range zones {
			for _, visible := range []bool{false, true} {
				want := repository
				if repository.IsZero() {
					want = global
				}
				if want.IsZero() || repository.IsZero() && global == public && !visible {
					want = follow
				}
				got := zone.Consent{Repository: repository, Global: global}.Ceiling(visible)
				if got != want {
					t.Errorf("%v here, %v for all, public %v: %v, want %v", repository, global, visible, got, want)
				}
			}
		}
	}
}

// One path: every zone that may be asked for under every ceiling.
func TestAttributesNarrowAndNeverWiden(t *testing.T) {
	bo, cy, out, me := someone(1), someone(2), someone(3), someone(4)
	sb, sbc, so, so2 := named(t, bo), named(t, bo, cy), named(t, out), named(t, bo, out)
	const un = "unspecified"
	asks := []string{un, "private", sb.String(), sbc.String(), so2.String(), so.String(), "follow", "public", "set", "unset", "", "Public"}
	for _, c := range []struct {
		ceiling zone.Zone
		want    []zone.Zone
		why     string // one letter for each: - none, B beyond, N not a reader, U unreadable
	}{
		{private, slices.Repeat([]zone.Zone{private}, 12), "--BBBBBBUUUU"},
		{sb, []zone.Zone{sb, private, sb, sb, sb, private, sb, sb, private, private, private, private}, "---BBBBBUUUU"},
		{so2, []zone.Zone{so2, private, sb, sb, so2, so, so2, so2, private, private, private, private}, "---B--BBUUUU"},
		{follow, []zone.Zone{follow, private, sb, sbc, sb, private, follow, follow, private, private, private, private}, "----NN-BUUUU"},
		{public, []zone.Zone{public, private, sb, sbc, sb, private, follow, public, private, private, private, private}, "----NN--UUUU"},
	} {
		p := zone.Policy{Consent: zone.Consent{Repository: c.ceiling}, Readers: []radicle.DID{bo, cy}, Owner: []radicle.DID{me}}
		for i, value := range asks {
			s := settle(t, p, zone.Zone{}, value)
			why := "-"
			if len(s.Refused) == 1 {
				why = map[zone.Why]string{zone.Beyond: "B", zone.NotReader: "N", zone.Unreadable: "U"}[s.Refused[0].Why]
			}
			if s.Zone != c.want[i] || !s.Known || why != c.why[i:i+1] || len(s.Refused) > 1 {
				t.Errorf("%q under %v is %v %v, want %v %s", value, c.ceiling, s.Zone, s.Refused, c.want[i], c.why[i:i+1])
			}
			if !s.Zone.Within(c.ceiling) {
				t.Errorf("%q reaches beyond %v: %v", value, c.ceiling, s.Zone)
			}
		}
	}
}

func TestTheOwnerIsNeverNamed(t *testing.T) {
	me, bo := someone(1), someone(2)
	p := zone.Policy{Readers: []radicle.DID{me, bo}, Owner: []radicle.DID{me}}
	if s := settle(t, p, zone.Zone{}, named(t, me, bo).String()); s.Zone != named(t, bo) || len(s.Refused) > 0 {
		t.Error(s)
	}
	if s := settle(t, p, zone.Zone{}, named(t, me).String()); s.Zone != private || len(s.Refused) > 0 {
		t.Error(s)
	}
}

// Several paths: the narrowest, in every combination of two and every zone that the object has already.
func TestTheNarrowestPathCounts(t *testing.T) {
	bo, cy := someone(1), someone(2)
	zones := []zone.Zone{private, named(t, bo), named(t, cy), named(t, bo, cy), follow, public}
	p := zone.Policy{Consent: zone.Consent{Repository: public}, Readers: []radicle.DID{bo, cy}}
	for _, a := range zones {
		for _, b := range zones {
			meet := zone.Meet(a, b)
			for _, is := range append(zones, zone.Zone{}) {
				s := settle(t, p, is, a.String(), b.String())
				want, refusals := is, map[zone.Why]int{}
				if is.IsZero() {
					want = meet
				}
				for _, z := range []zone.Zone{a, b} {
					if z != meet {
						refusals[zone.Elsewhere]++
					}
				}
				switch {
				case is.IsZero() || is == meet:
				case meet.Within(is):
					refusals[zone.Inward]++
				default:
					refusals[zone.Stays]++
				}
				got := map[zone.Why]int{}
				for _, r := range s.Refused {
					got[r.Why]++
				}
				if s.Zone != want || !cmp.Equal(got, refusals) {
					t.Errorf("at %v and %v, being %v: %v %v, want %v %v", a, b, is, s.Zone, got, want, refusals)
				}
			}
		}
	}
}

func TestUnknownPathsArePrivate(t *testing.T) {
	p := zone.Policy{Consent: zone.Consent{Repository: public}, Public: true}
	if s := settle(t, p, zone.Zone{}); s.Zone != private || s.Known {
		t.Error(s)
	}
	if s := settle(t, p, follow); s.Zone != follow || !s.Known {
		t.Error("what was settled stays", s)
	}
}

func TestEveryPathGetsItsOwnAnswer(t *testing.T) {
	objects := []zone.Sighting{
		{Pointer: film("a"), Paths: []string{"private/a", "follow/a"}},
		{Pointer: film("b")},
		{Pointer: film("c"), Paths: []string{"follow/c"}},
		{Pointer: film("d"), Paths: []string{"private/d"}},
	}
	all := must[[]zone.Settled](t)(zone.Policy{}.Settle(t.Context(), values{}, objects))
	var got []string
	for _, s := range all {
		got = append(got, s.Zone.String())
	}
	if want := []string{"private", "private", "follow", "private"}; !slices.Equal(got, want) {
		t.Error(got)
	}
	all = must[[]zone.Settled](t)(zone.Policy{}.Settle(t.Context(), nil, objects))
	if all[3].Zone != follow || all[1].Zone != private {
		t.Error("without attributes", all)
	}
}

type broken struct{ err error }

func (b broken) Zones(context.Context, []string) ([]string, error) { return []string{"public"}, b.err }

func TestBrokenAttributes(t *testing.T) {
	objects := []zone.Sighting{{Pointer: film("a"), Paths: []string{"a", "b"}}}
	if _, err := (zone.Policy{}).Settle(t.Context(), broken{context.Canceled}, objects); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := (zone.Policy{}).Settle(t.Context(), broken{}, objects); !errors.Is(err, blobstore.ErrMismatch) {
		t.Error(err)
	}
}

func TestHostileAttributes(t *testing.T) {
	p := zone.Policy{Consent: zone.Consent{Repository: public}}
	for _, value := range []string{
		strings.Repeat("x", 1<<20), "public\n", "public\x00", "\xff\xfe", "\x1b[31mpublic", "ｐublic", "public;follow",
		"shared:" + strings.Repeat(",", 1<<20), "shared:" + strings.Repeat(someone(1).String()+",", 1000),
	} {
		s := settle(t, p, zone.Zone{}, value)
		if s.Zone != private || len(s.Refused) != 1 || s.Refused[0].Why != zone.Unreadable {
			t.Errorf("%.20q is %v", value, s.Zone)
			continue
		}
		text := s.Refused[0].String()
		if len(text) > 1000 || strings.ContainsAny(text, "\n\x00\x1b") || s.Refused[0].Command() != "" {
			t.Errorf("%.20q is told as %q", value, text)
		}
	}
}

func TestRefusalsAreBounded(t *testing.T) {
	s := settle(t, zone.Policy{}, zone.Zone{}, slices.Repeat([]string{"public"}, 1000)...)
	if s.Zone != follow || len(s.Refused) == 0 || len(s.Refused) > 8 {
		t.Errorf("%d refusals", len(s.Refused))
	}
}
