package erasure

import (
	"github.com/klauspost/reedsolomon"

	"radswarm/blobstore"
)

// Stripe is the memory of one stripe and says which of its blocks are there. [Stripe.Reset] gives it a shape; before
// that every block is out of bounds. The memory is aligned for the kernels, grows to what one stripe ever needed at
// once, and is used again for the next stripe. A Stripe is not safe for concurrent use.
type Stripe struct {
	code   *Code
	size   int   // C: room in each buffer
	offset int64 // of this stripe's blocks in their shares
	chunks int   // of this stripe, 1 … K; 0 before Reset
	length int   // B: of the first chunk
	last   int   // of the last chunk

	blocks [][]byte // what is there, filled to length
	own    [][]byte // buffers given out since Reset, by block
	free   [][]byte // the other buffers
	given  set      // blocks that were put
	done   set      // blocks that were computed from them
}

// NewStripe returns a stripe for chunks of up to size bytes: [blobstore.Coding.ChunkSize]. It holds no buffer yet.
func (c *Code) NewStripe(size int) (*Stripe, error) {
	if err := inRange("chunk size", size, 1, blobstore.MaxChunk); err != nil {
		return nil, err
	}
	return &Stripe{code: c, size: size, blocks: make([][]byte, c.n), own: make([][]byte, c.n)}, nil
}

// Reset forgets all blocks and takes the shape of stripe s of a coding (FORMAT.md §5.2). What [Stripe.Buffer] and
// [Stripe.Block] returned before is invalid from now on. It refuses a coding with another K or larger chunks.
func (t *Stripe) Reset(coding blobstore.Coding, s int64) error {
	t.chunks, t.given, t.done = 0, set{}, set{}
	clear(t.blocks)
	for j, b := range t.own {
		if b != nil {
			t.free, t.own[j] = append(t.free, b), nil
		}
	}
	if err := inRange("K", coding.K(), t.code.k, t.code.k); err != nil {
		return err
	}
	if err := inRange("chunk size", coding.ChunkSize(), 1, t.size); err != nil {
		return err
	}
	if last := coding.Stripes() - 1; s < 0 || s > last {
		return &blobstore.BoundsError{What: "stripe", Got: s, Min: 0, Max: last}
	}
	t.offset, t.chunks, t.length = coding.BlockOffset(s), coding.StripeChunks(s), coding.StripeLen(s)
	t.last = coding.BlockLen(s, t.chunks-1)
	return nil
}

// Len returns the length of block j in bytes (FORMAT.md §5.2). It is 0 for a chunk that the stripe lacks: that is known
// to be zeros, is never missing, cannot be put and needs not be asked for. It is 0 out of bounds, too.
func (t *Stripe) Len(j int) int {
	switch {
	case j < 0 || j >= t.code.n || t.chunks == 0:
		return 0
	case j == t.chunks-1:
		return t.last
	case j < t.chunks || j >= t.code.k:
		return t.length
	}
	return 0
}

// Buffer returns memory for block j, exactly [Stripe.Len] bytes of length and capacity, to be filled and then put. It
// holds anything. It returns nil where Len is 0.
func (t *Stripe) Buffer(j int) []byte {
	n := t.Len(j)
	if n == 0 {
		return nil
	}
	return t.buffer(j)[:n:n]
}

// buffer returns the memory of block j, with room for a full block.
func (t *Stripe) buffer(j int) []byte {
	if t.own[j] == nil {
		if len(t.free) == 0 {
			t.free = reedsolomon.AllocAligned(t.code.k, t.size)
		}
		end := len(t.free) - 1
		t.own[j], t.free = t.free[end], t.free[:end]
	}
	return t.own[j]
}

// Put says that b is block j, in place of what was there. Either b is what [Stripe.Buffer] returned, or it is lent: it
// is only read, and must not change before the next Reset or Drop(j). A block of the wrong length is a
// *[blobstore.ShareError] with its index, of class [blobstore.ErrBounds].
func (t *Stripe) Put(j int, b []byte) error {
	if err := inRange("block index", j, 0, t.code.n-1); err != nil {
		return err
	}
	n := t.Len(j)
	if n == 0 {
		return inRange("chunk of the stripe", j, 0, t.chunks-1)
	}
	if len(b) != n {
		return lengthError(j, t.offset, len(b), n)
	}
	t.Drop(j)
	if n < t.length { // the last chunk: zeros follow it, and nobody else's memory is written
		full := t.buffer(j)[:t.length]
		copy(full, b)
		clear(full[n:])
		b = full
	}
	t.blocks[j] = b
	t.given.add(j)
	return nil
}

// Drop takes block j back, if it was put, and with it all that was computed. A reader does so with a block that turned
// out to be false.
func (t *Stripe) Drop(j int) {
	for d := range t.done.all() {
		t.blocks[d] = nil
	}
	t.done = set{}
	if j >= 0 && j < t.code.n {
		t.blocks[j] = nil
		t.given.remove(j)
	}
}

// Given returns how many blocks were put.
func (t *Stripe) Given() int { return t.given.len() }

// Needed returns how many more blocks must be put before the others can be computed: any blocks, and fewer than K in
// the last stripe where it has fewer chunks.
func (t *Stripe) Needed() int { return max(0, t.chunks-t.given.len()) }

// Block returns block j, exactly [Stripe.Len] bytes, if it was put or computed, and nil otherwise. It must only be read.
func (t *Stripe) Block(j int) []byte {
	n := t.Len(j)
	if n == 0 || t.blocks[j] == nil {
		return nil
	}
	return t.blocks[j][:n:n]
}

// Encode computes the blocks K … N−1. All chunks of the stripe must have been put.
func (t *Stripe) Encode() error {
	chunks := span(0, t.chunks)
	for j := range chunks.all() {
		if !t.given.has(j) {
			return lengthError(j, t.offset, 0, t.Len(j))
		}
	}
	return t.compute(span(t.code.k, t.code.n))
}

// Decode computes the chunks that were not put, from any blocks that were. With fewer blocks than the stripe has chunks
// the error is a *[blobstore.NotEnoughSharesError].
func (t *Stripe) Decode() error { return t.compute(span(0, t.chunks)) }

// Rebuild computes the blocks want, chunks or not, from any that were put; those that are there are left alone. Errors
// are as those of [Stripe.Decode].
func (t *Stripe) Rebuild(want ...int) error {
	out, err := t.code.missing(want, &t.given)
	if err != nil {
		return err
	}
	return t.compute(out)
}

// compute makes the blocks of out that are not there.
func (t *Stripe) compute(out set) error {
	for j := range out.all() {
		if t.blocks[j] != nil || t.Len(j) == 0 {
			out.remove(j)
		}
	}
	if out == (set{}) {
		return nil
	}
	p, err := choose(&t.given, out, t.chunks)
	if err != nil {
		return err
	}
	for j := range out.all() {
		t.blocks[j] = t.buffer(j)[:t.length]
		t.done.add(j)
	}
	if err := t.code.plans.run(t.code.k, p, t.blocks); err != nil {
		t.Drop(-1)
		return err
	}
	return nil
}
