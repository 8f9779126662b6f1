package blobtest

import (
	"bytes"
	"errors"
	"io"
	"testing/iotest"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
)

func refuseTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"Root":      testFalseRoot,
		"Truncated": testTruncated,
		"Extended":  testExtended,
		"Broken":    testBroken,
		"Bounds":    testOfferBounds,
		"Full":      testFull,
		"Mixed":     testMixed,
		"Owner":     testForeignOwner,
		"Count":     testCounts,
		"Healed":    testRefusedThenPut,
	}
}

// from returns the share's offer with other bytes.
func from(o blobstore.Offer, r io.Reader) blobstore.Offer {
	o.Share = func() (io.ReadCloser, error) { return io.NopCloser(r), nil }
	return o
}

// refused fails the test unless an offer ends with an error of a class and leaves nothing.
func (s *suite) refused(sh Share, o blobstore.Offer, class error) {
	s.Helper()
	outcome := s.offer(o)
	s.is(outcome.Err, class, "share of %d bytes", len(sh.Data))
	s.lacks(s.h, sh)
	s.noManifests(s.h, sh.MID)
}

func testFalseRoot(s *suite) {
	for i, n := range lengths() {
		sh := NewShare(uint64(i), n)
		for _, at := range []int{0, n / 2, n - 1} {
			data := bytes.Clone(sh.Data)
			data[at] ^= 1
			s.refused(sh, from(sh.Offer(s.ana), bytes.NewReader(data)), blobstore.ErrRoot)
		}
	}
}

func testTruncated(s *suite) {
	for i, n := range lengths() {
		sh := NewShare(uint64(i), n)
		for _, end := range []int{0, n / 2, n - 1} {
			s.refused(sh, from(sh.Offer(s.ana), bytes.NewReader(sh.Data[:end])), blobstore.ErrTruncated)
		}
	}
}

func testExtended(s *suite) {
	for i, n := range lengths() {
		sh := NewShare(uint64(i), n)
		s.refused(sh, from(sh.Offer(s.ana), bytes.NewReader(append(sh.Data, 0))), blobstore.ErrExtended)
	}
}

// A reader that fails ends its share with its error, however far it came.
func testBroken(s *suite) {
	broken := errors.New("broken")
	for i, n := range []int{0, 1, 1000, share.GroupSize, 2*share.GroupSize - 1, 2 * share.GroupSize} {
		sh := NewShare(uint64(i), 2*share.GroupSize)
		r := io.MultiReader(bytes.NewReader(sh.Data[:n]), iotest.ErrReader(broken))
		s.refused(sh, from(sh.Offer(s.ana), r), broken)
	}
}

// Offers that nobody may make are refused unread.
func testOfferBounds(s *suite) {
	for i, bend := range []func(*blobstore.Offer){
		func(o *blobstore.Offer) { o.Len = 0 },
		func(o *blobstore.Offer) { o.Len = -1 },
		func(o *blobstore.Offer) { o.Len = share.MaxLen + 1 },
		func(o *blobstore.Offer) { o.Len = 1<<63 - 1 },
		func(o *blobstore.Offer) { o.Sealed = make([]byte, blobstore.MaxSealed+1) },
	} {
		sh := NewShare(uint64(i), 1000)
		offer := s.unread(sh.Offer(s.ana), blobstore.ErrBounds)
		bend(&offer)
		s.refused(sh, offer, blobstore.ErrBounds)
	}
	sh := NewShare(99, 1000)
	sh.Sealed = make([]byte, blobstore.MaxSealed)
	s.put(sh)
	s.manifests(s.h, sh.MID, sh.Sealed)
}

// unread returns an offer that must be decided to end with an error of a class, and not be opened.
func (s *suite) unread(o blobstore.Offer, class error) blobstore.Offer {
	o.Decided = func(outcome blobstore.Outcome) { s.is(outcome.Err, class, "decided") }
	o.Share = func() (io.ReadCloser, error) {
		s.Error("opened a share that is refused")
		return nil, io.ErrUnexpectedEOF
	}
	return o
}

