package blobtest

import (
	"math"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/share"
	"radswarm/radicle"
)

func TestMemory(t *testing.T) {
	TestHolder(t, func(_ *testing.T, limit int64) func(radicle.DID) blobstore.Holder {
		return (&Memory{Limit: limit}).For
	})
}

// A switch, and a gate that lets everything pass, change nothing.
func TestWrapped(t *testing.T) {
	TestHolder(t, func(_ *testing.T, limit int64) func(radicle.DID) blobstore.Holder {
		m := &Memory{Limit: limit}
		return func(peer radicle.DID) blobstore.Holder { return NewSwitch(FailNth(m.For(peer), math.MaxInt, ErrGone)) }
	})
}

// The numbers of the contract are those of the formats.
func TestNumbersOfTheContract(t *testing.T) {
	if blobstore.MaxSealed != manifest.MaxSealed {
		t.Errorf("MaxSealed is %d, a sealed manifest has up to %d", blobstore.MaxSealed, manifest.MaxSealed)
	}
	const group = share.GroupSize
	for _, n := range []int64{1, 3584, 3585, group, group + 1, 2 * group, 2*group + 1, 1000*group - 1, share.MaxLen} {
		want := max(4096, n+share.OutboardLen(n)+512)
		if got := blobstore.Charge(n, 464); got != want+464 {
			t.Errorf("%d bytes are charged as %d, want %d", n, got, want+464)
		}
	}
}

func TestMemoryCounts(t *testing.T) {
	var m Memory
	ana := did(0)
	a, b := NewShare(1, 1), NewShare(2, 200_000)
	MustPut(t, m.For(ana), ana, a, b, a)
	if m.Len() != 2 || m.Charged() != a.Charge()+b.Charge() {
		t.Errorf("%d shares, %d bytes; want 2, %d", m.Len(), m.Charged(), a.Charge()+b.Charge())
	}
	if err := m.For(ana).Delete(t.Context(), []blobstore.ShareName{a.Name, b.Name}); err != nil {
		t.Fatal(err)
	}
	if m.Len() != 0 || m.Charged() != 0 {
		t.Errorf("%d shares, %d bytes; want none", m.Len(), m.Charged())
	}
}

func TestSharesFollowFromSeeds(t *testing.T) {
	a, b, c := NewShare(1, 1000), NewShare(1, 1000), NewShare(2, 1000)
	if a.Name != b.Name || a.Name == c.Name || a.Name.SID == c.Name.SID || a.Name.Root == c.Name.Root {
		t.Error("a share does not follow from its seed")
	}
	seen := map[radicle.DID]bool{}
	for i := range People {
		seen[did(i)] = true
	}
	if len(seen) != People {
		t.Errorf("%d keys for %d people", len(seen), People)
	}
}
