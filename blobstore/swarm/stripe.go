package swarm

import (
	"slices"
	"sync"
	"time"

	"radswarm/blobstore"
)

// stripe is a stripe of the reorder window. Its blocks belong to the download's goroutine while it collects, and to who
// decodes or judges it meanwhile.
type stripe struct {
	n      int64
	need   int // blocks that bring it back
	state  stripeState
	blocks []*block
	asked  []*request // not arrived
	plain  []byte     // when decoded
}

// A stripe goes from collecting to decoding; from there to decoded, or, where its chunks do not open, to judging, and back
// to collecting without the blocks that were false.
type stripeState uint8

const (
	collecting stripeState = iota
	decoding
	judging
	decoded
)

// block is one that arrived.
type block struct {
	src *source
	buf []byte
}

// blocks that are not in use
type blockPool struct{ pool sync.Pool }

func (p *blockPool) get(src *source, b []byte) *block {
	bl, _ := p.pool.Get().(*block)
	if bl == nil {
		bl = &block{buf: make([]byte, 0, blobstore.MaxChunk)}
	}
	bl.src = src
	bl.buf = append(bl.buf[:0], b...)
	return bl
}

func (p *blockPool) put(blocks ...*block) {
	for _, b := range blocks {
		b.src = nil
		p.pool.Put(b)
	}
}

// wants returns how many more blocks should be asked for.
func (st *stripe) wants() int {
	if st.state != collecting {
		return 0
	}
	n := st.need - len(st.blocks)
	for _, r := range st.asked {
		if !r.late {
			n--
		}
	}
	return n
}

// fresh is wants without regard to who is late.
func (st *stripe) fresh() int { return st.need - len(st.blocks) - len(st.asked) }

// takes reports whether a block of this source would bring something new, and not more than the bound were asked for.
// Requests at holders that fell silent do not count: otherwise as many of those as the bound would be the end of a stripe.
func (st *stripe) takes(s *source, k int) bool {
	n := len(st.blocks)
	for _, r := range st.asked {
		if !r.late || r.src.pause == 0 {
			n++
		}
	}
	if n >= st.need+spare {
		return false
	}
	return !st.has(s, k) && !slices.ContainsFunc(st.asked, func(r *request) bool { return r.src.same(s, k) })
}

// has reports whether the block of this source, or one that is the same, is there.
func (st *stripe) has(s *source, k int) bool {
	return slices.ContainsFunc(st.blocks, func(b *block) bool { return b.src.same(s, k) })
}

func (st *stripe) forget(r *request) {
	if i := slices.Index(st.asked, r); i >= 0 {
		st.asked = slices.Delete(st.asked, i, i+1)
	}
}

// hopes reports whether somebody who would answer at eta is likely to be sooner than one of those that were asked.
func (st *stripe) hopes(now, eta time.Time) bool {
	return slices.ContainsFunc(st.asked, func(r *request) bool {
		return !r.late && (now.After(r.eta.Add(slack)) || r.eta.Sub(now) > 2*eta.Sub(now)+slack)
	})
}

// drop takes the blocks of sources that are no longer believed, and returns them.
func (st *stripe) drop(bad func(*source) bool) []*block {
	var out []*block
	st.blocks = slices.DeleteFunc(st.blocks, func(b *block) bool {
		if bad(b.src) {
			out = append(out, b)
			return true
		}
		return false
	})
	return out
}
