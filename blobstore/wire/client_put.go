package wire

import (
	"context"
	"fmt"
	"sync"

	"radswarm/blobstore"
)

// Put implements [blobstore.Putter]. It reads the shares that the holder wants one after the other, in a goroutine of
// its own, 64 KiB at a time, and tells the holder to wait while a source is slow. It returns only after the source that
// it reads.
func (c *Client) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	if err := between("number of offers", len(offers), 0, blobstore.MaxOffers); err != nil {
		return nil, err
	}
	u := newUpload(offers)
	if err := c.do(ctx, func(conn *conn) error { return u.run(ctx, conn) }, u.request()...); err != nil {
		return nil, err
	}
	return u.outcomes, nil
}

// upload is one Put.
type upload struct {
	outcomes []blobstore.Outcome
	items    []*item // offers that can be sent
}

// item is an offer that was sent, under its place in items.
type item struct {
	offer   *blobstore.Offer
	outcome *blobstore.Outcome

	decided, wanted, settled bool

	mu       sync.Mutex // guards what follows
	skip     bool       // the holder does not want the rest
	finished bool       // its last byte or its ABORT is on the way
	aborted  bool       // it was not sent whole
	err      error      // what was wrong with its source
}

// newUpload settles the offers that nobody may make.
func newUpload(offers []blobstore.Offer) *upload {
	u := &upload{outcomes: make([]blobstore.Outcome, len(offers))}
	for i := range offers {
		it := &item{offer: &offers[i], outcome: &u.outcomes[i]}
		if err := it.message().Validate(); err != nil {
			it.decide(blobstore.Outcome{Err: err})
			continue
		}
		u.items = append(u.items, it)
	}
	return u
}

func (it *item) message() *offerMsg {
	o := it.offer
	return &offerMsg{o.Name, o.Len, o.Owner, o.Open, o.MID, o.Sealed}
}

// decide tells who offered.
func (it *item) decide(o blobstore.Outcome) {
	it.decided, it.wanted = true, o == blobstore.Outcome{}
	*it.outcome = o
	if it.offer.Decided != nil {
		it.offer.Decided(o)
	}
}

func (u *upload) request() []Message {
	request := []Message{&putMsg{uint32(len(u.items))}}
	for _, it := range u.items {
		request = append(request, it.message())
	}
	return request
}

// run takes the decisions, and then sends shares and takes outcomes side by side.
func (u *upload) run(ctx context.Context, c *conn) error {
	if err := u.decisions(c); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.keepWaiting(ctx)
	var sender sync.WaitGroup
	sender.Go(func() { u.send(c) })
	err := u.settle(c)
	if err != nil {
		c.fail(err) // what the sender writes as well
	}
	sender.Wait()
	return err
}

// decisions takes one for each item.
func (u *upload) decisions(c *conn) error {
	for range u.items {
		m, err := c.reply(kindDecision)
		if err != nil {
			return err
		}
		if m == nil {
			return fmt.Errorf("%w: END before all decisions", ErrProtocol)
		}
		decision := m.(*decisionMsg)
		if int64(decision.index) >= int64(len(u.items)) || u.items[decision.index].decided {
			return fmt.Errorf("%w: a decision about offer %d", ErrProtocol, decision.index)
		}
		u.items[decision.index].decide(decision.outcome())
	}
	return nil
}

// outcome returns what the message says.
func (m *outcomeMsg) outcome() blobstore.Outcome {
	err := m.status.err()
	return blobstore.Outcome{Had: m.had && err == nil, Err: err}
}

// settle takes an outcome for each item that was wanted, and END.
func (u *upload) settle(c *conn) error {
	for {
		m, err := c.next(func(k Kind) bool { return k == kindOutcome || k == kindSkip || k == kindEnd || k == kindWait })
		if err != nil {
			return c.early(err)
		}
		switch m := m.(type) {
		case *endMsg:
			if err := m.end(); err != nil {
				return err
			}
			return u.complete()
		case *skipMsg:
			err = u.skip(m.index)
		case *outcomeMsg:
			err = u.outcome(m)
		}
		if err != nil {
			return err
		}
	}
}

// wanted returns the item with this index, or an error where there is none, or none that was wanted.
func (u *upload) wanted(m Message, index uint32) (*item, error) {
	if int64(index) < int64(len(u.items)) && u.items[index].wanted && !u.items[index].settled {
		return u.items[index], nil
	}
	return nil, fmt.Errorf("%w: %v for offer %d", ErrProtocol, m.Kind(), index)
}

func (u *upload) skip(index uint32) error {
	it, err := u.wanted(&skipMsg{}, index)
	if err != nil {
		return err
	}
	it.mu.Lock()
	defer it.mu.Unlock()
	it.skip = true
	return nil
}

func (u *upload) outcome(m *outcomeMsg) error {
	it, err := u.wanted(m, m.index)
	if err != nil {
		return err
	}
	it.mu.Lock()
	defer it.mu.Unlock()
	o := m.outcome()
	switch {
	case !it.finished, o.Err == nil && !o.Had && it.aborted:
		return fmt.Errorf("%w: an outcome of share %d, which was not sent", ErrProtocol, m.index)
	case o.Err != nil && it.err != nil:
		o.Err = it.err
	}
	it.settled, *it.outcome = true, o
	return nil
}

func (u *upload) complete() error {
	for i, it := range u.items {
		if it.wanted && !it.settled {
			return fmt.Errorf("%w: END without an outcome for offer %d", ErrProtocol, i)
		}
	}
	return nil
}

// chunks are buffers for one chunk each, with its room: small shares come by the hundred.
var chunks = sync.Pool{New: func() any { return new([chunkRoom + maxChunk]byte) }}

// send sends what is wanted, until the stream breaks.
func (u *upload) send(c *conn) {
	buf := chunks.Get().(*[chunkRoom + maxChunk]byte)
	defer chunks.Put(buf)
	for i, it := range u.items {
		if it.wanted && it.send(c, uint32(i), buf[:]) != nil {
			return
		}
	}
}
