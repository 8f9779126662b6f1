package share

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"radswarm/blobstore"
)

// sample is a share with all that belongs to it.
type sample struct {
	b        []byte
	root     blobstore.Root
	outboard []byte
}

func newSample(t testing.TB, n int) sample {
	t.Helper()
	b := content(n)
	root, outboard := pushed(t, b, 64*kib)
	return sample{b, root, outboard}
}

func (s sample) len() int64 { return int64(len(s.b)) }

func (s sample) prover(t testing.TB) *Prover {
	t.Helper()
	p, err := NewProver(bytes.NewReader(s.b), bytes.NewReader(s.outboard), s.len())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (s sample) verify(r blobstore.Range, data, proof []byte) error {
	return Verify(s.root, s.len(), r, data, proof)
}

// Every node of shares of every kind of length has the proof of the specification, which verifies.
func TestProofOfEveryNode(t *testing.T) {
	for _, n := range lengths {
		s := newSample(t, n)
		p := s.prover(t)
		for _, node := range newRefTree(s.b).nodes(0, n, nil) {
			r := blobstore.Range{Off: int64(node.a), Len: node.b - node.a}
			proof, err := p.AppendProof([]byte("before"), r)
			if err != nil || !bytes.Equal(proof, append([]byte("before"), node.proof...)) {
				t.Fatalf("%d bytes, %+v: proof of %d bytes, want %d or others (%v)", n, r, len(proof)-6, len(node.proof), err)
			}
			if err := s.verify(r, s.b[node.a:node.b], node.proof); err != nil {
				t.Fatalf("%d bytes, %+v: %v", n, r, err)
			}
			if size, err := ProofLen(r, s.len()); err != nil || size != len(node.proof) {
				t.Fatalf("%d bytes, %+v: ProofLen is %d (%v)", n, r, size, err)
			}
		}
	}
}

// FORMAT.md §6.3 says how long proofs are in a share of 256 MiB.
func TestProofLen(t *testing.T) {
	for _, test := range []struct {
		r      blobstore.Range
		length int64
		want   int
	}{
		{blobstore.Range{Off: 0, Len: 64 * kib}, 256 << 20, 384},
		{blobstore.Range{Off: 100 << 20, Len: kib}, 256 << 20, 576},
		{blobstore.Range{Off: MaxLen - kib, Len: kib}, MaxLen, MaxProof},
	} {
		if got, err := ProofLen(test.r, test.length); got != test.want || err != nil {
			t.Errorf("%+v of %d: %d, want %d (%v)", test.r, test.length, got, test.want, err)
		}
	}
}

func isProofError(err error, off int64) bool {
	e, ok := errors.AsType[*OffsetError](err)
	return ok && e.Offset == off && errors.Is(err, blobstore.ErrProof)
}

// No bit of data, proof or root may differ, and no byte may be missing or too many.
func TestFalseProofs(t *testing.T) {
	s := newSample(t, 3*64*kib+2*kib+100)
	p := s.prover(t)
	for _, r := range []blobstore.Range{
		{Off: 64 * kib, Len: 64 * kib},
		{Off: 70 * kib, Len: kib},
		{Off: 3 * 64 * kib, Len: 2*kib + 100},
		{Off: 194 * kib, Len: 100},
		{Off: 0, Len: len(s.b)},
	} {
		proof, err := p.AppendProof(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		data := bytes.Clone(s.b[r.Off:][:r.Len])
		refused := func(what string, data, proof []byte) {
			t.Helper()
			if err := s.verify(r, data, proof); !isProofError(err, r.Off) {
				t.Errorf("%+v: %s: %v", r, what, err)
			}
		}
		for i := range proof {
			proof[i] ^= 0x10
			refused("a bit of the proof", data, proof)
			proof[i] ^= 0x10
		}
		for i := 0; i < len(data); i += 1 + len(data)/50 {
			data[i] ^= 1
			refused("a bit of the data", data, proof)
			data[i] ^= 1
		}
		refused("no data", nil, proof)
		refused("a byte less", data[:len(data)-1], proof)
		refused("a byte more", append(bytes.Clone(data), 0), proof)
		refused("a sibling more", data, append(bytes.Clone(proof), make([]byte, CVSize)...))
		refused("a byte of proof more", data, append(bytes.Clone(proof), 0))
		if len(proof) > 0 {
			refused("no proof", data, nil)
			refused("a sibling less", data, proof[CVSize:])
			refused("a byte of proof less", data, proof[:len(proof)-1])
			refused("siblings in another order", data, append(bytes.Clone(proof[len(proof)-CVSize:]), proof[:len(proof)-CVSize]...))
		}
		root := s.root
		root[0] ^= 1
		if err := Verify(root, s.len(), r, data, proof); !isProofError(err, r.Off) {
			t.Errorf("%+v: another root: %v", r, err)
		}
		if err := s.verify(r, data, proof); err != nil {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

// A proof of one place proves nothing about another. That of the share's end proves its length, too.
func TestProofIsOfOnePlace(t *testing.T) {
	b := bytes.Repeat([]byte{7}, 4*64*kib) // all blocks are alike
	root, outboard := pushed(t, b, 64*kib)
	p, err := NewProver(bytes.NewReader(b), bytes.NewReader(outboard), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	proof, err := p.AppendProof(nil, blobstore.Range{Off: 0, Len: 64 * kib})
	if err != nil {
		t.Fatal(err)
	}
	for off := int64(64 * kib); off < int64(len(b)); off += 64 * kib {
		if err := Verify(root, int64(len(b)), blobstore.Range{Off: off, Len: 64 * kib}, b[:64*kib], proof); !isProofError(err, off) {
			t.Errorf("the proof of block 0 for that at %d: %v", off, err)
		}
	}
	if proof, err = p.AppendProof(nil, blobstore.Range{Off: 3 * 64 * kib, Len: 64 * kib}); err != nil {
		t.Fatal(err)
	}
	for _, length := range []int64{3*64*kib + 1, 4*64*kib - 1, 4*64*kib + 1, 5 * 64 * kib, 8 * 64 * kib} {
		r := blobstore.Range{Off: 3 * 64 * kib, Len: int(min(64*kib, length-3*64*kib))}
		if err := Verify(root, length, r, b[:r.Len], proof); !isProofError(err, r.Off) {
			t.Errorf("the end of %d bytes is believed to be in %d: %v", len(b), length, err)
		}
	}
}

func TestRangesThatAreNoNode(t *testing.T) {
	s := newSample(t, 5*64*kib+3*kib+2)
	p := s.prover(t)
	for _, r := range []blobstore.Range{
		{},
		{Off: 0, Len: -1},
		{Off: -kib, Len: kib},
		{Off: s.len(), Len: 1},
		{Off: s.len() - 1, Len: 1},
		{Off: s.len() + kib, Len: kib},
		{Off: 512, Len: kib},
		{Off: 0, Len: 1000},
		{Off: 0, Len: 3 * kib},
		{Off: kib, Len: 2 * kib},
		{Off: 0, Len: len(s.b) - 1},
		{Off: 0, Len: len(s.b) + 1},
		{Off: 5 * 64 * kib, Len: 4 * kib},
		{Off: 5*64*kib + 2*kib, Len: 2 * kib},
		{Off: 1 << 62, Len: 1 << 30},
		{Off: -1 << 63, Len: kib},
		{Off: kib, Len: int(^uint(0) >> 1)},
	} {
		_, proveErr := p.AppendProof(nil, r)
		_, lenErr := ProofLen(r, s.len())
		for _, err := range []error{proveErr, lenErr, s.verify(r, nil, nil)} {
			if e, ok := errors.AsType[*RangeError](err); !ok || e.Range != r || !errors.Is(err, blobstore.ErrBounds) {
				t.Errorf("%+v: %v", r, err)
			}
		}
	}
	for _, length := range []int64{0, -1, MaxLen + 1, -1 << 63, 1<<63 - 1} {
		_, proverErr := NewProver(nil, nil, length)
		_, outboardErr := VerifyOutboard(nil, length, s.root)
		_, readerErr := NewReader(nil, length, s.root, nil)
		_, lenErr := ProofLen(blobstore.Range{Len: 1}, length)
		verifyErr := Verify(s.root, length, blobstore.Range{Len: 1}, []byte{0}, nil)
		for i, err := range []error{proverErr, outboardErr, readerErr, lenErr, verifyErr} {
			if !errors.Is(err, blobstore.ErrBounds) {
				t.Errorf("length %d, %d: %v", length, i, err)
			}
		}
	}
}

// A prover reads a group only for what is inside it, and says where share and outboard end.
func TestProverReads(t *testing.T) {
	s := newSample(t, 3*64*kib)
	fails := readerAtFunc(func([]byte, int64) (int, error) { return 0, errDisk })
	p, err := NewProver(fails, bytes.NewReader(s.outboard), s.len())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.AppendProof(nil, blobstore.Range{Off: 64 * kib, Len: 64 * kib}); err != nil {
		t.Errorf("the proof of a group reads the share: %v", err)
	}
	if b, err := p.AppendProof([]byte("x"), blobstore.Range{Off: 64 * kib, Len: kib}); err != errDisk || string(b) != "x" {
		t.Errorf("a leaf on a broken disk: %q, %v", b, err)
	}
	p, err = NewProver(bytes.NewReader(s.b[:100*kib]), bytes.NewReader(s.outboard[:EntrySize+1]), s.len())
	if err != nil {
		t.Fatal(err)
	}
	p.bytes(blobstore.Range{Off: 0, Len: kib})
	for off, at := range map[int64]int64{64 * kib: 100 * kib, 0: EntrySize + 1} {
		_, err := p.bytes(blobstore.Range{Off: off, Len: kib})
		if off == 0 {
			_, err = p.AppendProof(nil, blobstore.Range{Off: off, Len: kib})
		}
		if e, ok := errors.AsType[*OffsetError](err); !ok || e.Offset != at || !errors.Is(err, blobstore.ErrTruncated) {
			t.Errorf("leaf at %d: %v, want truncated at %d", off, err, at)
		}
	}
}

// A read that fails half-way spoils what was read before, and that is not used again.
func TestProverForgetsAfterAFailure(t *testing.T) {
	s, broken := newSample(t, 2*64*kib), false
	p, err := NewProver(readerAtFunc(func(b []byte, off int64) (int, error) {
		if broken {
			return copy(b[:5000], s.b[off:]), errDisk
		}
		return copy(b, s.b[off:]), nil
	}), bytes.NewReader(s.outboard), s.len())
	if err != nil {
		t.Fatal(err)
	}
	leaf := blobstore.Range{Off: 0, Len: kib}
	if _, err := p.AppendProof(nil, leaf); err != nil {
		t.Fatal(err)
	}
	broken = true
	if _, err := p.AppendProof(nil, blobstore.Range{Off: 64 * kib, Len: kib}); err != errDisk {
		t.Fatal(err)
	}
	broken = false
	if proof, err := p.AppendProof(nil, leaf); err != nil || s.verify(leaf, s.b[:kib], proof) != nil {
		t.Errorf("a proof from what a failed read left (%v)", err)
	}
}

type readerAtFunc func([]byte, int64) (int, error)

func (f readerAtFunc) ReadAt(p []byte, off int64) (int, error) { return f(p, off) }

var _ io.ReaderAt = readerAtFunc(nil)

func TestVerifyAllocatesNothing(t *testing.T) {
	s := newSample(t, 4<<20)
	p := s.prover(t)
	buf := make([]byte, 0, MaxProof)
	for _, r := range []blobstore.Range{{Off: 64 * kib, Len: 64 * kib}, {Off: 70 * kib, Len: kib}} {
		prove := func() {
			proof, err := p.AppendProof(buf, r)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.verify(r, s.b[r.Off:][:r.Len], proof); err != nil {
				t.Fatal(err)
			}
		}
		if got := testing.AllocsPerRun(10, prove); got != 0 {
			t.Errorf("%+v: proving and verifying allocates %v times", r, got)
		}
	}
}

// FuzzVerify believes data only if they are the share's, and with the right length only the one proof.
func FuzzVerify(f *testing.F) {
	s := newSample(f, 2*64*kib+5*kib+3)
	p := s.prover(f)
	for _, r := range []blobstore.Range{{Off: 0, Len: 64 * kib}, {Off: 2 * 64 * kib, Len: 5*kib + 3}, {Off: 133 * kib, Len: 3}} {
		proof, err := p.AppendProof(nil, r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(s.len(), r.Off, r.Len, s.b[r.Off:][:r.Len], proof)
	}
	f.Fuzz(func(t *testing.T, length, off int64, n int, data, proof []byte) {
		r := blobstore.Range{Off: off, Len: n}
		if err := Verify(s.root, length, r, data, proof); err != nil {
			if !errors.Is(err, blobstore.ErrProof) && !errors.Is(err, blobstore.ErrBounds) {
				t.Fatal(err)
			}
			return
		}
		if off+int64(n) > s.len() || !bytes.Equal(data, s.b[off:][:n]) {
			t.Fatalf("believed: other bytes at %+v of %d", r, length)
		}
		if want, err := p.AppendProof(nil, r); length == s.len() && (err != nil || !bytes.Equal(proof, want)) {
			t.Fatalf("believed: another proof of %+v (%v)", r, err)
		}
	})
}
