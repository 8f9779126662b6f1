package peers

import (
	"context"
	"errors"
	"slices"
	"sync"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/net"
	"radswarm/blobstore/swarm"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// Where asks who stored an open object who holds it, and returns those who agreed to be named, as holders whose open shares can be
// read: nobody has to know us for that. What they are connected by lasts until ctx is done. Nothing of it is remembered.
func (p *Peers) Where(ctx context.Context, writer radicle.DID, rid radicle.RID, oid blobstore.OID) ([]swarm.Person, error) {
	t, err := p.target(ctx, writer)
	if err != nil {
		return nil, err
	}
	records, err := p.askWhere(ctx, t, &wire.KnockWhere{RID: rid, OID: oid})
	if err != nil {
		return nil, p.unreachable(writer, err)
	}
	var people []swarm.Person
	for _, b := range records {
		r, err := friend.ParseAddressRecord(b)
		if err == nil {
			err = r.Check(p.o.Now())
		}
		if err != nil {
			p.o.Log.Debug("address record is left out", "of", writer, "error", err)
			continue
		}
		same := func(q swarm.Person) bool { return q.DID == r.DID() }
		if r.DID() != p.o.Self && !slices.ContainsFunc(people, same) {
			people = append(people, swarm.Person{DID: r.DID(), Holder: p.reader(ctx, target{r.Device(), addrs(r.Addresses())})})
		}
	}
	return people, nil
}

// askWhere asks on a connection that is made for it, unless there is one.
func (p *Peers) askWhere(ctx context.Context, t target, m *wire.KnockWhere) ([][]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s, err := p.reader(ctx, t).stream(ctx)
	if err != nil {
		return nil, err
	}
	return wire.KnockForHolders(ctx, s, m)
}

// reads is how many shares are read of one stranger at once: it lets the others wait (HOLDER.md §5).
const reads = 2

// reader returns a device as a holder of open shares. The connection ends with ctx, unless somebody was met on it.
func (p *Peers) reader(ctx context.Context, t target) *openReader {
	return &openReader{peers: p, life: ctx, target: t, slots: make(chan struct{}, reads)}
}

// openReader is a holder that knows nothing of us, and lets everybody read what is open.
type openReader struct {
	peers  *Peers
	life   context.Context
	target target
	slots  chan struct{}

	mu   sync.Mutex // guards conn
	conn net.Conn   // nil: there was none yet
}

// stream opens a stream to a device that need not know us.
func (h *openReader) stream(ctx context.Context) (net.Stream, error) {
	conn, err := h.connected(ctx)
	if err != nil {
		return nil, err
	}
	return conn.Open(ctx)
}

func (h *openReader) connected(ctx context.Context) (net.Conn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn != nil && h.conn.Err() == nil {
		return h.conn, nil
	}
	n, _, err := h.peers.house()
	if err != nil {
		return nil, err
	}
	conn, err := n.Connect(ctx, h.target.device, h.target.addrs)
	if err != nil {
		return nil, err
	}
	h.conn = conn
	context.AfterFunc(h.life, func() {
		if !h.peers.isLine(conn) {
			_ = conn.Close(uint32(wire.CodeOK)) // it is over in any case
		}
	})
	return conn, nil
}

// isLine reports whether somebody was met on a connection.
func (p *Peers) isLine(conn net.Conn) bool {
	return slices.ContainsFunc(p.lines(), func(l *line) bool { return l.Conn == conn })
}

var _ blobstore.Holder = (*openReader)(nil)

// ask says one knock after the other, each with as many ranges as it may have.
func (h *openReader) ask(
	ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range, prove bool,
	say func(ctx context.Context, s net.Stream, m *wire.KnockRead, first int) error,
) error {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	first := 0
	for some := range slices.Chunk(ranges, wire.MaxKnockRanges) {
		s, err := h.stream(ctx)
		if err == nil {
			err = say(ctx, s, &wire.KnockRead{Name: name, Ranges: some, Prove: prove}, first)
		}
		if err != nil {
			return errors.Join(ctx.Err(), err)
		}
		first += len(some)
	}
	return nil
}

// Get implements [blobstore.Getter].
func (h *openReader) Get(
	ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range, visit func(i int, b []byte) error,
) error {
	return h.ask(ctx, name, ranges, false, func(ctx context.Context, s net.Stream, m *wire.KnockRead, first int) error {
		return wire.KnockForBlocks(ctx, s, m, func(i int, b []byte) error { return visit(first+i, b) })
	})
}

// Prove implements [blobstore.Prover].
func (h *openReader) Prove(ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range) (proofs [][]byte, err error) {
	err = h.ask(ctx, name, ranges, true, func(ctx context.Context, s net.Stream, m *wire.KnockRead, _ int) error {
		some, err := wire.KnockForProofs(ctx, s, m)
		proofs = append(proofs, some...)
		return err
	})
	return proofs, err
}

// What else a holder does, it does for who is known there.

// Put implements [blobstore.Putter].
func (*openReader) Put(context.Context, []blobstore.Offer) ([]blobstore.Outcome, error) {
	return nil, blobstore.ErrDenied
}

// Audit implements [blobstore.Prover].
func (*openReader) Audit(context.Context, blobstore.ShareName, blobstore.Nonce, int) ([]blobstore.Leaf, error) {
	return nil, blobstore.ErrDenied
}

// Have implements [blobstore.Haver].
func (*openReader) Have(context.Context, []blobstore.ShareName, blobstore.Nonce) ([]blobstore.Held, error) {
	return nil, blobstore.ErrDenied
}

// Hash implements [blobstore.Hasher].
func (*openReader) Hash(context.Context, blobstore.ShareName, blobstore.Nonce) (sum [32]byte, err error) {
	return sum, blobstore.ErrDenied
}

// Delete implements [blobstore.Deleter].
func (*openReader) Delete(context.Context, []blobstore.ShareName) error { return blobstore.ErrDenied }

// Manifests implements [blobstore.ManifestKeeper].
func (*openReader) Manifests(context.Context, blobstore.MID) ([][]byte, error) {
	return nil, blobstore.ErrDenied
}
