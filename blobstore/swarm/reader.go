package swarm

import (
	"cmp"
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/erasure"
	"radswarm/blobstore/object"
)

// Reader reads any part of an object from holders (SWARM.md §3.6). It is safe for concurrent use.
type Reader struct {
	o      *object.Object
	coding blobstore.Coding
	code   *erasure.Code

	mu      sync.Mutex // guards what follows, and the sources
	sources []*source
}

// readAhead is how many chunks of one ReadAt are fetched at once.
const readAhead = 16

// readPatience is how long nothing may come before a chunk is given up.
const readPatience = 5 * time.Second

// NewReader returns a Reader over sources; more can be added while it is used. The caller has checked that names and
// indices are those of the object's manifest.
func NewReader(o *object.Object, sources ...Source) (*Reader, error) {
	code, err := erasure.New(o.Coding().K(), blobstore.MaxN)
	if err != nil {
		return nil, err
	}
	r := &Reader{o: o, coding: o.Coding(), code: code}
	for _, s := range sources {
		r.Add(s)
	}
	return r, nil
}

// Add adds a source.
func (r *Reader) Add(s Source) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sources = append(r.sources, &source{Source: s, told: SourceReport{DID: s.DID, Index: s.Index}})
}

// Size returns the length of the object in bytes.
func (r *Reader) Size() int64 { return r.o.Params().Size }

// Report returns what each source did so far.
func (r *Reader) Report() []SourceReport {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]SourceReport, len(r.sources))
	for i, s := range r.sources {
		out[i] = s.told
	}
	return out
}

// ReadAt reads len(p) bytes from byte off of the object, or up to its end, and then io.EOF. Every byte has been checked by
// the tag of its chunk; nothing compares the OID. Errors are ctx's, bare, or those of Fetch.
func (r *Reader) ReadAt(ctx context.Context, p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, &blobstore.BoundsError{What: "offset", Got: off, Max: r.Size()}
	}
	if off >= r.Size() {
		return 0, io.EOF
	}
	var end error
	if int64(len(p)) > r.Size()-off {
		p, end = p[:r.Size()-off], io.EOF
	}
	if err := r.fill(ctx, p, off); err != nil {
		return 0, err
	}
	return len(p), end
}

// fill reads bytes that are there.
func (r *Reader) fill(outer context.Context, p []byte, off int64) error {
	if len(p) == 0 {
		return nil
	}
	size := int64(r.o.Sealer().Layout().PlainSize())
	first, last := off/size, (off+int64(len(p))-1)/size
	ctx, cancel := context.WithCancelCause(outer)
	defer cancel(nil)
	room := make(chan struct{}, readAhead)
	var reading sync.WaitGroup
	for i := first; i <= last; i++ {
		room <- struct{}{}
		reading.Go(func() {
			defer func() { <-room }()
			plain, err := r.chunk(ctx, i)
			if err != nil {
				cancel(err)
				return
			}
			at := i*size - off // where the chunk begins in p
			copy(p[max(0, at):], plain[max(0, -at):])
		})
	}
	reading.Wait()
	return cmp.Or(outer.Err(), context.Cause(ctx))
}

// chunk fetches and opens one chunk.
func (r *Reader) chunk(ctx context.Context, i int64) ([]byte, error) {
	stripe, index := r.coding.Place(i)
	c := &chunkRead{r: r, n: i, stripe: stripe, index: index, answers: make(chan answer)}
	ctx, cancel := context.WithCancel(ctx)
	plain, err := c.run(ctx)
	cancel()
	c.asking.Wait()
	return plain, err
}

// chunkRead is the reading of one chunk: first from whoever has it as it is, and, once that takes longer than usual, from
// others that together can compute it.
type chunkRead struct {
	r       *Reader
	n       int64 // of the chunk
	stripe  int64
	index   int
	asked   []*source
	open    int       // questions without an answer
	waiting []*source // who was asked them
	last    time.Time // when somebody was last asked, or answered
	blocks  []*block
	answers chan answer
	asking  sync.WaitGroup
}

// answer is what a source said.
type answer struct {
	src   *source
	data  []byte
	err   error
	asked time.Time
}

func (c *chunkRead) run(ctx context.Context) ([]byte, error) {
	wait := c.ask(ctx, 1, c.direct)
	if wait == 0 {
		wait = c.askAll(ctx)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		if c.open == 0 && c.askAll(ctx) == 0 {
			return nil, c.missing()
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
			c.late()
			wait := c.askAll(ctx)
			if wait == 0 && time.Since(c.last) >= readPatience {
				return nil, c.missing()
			}
			timer.Reset(cmp.Or(wait, readPatience))
		case a := <-c.answers:
			c.open--
			plain, err := c.take(ctx, a)
			if plain != nil || err != nil {
				return plain, err
			}
			if a.err != nil || len(c.blocks) == 0 {
				if wait := c.askAll(ctx); wait > 0 { // as much time as who was asked before
					timer.Reset(wait)
				}
			}
		}
	}
}

// late notes who has not answered.
func (c *chunkRead) late() {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	for _, s := range c.waiting {
		s.told.Late++
		s.silent(time.Now())
	}
}

// direct reports whether a source has the chunk as it is.
func (c *chunkRead) direct(s *source) bool { return c.r.coding.K() == 1 || s.Index == c.index }

