package blobtest

import (
	"bytes"
	"errors"
	"io/fs"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
)

func getTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"Ranges":  testRanges,
		"Most":    testMostRanges,
		"Outside": testOutside,
		"Visit":   testVisit,
		"Absent":  testAbsent,
	}
}

// get fails the test unless the ranges of a share are what they should be.
func (s *suite) get(sh Share, ranges ...blobstore.Range) {
	s.Helper()
	seen := make([]int, len(ranges))
	err := s.h.Get(s.Context(), sh.Name, ranges, func(i int, b []byte) error {
		seen[i]++
		if !bytes.Equal(b, sh.At(ranges[i])) {
			s.Errorf("share of %d bytes: %+v: %d bytes, or others", len(sh.Data), ranges[i], len(b))
		}
		return nil
	})
	if err != nil {
		s.Fatalf("share of %d bytes: %v", len(sh.Data), err)
	}
	for i, n := range seen {
		if n != 1 {
			s.Errorf("range %d: visited %d times", i, n)
		}
	}
}

// Ranges may lie anywhere, also over the bounds of groups and each other, and be in any order.
func testRanges(s *suite) {
	const group, chunk = share.GroupSize, blobstore.MaxChunk
	sh := NewShare(1, 3*group+500)
	s.put(sh)
	n := sh.Len()
	s.get(sh,
		blobstore.Range{Off: n - 1, Len: 1}, blobstore.Range{Off: 0, Len: 1}, blobstore.Range{Off: 0, Len: chunk},
		blobstore.Range{Off: group - 1, Len: 2}, blobstore.Range{Off: group / 2, Len: chunk}, blobstore.Range{Off: n - 500, Len: 500},
		blobstore.Range{Off: n - 501, Len: 501}, blobstore.Range{Off: n - chunk, Len: chunk}, blobstore.Range{Off: 0, Len: chunk},
		blobstore.Range{Off: 4096, Len: 4096}, blobstore.Range{Off: 2*group - 1000, Len: 1024}, blobstore.Range{Off: 7, Len: 4096},
	)
	s.get(sh)
	for _, size := range []int{1000, 4096, 1 << 15, chunk} {
		s.get(sh, sh.Ranges(size)...)
	}
}

func testMostRanges(s *suite) {
	sh := NewShare(1, blobstore.MaxRanges*100)
	s.put(sh)
	s.get(sh, sh.Ranges(100)...)
}

// A range outside the share is refused, and nothing of the others is read.
func testOutside(s *suite) {
	sh := NewShare(1, 70_000)
	s.put(sh)
	good := blobstore.Range{Off: 0, Len: 10}
	for _, bad := range []blobstore.Range{
		{Off: 0, Len: 0},
		{Off: 0, Len: -1},
		{Off: -1, Len: 1},
		{Off: -1 << 63, Len: 1},
		{Off: 70_000, Len: 1},
		{Off: 69_999, Len: 2},
		{Off: 0, Len: blobstore.MaxChunk + 1},
		{Off: 1<<63 - 1, Len: 1},
		{Off: 1<<63 - 1, Len: blobstore.MaxChunk},
	} {
		ranges := []blobstore.Range{good, bad, good}
		err := s.h.Get(s.Context(), sh.Name, ranges, func(int, []byte) error { s.Errorf("%+v: visited", bad); return nil })
		s.is(err, blobstore.ErrBounds, "%+v", bad)
		if _, ok := errors.AsType[*blobstore.BoundsError](err); !ok {
			s.Errorf("%+v: %T is no *BoundsError", bad, err)
		}
		_, err = s.h.Prove(s.Context(), sh.Name, ranges)
		s.is(err, blobstore.ErrBounds, "proof of %+v", bad)
	}
}

// An error of visit ends Get.
func testVisit(s *suite) {
	sh := NewShare(1, 200_000)
	s.put(sh)
	enough, visits := errors.New("enough"), 0
	err := s.h.Get(s.Context(), sh.Name, sh.Ranges(1000), func(int, []byte) error {
		if visits++; visits == 3 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || visits != 3 {
		s.Errorf("%d visits: %v", visits, err)
	}
}

func testAbsent(s *suite) {
	sh, other := NewShare(1, 5000), NewShare(2, 5000)
	s.lacks(s.h, sh)
	s.put(sh)
	s.lacks(s.h, other)
	root, sid := sh, sh // parts of a name are no name
	root.Name.SID = other.Name.SID
	sid.Name.Root = other.Name.Root
	s.lacks(s.h, root, sid)
	err := s.h.Get(s.Context(), other.Name, nil, func(int, []byte) error { return nil })
	s.is(err, fs.ErrNotExist, "no ranges of what is absent")
}
