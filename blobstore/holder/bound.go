package holder

import (
	"context"

	"radswarm/blobstore/net"
	"radswarm/radicle"
)

// boundStep is how much of one Write passes at a time, in bytes.
const boundStep = 32 << 10

// Bound returns a stream that this side opened to somebody, held to the bounds of this home: what it writes counts as sent,
// what it reads as taken, like what the other one asks for here (HOLDER.md §5). Reads and Writes that wait for their turn
// return ctx's error when it is done.
func (s *Service) Bound(ctx context.Context, did radicle.DID, stream net.Stream) net.Stream {
	u := &use{&meter{up: &gate{}, down: &gate{}}, &s.meters.total, classGuest}
	if f, ok := s.friends.Friend(did); ok {
		u = &use{s.meters.of(meterKey{classFriend, did}, f.Up, f.Down), &s.meters.total, classFriend}
	}
	return &bound{
		Stream: stream,
		send:   func(n int) error { return u.send(ctx, n) },
		take:   func(n int) error { return u.take(ctx, n) },
	}
}

// bound is a stream whose bytes wait for their turn.
type bound struct {
	net.Stream
	send, take func(n int) error
}

// Read implements io.Reader. What was read waits here, so that the other side is held up.
func (b *bound) Read(p []byte) (int, error) {
	n, err := b.Stream.Read(p)
	if n > 0 {
		if turn := b.take(n); turn != nil && err == nil {
			err = turn
		}
	}
	return n, err
}

// Write implements io.Writer.
func (b *bound) Write(p []byte) (done int, err error) {
	for len(p) > 0 {
		step := p[:min(len(p), boundStep)]
		if err := b.send(len(step)); err != nil {
			return done, err
		}
		n, err := b.Stream.Write(step)
		done += n
		if err != nil {
			return done, err
		}
		p = p[n:]
	}
	return done, nil
}