// askAll asks for as many blocks as are missing, of the fastest of those that were not asked. It returns how long that should
// take at most, 0 where there is nobody.
func (c *chunkRead) askAll(ctx context.Context) time.Duration {
	have := func(s *source) bool {
		same := func(o *source) bool { return c.r.coding.K() > 1 && o.Index == s.Index }
		return c.r.coding.BlockLen(c.stripe, s.Index) == 0 || slices.ContainsFunc(c.asked, same)
	}
	need := c.r.coding.StripeChunks(c.stripe) - len(c.blocks)
	return c.ask(ctx, need, func(s *source) bool { return !have(s) })
}

// ask asks up to n sources that pass and were not asked yet, and returns when the slowest of them is late; 0 for none.
func (c *chunkRead) ask(ctx context.Context, n int, pass func(*source) bool) time.Duration {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	now := time.Now()
	var able []*source
	for _, s := range c.r.sources {
		if s.out == nil && !slices.Contains(c.asked, s) && pass(s) {
			able = append(able, s)
		}
	}
	slices.SortStableFunc(able, func(a, b *source) int { // those that fell silent come last
		return cmp.Or(a.parked.Compare(b.parked), cmp.Compare(a.expected(), b.expected()))
	})
	late := time.Duration(0)
	for _, s := range able[:min(n, len(able))] {
		late = max(late, 2*s.expected()+slack)
		s.open++
		c.asked, c.waiting, c.last = append(c.asked, s), append(c.waiting, s), now
		c.open++
		c.asking.Go(func() { c.get(ctx, s) })
	}
	return late
}

// expected is how long a block takes that is asked for now.
func (s *source) expected() time.Duration {
	if s.pace.n == 0 {
		return firstGuess / 2
	}
	return s.pace.expected(s.open, 0)
}

// get asks one source for its block of the stripe.
func (c *chunkRead) get(ctx context.Context, s *source) {
	a := answer{src: s, asked: time.Now()}
	want := blobstore.Range{Off: c.r.coding.BlockOffset(c.stripe), Len: c.r.coding.BlockLen(c.stripe, s.Index)}
	a.err = s.Holder.Get(ctx, s.Name, []blobstore.Range{want}, func(_ int, b []byte) error {
		a.data = slices.Clone(b)
		return nil
	})
	if a.err == nil && len(a.data) != want.Len {
		a.err = errShort
	}
	c.r.mu.Lock()
	s.open--
	c.r.mu.Unlock()
	select {
	case c.answers <- a:
	case <-ctx.Done():
	}
}

// take takes an answer. It returns the chunk, if that is possible now; an error is final.
func (c *chunkRead) take(ctx context.Context, a answer) ([]byte, error) {
	if err := ctx.Err(); err != nil { // then nobody is to blame for what they say
		return nil, err
	}
	now := time.Now()
	c.last = now
	c.waiting = slices.DeleteFunc(c.waiting, func(s *source) bool { return s == a.src })
	c.heard(a, now)
	if a.err != nil {
		return nil, nil
	}
	b := &block{src: a.src, buf: a.data}
	if c.direct(a.src) {
		plain, err := c.r.o.Sealer().Open(nil, c.n, a.data)
		if err == nil {
			return nonNil(plain), nil
		}
		return nil, c.doubt(ctx, []*block{b}, err)
	}
	c.blocks = append(c.blocks, b)
	if len(c.blocks) < c.r.coding.StripeChunks(c.stripe) {
		return nil, nil
	}
	return c.compute(ctx)
}

// heard notes what a source has done.
func (c *chunkRead) heard(a answer, now time.Time) {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	if a.err != nil {
		a.src.refused(a.err, now)
		return
	}
	a.src.answered(a.asked, now, len(a.data))
}

// compute brings the chunk back from blocks of others.
func (c *chunkRead) compute(ctx context.Context) ([]byte, error) {
	memory, err := c.r.code.NewStripe(c.r.coding.ChunkSize())
	if err != nil {
		return nil, err
	}
	if err := memory.Reset(c.r.coding, c.stripe); err != nil {
		return nil, err
	}
	for _, b := range c.blocks {
		if err := memory.Put(b.src.Index, b.buf); err != nil {
			return nil, err
		}
	}
	if err := memory.Decode(); err != nil {
		return nil, err
	}
	plain, err := c.r.o.Sealer().Open(nil, c.n, memory.Block(c.index))
	if err == nil {
		return nonNil(plain), nil
	}
	return nil, c.doubt(ctx, c.blocks, err)
}

// doubt has blocks proved of which one must be false, and drops those that are. If none is, the object is broken: err.
func (c *chunkRead) doubt(ctx context.Context, suspects []*block, err error) error {
	faults := judge(ctx, proofTime, c.r.coding, c.stripe, suspects)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if len(faults) == 0 {
		return err
	}
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	for s, fault := range faults {
		s.distrust(fault)
	}
	c.blocks = slices.DeleteFunc(c.blocks, func(b *block) bool { return faults[b.src] != nil })
	return nil
}

// missing says who did not give what was needed.
func (c *chunkRead) missing() error {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	e := &blobstore.NotEnoughSharesError{Need: c.r.coding.K()}
	var there [blobstore.MaxN]bool
	for _, s := range c.r.sources {
		err := cmp.Or(s.out, s.told.Err)
		if slices.Contains(c.waiting, s) {
			err = cmp.Or(err, ErrSilent)
		}
		if err != nil {
			e.Failed = append(e.Failed, &blobstore.HolderError{Holder: s.DID, Index: s.Index, Err: err})
		} else if !there[s.Index] {
			there[s.Index] = true
			e.Got++
		}
	}
	return e
}

// nonNil makes the plaintext of an empty chunk differ from none.
func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
