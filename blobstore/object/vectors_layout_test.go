package object_test

import (
	"slices"
	"strings"

	"radswarm/blobstore"
)

// Plaintext bytes in a full chunk of 4 and of 64 KiB.
const (
	plain4  = 4096 - blobstore.ChunkOverhead
	plain64 = 65536 - blobstore.ChunkOverhead
)

// maxCipher is the ciphertext of the largest object.
const maxCipher = blobstore.MaxSize + blobstore.ChunkOverhead*((blobstore.MaxSize+plain64-1)/plain64)

// layoutFormat is FORMAT.md §2, §5.3, §5.4 and the arithmetic of §8: sizes to lengths and places, no bytes.
func layoutFormat() format {
	return format{
		name: "layout",
		kinds: map[string]func(*reading){
			"layout": readLayout, "choice": readChoice, "coding": readCoding, "place": readPlace,
		},
		make: func() []vector {
			return slices.Concat(makeLayouts(), makeChoices(), makeCodings(), makePlaces())
		},
	}
}

const (
	layoutColumns = "size pad padded log2c chunks last ciphertext"
	choiceColumns = "size pad asked k"
	codingColumns = "ciphertext log2c k stripes index length"
	placeColumns  = "size pad k byte chunk index offset"
)

func layoutRow(size, pad int64) ([]int64, error) {
	l, err := blobstore.NewLayout(size, blobstore.Pad(pad))
	if err != nil {
		return nil, err
	}
	last := int64(l.PlainLen(l.Chunks() - 1))
	return []int64{size, pad, l.Padded(), int64(l.ChunkLog()), l.Chunks(), last, l.CipherSize()}, nil
}

func choiceRow(size, pad, asked int64) ([]int64, error) {
	l, err := blobstore.NewLayout(size, blobstore.Pad(pad))
	if err != nil {
		return nil, err
	}
	c, err := l.Coding(int(asked))
	if err != nil {
		return nil, err
	}
	return []int64{size, pad, asked, int64(c.K())}, nil
}

func codingRow(cipher, log2c, k, index int64) ([]int64, error) {
	c, err := blobstore.NewCoding(cipher, int(log2c), int(k))
	if err != nil {
		return nil, err
	}
	return []int64{cipher, log2c, k, c.Stripes(), index, c.ShareLen(int(index))}, nil
}

func placeRow(size, pad, k, at int64) ([]int64, error) {
	l, err := blobstore.NewLayout(size, blobstore.Pad(pad))
	if err != nil {
		return nil, err
	}
	c, err := l.Coding(int(k))
	if err != nil {
		return nil, err
	}
	chunk := at / int64(l.PlainSize())
	stripe, index := c.Place(chunk)
	return []int64{size, pad, k, at, chunk, int64(index), c.BlockOffset(stripe)}, nil
}

// checkRows computes each row again from its first columns.
func (r *reading) checkRows(columns string, row func(in []int64) ([]int64, error)) {
	if r.wanted() != "ok" {
		r.Fatal("a table holds what is right")
	}
	for _, line := range r.table(columns) {
		want := r.row(line)
		if len(want) != len(strings.Fields(columns)) {
			r.Fatalf("%q has %d columns", line, len(want))
		}
		if got, err := row(want); err != nil || !slices.Equal(got, want) {
			r.Errorf("%v, %v, want %v", got, err, want)
		}
	}
}

func readLayout(r *reading) {
	if r.has("columns") {
		r.checkRows(layoutColumns, func(in []int64) ([]int64, error) { return layoutRow(in[0], in[1]) })
		return
	}
	_, err := layoutRow(r.number("size"), r.number("pad"))
	r.judge("layout", err)
}

func readChoice(r *reading) {
	if r.has("columns") {
		r.checkRows(choiceColumns, func(in []int64) ([]int64, error) { return choiceRow(in[0], in[1], in[2]) })
		return
	}
	_, err := choiceRow(r.number("size"), r.number("pad"), r.number("asked"))
	r.judge("coding of a layout", err)
}

func readCoding(r *reading) {
	if r.has("columns") {
		r.checkRows(codingColumns, func(in []int64) ([]int64, error) { return codingRow(in[0], in[1], in[2], in[4]) })
		return
	}
	_, err := codingRow(r.number("ciphertext"), r.number("log2c"), r.number("k"), 0)
	r.judge("coding", err)
}

