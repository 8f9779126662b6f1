package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"radswarm/blobstore"
)

// What a Holder reads instead of a share.
var (
	errAborted = errors.New("the owner sends no more of it")
	errClosed  = errors.New("read after another share was opened, or after Put")
	errOrder   = errors.New("share opened before all were decided, twice, or out of order")
)

// servePut takes a batch of shares (PROTOCOL.md §6.3).
func (c *conn) servePut(ctx context.Context, h blobstore.Putter, count int) error {
	in := &intake{c: c, items: make([]arrival, count), open: -1}
	offers, err := in.offers()
	if err != nil {
		return c.refuse(err)
	}
	c.owe(true)
	c.keepWaiting(ctx)
	outcomes, err := h.Put(ctx, offers)
	if err == nil && len(outcomes) != count {
		err = fmt.Errorf("%d outcomes for %d offers", len(outcomes), count)
	}
	var settled []Message
	if err == nil {
		settled, err = in.settle(outcomes)
	}
	if done := ctx.Err(); done != nil {
		return done
	}
	if err != nil {
		return c.stop(err)
	}
	return c.end(nil, settled...)
}

// intake is the asker's side of a Put, as the Holder reads it.
type intake struct {
	c *conn

	mu        sync.Mutex // guards what follows, and the reading side of c
	items     []arrival
	undecided int
	decisions []Message // until all are there
	open      int       // the item that may be read; -1 before the first
	chunk     int64     // bytes that the chunk under way still has
}

// arrival is an offer on its way.
type arrival struct {
	decided, wanted bool
	left            int64 // bytes that did not arrive
	aborted         bool
}

func (a *arrival) finished() bool { return !a.wanted || a.aborted || a.left == 0 }

// offers reads them.
func (in *intake) offers() ([]blobstore.Offer, error) {
	offers := make([]blobstore.Offer, len(in.items))
	in.undecided = len(offers)
	for i := range offers {
		m, err := in.c.next(func(k Kind) bool { return k == kindOffer })
		if err != nil {
			return nil, err
		}
		o := m.(*offerMsg)
		in.items[i].left = o.len
		offers[i] = blobstore.Offer{
			Name: o.name, Len: o.len, Owner: o.owner, Open: o.open, MID: o.mid, Sealed: o.sealed,
			Decided: func(o blobstore.Outcome) { in.decide(i, o) },
			Share:   func() (io.ReadCloser, error) { return in.share(i) },
		}
	}
	return offers, nil
}

// decide takes a decision of the Holder's. With the last one, all are sent.
func (in *intake) decide(i int, o blobstore.Outcome) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.items[i].decided {
		return
	}
	in.items[i].decided, in.items[i].wanted = true, o == blobstore.Outcome{}
	in.decisions = append(in.decisions, &decisionMsg{outcomeMsg{uint32(i), o.Had, statusOf(o.Err)}})
	if in.undecided--; in.undecided == 0 {
		_ = in.c.send(in.decisions...) // a stream that is broken was killed
	}
}

// share opens the share of an item, and passes those before it that the Holder did not read.
func (in *intake) share(i int) (io.ReadCloser, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.undecided > 0 || i <= in.open || !in.items[i].wanted {
		return nil, errOrder
	}
	if err := in.pass(i); err != nil {
		return nil, err
	}
	in.open = i
	return &shareReader{in, i}, nil
}

// pass takes everything off the stream that comes before item i.
func (in *intake) pass(i int) error {
	for j := max(in.open, 0); j < i; j++ {
		if in.items[j].finished() {
			continue
		}
		if err := in.c.send(&skipMsg{indexed{uint32(j)}}); err != nil {
			return err
		}
		if err := in.drain(j); err != nil {
			return err
		}
	}
	return nil
}

// drain takes the rest of item j off the stream, of which no more is wanted than is under way.
func (in *intake) drain(j int) error {
	for before := in.items[j].left; !in.items[j].finished(); {
		if err := in.discard(j); err != nil {
			return err
		}
		if n := before - in.items[j].left; n > maxLinger && !in.items[j].finished() {
			err := fmt.Errorf("%w: %d bytes of share %d after SKIP", ErrProtocol, n, j)
			in.c.fail(err)
			return err
		}
	}
	return nil
}

// discard takes some of item j off the stream.
func (in *intake) discard(j int) error {
	if err := in.next(j); err != nil || in.items[j].aborted {
		return err
	}
	n, err := io.CopyN(io.Discard, in.c.in, in.chunk)
	return in.took(j, n, departed(err))
}

// next makes sure that a chunk of item j is under way, or that it was aborted. Errors have killed the stream.
func (in *intake) next(j int) error {
	for a := &in.items[j]; in.chunk == 0 && !a.aborted; {
		m, err := in.c.next(func(k Kind) bool { return k == kindChunk || k == kindAbort || k == kindWait })
		if err == nil {
			err = in.arrive(uint32(j), a, m)
		}
		if err != nil {
			err = departed(err)
			in.c.fail(err)
			return err
		}
	}
	return nil
}

func (in *intake) arrive(j uint32, a *arrival, m Message) error {
	switch m := m.(type) {
	case *chunkMsg:
		if want := min(a.left, maxChunk); m.index != j || int64(m.len) != want {
			return fmt.Errorf("%w: %d bytes of share %d, not %d of %d", ErrProtocol, m.len, m.index, want, j)
		}
		in.chunk = int64(m.len)
	case *abortMsg:
		if m.index != j {
			return fmt.Errorf("%w: ABORT of %d, not %d", ErrProtocol, m.index, j)
		}
		a.aborted = true
	}
	return nil
}

// took accounts for n bytes of item j. An error has killed the stream.
func (in *intake) took(j int, n int64, err error) error {
	in.items[j].left -= n
	in.chunk -= n
	if err != nil {
		in.c.fail(err)
	}
	return err
}

// settle takes what is left off the stream, and returns the messages that say what became of the shares.
func (in *intake) settle(outcomes []blobstore.Outcome) ([]Message, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.undecided > 0 {
		return nil, fmt.Errorf("%d offers undecided", in.undecided)
	}
	if err := in.pass(len(in.items)); err != nil {
		return nil, err
	}
	in.open = len(in.items)
	var messages []Message
	for i, o := range outcomes {
		if in.items[i].wanted {
			messages = append(messages, &outcomeMsg{uint32(i), o.Had, statusOf(o.Err)})
		}
	}
	return messages, nil
}

// shareReader reads one share off the stream, straight into the Holder's memory.
type shareReader struct {
	in *intake
	i  int
}

func (r *shareReader) Read(p []byte) (int, error) {
	in := r.in
	in.mu.Lock()
	defer in.mu.Unlock()
	a := &in.items[r.i]
	switch {
	case in.open != r.i:
		return 0, errClosed
	case a.left == 0:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	if err := in.next(r.i); err != nil {
		return 0, err
	}
	if a.aborted {
		return 0, errAborted
	}
	n, err := in.c.in.Read(p[:min(int64(len(p)), in.chunk)])
	return n, in.took(r.i, int64(n), departed(err))
}

// Close leaves the rest to who opens the next one.
func (r *shareReader) Close() error { return nil }
