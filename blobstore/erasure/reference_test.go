package erasure

// The reference: the field without tables, the matrix by its definition in FORMAT.md §5.1, sums written out. Slow,
// and shares nothing with the package.

func refMul(a, b byte) (p byte) {
	for ; b != 0; b >>= 1 {
		if b&1 == 1 {
			p ^= a
		}
		carry := a & 0x80
		if a <<= 1; carry != 0 {
			a ^= 0x1D
		}
	}
	return p
}

func refInv(a byte) byte {
	for b := 1; b < 256; b++ {
		if refMul(a, byte(b)) == 1 {
			return byte(b)
		}
	}
	panic("zero has no inverse")
}

func refMatrixMul(a, b [][]byte) [][]byte {
	m := make([][]byte, len(a))
	for r := range a {
		m[r] = make([]byte, len(b[0]))
		for c := range m[r] {
			for i := range b {
				m[r][c] ^= refMul(a[r][i], b[i][c])
			}
		}
	}
	return m
}

// refInvert inverts by Gauss and Jordan.
func refInvert(m [][]byte) [][]byte {
	n := len(m)
	work := make([][]byte, n)
	for r := range work {
		work[r] = append(append(make([]byte, 0, 2*n), m[r]...), make([]byte, n)...)
		work[r][n+r] = 1
	}
	for d := range work {
		pivot := d
		for work[pivot][d] == 0 {
			pivot++ // panics if singular
		}
		work[d], work[pivot] = work[pivot], work[d]
		scale := refInv(work[d][d])
		for c := range work[d] {
			work[d][c] = refMul(work[d][c], scale)
		}
		for r := range work {
			if f := work[r][d]; r != d && f != 0 {
				for c := range work[r] {
					work[r][c] ^= refMul(f, work[d][c])
				}
			}
		}
	}
	inv := make([][]byte, n)
	for r := range inv {
		inv[r] = work[r][n:]
	}
	return inv
}

// refMatrix returns M = V · T⁻¹ for K = k, 256 rows.
func refMatrix(k int) [][]byte {
	v := make([][]byte, 256)
	for r := range v {
		v[r] = make([]byte, k)
		power := byte(1)
		for c := range v[r] {
			v[r][c] = power
			power = refMul(power, byte(r))
		}
	}
	return refMatrixMul(v, refInvert(v[:k]))
}

// refBlock returns block j of the chunks of one stripe, the longest first (FORMAT.md §5.2).
func refBlock(row []byte, chunks [][]byte) []byte {
	b := make([]byte, len(chunks[0]))
	for c, chunk := range chunks {
		for x, v := range chunk {
			b[x] ^= refMul(row[c], v)
		}
	}
	return b
}
