package blobtest

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
	"radswarm/radicle"
)

// People is how many persons [Person] knows: as many as [TestHolder] lets speak.
const People = 12

// Person returns the key of a person, 0 ≤ i < [People]. The first three are Ana, Bo and Cy.
func Person(i int) *radicle.MemorySigner {
	seed := [radicle.SeedSize]byte{0: 'p', 31: byte(i)}
	return radicle.NewMemorySigner(seed)
}

// did returns the name of a person.
func did(i int) radicle.DID { return Person(i).NID().DID() }

// Share is a share to test with, and the sealed manifest beside it. The manifest is random bytes: no holder can tell.
type Share struct {
	Name   blobstore.ShareName
	Data   []byte
	MID    blobstore.MID
	Sealed []byte
}

// NewShare returns a share of length bytes, at least 1. The same seed and length give the same share.
func NewShare(seed uint64, length int) Share {
	random := newRandom(seed, uint64(length))
	s := Share{Data: make([]byte, length), Sealed: make([]byte, 464)} // of 10 roots
	_, _ = random.Read(s.Name.SID[:])                                 // ChaCha8 never fails
	_, _ = random.Read(s.MID[:])
	_, _ = random.Read(s.Sealed)
	_, _ = random.Read(s.Data)
	s.Name.Root = Root(s.Data)
	return s
}

// newRandom returns random bytes that follow from two numbers.
func newRandom(a, b uint64) *rand.ChaCha8 {
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[:], a)
	binary.BigEndian.PutUint64(seed[8:], b)
	return rand.NewChaCha8(seed)
}

// Root returns the root of a share.
func Root(data []byte) blobstore.Root {
	h := share.NewHasher(nil)
	_, _ = h.Write(data) // fails only past 2^47 bytes
	root, _ := h.Root()  // there is no outboard whose writer could fail
	return root
}

// Len returns the length of the share in bytes.
func (s Share) Len() int64 { return int64(len(s.Data)) }

// Charge returns what the share with its manifest is charged for.
func (s Share) Charge() int64 { return blobstore.Charge(s.Len(), len(s.Sealed)) }

// Offer returns an offer of the share by its owner.
func (s Share) Offer(owner radicle.DID) blobstore.Offer {
	return blobstore.Offer{
		Name: s.Name, Len: s.Len(), Owner: owner, MID: s.MID, Sealed: s.Sealed,
		Share: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(s.Data)), nil },
	}
}

// At returns the bytes of a range.
func (s Share) At(r blobstore.Range) []byte { return s.Data[r.Off:][:r.Len] }

// Ranges cuts the share into ranges of size bytes, the last one shorter.
func (s Share) Ranges(size int) []blobstore.Range {
	var all []blobstore.Range
	for off := 0; off < len(s.Data); off += size {
		all = append(all, blobstore.Range{Off: int64(off), Len: min(size, len(s.Data)-off)})
	}
	return all
}

// MustPut puts a share for its owner and fails the test if it is not kept afterwards.
func MustPut(t testing.TB, h blobstore.Holder, owner radicle.DID, shares ...Share) {
	t.Helper()
	for some := range slices.Chunk(shares, blobstore.MaxOffers) {
		offers := make([]blobstore.Offer, len(some))
		for i, s := range some {
			offers[i] = s.Offer(owner)
		}
		outcomes, err := h.Put(t.Context(), offers)
		if err != nil || len(outcomes) != len(offers) {
			t.Fatalf("%d outcomes for %d shares: %v", len(outcomes), len(offers), err)
		}
		for i, o := range outcomes {
			if o.Err != nil {
				t.Fatalf("share %d: %v", i, o.Err)
			}
		}
	}
}
