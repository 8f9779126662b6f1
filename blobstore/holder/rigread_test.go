package holder

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/share"
	"radswarm/radicle"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// fetch reads a share.
func fetch(t testing.TB, h blobstore.Holder, sh blobtest.Share) error {
	t.Helper()
	for ranges := range slices.Chunk(sh.Ranges(blobstore.MaxChunk), blobstore.MaxRanges) {
		err := h.Get(t.Context(), sh.Name, ranges, func(i int, b []byte) error {
			if !bytes.Equal(b, sh.At(ranges[i])) {
				return errors.New("other bytes")
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

type one = blobtest.Share

func newShare(seed uint64, n int) one { return blobtest.NewShare(seed, n) }

func put(t testing.TB, h blobstore.Holder, owner radicle.DID, shares ...one) {
	t.Helper()
	blobtest.MustPut(t, h, owner, shares...)
}

// mustProve fails the test unless a holder proves in every way that it has a share.
func mustProve(t testing.TB, h blobstore.Holder, sh one) {
	t.Helper()
	nonce := blobstore.Nonce{1, 2, 3}
	if held, err := h.Have(t.Context(), []blobstore.ShareName{sh.Name}, nonce); err != nil || held[0].Len != sh.Len() {
		t.Errorf("HAVE: %+v, %v", held, err) // the client verifies
	}
	r := blobstore.Range{Len: min(len(sh.Data), blobstore.MaxChunk)}
	proofs, err := h.Prove(t.Context(), sh.Name, []blobstore.Range{r})
	if err == nil {
		err = share.Verify(sh.Name.Root, sh.Len(), r, sh.At(r), proofs[0])
	}
	if err != nil {
		t.Errorf("PROVE: %v", err)
	}
	leaves, err := h.Audit(t.Context(), sh.Name, nonce, 20)
	if err == nil {
		err = share.VerifyAudit(sh.Name.Root, sh.Len(), nonce, 20, leaves)
	}
	if err != nil {
		t.Errorf("AUDIT: %v", err)
	}
	want := share.NewPossession(nonce)
	_, _ = want.Write(sh.Data)
	if got, err := h.Hash(t.Context(), sh.Name, nonce); err != nil || got != want.Sum() {
		t.Errorf("HASH: %x, %v", got, err)
	}
}
