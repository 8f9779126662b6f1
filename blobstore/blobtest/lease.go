package blobtest

import (
	"io"

	"radswarm/blobstore"
	"radswarm/radicle"
)

func leaseTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"Delete":   testDelete,
		"Owners":   testOwners,
		"Again":    testPutAfterDelete,
		"Others":   testOthers,
		"Open":     testOpen,
		"Stranger": testStranger,
	}
}

func (s *suite) delete(h blobstore.Holder, shares ...Share) {
	s.Helper()
	names := make([]blobstore.ShareName, len(shares))
	for i, sh := range shares {
		names[i] = sh.Name
	}
	if err := h.Delete(s.Context(), names); err != nil {
		s.Fatal(err)
	}
}

// What is deleted is absent; what is absent is no error.
func testDelete(s *suite) {
	a, b, c := NewShare(1, 1), NewShare(2, 70_000), NewShare(3, 5000)
	s.put(a, b)
	s.delete(s.h, c)
	s.delete(s.h, c, a, a)
	s.lacks(s.h, a, c)
	s.noManifests(s.h, a.MID)
	s.holds(s.h, b)
	s.manifests(s.h, b.MID, b.Sealed)
	s.delete(s.h, a)
	s.holds(s.h, b)
}

// A share goes with its last owner. Each owner has its own manifest.
func testOwners(s *suite) {
	sh := NewShare(1, 70_000)
	other := sh
	other.Sealed = NewShare(2, 1).Sealed
	bo, cy := s.view(s.bo), s.view(s.cy)
	s.put(sh)
	s.lacks(bo, sh)
	s.again(s.bo, other)
	s.again(s.cy, sh)
	s.delete(s.h, sh)
	s.lacks(s.h, sh)
	s.noManifests(s.h, sh.MID)
	s.holds(bo, sh)
	s.manifests(bo, sh.MID, other.Sealed)
	s.delete(s.h, sh)
	s.holds(cy, sh)
	s.delete(bo, sh)
	s.lacks(bo, sh)
	s.holds(cy, sh)
	s.manifests(cy, sh.MID, sh.Sealed)
	s.again(s.ana, sh)
	s.delete(cy, sh)
	s.holds(s.h, sh)
	s.delete(s.h, sh)
	s.lacks(s.h, sh)
}

// again puts a share that is there, and fails the test if it is read.
func (s *suite) again(owner radicle.DID, sh Share) {
	s.Helper()
	offer := sh.Offer(owner)
	offer.Share = func() (io.ReadCloser, error) {
		s.Error("opened a share that is there")
		return nil, io.ErrUnexpectedEOF
	}
	outcomes, err := s.view(owner).Put(s.Context(), []blobstore.Offer{offer})
	if err != nil || len(outcomes) != 1 || !outcomes[0].Had || outcomes[0].Err != nil {
		s.Fatalf("put by a further owner: %+v, %v", outcomes, err)
	}
}

// A share that was deleted can be put again, by anybody, and belongs to nobody else.
func testPutAfterDelete(s *suite) {
	sh := NewShare(1, 70_000)
	for range 3 {
		s.put(sh)
		s.holds(s.h, sh)
		s.delete(s.h, sh)
		s.lacks(s.h, sh)
	}
	MustPut(s.T, s.view(s.bo), s.bo, sh)
	s.holds(s.view(s.bo), sh)
	s.manifests(s.view(s.bo), sh.MID, sh.Sealed)
	s.lacks(s.h, sh)
	s.delete(s.h, sh)
	s.holds(s.view(s.bo), sh)
}

// Nobody sees or ends what is kept for others.
func testOthers(s *suite) {
	sh := NewShare(1, 70_000)
	s.put(sh)
	bo := s.view(s.bo)
	s.lacks(bo, sh)
	s.noManifests(bo, sh.MID)
	s.delete(bo, sh)
	s.holds(s.h, sh)
}

// Everybody sees an open share, for as long as an owner wants it open.
func testOpen(s *suite) {
	sh := NewShare(1, 70_000)
	offer := sh.Offer(s.ana)
	offer.Open = true
	s.offer(offer)
	bo := s.view(s.bo)
	s.holds(s.h, sh)
	s.holds(bo, sh)
	s.manifests(bo, sh.MID, sh.Sealed)
	s.delete(bo, sh)
	s.holds(bo, sh)
	s.again(s.ana, sh) // and no longer open
	s.lacks(bo, sh)
	s.again(s.cy, sh)
	s.offer(offer) // open again
	s.holds(bo, sh)
	s.delete(s.h, sh)
	s.lacks(bo, sh)
	s.holds(s.view(s.cy), sh)
}

// A peer that never put anything can ask for everything, and sees nothing.
func testStranger(s *suite) {
	sh := NewShare(1, 3000)
	s.put(sh)
	for i := 3; i < People; i++ {
		s.lacks(s.view(did(i)), sh)
	}
}
