package share

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	zeebo "github.com/zeebo/blake3"
	lukechampine "lukechampine.com/blake3"

	"radswarm/blobstore"
)

// BenchmarkGroup compares the CV of 64 KiB with what else hashes them with BLAKE3 here.
func BenchmarkGroup(b *testing.B) {
	data := content(GroupSize)
	var sum [32]byte
	for _, test := range []struct {
		name string
		f    func()
	}{
		{"ours", func() { n := NewNode(data, 0); sum = n.CV() }},
		{"zeebo", func() { sum = zeebo.Sum256(data) }},
		{"lukechampine", func() { sum = lukechampine.Sum256(data) }},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.SetBytes(GroupSize)
			b.ReportAllocs()
			for b.Loop() {
				test.f()
			}
		})
	}
	_ = sum
}

func BenchmarkNode(b *testing.B) {
	data := content(GroupSize)
	for _, size := range []int{1, 4, 8, 16, 32, 64} {
		b.Run(fmt.Sprintf("%dKiB", size), func(b *testing.B) {
			b.SetBytes(int64(size) * kib)
			for b.Loop() {
				n := NewNode(data[:size*kib], 0)
				n.CV()
			}
		})
	}
}

// BenchmarkStream hashes a long stream in writes of 64 KiB.
func BenchmarkStream(b *testing.B) {
	data := content(GroupSize)
	keyed, err := zeebo.NewKeyed(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	for _, test := range []struct {
		name string
		w    io.Writer
	}{
		{"root", NewHasher(nil)},
		{"root-and-outboard", NewHasher(io.Discard)},
		{"possession", NewPossession(blobstore.Nonce{})},
		{"zeebo-keyed", keyed},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.SetBytes(GroupSize)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := test.w.Write(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkProof(b *testing.B) {
	s := newSample(b, 16<<20)
	p := s.prover(b)
	buf := make([]byte, 0, MaxProof)
	for name, r := range map[string]blobstore.Range{"block": {Off: 5 << 20, Len: GroupSize}, "leaf": {Off: 5<<20 + 7*kib, Len: kib}} {
		proof, err := p.AppendProof(nil, r)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("make-"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.group.Len = 0 // read the group again
				if _, err := p.AppendProof(buf, r); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("verify-"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := s.verify(r, s.b[r.Off:][:r.Len], proof); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkReader reads 16 MiB.
func BenchmarkReader(b *testing.B) {
	s := newSample(b, 16<<20)
	for name := range s.readers(b, func() io.Reader { return nil }) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(s.len())
			for b.Loop() {
				r := s.readers(b, func() io.Reader { return bytes.NewReader(s.b) })[name]
				if _, err := io.Copy(io.Discard, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
