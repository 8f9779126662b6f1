package wire

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
)

// Client is the [blobstore.Holder] at the other end of the streams that Open opens. Errors of the other side come back
// as they would from a local holder; errors of Open and of streams come back as they are.
//
// A method that ends early, by its context or by an error of its caller's, cancels: the holder hears of it through its
// stream, and what it does then may end after the method has returned.
type Client struct {
	// Open returns a new stream to the holder, on which nothing was said yet. It may be called from many goroutines.
	Open func(ctx context.Context) (Stream, error)
}

var _ blobstore.Holder = (*Client)(nil)

// do opens a stream, sends a request, lets answer take the answer, and closes.
func (c *Client) do(ctx context.Context, answer func(*conn) error, request ...Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, m := range request {
		if err := m.Validate(); err != nil {
			return err
		}
	}
	s, err := c.Open(ctx)
	if err != nil {
		if done := ctx.Err(); done != nil {
			return done
		}
		return err
	}
	conn, _ := newConn(ctx, s)
	err = conn.send(append([]Message{&Open{Protocol: ProtocolBlocks}}, request...)...)
	if err == nil {
		err = answer(conn)
	}
	return cmp.Or(conn.finish(ctx, err), ctx.Err())
}

// finish closes the stream after an answer, and returns what the caller is told of err.
func (c *conn) finish(ctx context.Context, err error) error {
	if end, ok := err.(*endError); ok { // the holder said no, and that was all it said
		return cmp.Or(c.close(ctx, nil), end.err)
	}
	err = c.close(ctx, err)
	if visit, ok := err.(*visitError); ok {
		return visit.err
	}
	return err
}

// endError is an END that is not OK.
type endError struct{ err error }

func (e *endError) Error() string { return e.err.Error() }

// visitError is an error of the caller's. It has no Unwrap: it says nothing about the stream.
type visitError struct{ err error }

func (e *visitError) Error() string { return e.err.Error() }

// reply is the next message of the holder. END without OK is an error; END OK is nil, nil.
func (c *conn) reply(want Kind) (Message, error) {
	for {
		m, err := c.next(func(k Kind) bool { return k == want || k == kindEnd || k == kindWait })
		if err != nil {
			return nil, c.early(err)
		}
		switch m := m.(type) {
		case *waitMsg:
		case *endMsg:
			return nil, m.end()
		default:
			return m, nil
		}
	}
}

// end returns nil for OK, else an *endError.
func (m *endMsg) end() error {
	if err := m.status.err(); err != nil {
		return &endError{err}
	}
	return nil
}

// early makes something of an error of next: what was not understood of an answer was wrong with it.
func (c *conn) early(err error) error {
	switch {
	case err == io.EOF:
		return io.ErrUnexpectedEOF
	case isRefusal(err):
		return fmt.Errorf("%w: %v", ErrProtocol, err)
	}
	return err
}

// replies calls take for n messages of a kind, and then there must be END.
func (c *conn) replies(want Kind, n int, take func(i int, m Message) error) error {
	for i := range n + 1 {
		m, err := c.reply(want)
		switch {
		case err != nil:
			return err
		case m == nil && i < n:
			return fmt.Errorf("%w: END after %d of %d answers", ErrProtocol, i, n)
		case m == nil:
			return nil
		case i == n:
			return fmt.Errorf("%w: %v after %d answers, which were all", ErrProtocol, want, n)
		}
		if err := take(i, m); err != nil {
			return err
		}
	}
	return nil
}

// Get implements [blobstore.Getter]. It holds one block at a time; a visit that takes its time stops the stream, and
// the holder ends it after [ErrTooSlow]'s.
func (c *Client) Get(
	ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range, visit func(i int, b []byte) error,
) error {
	return c.do(ctx, func(conn *conn) error { return conn.blocks(ctx, ranges, visit) }, &getMsg{name, ranges})
}

// blocks takes a block for each range, in any order.
func (c *conn) blocks(ctx context.Context, ranges []blobstore.Range, visit func(i int, b []byte) error) error {
	longest := 0
	for _, r := range ranges {
		longest = max(longest, r.Len)
	}
	seen, mem := make([]bool, len(ranges)), make([]byte, longest)
	return c.replies(kindBlock, len(ranges), func(_ int, m Message) error {
		block := m.(*blockMsg)
		i := int(block.index)
		if i >= len(ranges) || seen[i] || int(block.len) != ranges[i].Len {
			return fmt.Errorf("%w: a block that was not asked for: number %d, %d bytes", ErrProtocol, block.index, block.len)
		}
		seen[i] = true
		b := mem[:block.len]
		if err := c.raw(b); err != nil {
			return err
		}
		if err := visit(i, b); err != nil {
			return &visitError{err}
		}
		return ctx.Err()
	})
}

