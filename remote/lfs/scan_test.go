package lfs

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
)

// scanned is all that a scan finds: the paths by object.
func scanned(t *testing.T, r Repo, rng Range) map[int64]string {
	t.Helper()
	got := map[int64]string{}
	for f, err := range r.Scan(t.Context(), rng) {
		if err != nil {
			t.Fatal(err)
		}
		got[f.Pointer.Size] = f.Path
	}
	return got
}

func TestScanRange(t *testing.T) {
	p := newPlace(t)
	first := p.commit(map[string]string{"old.bin": pointer(1, 11).String(), "text": "hello\n"})
	second := p.commit(map[string]string{"dir/new.bin": pointer(2, 22).String(), " lead trail ": pointer(3, 33).String()})
	want := map[int64]string{22: "dir/new.bin", 33: " lead trail "}
	for _, packed := range []bool{false, true} {
		if packed {
			p.git("repack", "-adq")
		}
		got := scanned(t, p.repo(), Range{New: []radicle.Oid{second}, Have: []radicle.Oid{first}})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("packed %v: (-want +got)\n%s", packed, diff)
		}
	}
}
