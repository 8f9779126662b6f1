package object

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"testing"

	"github.com/zeebo/blake3"

	"radswarm/blobstore"
	"radswarm/blobstore/manifest"
)

// What follows is FORMAT.md again, as plainly as it can be written: whole files in memory, multiplication bit by
// bit, the matrix by Gauss. It shares no code with the packages it judges but keys and layout.

// mul multiplies in GF(2^8) with the polynomial 0x11D.
func mul(a, b byte) (p byte) {
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			p ^= a
		}
		carry := a >> 7
		a = a<<1 ^ carry*0x1d
	}
	return p
}

// inverse searches.
func inverse(a byte) byte {
	for b := range 256 {
		if mul(a, byte(b)) == 1 {
			return byte(b)
		}
	}
	panic("zero has no inverse")
}

// refMatrix is V · T⁻¹ of FORMAT.md §5.1, n rows.
func refMatrix(k, n int) [][]byte {
	v := make([][]byte, n)
	for r := range v {
		v[r] = make([]byte, k)
		power := byte(1)
		for c := range v[r] {
			v[r][c] = power
			power = mul(power, byte(r))
		}
	}
	inv := invert(v[:k])
	m := make([][]byte, n)
	for r := range m {
		m[r] = make([]byte, k)
		for c := range k {
			for x := range k {
				m[r][c] ^= mul(v[r][x], inv[x][c])
			}
		}
	}
	return m
}

func invert(t [][]byte) [][]byte {
	k := len(t)
	a := make([][]byte, k)
	for r := range a {
		a[r] = append(bytes.Clone(t[r]), make([]byte, k)...)
		a[r][k+r] = 1
	}
	for c := range k {
		p := c
		for a[p][c] == 0 {
			p++
		}
		a[c], a[p] = a[p], a[c]
		scale(a[c], inverse(a[c][c]))
		for r := range a {
			if r != c {
				add(a[r], a[c], a[r][c])
			}
		}
	}
	for r := range a {
		a[r] = a[r][k:]
	}
	return a
}

func scale(row []byte, f byte) {
	for i := range row {
		row[i] = mul(row[i], f)
	}
}

// add adds f times src to dst, as far as src goes.
func add(dst, src []byte, f byte) {
	for i := range src {
		dst[i] ^= mul(src[i], f)
	}
}

// refChunks seals the padded plaintext.
func refChunks(t *testing.T, ck blobstore.ContentKey, l blobstore.Layout, plain []byte) [][]byte {
	t.Helper()
	dataKey, nonceKey := ck.DataKey(), ck.NonceKey()
	block, err := aes.NewCipher(dataKey[:])
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	padded := append(bytes.Clone(plain), make([]byte, l.Padded()-l.Size())...)
	var chunks [][]byte
	for i := 0; i == 0 || len(padded) > 0; i++ {
		p := padded[:min(len(padded), l.PlainSize())]
		padded = padded[len(p):]
		idx := uint32(i)
		if len(padded) == 0 {
			idx |= 1 << 31
		}
		head := binary.BigEndian.AppendUint32(nil, idx)
		h, err := blake3.NewKeyed(nonceKey[:])
		if err != nil {
			t.Fatal(err)
		}
		_, _ = h.Write(append(head, p...))
		tail := h.Sum(nil)[:8]
		chunks = append(chunks, gcm.Seal(tail, append(head, tail...), p, nil))
	}
	return chunks
}

// refShares codes the chunks into n shares.
func refShares(chunks [][]byte, k, n int) [][]byte {
	m := refMatrix(k, n)
	shares := make([][]byte, n)
	for s := 0; s < len(chunks); s += k {
		stripe := chunks[s:min(len(chunks), s+k)]
		for j := range n {
			if j < k {
				if j < len(stripe) {
					shares[j] = append(shares[j], stripe[j]...)
				}
				continue
			}
			out := make([]byte, len(stripe[0]))
			for c, chunk := range stripe {
				add(out, chunk, m[j][c])
			}
			shares[j] = append(shares[j], out...)
		}
	}
	return shares
}

func checkReference(t *testing.T, o *Object, m *manifest.Manifest, plain []byte, shares [][]byte) {
	t.Helper()
	want := refShares(refChunks(t, o.ck, o.sealer.Layout(), plain), o.Coding().K(), len(shares))
	for j := range shares {
		if !bytes.Equal(shares[j], want[j]) {
			t.Fatalf("share %d of %d bytes differs from the reference's %d", j, len(shares[j]), len(want[j]))
		}
		root, ok := m.Root(j)
		if !ok || root != blobstore.Root(blake3.Sum256(want[j])) {
			t.Errorf("root %d is not the hash of the share", j)
		}
	}
	if err := m.CheckObject(o.ck, o.params); err != nil {
		t.Error(err)
	}
}
