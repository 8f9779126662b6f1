package blobtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing/iotest"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
)

func putTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"Lengths":   testLengths,
		"Again":     testAgain,
		"Many":      testMany,
		"Twice":     testTwice,
		"Roots":     testRoots,
		"Readers":   testReaders,
		"Order":     testOrder,
		"Nothing":   testNothing,
		"Unsealed":  testUnsealed,
		"Scribbled": testScribbled,
	}
}

func testLengths(s *suite) {
	for i, n := range lengths() {
		sh := NewShare(uint64(i), n)
		s.lacks(s.h, sh)
		if o := s.offer(sh.Offer(s.ana)); o.Err != nil || o.Had {
			s.Fatalf("%d bytes: %+v", n, o)
		}
		s.holds(s.h, sh)
	}
}

// What is there is not read again.
func testAgain(s *suite) {
	sh := NewShare(1, 70_000)
	s.put(sh)
	offer := sh.Offer(s.ana)
	offer.Share = func() (io.ReadCloser, error) {
		s.Error("opened a share that is there")
		return nil, io.ErrUnexpectedEOF
	}
	offer.Decided = func(o blobstore.Outcome) {
		if !o.Had || o.Err != nil {
			s.Errorf("decided %+v", o)
		}
	}
	if o := s.offer(offer); !o.Had || o.Err != nil {
		s.Errorf("the second time: %+v", o)
	}
	s.holds(s.h, sh)
	offer.Len--
	offer.Decided = nil
	if o := s.offer(offer); o.Err == nil {
		s.Errorf("of another length: %+v", o)
	}
}

// A full Put keeps all, and the outcomes are in order.
func testMany(s *suite) {
	shares := make([]Share, blobstore.MaxOffers)
	offers := make([]blobstore.Offer, len(shares))
	for i := range shares {
		shares[i] = NewShare(uint64(i), 1+i*700)
		offers[i] = shares[i].Offer(s.ana)
	}
	s.put(shares[10], shares[63])
	bad := errors.New("not today")
	offers[7].Share = func() (io.ReadCloser, error) { return nil, bad }
	for i, o := range s.offers(offers...) {
		if i == 7 {
			s.is(o.Err, bad, "a share that cannot be opened")
		} else if o.Err != nil || o.Had != (i == 10 || i == 63) {
			s.Errorf("offer %d: %+v", i, o)
		}
	}
	s.lacks(s.h, shares[7])
	s.holds(s.h, append(shares[:7:7], shares[8:]...)...)
}

// One share twice in a Put is one share.
func testTwice(s *suite) {
	sh := NewShare(1, 5000)
	for i, o := range s.offers(sh.Offer(s.ana), sh.Offer(s.ana)) {
		if o.Err != nil {
			s.Errorf("offer %d: %+v", i, o)
		}
	}
	s.holds(s.h, sh)
	if err := s.h.Delete(s.Context(), []blobstore.ShareName{sh.Name}); err != nil {
		s.Error(err)
	}
	s.lacks(s.h, sh)
}

// Several roots live under one SID.
func testRoots(s *suite) {
	shares := []Share{NewShare(1, 100), NewShare(2, 100_000), NewShare(3, 4096), NewShare(4, 100_000)}
	for i := range shares {
		shares[i].Name.SID = shares[0].Name.SID
	}
	s.put(shares[:3]...)
	s.holds(s.h, shares[:3]...)
	s.lacks(s.h, shares[3])
	if err := s.h.Delete(s.Context(), []blobstore.ShareName{shares[1].Name}); err != nil {
		s.Error(err)
	}
	s.lacks(s.h, shares[1])
	s.holds(s.h, shares[0], shares[2])
}

// Readers of every temper are read.
func testReaders(s *suite) {
	for i, wrap := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
		sh := NewShare(uint64(i), 66_000)
		offer := sh.Offer(s.ana)
		offer.Share = func() (io.ReadCloser, error) { return io.NopCloser(wrap(bytes.NewReader(sh.Data))), nil }
		if o := s.offer(offer); o.Err != nil {
			s.Errorf("reader %d: %v", i, o.Err)
		}
		s.holds(s.h, sh)
	}
}

// watched notes when a share is opened, read and closed.
type watched struct {
	io.Reader
	log  *[]string
	name string
}

func (w watched) Close() error {
	*w.log = append(*w.log, "close "+w.name)
	return nil
}

// All offers are decided before the first is opened; shares are opened in order and one at a time; all are closed.
func testOrder(s *suite) {
	var log, want []string
	var offers []blobstore.Offer
	for i := range 8 {
		sh, name := NewShare(uint64(i), 3000), fmt.Sprint(i)
		offer := sh.Offer(s.ana)
		offer.Decided = func(o blobstore.Outcome) {
			if o != (blobstore.Outcome{}) {
				s.Errorf("offer %d: decided %+v", i, o)
			}
			log = append(log, "decided")
		}
		offer.Share = func() (io.ReadCloser, error) {
			log = append(log, "open "+name)
			return watched{bytes.NewReader(sh.Data[:len(sh.Data)-i%2]), &log, name}, nil
		}
		offers = append(offers, offer)
		want = append(want, "open "+name, "close "+name)
	}
	for i, o := range s.offers(offers...) {
		if i%2 == 0 && o.Err != nil || i%2 == 1 && !errors.Is(o.Err, blobstore.ErrTruncated) {
			s.Errorf("offer %d: %+v", i, o)
		}
	}
	for range offers {
		want = append([]string{"decided"}, want...)
	}
	if fmt.Sprint(log) != fmt.Sprint(want) {
		s.Errorf("got  %v\nwant %v", log, want)
	}
}

func testNothing(s *suite) {
	s.offers()
	if held, err := s.h.Have(s.Context(), nil, blobstore.Nonce{}); err != nil || len(held) != 0 {
		s.Errorf("Have of nothing: %v, %v", held, err)
	}
	if err := s.h.Delete(s.Context(), nil); err != nil {
		s.Errorf("Delete of nothing: %v", err)
	}
}

func testUnsealed(s *suite) {
	sh := NewShare(1, share.GroupSize)
	sh.Sealed, sh.MID = nil, blobstore.MID{}
	s.put(sh)
	s.holds(s.h, sh)
	s.noManifests(s.h, sh.MID)
}

// The slices of an offer are the caller's again.
func testScribbled(s *suite) {
	sh := NewShare(1, 100)
	offer := sh.Offer(s.ana)
	offer.Sealed = bytes.Clone(sh.Sealed)
	s.offer(offer)
	clear(offer.Sealed)
	s.manifests(s.h, sh.MID, sh.Sealed)
}
