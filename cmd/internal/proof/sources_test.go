package proof

import (
	"slices"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// The scheme of ten friends.
const (
	wanted = 3
	all    = 10
)

// sourcesOf returns all shares where they were placed.
func sourcesOf(
	tb testing.TB, rk blobstore.RepairKey, m *manifest.Manifest, placed map[int]radicle.DID, people []swarm.Person,
) <-chan swarm.Source {
	tb.Helper()
	l, err := rk.Locator(m.Coding().K())
	if err != nil {
		tb.Fatal(err)
	}
	sources := make(chan swarm.Source, len(placed))
	for index, did := range placed {
		sid, err := l.SID(did, index)
		if err != nil {
			tb.Fatal(err)
		}
		root, _ := m.Root(index)
		i := slices.IndexFunc(people, func(p swarm.Person) bool { return p.DID == did })
		sources <- swarm.Source{DID: did, Holder: people[i].Holder, Index: index, Name: blobstore.ShareName{SID: sid, Root: root}}
	}
	close(sources)
	return sources
}
