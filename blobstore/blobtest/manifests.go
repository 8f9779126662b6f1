package blobtest

import (
	"bytes"
	"io/fs"
	"slices"

	"radswarm/blobstore"
)

func manifestTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"One":     testOneManifest,
		"Same":    testSameManifest,
		"Several": testSeveralManifests,
		"Newer":   testNewerManifest,
		"Eight":   testEightManifests,
		"Fair":    testFairManifests,
	}
}

// manifests fails the test unless those under mid are these, in any order.
func (s *suite) manifests(h blobstore.Holder, mid blobstore.MID, want ...[]byte) {
	s.Helper()
	got, err := h.Manifests(s.Context(), mid)
	if err != nil {
		s.Errorf("manifests: %v", err)
		return
	}
	slices.SortFunc(got, bytes.Compare)
	slices.SortFunc(want, bytes.Compare)
	if !slices.EqualFunc(got, want, bytes.Equal) {
		s.Errorf("%d manifests, want %d, or others", len(got), len(want))
	}
}

func (s *suite) noManifests(h blobstore.Holder, mid blobstore.MID) {
	s.Helper()
	got, err := h.Manifests(s.Context(), mid)
	s.is(err, fs.ErrNotExist, "%d manifests where none is", len(got))
}

func testOneManifest(s *suite) {
	sh := NewShare(1, 100)
	s.noManifests(s.h, sh.MID)
	s.put(sh, NewShare(2, 100))
	s.manifests(s.h, sh.MID, sh.Sealed)
}

// The shares of one object have one manifest, which goes with the last of them.
func testSameManifest(s *suite) {
	shares := []Share{NewShare(1, 100), NewShare(2, 100), NewShare(3, 100)}
	for i := range shares {
		shares[i].MID, shares[i].Sealed = shares[0].MID, shares[0].Sealed
	}
	s.put(shares...)
	for _, sh := range shares {
		s.manifests(s.h, sh.MID, sh.Sealed)
		s.delete(s.h, sh)
	}
	s.noManifests(s.h, shares[0].MID)
}

func testSeveralManifests(s *suite) {
	a, b, c := NewShare(1, 100), NewShare(2, 100), NewShare(3, 100)
	b.MID, c.MID = a.MID, a.MID
	s.put(a, b, c)
	s.manifests(s.h, a.MID, a.Sealed, b.Sealed, c.Sealed)
	s.delete(s.h, b)
	s.manifests(s.h, a.MID, a.Sealed, c.Sealed)
}

// An owner who puts a share again with another manifest, or under another name, has that one.
func testNewerManifest(s *suite) {
	sh, moved := NewShare(1, 100), NewShare(2, 100)
	newer := sh
	newer.Sealed = moved.Sealed
	s.put(sh)
	s.again(s.ana, newer)
	s.manifests(s.h, sh.MID, newer.Sealed)
	newer.MID = moved.MID
	s.again(s.ana, newer)
	s.noManifests(s.h, sh.MID)
	s.manifests(s.h, moved.MID, newer.Sealed)
	s.again(s.ana, sh)
	s.manifests(s.h, sh.MID, sh.Sealed)
	s.noManifests(s.h, moved.MID)
}

func testEightManifests(s *suite) {
	shares := make([]Share, blobstore.MaxManifests+2)
	for i := range shares {
		shares[i] = NewShare(uint64(i), 100)
		shares[i].MID = shares[0].MID
	}
	s.put(shares...)
	got, err := s.h.Manifests(s.Context(), shares[0].MID)
	if err != nil || len(got) != blobstore.MaxManifests {
		s.Fatalf("%d manifests: %v", len(got), err)
	}
	for i, m := range got {
		known := slices.ContainsFunc(shares, func(sh Share) bool { return bytes.Equal(m, sh.Sealed) })
		if !known || slices.ContainsFunc(got[:i], func(n []byte) bool { return bytes.Equal(m, n) }) {
			s.Errorf("manifest %d is unknown or there twice", i)
		}
	}
}

// Whoever puts many manifests under an open name crowds out neither those of others nor one's own.
func testFairManifests(s *suite) {
	const crowd = 5
	honest := NewShare(1, 100)
	owner := map[string]int{string(honest.Sealed): crowd}
	put := func(person int, sh Share) {
		offer := sh.Offer(did(person))
		offer.Open, offer.MID = true, honest.MID
		outcomes, err := s.view(did(person)).Put(s.Context(), []blobstore.Offer{offer})
		if err != nil || outcomes[0].Err != nil {
			s.Fatalf("%+v, %v", outcomes, err)
		}
		owner[string(sh.Sealed)] = person
	}
	for person := range crowd {
		for i := range 2 * blobstore.MaxManifests {
			put(person, NewShare(uint64(100*person+100+i), 50))
		}
	}
	put(crowd, honest)
	for peer := range crowd + 2 {
		got, err := s.view(did(peer)).Manifests(s.Context(), honest.MID)
		if err != nil || len(got) != blobstore.MaxManifests {
			s.Fatalf("peer %d: %d manifests: %v", peer, len(got), err)
		}
		of := map[int]int{}
		for _, m := range got {
			of[owner[string(m)]]++
		}
		if peer < crowd && of[peer] != blobstore.MaxManifests {
			s.Errorf("peer %d: %d of its own", peer, of[peer])
		}
		if peer >= crowd && (of[crowd] != 1 || len(of) != crowd+1) {
			s.Errorf("peer %d: of each owner %v", peer, of)
		}
	}
}
