package zone_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/zone"
	"radswarm/radicle"
)

var (
	private = zone.Of(zone.Private)
	follow  = zone.Of(zone.Follow)
	public  = zone.Of(zone.Public)
)

func named(tb testing.TB, people ...radicle.DID) zone.Zone {
	tb.Helper()
	return must[zone.Zone](tb)(zone.Named(people...))
}

func TestZonesParseAndPrint(t *testing.T) {
	a, b := someone(1), someone(2)
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	both := "shared:" + a.String() + "," + b.String()
	for text, want := range map[string]string{
		"private": "private", "follow": "follow", "public": "public",
		both:                         both,
		"shared:" + a.NID().String(): "shared:" + a.String(),
		"shared:" + b.String() + "," + a.NID().String() + "," + b.String(): both,
	} {
		z, err := zone.Parse(text)
		if err != nil || z.String() != want {
			t.Errorf("%s is %v: %v", text, z, err)
		}
		if again := must[zone.Zone](t)(zone.Parse(z.String())); again != z {
			t.Errorf("%v is %v when it is read again", z, again)
		}
	}
	if got := named(t, b, a, b).Named(); !slices.Equal(got, []radicle.DID{a, b}) {
		t.Errorf("named %v", got)
	}
}

func TestNoZones(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat(someone(1).String()+",", zone.MaxNamed+1), ",")
	weak := radicle.DID{1} // the neutral point
	for _, text := range []string{
		"", "Public", "public ", " public", "unset", "set", "unspecified", "shared", "shared:", "shared:,", "shared:ana",
		"shared:" + someone(1).String() + ",", "shared: " + someone(1).String(), "shared:" + many, "shared:" + weak.String(),
		"follow:" + someone(1).String(), "public\x00", strings.Repeat("x", 1<<16),
	} {
		z, err := zone.Parse(text)
		if !errors.Is(err, zone.ErrZone) || !z.IsZero() {
			t.Errorf("%.40q is %v: %v", text, z, err)
		}
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("%.40q has an error of %d bytes", text, len(err.Error()))
		}
	}
	if _, err := zone.Parse("shared:" + many); !errors.Is(err, blobstore.ErrBounds) {
		t.Error(err)
	}
	if _, err := zone.Named(); !errors.Is(err, blobstore.ErrBounds) {
		t.Error(err)
	}
	var crowd []radicle.DID
	for i := range zone.MaxNamed + 1 {
		crowd = append(crowd, someone(i))
	}
	if _, err := zone.Named(crowd...); !errors.Is(err, blobstore.ErrBounds) {
		t.Error(err)
	}
	if _, err := zone.Named(weak); !errors.Is(err, radicle.ErrWeakKey) {
		t.Error(err)
	}
}

func TestAFullZoneFitsIntoALineOfGits(t *testing.T) {
	var people []radicle.DID
	for i := range zone.MaxNamed {
		people = append(people, someone(i))
	}
	line := " " + zone.Attribute + "=" + named(t, people...).String()
	if room := 2047 - len(line); room < 100 {
		t.Errorf("%d bytes are left for the pattern", room)
	}
}

func TestOrder(t *testing.T) {
	a, b, c := someone(1), someone(2), someone(3)
	sa, sb, sab, sbc := named(t, a), named(t, b), named(t, a, b), named(t, b, c)
	all := []zone.Zone{private, sa, sb, sab, sbc, follow, public}
	within := map[zone.Zone]string{ // one digit for each of all
		private: "1111111", sa: "0101011", sb: "0011111", sab: "0001011", sbc: "0000111", follow: "0000011", public: "0000001",
	}
	meet := map[[2]zone.Zone]zone.Zone{
		{sa, sb}: private, {sa, sab}: sa, {sab, sbc}: sb, {sa, sbc}: private, {follow, sa}: sa, {public, follow}: follow,
		{private, public}: private, {sab, sab}: sab,
	}
	for _, x := range all {
		for i, y := range all {
			if got, want := x.Within(y), within[x][i] == '1'; got != want {
				t.Errorf("%v within %v: %v", x, y, got)
			}
			m := zone.Meet(x, y)
			if m != zone.Meet(y, x) || !m.Within(x) || !m.Within(y) {
				t.Errorf("the meet of %v and %v is %v", x, y, m)
			}
			if want, ok := meet[[2]zone.Zone{x, y}]; ok && m != want {
				t.Errorf("the meet of %v and %v is %v, want %v", x, y, m, want)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"private", "follow", "public", "shared:", "shared:z6Mk,", "shared:" + someone(1).String(),
		"shared:" + someone(1).String() + "," + someone(2).NID().String(), "shared:did:key:did:key:z6Mk",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		z, err := zone.Parse(text)
		if err != nil {
			if !errors.Is(err, zone.ErrZone) || !z.IsZero() || len(err.Error()) > 400 {
				t.Fatalf("%v: %v", z, err)
			}
			return
		}
		again, err := zone.Parse(z.String())
		if err != nil || again != z || len(z.Named()) > zone.MaxNamed || (z.Kind() == zone.Shared) != (len(z.Named()) > 0) {
			t.Fatalf("%v is %v when it is read again: %v", z, again, err)
		}
	})
}
