package share

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"testing"

	zeebo "github.com/zeebo/blake3"

	"radswarm/blobstore"
)

// The leaves asked for are those of the formula, over shares of every kind of length.
func TestAuditLeaf(t *testing.T) {
	nonce := blobstore.Nonce{1, 2, 3}
	for _, n := range lengths {
		s := newSample(t, n)
		for i := range 20 {
			msg := append([]byte("radswarm/audit/v1\x00"), nonce[:]...)
			msg = append(msg, s.root[:]...)
			msg = append(msg, 0, byte(i))
			sum := zeebo.Sum256(msg)
			off := int64(binary.BigEndian.Uint64(sum[:])%uint64((n+1023)/1024)) * 1024
			want := blobstore.Range{Off: off, Len: min(1024, n-int(off))}
			if got := AuditLeaf(s.root, s.len(), nonce, i); got != want {
				t.Errorf("%d bytes, leaf %d: %+v, want %+v", n, i, got, want)
			}
		}
	}
	if AuditLeaf(blobstore.Root{}, 1<<30, nonce, 0x102) == AuditLeaf(blobstore.Root{}, 1<<30, nonce, 2) {
		t.Error("leaf number is cut to a byte")
	}
	for _, bad := range []blobstore.Range{
		AuditLeaf(blobstore.Root{}, 0, nonce, 0), AuditLeaf(blobstore.Root{}, MaxLen+1, nonce, 0),
		AuditLeaf(blobstore.Root{}, 1, nonce, -1), AuditLeaf(blobstore.Root{}, 1, nonce, blobstore.MaxLeaves),
	} {
		if bad != (blobstore.Range{}) {
			t.Errorf("a leaf %+v", bad)
		}
	}
}

func TestAudit(t *testing.T) {
	for _, n := range lengths {
		s := newSample(t, n)
		nonce := blobstore.Nonce{byte(n)}
		answer, err := s.prover(t).Audit(s.root, nonce, 10)
		if err != nil {
			t.Fatal(err)
		}
		verify := func(answer []blobstore.Leaf) error { return VerifyAudit(s.root, s.len(), nonce, 10, answer) }
		if err := verify(answer); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		for i := range answer {
			other := append([]blobstore.Leaf(nil), answer...)
			other[i].Data = append(bytes.Clone(other[i].Data[1:]), other[i].Data[0]+1)
			if err := verify(other); !isProofError(err, AuditLeaf(s.root, s.len(), nonce, i).Off) {
				t.Errorf("%d bytes, leaf %d false: %v", n, i, err)
			}
		}
		for _, other := range [][]blobstore.Leaf{nil, answer[:9], append(answer[:10:10], answer[0])} {
			if err := verify(other); !errors.Is(err, blobstore.ErrBounds) {
				t.Errorf("%d bytes, %d leaves of 10: %v", n, len(other), err)
			}
		}
		if n > 1000*kib {
			if err := VerifyAudit(s.root, s.len(), blobstore.Nonce{99}, 10, answer); !errors.Is(err, blobstore.ErrProof) {
				t.Errorf("%d bytes: the answer to another challenge: %v", n, err)
			}
		}
	}
	s := newSample(t, 4<<20)
	for _, count := range []int{0, -1, blobstore.MaxLeaves + 1} {
		_, err := s.prover(t).Audit(s.root, blobstore.Nonce{}, count)
		if !errors.Is(err, blobstore.ErrBounds) || !errors.Is(VerifyAudit(s.root, s.len(), blobstore.Nonce{}, count, nil), blobstore.ErrBounds) {
			t.Errorf("%d leaves: %v", count, err)
		}
	}
	answer, err := s.prover(t).Audit(s.root, blobstore.Nonce{1}, 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := VerifyAudit(s.root, s.len(), blobstore.Nonce{2}, 10, answer); !errors.Is(err, blobstore.ErrProof) {
		t.Errorf("the answer to another challenge: %v", err)
	}
}

// The answer is about the share as it is, not as it was.
func TestAuditOfARottenShare(t *testing.T) {
	s := newSample(t, 300*kib)
	nonce := blobstore.Nonce{5}
	leaf := AuditLeaf(s.root, s.len(), nonce, 2)
	s.b[leaf.Off] ^= 1
	answer, err := s.prover(t).Audit(s.root, nonce, 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := VerifyAudit(s.root, s.len(), nonce, 3, answer); !errors.Is(err, blobstore.ErrProof) {
		t.Errorf("rot goes unnoticed: %v", err)
	}
}

func TestPossession(t *testing.T) {
	nonce := blobstore.Nonce{9, 9}
	key := sha256.Sum256(append([]byte("radswarm/possession/v1\x00"), nonce[:]...))
	for _, n := range append([]int{0}, lengths...) {
		b := content(n)
		h, err := zeebo.NewKeyed(key[:])
		if err != nil {
			t.Fatal(err)
		}
		h.Write(b)
		p := NewPossession(nonce)
		for rest := b; len(rest) > 0; rest = rest[min(len(rest), 20000):] {
			if _, err := p.Write(rest[:min(len(rest), 20000)]); err != nil {
				t.Fatal(err)
			}
		}
		if got := p.Sum(); !bytes.Equal(got[:], h.Sum(nil)) {
			t.Errorf("%d bytes: %x, want %x", n, got, h.Sum(nil))
		}
		if _, err := p.Write([]byte{0}); !errors.Is(err, blobstore.ErrBounds) {
			t.Errorf("a write after Sum: %v", err)
		}
	}
}

// FuzzVerifyAudit believes an answer only if its leaves are the share's.
func FuzzVerifyAudit(f *testing.F) {
	s := newSample(f, 3*64*kib+77)
	p := s.prover(f)
	honest, err := p.Audit(s.root, blobstore.Nonce{}, 2)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(make([]byte, 32), s.len(), honest[0].Data, honest[0].Proof, honest[1].Data, honest[1].Proof)
	f.Add([]byte{1}, int64(1), []byte{0}, []byte{}, []byte{0}, []byte{})
	f.Fuzz(func(t *testing.T, seed []byte, length int64, data0, proof0, data1, proof1 []byte) {
		var nonce blobstore.Nonce
		copy(nonce[:], seed)
		answer := []blobstore.Leaf{{Data: data0, Proof: proof0}, {Data: data1, Proof: proof1}}
		if VerifyAudit(s.root, length, nonce, 2, answer) != nil {
			return
		}
		for i, leaf := range answer {
			r := AuditLeaf(s.root, length, nonce, i)
			if r.Off+int64(r.Len) > s.len() || !bytes.Equal(leaf.Data, s.b[r.Off:][:r.Len]) {
				t.Fatalf("believed: leaf %d", i)
			}
		}
	})
}