func readPlace(r *reading) {
	r.checkRows(placeColumns, func(in []int64) ([]int64, error) { return placeRow(in[0], in[1], in[2], in[3]) })
}

// rowsOf makes a table.
func rowsOf(rows ...[]int64) []byte {
	out := make([][]any, len(rows))
	for i, row := range rows {
		for _, v := range row {
			out[i] = append(out[i], v)
		}
	}
	return tableOf(out)
}

func tableVector(name, about, kind, columns string, rows [][]int64) vector {
	return vector{name, header(about, kind, "ok", "columns", columns), rowsOf(rows...)}
}

func makeLayouts() []vector {
	var rule, padme, chunks [][]int64
	for log2c := int64(12); log2c <= 16; log2c++ {
		edge := int64(64) << log2c
		for _, size := range []int64{edge - 1, edge, edge + 1} {
			rule = append(rule, must(layoutRow(size, 0)), must(layoutRow(size, 1)))
		}
		plain := int64(1)<<log2c - blobstore.ChunkOverhead
		for _, n := range []int64{1, 2, 3, 10, 33, 60, 64} {
			for d := int64(-1); d <= 1; d++ {
				chunks = append(chunks, must(layoutRow(n*plain+d, 0)), must(layoutRow(n*plain+d, 1)))
			}
		}
	}
	for size := range int64(40) {
		padme = append(padme, must(layoutRow(size, 1)))
	}
	for e := 6; e <= 46; e++ {
		for d := int64(-1); d <= 1 && 1<<e+d <= blobstore.MaxSize; d++ {
			padme = append(padme, must(layoutRow(1<<e+d, 1)))
		}
		// A number whose every digit counts, and the two sides of a step.
		odd := int64(0x5A5A_5A5A_5A5A) >> (47 - e)
		fixed := must(layoutRow(odd, 1))[2]
		padme = append(padme, must(layoutRow(odd, 1)), must(layoutRow(fixed, 1)), must(layoutRow(fixed+1, 1)))
	}
	for _, size := range []int64{0, 1, blobstore.MaxSize - 1, blobstore.MaxSize} {
		rule = append(rule, must(layoutRow(size, 0)), must(layoutRow(size, 1)))
	}
	for _, n := range []int64{1 << 20, blobstore.MaxSize / plain64} {
		for d := int64(-1); d <= 1; d++ {
			chunks = append(chunks, must(layoutRow(n*plain64+d, 0)))
		}
	}
	kind := "layout"
	return []vector{
		tableVector("layout/chunk-size", "the edges of the chunk-size rule: size decides, not padded", kind, layoutColumns, rule),
		tableVector("layout/padme", "Padmé at small sizes, powers of two and the edges of its steps", kind, layoutColumns, padme),
		tableVector("layout/chunks", "a byte less and more than whole chunks", kind, layoutColumns, chunks),
		{"layout/size-over", header("one byte more than 64 TiB", kind, "bounds", "size", int64(blobstore.MaxSize+1), "pad", 0,
			"value", int64(blobstore.MaxSize+1)), nil},
		{"layout/pad-2", header("a padding policy that is none", kind, "bounds", "size", 1, "pad", 2, "value", 2), nil},
	}
}

func makeChoices() []vector {
	var rows [][]int64
	for _, size := range []int64{0, plain4, plain4 + 1, 3 * plain4, 3*plain4 + 1, 63 * plain4, 64 * plain4, 64*plain4 + 1} {
		for _, asked := range []int64{1, 2, 3, 4, 10, 63, 64} {
			rows = append(rows, must(choiceRow(size, 0, asked)))
		}
	}
	rows = append(rows, must(choiceRow(2*plain4, 1, 10)), must(choiceRow(blobstore.MaxSize, 1, 64)))
	const kind = "choice"
	return []vector{
		tableVector("layout/k", "K is lowered to the number of chunks", kind, choiceColumns, rows),
		{"layout/k-0", header("K of 0", kind, "bounds", "size", 100, "pad", 0, "asked", 0, "value", 0), nil},
		{"layout/k-65", header("K over 64, though the object has one chunk", kind, "bounds",
			"size", 100, "pad", 0, "asked", 65, "value", 65), nil},
	}
}