// A full store says so before the first byte, and is not fuller for it.
func testFull(s *suite) {
	a, b, c := NewShare(1, 5000), NewShare(2, 5000), NewShare(3, 5001)
	s.limit(a.Charge() + c.Charge())
	s.put(a)
	big := NewShare(4, 5002)
	s.refused(big, s.unread(big.Offer(s.ana), blobstore.ErrFull), blobstore.ErrFull)
	s.refused(c, from(c.Offer(s.ana), bytes.NewReader(nil)), blobstore.ErrTruncated) // nothing stays charged
	s.put(c)
	s.refused(b, s.unread(b.Offer(s.ana), blobstore.ErrFull), blobstore.ErrFull)
	if o := s.offer(a.Offer(s.ana)); !o.Had || o.Err != nil {
		s.Errorf("what is there: %+v", o)
	}
	s.holds(s.h, a, c)
}

// In a Put that does not fit as a whole, those are taken that fit, in order.
func testMixed(s *suite) {
	a, b, c := NewShare(1, 9000), NewShare(2, 200_000), NewShare(3, 9000)
	s.limit(a.Charge() + c.Charge())
	outcomes := s.offers(a.Offer(s.ana), s.unread(b.Offer(s.ana), blobstore.ErrFull), c.Offer(s.ana))
	s.is(outcomes[1].Err, blobstore.ErrFull, "the large one")
	if outcomes[0].Err != nil || outcomes[2].Err != nil {
		s.Errorf("the small ones: %+v", outcomes)
	}
	s.holds(s.h, a, c)
	s.lacks(s.h, b)
}

// Nobody charges another's pledge.
func testForeignOwner(s *suite) {
	sh := NewShare(1, 1000)
	s.refused(sh, s.unread(sh.Offer(s.bo), blobstore.ErrDenied), blobstore.ErrDenied)
	s.lacks(s.view(s.bo), sh)
}

// More than the bound is refused as a whole.
func testCounts(s *suite) {
	sh := NewShare(1, 100)
	s.put(sh)
	other := NewShare(2, 100)
	offers := make([]blobstore.Offer, blobstore.MaxOffers+1)
	for i := range offers {
		offers[i] = other.Offer(s.ana)
	}
	_, err := s.h.Put(s.Context(), offers)
	s.is(err, blobstore.ErrBounds, "offers")
	s.lacks(s.h, other)

	names := make([]blobstore.ShareName, blobstore.MaxNames+1)
	for i := range names {
		names[i] = sh.Name
	}
	_, err = s.h.Have(s.Context(), names, blobstore.Nonce{})
	s.is(err, blobstore.ErrBounds, "names in Have")
	s.is(s.h.Delete(s.Context(), names), blobstore.ErrBounds, "names in Delete")
	s.holds(s.h, sh)

	ranges := make([]blobstore.Range, blobstore.MaxRanges+1)
	for i := range ranges {
		ranges[i] = blobstore.Range{Off: 0, Len: 100}
	}
	err = s.h.Get(s.Context(), sh.Name, ranges, func(int, []byte) error { s.Fatal("visited"); return nil })
	s.is(err, blobstore.ErrBounds, "ranges in Get")
	_, err = s.h.Prove(s.Context(), sh.Name, ranges)
	s.is(err, blobstore.ErrBounds, "ranges in Prove")
	for _, n := range []int{-1, 0, blobstore.MaxLeaves + 1} {
		_, err = s.h.Audit(s.Context(), sh.Name, blobstore.Nonce{}, n)
		s.is(err, blobstore.ErrBounds, "%d leaves in Audit", n)
	}
}

// A share that was refused is taken when it comes right.
func testRefusedThenPut(s *suite) {
	for i, n := range lengths() {
		sh := NewShare(uint64(i), n)
		s.refused(sh, from(sh.Offer(s.ana), bytes.NewReader(make([]byte, n))), blobstore.ErrRoot)
		s.put(sh)
		s.holds(s.h, sh)
		s.manifests(s.h, sh.MID, sh.Sealed)
	}
}
