package blobtest

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
	"radswarm/radicle"
)

// Make returns a new, empty store as its peers see it: the same one for whoever asks, each in its own view. Limit is the most
// bytes that may be charged in all; 0 for more than any test needs. All peers are of [Person], and each may have the whole store.
// What it needs is taken down with the test's Cleanup.
type Make func(t *testing.T, limit int64) func(peer radicle.DID) blobstore.Holder

// TestHolder tests that what make returns does all that [blobstore.Holder] promises.
func TestHolder(t *testing.T, make Make) {
	for name, tests := range map[string]map[string]func(*suite){
		"Put":       putTests(),
		"Refuse":    refuseTests(),
		"Get":       getTests(),
		"Prove":     proveTests(),
		"Lease":     leaseTests(),
		"Manifests": manifestTests(),
		"Together":  togetherTests(),
		"Done":      doneTests(),
	} {
		t.Run(name, func(t *testing.T) {
			for name, run := range tests {
				t.Run(name, func(t *testing.T) { run(newSuite(t, make)) })
			}
		})
	}
}

// suite is one test of the suite. Ana is the peer where nothing else is said.
type suite struct {
	*testing.T
	make Make
	view func(radicle.DID) blobstore.Holder
	h    blobstore.Holder // as Ana sees it
	ana  radicle.DID
	bo   radicle.DID
	cy   radicle.DID
}

func newSuite(t *testing.T, make Make) *suite {
	s := &suite{T: t, make: make, ana: did(0), bo: did(1), cy: did(2)}
	s.limit(0)
	return s
}

// limit begins anew, with a store of so many bytes.
func (s *suite) limit(bytes int64) {
	s.Helper()
	s.view = s.make(s.T, bytes)
	s.h = s.view(s.ana)
}

// lengths are those of shares around what the tree and the disk care about: leaf, group, page.
func lengths() []int {
	const leaf, group = share.LeafSize, share.GroupSize
	return []int{
		1, leaf - 1, leaf, leaf + 1, 4095, 4096, 4097, group - 1, group, group + 1,
		2 * group, 3*group + 5, 4 * group, 5*group - 1, 16*group + leaf,
	}
}

// put puts shares as Ana.
func (s *suite) put(shares ...Share) {
	s.Helper()
	MustPut(s.T, s.h, s.ana, shares...)
}

// offer puts one offer as Ana.
func (s *suite) offer(o blobstore.Offer) blobstore.Outcome {
	s.Helper()
	outcomes := s.offers(o)
	return outcomes[0]
}

func (s *suite) offers(offers ...blobstore.Offer) []blobstore.Outcome {
	s.Helper()
	outcomes, err := s.h.Put(s.Context(), offers)
	if err != nil || len(outcomes) != len(offers) {
		s.Fatalf("%d outcomes for %d offers: %v", len(outcomes), len(offers), err)
	}
	return outcomes
}

// is fails the test if an error is not of a class.
func (s *suite) is(err, class error, format string, args ...any) {
	s.Helper()
	if !errors.Is(err, class) {
		s.Errorf(format+": %v, want %v", append(args, err, class)...)
	}
}

// holds fails the test unless h has the share, and says so in every way.
func (s *suite) holds(h blobstore.Holder, shares ...Share) {
	s.Helper()
	for _, sh := range shares {
		if b, err := fetch(s.T, h, sh); err != nil || !bytes.Equal(b, sh.Data) {
			s.Errorf("share of %d bytes: got %d, or others: %v", len(sh.Data), len(b), err)
		}
		s.proves(h, sh)
	}
}

// proves fails the test unless h proves to have the share.
func (s *suite) proves(h blobstore.Holder, sh Share) {
	s.Helper()
	nonce := blobstore.Nonce{1, 2, 3}
	held, err := h.Have(s.Context(), []blobstore.ShareName{sh.Name}, nonce)
	if err != nil || len(held) != 1 || held[0].Len != sh.Len() {
		s.Fatalf("share of %d bytes is not held: %+v, %v", len(sh.Data), held, err)
	}
	if err := share.VerifyAudit(sh.Name.Root, sh.Len(), nonce, blobstore.HaveLeaves, held[0].Leaves); err != nil {
		s.Errorf("leaves of a share of %d bytes: %v", len(sh.Data), err)
	}
}

// lacks fails the test if h shows in any way that it has the share.
func (s *suite) lacks(h blobstore.Holder, shares ...Share) {
	s.Helper()
	for _, sh := range shares {
		one := []blobstore.Range{{Off: 0, Len: 1}}
		err := h.Get(s.Context(), sh.Name, one, func(int, []byte) error { s.Error("absent, and visited"); return nil })
		s.is(err, fs.ErrNotExist, "Get of what is absent")
		_, err = h.Prove(s.Context(), sh.Name, sh.Ranges(blobstore.MaxChunk)[:1])
		s.is(err, fs.ErrNotExist, "Prove of what is absent")
		_, err = h.Audit(s.Context(), sh.Name, blobstore.Nonce{}, 1)
		s.is(err, fs.ErrNotExist, "Audit of what is absent")
		_, err = h.Hash(s.Context(), sh.Name, blobstore.Nonce{})
		s.is(err, fs.ErrNotExist, "Hash of what is absent")
		held, err := h.Have(s.Context(), []blobstore.ShareName{sh.Name}, blobstore.Nonce{})
		if err != nil || len(held) != 1 || held[0].Len != 0 || len(held[0].Leaves) != 0 {
			s.Errorf("Have of what is absent: %+v, %v", held, err)
		}
	}
}

// fetch reads a whole share through Get.
func fetch(t testing.TB, h blobstore.Holder, sh Share) ([]byte, error) {
	data := make([]byte, len(sh.Data))
	ranges := sh.Ranges(blobstore.MaxChunk)
	for some := range slices.Chunk(ranges, blobstore.MaxRanges) {
		seen := make([]int, len(some))
		err := h.Get(t.Context(), sh.Name, some, func(i int, b []byte) error {
			if len(b) != some[i].Len {
				t.Errorf("range %d: %d bytes, want %d", i, len(b), some[i].Len)
			}
			copy(data[some[i].Off:], b)
			seen[i]++
			return nil
		})
		if err != nil {
			return nil, err
		}
		for i, n := range seen {
			if n != 1 {
				t.Errorf("range %d: visited %d times", i, n)
			}
		}
	}
	return data, nil
}
