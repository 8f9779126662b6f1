package b3

import (
	"testing"

	"github.com/zeebo/blake3"
)

// lengths are those at which the tree or the kernels change.
func lengths() []int {
	out := []int{0, 1, 63, 64, 65}
	for _, n := range []int{LeafSize, 2 * LeafSize, 3 * LeafSize, Step, 2 * Step, 3 * Step, 4 * Step, 5*Step + LeafSize} {
		out = append(out, n-1, n, n+1)
	}
	return append(out, 65512+4)
}

func message(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return b
}

// Another implementation agrees on every length, plain and keyed.
func TestSum(t *testing.T) {
	key := [32]byte{1, 2, 3, 31: 4}
	keyed, err := blake3.NewKeyed(key[:])
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range lengths() {
		m := message(n)
		if got, want := Plain().Sum(m), blake3.Sum256(m); got != want {
			t.Errorf("%d bytes: %x, want %x", n, got, want)
		}
		keyed.Reset()
		_, _ = keyed.Write(m)
		if got, want := Keyed(key).Sum(m), [Size]byte(keyed.Sum(nil)); got != want {
			t.Errorf("%d bytes, keyed: %x, want %x", n, got, want)
		}
	}
}

// The root of a tree put together from nodes is the hash of the whole.
func TestParent(t *testing.T) {
	m, mode := message(5*LeafSize+9), Keyed([32]byte{9})
	join := func(l, r Node) Node {
		a, b := l.CV(), r.CV()
		return mode.Parent((*[64]byte)(append(a[:], b[:]...)))
	}
	n := join(mode.Hash(m[:4*LeafSize], 0), join(mode.Hash(m[4*LeafSize:5*LeafSize], 4), mode.Hash(m[5*LeafSize:], 5)))
	if n.Root() != mode.Sum(m) {
		t.Error("the nodes' root is not the hash")
	}
}

func TestNothingAllocates(t *testing.T) {
	m, mode := message(65516), Keyed([32]byte{1})
	if n := testing.AllocsPerRun(100, func() { mode.Sum(m) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSum(b *testing.B) {
	m, mode := message(65516), Keyed([32]byte{1})
	b.SetBytes(int64(len(m)))
	for b.Loop() {
		mode.Sum(m)
	}
}