// codings are ciphertexts with every shape of the last stripe.
func codings() (out []blobstore.Coding) {
	for _, k := range []int{1, 2, 3, 10, 64} {
		for _, stripes := range []int{1, 2, 3} {
			for _, m := range slices.Compact([]int{1, 2, k - 1, k}) {
				if n := (stripes-1)*k + m; m < 1 || m > k || n < k {
					continue
				}
				log2c := 12
				if (stripes-1)*k+m > 64 { // so many are of 64 KiB
					log2c = 16
				}
				for _, q := range []int{25, 26, 1<<log2c - 1, 1 << log2c} {
					out = append(out, must(blobstore.NewCoding(int64(((stripes-1)*k+m-1)<<log2c+q), log2c, k)))
				}
			}
		}
	}
	return append(out, must(blobstore.NewCoding(24, 12, 1)), must(blobstore.NewCoding(maxCipher, 16, 64)))
}

func makeCodings() []vector {
	var rows [][]int64
	for _, c := range codings() {
		m := c.StripeChunks(c.Stripes() - 1)
		indices := []int{0, m - 2, m - 1, m, c.K() - 1, c.K(), c.K() + 1, blobstore.MaxIndex}
		slices.Sort(indices)
		for _, j := range slices.Compact(indices) {
			if j >= 0 {
				rows = append(rows, must(codingRow(c.CipherSize(), int64(c.ChunkLog()), int64(c.K()), int64(j))))
			}
		}
	}
	out := []vector{tableVector("layout/share-lengths", "lengths of shares for every shape of the last stripe",
		"coding", codingColumns, rows)}
	for _, c := range []struct {
		name, about      string
		cipher, log2c, k int64
		value            []any
	}{
		{"no-tag", "a ciphertext without room for one chunk's tail and tag", 23, 12, 1, []any{"value", 23}},
		{"no-ciphertext", "no ciphertext at all", 0, 12, 1, []any{"value", 0}},
		{"empty-last-chunk", "a last chunk of 24 bytes, after another: it would carry nothing", 4096 + 24, 12, 1, nil},
		{"tag-cut", "a last chunk of 23 bytes, after another", 4096 + 23, 12, 1, nil},
		{"chunks-of-2-kib", "chunks of 2 KiB", 5000, 11, 1, []any{"value", 11}},
		{"chunks-of-128-kib", "chunks of 128 KiB", 5000, 17, 1, []any{"value", 17}},
		{"k-0-coding", "K of 0", 5000, 12, 0, []any{"value", 0}},
		{"k-65-coding", "K over 64", 100 * 65536, 16, 65, []any{"value", 65}},
		{"k-over-chunks", "K over the number of chunks: nobody lowers it here", 2 * 4096, 12, 3, []any{"value", 3}},
		{"chunks-of-a-larger", "chunks larger than an object of this length has", 5 * 4096, 13, 1, []any{"value", 13}},
		{"chunks-of-a-smaller", "chunks smaller than an object of this length has", 1000 * 4096, 12, 1, []any{"value", 12}},
		{"padded-over", "a ciphertext that carries one byte more than 64 TiB", maxCipher + 1, 16, 1, nil},
	} {
		more := append([]any{"ciphertext", c.cipher, "log2c", c.log2c, "k", c.k}, c.value...)
		out = append(out, vector{"layout/" + c.name, header(c.about, "coding", "bounds", more...), nil})
	}
	return out
}

func makePlaces() []vector {
	var rows [][]int64
	for _, k := range []int64{1, 3, 10} {
		size := int64(25*plain4 + 100)
		for _, at := range []int64{0, 1, plain4 - 1, plain4, k*plain4 - 1, k * plain4, 2 * k * plain4, size - 1} {
			rows = append(rows, must(placeRow(size, 0, k, at)))
		}
	}
	for _, at := range []int64{0, plain64, 1 << 40, blobstore.MaxSize - 1} {
		rows = append(rows, must(placeRow(blobstore.MaxSize, 1, 64, at)))
	}
	return []vector{tableVector("layout/place", "where a byte of the plaintext lies", "place", placeColumns, rows)}
}
