package share

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	"radswarm/blobstore"
	"radswarm/blobstore/b3"
)

// Labels of FORMAT.md §6.5 and §6.6.
const (
	auditLabel      = "radswarm/audit/v1\x00"
	possessionLabel = "radswarm/possession/v1\x00"
)

// AuditLeaf returns the i-th leaf, 0 ≤ i < [blobstore.MaxLeaves], that a challenge asks for in a share of length bytes
// (FORMAT.md §6.5). The zero Range says that there is no such share or leaf.
func AuditLeaf(root blobstore.Root, length int64, nonce blobstore.Nonce, i int) blobstore.Range {
	if checkLength(length) != nil || i < 0 || i >= blobstore.MaxLeaves {
		return blobstore.Range{}
	}
	b := make([]byte, 0, len(auditLabel)+len(nonce)+len(root)+2)
	b = append(b, auditLabel...)
	b = append(b, nonce[:]...)
	b = append(b, root[:]...)
	b = binary.BigEndian.AppendUint16(b, uint16(i))
	n := NewNode(b, 0)
	hash := n.Root()
	leaves := uint64(length+LeafSize-1) / LeafSize
	off := int64(binary.BigEndian.Uint64(hash[:8])%leaves) * LeafSize
	return blobstore.Range{Off: off, Len: int(min(LeafSize, length-off))}
}

// Audit answers a challenge of count leaves, 1 … [blobstore.MaxLeaves]: about 1.6 KB each. Errors are those of
// [Prover.AppendProof].
func (p *Prover) Audit(root blobstore.Root, nonce blobstore.Nonce, count int) ([]blobstore.Leaf, error) {
	if err := checkCount(count, 1, blobstore.MaxLeaves); err != nil {
		return nil, err
	}
	leaves := make([]blobstore.Leaf, count)
	for i := range leaves {
		r := AuditLeaf(root, p.length, nonce, i)
		b, err := p.bytes(r)
		if err != nil {
			return nil, err
		}
		leaves[i].Data = bytes.Clone(b)
		if leaves[i].Proof, err = p.AppendProof(nil, r); err != nil {
			return nil, err
		}
	}
	return leaves, nil
}

// VerifyAudit checks the answer to a challenge of count leaves. The error is that of [Verify] for the first false leaf,
// or a *[blobstore.BoundsError] where the answer has another number of leaves.
func VerifyAudit(root blobstore.Root, length int64, nonce blobstore.Nonce, count int, answer []blobstore.Leaf) error {
	if err := checkCount(count, 1, blobstore.MaxLeaves); err != nil {
		return err
	}
	if err := checkCount(len(answer), count, count); err != nil {
		return err
	}
	for i, leaf := range answer {
		if err := Verify(root, length, AuditLeaf(root, length, nonce, i), leaf.Data, leaf.Proof); err != nil {
			return err
		}
	}
	return nil
}

func checkCount(n, lo, hi int) error {
	if n < lo || n > hi {
		return &blobstore.BoundsError{What: "number of audit leaves", Got: int64(n), Min: int64(lo), Max: int64(hi)}
	}
	return nil
}

// Possession computes the possession hash (FORMAT.md §6.6) of a share whose bytes are written to it.
type Possession struct{ h Hasher }

// NewPossession returns a Possession for a nonce.
func NewPossession(nonce blobstore.Nonce) *Possession {
	key := sha256.Sum256(append([]byte(possessionLabel), nonce[:]...))
	return &Possession{Hasher{tree: Tree{mode: b3.Keyed(key)}}}
}

// Write adds bytes to the share. It fails only for more than [MaxLen] bytes, and after Sum.
func (p *Possession) Write(b []byte) (int, error) { return p.h.Write(b) }

// Sum returns the hash of what was written. Nothing can be written after it.
func (p *Possession) Sum() [32]byte {
	sum, _ := p.h.Root() // there is no outboard whose writer could fail
	return sum
}