// Prove implements [blobstore.Prover]. The proofs are as the holder sent them.
func (c *Client) Prove(ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range) (proofs [][]byte, err error) {
	err = c.do(ctx, func(conn *conn) error {
		proofs, err = conn.proofs(len(ranges))
		return err
	}, &proveMsg{getMsg{name, ranges}})
	return only(proofs, err)
}

func (c *conn) proofs(n int) ([][]byte, error) {
	proofs := make([][]byte, 0, n)
	err := c.replies(kindProof, n, func(_ int, m Message) error {
		proofs = append(proofs, m.(*proofMsg).proof)
		return nil
	})
	return proofs, err
}

// Audit implements [blobstore.Prover]. The leaves are as the holder sent them.
func (c *Client) Audit(
	ctx context.Context, name blobstore.ShareName, nonce blobstore.Nonce, leaves int,
) (answer []blobstore.Leaf, err error) {
	if err := between("leaves", leaves, 1, blobstore.MaxLeaves); err != nil {
		return nil, err
	}
	err = c.do(ctx, func(conn *conn) error {
		return conn.replies(kindLeaf, leaves, func(_ int, m Message) error {
			answer = append(answer, m.(*leafMsg).leaf)
			return nil
		})
	}, &auditMsg{name, nonce, uint32(leaves)})
	return only(answer, err)
}

// Have implements [blobstore.Haver]. It verifies the leaves: a share without three valid ones is not held. What they do
// not always prove is the length, which the caller compares with the manifest's.
func (c *Client) Have(
	ctx context.Context, names []blobstore.ShareName, nonce blobstore.Nonce,
) (held []blobstore.Held, err error) {
	err = c.do(ctx, func(conn *conn) error {
		return conn.replies(kindHeld, len(names), func(i int, m Message) error {
			held = append(held, proven(names[i].Root, nonce, m.(*heldMsg).held))
			return nil
		})
	}, &haveMsg{nonce, names})
	return only(held, err)
}

// proven returns what of an answer is proved: all or nothing.
func proven(root blobstore.Root, nonce blobstore.Nonce, h blobstore.Held) blobstore.Held {
	if h.Len == 0 || share.VerifyAudit(root, h.Len, nonce, blobstore.HaveLeaves, h.Leaves) != nil {
		return blobstore.Held{}
	}
	return h
}

// Hash implements [blobstore.Hasher]. The hash is as the holder sent it.
func (c *Client) Hash(ctx context.Context, name blobstore.ShareName, nonce blobstore.Nonce) (sum [32]byte, err error) {
	err = c.do(ctx, func(conn *conn) error {
		return conn.replies(kindDigest, 1, func(_ int, m Message) error {
			sum = m.(*digestMsg).sum
			return nil
		})
	}, &hashMsg{name, nonce})
	return only(sum, err)
}

// Delete implements [blobstore.Deleter].
func (c *Client) Delete(ctx context.Context, names []blobstore.ShareName) error {
	return c.do(ctx, func(conn *conn) error { return conn.replies(kindEnd, 0, nil) }, &deleteMsg{names})
}

// Manifests implements [blobstore.ManifestKeeper].
func (c *Client) Manifests(ctx context.Context, mid blobstore.MID) (sealed [][]byte, err error) {
	err = c.do(ctx, func(conn *conn) error {
		for {
			m, err := conn.reply(kindSealed)
			switch {
			case err != nil:
				return err
			case m == nil && len(sealed) == 0:
				return &endError{fs.ErrNotExist}
			case m == nil:
				return nil
			case len(sealed) == blobstore.MaxManifests:
				return fmt.Errorf("%w: more than %d manifests", ErrProtocol, blobstore.MaxManifests)
			}
			sealed = append(sealed, m.(*sealedMsg).sealed)
		}
	}, &manifestMsg{mid})
	return only(sealed, err)
}

// only returns v where there is no error.
func only[T any](v T, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return v, nil
}
