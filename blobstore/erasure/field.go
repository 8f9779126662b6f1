package erasure

// order is the number of elements of GF(2^8) other than zero.
const order = 255

// field has the logarithms of GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1, to the base 2 (the element x).
type field struct {
	exp [order]uint8
	log [order + 1]uint8 // log[0] is meaningless
}

// gf is never written after it was made.
var gf = newField()

func newField() *field {
	f, x := new(field), 1
	for i := range f.exp {
		f.exp[i] = uint8(x)
		f.log[x] = uint8(i)
		if x <<= 1; x > order {
			x ^= 0x11D
		}
	}
	return f
}

// lagrange returns the coefficients that make the values at the points out from the values at the points in, for a
// polynomial of degree under len(in) + len(zeros) that is zero at the points zeros. No point is named twice.
//
// With S = in ∪ zeros, coefficient (w, r) is the product over i in S, i ≠ r, of (w − i) / (r − i). Subtraction is
// exclusive or, and no factor is zero.
func lagrange(in, zeros, out []uint8) [][]byte {
	logs := func(x int) (sum int) { // of the product of x − i over S without x
		for _, points := range [2][]uint8{in, zeros} {
			for _, i := range points {
				if d := uint8(x) ^ i; d != 0 {
					sum += int(gf.log[d])
				}
			}
		}
		return sum
	}
	var below [256]int
	for _, r := range in {
		below[r] = logs(int(r)) % order
	}
	flat := make([]byte, len(in)*len(out))
	rows := make([][]byte, len(out))
	for i, w := range out {
		above := logs(int(w)) % order
		rows[i], flat = flat[:len(in):len(in)], flat[len(in):]
		for c, r := range in {
			rows[i][c] = gf.exp[(above+2*order-below[r]-int(gf.log[w^r]))%order]
		}
	}
	return rows
}
