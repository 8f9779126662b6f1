package blobtest

import (
	"crypto/sha256"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
)

func proveTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"Blocks": testBlocks,
		"Nodes":  testNodes,
		"Audit":  testAudit,
		"Have":   testHave,
		"Hash":   testHash,
	}
}

// Every block of every size has its proof.
func testBlocks(s *suite) {
	for i, n := range lengths() {
		sh := NewShare(uint64(i), n)
		s.put(sh)
		for size := blobstore.MaxChunk; size >= share.LeafSize; size /= 4 {
			ranges := sh.Ranges(size)
			ranges = append(ranges[max(0, len(ranges)-100):], ranges[0]) // twice, and not in order
			proofs, err := s.h.Prove(s.Context(), sh.Name, ranges)
			if err != nil || len(proofs) != len(ranges) {
				s.Fatalf("%d bytes in blocks of %d: %d proofs: %v", n, size, len(proofs), err)
			}
			for j, r := range ranges {
				if err := share.Verify(sh.Name.Root, sh.Len(), r, sh.At(r), proofs[j]); err != nil {
					s.Errorf("%d bytes: %+v: %v", n, r, err)
				}
			}
		}
	}
}

// What is no node has no proof.
func testNodes(s *suite) {
	sh := NewShare(1, 3*share.GroupSize)
	s.put(sh)
	for _, r := range []blobstore.Range{
		{Off: 1, Len: 1024}, {Off: 0, Len: 1000}, {Off: 0, Len: 3 * 1024}, {Off: 1024, Len: 2048}, {Off: share.GroupSize - 1024, Len: 2048},
	} {
		_, err := s.h.Prove(s.Context(), sh.Name, []blobstore.Range{{Off: 0, Len: 1024}, r})
		s.is(err, blobstore.ErrBounds, "%+v", r)
	}
	if proofs, err := s.h.Prove(s.Context(), sh.Name, nil); err != nil || len(proofs) != 0 {
		s.Errorf("proofs of nothing: %v, %v", proofs, err)
	}
}

func testAudit(s *suite) {
	for i, n := range lengths() {
		sh := NewShare(uint64(i), n)
		s.put(sh)
		nonce := blobstore.Nonce(sha256.Sum256([]byte{byte(i)}))
		for _, count := range []int{1, 2, 30} {
			leaves, err := s.h.Audit(s.Context(), sh.Name, nonce, count)
			if err == nil {
				err = share.VerifyAudit(sh.Name.Root, sh.Len(), nonce, count, leaves)
			}
			if err != nil {
				s.Errorf("%d bytes, %d leaves: %v", n, count, err)
			}
		}
	}
	sh := NewShare(100, 2000)
	s.put(sh)
	leaves, err := s.h.Audit(s.Context(), sh.Name, blobstore.Nonce{}, blobstore.MaxLeaves)
	if err == nil {
		err = share.VerifyAudit(sh.Name.Root, sh.Len(), blobstore.Nonce{}, blobstore.MaxLeaves, leaves)
	}
	if err != nil {
		s.Errorf("%d leaves: %v", blobstore.MaxLeaves, err)
	}
}

// Answers are in order, also for what is absent or asked twice, and fresh for each nonce.
func testHave(s *suite) {
	shares := []Share{NewShare(0, 10), NewShare(1, 300_000), NewShare(2, 4000)}
	s.put(shares[0], shares[1])
	asked := []int{2, 1, 0, 0, 1}
	names := make([]blobstore.ShareName, blobstore.MaxNames)
	for i := range names {
		names[i] = shares[asked[i%len(asked)]].Name
	}
	for i := range 3 {
		nonce := blobstore.Nonce{31: byte(i)}
		held, err := s.h.Have(s.Context(), names[:len(asked)], nonce)
		if err != nil || len(held) != len(asked) {
			s.Fatalf("%d answers: %v", len(held), err)
		}
		for j, h := range held {
			s.answers(shares[asked[j]], h, nonce, asked[j] != 2)
		}
	}
	if held, err := s.h.Have(s.Context(), names, blobstore.Nonce{}); err != nil || len(held) != len(names) {
		s.Errorf("%d answers to %d names: %v", len(held), len(names), err)
	}
}

func (s *suite) answers(sh Share, h blobstore.Held, nonce blobstore.Nonce, present bool) {
	s.Helper()
	if !present {
		if h.Len != 0 || len(h.Leaves) != 0 {
			s.Errorf("absent: %+v", h)
		}
		return
	}
	err := share.VerifyAudit(sh.Name.Root, sh.Len(), nonce, blobstore.HaveLeaves, h.Leaves)
	if h.Len != sh.Len() || err != nil {
		s.Errorf("share of %d bytes: said to have %d: %v", len(sh.Data), h.Len, err)
	}
}

func testHash(s *suite) {
	for i, n := range lengths() {
		sh := NewShare(uint64(i), n)
		s.put(sh)
		nonce := blobstore.Nonce(sha256.Sum256([]byte{byte(i)}))
		p := share.NewPossession(nonce)
		_, _ = p.Write(sh.Data) // fails only past 2^47 bytes
		if got, err := s.h.Hash(s.Context(), sh.Name, nonce); err != nil || got != p.Sum() {
			s.Errorf("%d bytes: another possession hash: %v", n, err)
		}
	}
}
