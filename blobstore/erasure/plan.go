package erasure

import (
	"crypto/subtle"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/klauspost/reedsolomon"
)

// tileSize is the most inputs, and the most outputs, for which the library has its fast kernels. With more of either
// and one goroutine it falls back to code that is three times slower.
const tileSize = 10

// pattern says what is computed from what.
type pattern struct {
	in, out set
	chunks  uint8 // chunks of the stripe; those from here to K − 1 are zeros
}

// weight returns how many tiles a plan of p has, at most 7 · 26.
func (p *pattern) weight() int {
	return ((p.in.len() + tileSize - 1) / tileSize) * ((p.out.len() + tileSize - 1) / tileSize)
}

// plan computes the blocks out from the blocks in.
type plan struct {
	pattern
	in, out []uint8
	// tiles[o][i] adds to outputs o·tileSize … what inputs i·tileSize … contribute. A tile is safe for concurrent use.
	tiles [][]reedsolomon.Encoder
}

func newPlan(k int, p pattern) (*plan, error) {
	pl := &plan{pattern: p, in: indices(&p.in), out: indices(&p.out)}
	zeros := span(int(p.chunks), k)
	rows := lagrange(pl.in, indices(&zeros), pl.out)
	for len(rows) > 0 {
		count := min(tileSize, len(rows))
		tiles, err := newTiles(rows[:count], len(pl.in))
		if err != nil {
			return nil, err
		}
		pl.tiles = append(pl.tiles, tiles)
		rows = rows[count:]
	}
	return pl, nil
}

// newTiles cuts rows, at most tileSize of them, into encoders for at most tileSize inputs each.
func newTiles(rows [][]byte, inputs int) ([]reedsolomon.Encoder, error) {
	var tiles []reedsolomon.Encoder
	part := make([][]byte, len(rows))
	for from := 0; from < inputs; from += tileSize {
		width := min(tileSize, inputs-from)
		for i, row := range rows {
			part[i] = row[from : from+width]
		}
		e, err := reedsolomon.New(width, len(rows), reedsolomon.WithCustomMatrix(part), // copied by New
			reedsolomon.WithMaxGoroutines(1), reedsolomon.WithInversionCache(false))
		if err != nil {
			return nil, err
		}
		tiles = append(tiles, e)
	}
	return tiles, nil
}

func indices(s *set) []uint8 {
	list := make([]uint8, 0, s.len())
	for j := range s.all() {
		list = append(list, uint8(j))
	}
	return list
}

// scratch is what one run of a plan needs beside the blocks.
type scratch struct {
	args [2 * tileSize][]byte // inputs and outputs of one tile
	sums [][]byte             // tileSize blocks, for plans with more than tileSize inputs
}

// run reads blocks[j] for j in p.in and writes blocks[j] for j in p.out. All have the same length, not 0.
func (p *plan) run(blocks [][]byte, w *scratch) error {
	size := len(blocks[p.in[0]])
	if len(p.in) > tileSize && (len(w.sums) == 0 || cap(w.sums[0]) < size) {
		w.sums = reedsolomon.AllocAligned(tileSize, size)
	}
	defer clear(w.args[:]) // the pool must not keep blocks alive
	for o, tiles := range p.tiles {
		for i, tile := range tiles {
			if err := w.run(tile, blocks, group(p.in, i), group(p.out, o), i > 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// group returns the i-th tileSize elements of list, or those that are left.
func group(list []uint8, i int) []uint8 {
	return list[i*tileSize : min((i+1)*tileSize, len(list))]
}

// run sets the blocks out, or adds to them, what a tile makes of the blocks in.
func (w *scratch) run(tile reedsolomon.Encoder, blocks [][]byte, in, out []uint8, add bool) error {
	args, size := w.args[:len(in)+len(out)], len(blocks[in[0]])
	for x, j := range in {
		args[x] = blocks[j]
	}
	results := args[len(in):]
	for x, j := range out {
		results[x] = blocks[j]
		if add {
			results[x] = w.sums[x][:size]
		}
	}
	if err := tile.Encode(args); err != nil || !add {
		return err
	}
	for x, j := range out {
		subtle.XORBytes(blocks[j], blocks[j], results[x])
	}
	return nil
}

// planSlots bounds the plans that a code remembers; those of many tiles share the first few slots, so that all together
// are a few MB at most. A pattern of missing blocks is chosen by the holders that answer: the library's own cache would
// keep all of them. Most of the 120 patterns of 3 of 10 blocks fit; making a plan anew costs less than using it once.
const planSlots = 256

// plans remembers plans: one for each slot, the last one asked for.
type plans struct {
	seed  maphash.Seed // so that nobody can aim at a slot
	slots [planSlots]atomic.Pointer[plan]
	pool  sync.Pool // of *scratch
}

// get returns the plan of a pattern.
func (c *plans) get(k int, p pattern) (*plan, error) {
	slot := &c.slots[maphash.Comparable(c.seed, p)%uint64(planSlots/p.weight())]
	if pl := slot.Load(); pl != nil && pl.pattern == p {
		return pl, nil
	}
	pl, err := newPlan(k, p)
	if err == nil {
		slot.Store(pl)
	}
	return pl, err
}

// run does one pattern on one set of blocks.
func (c *plans) run(k int, p pattern, blocks [][]byte) error {
	pl, err := c.get(k, p)
	if err != nil {
		return err
	}
	w, _ := c.pool.Get().(*scratch)
	if w == nil {
		w = new(scratch)
	}
	defer c.pool.Put(w)
	return pl.run(blocks, w)
}
