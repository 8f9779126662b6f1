package node

import (
	"context"
	"slices"
	"time"

	"radswarm/radicle"
)

// AnnounceWait is how long [Client.AnnounceAndWait] waits unless told otherwise; Radicle's own tools wait as long.
const AnnounceWait = 9 * time.Second

// AnnounceOptions say what to announce and for whom to wait.
type AnnounceOptions struct {
	// Namespaces whose signed refs are announced; none is the node's own.
	Namespaces []radicle.NID
	// Wait is how long to wait in all; zero is [AnnounceWait].
	Wait time.Duration
	// Enough is called with all who have the refs so far, after each new one, and ends the wait by true. Without it the wait ends
	// when every connected seed has them.
	Enough func(synced []radicle.NID) bool
}

// Announced is how an announcement went.
type Announced struct {
	Refs RefsAt
	// Seeds are all other nodes that are known to have the repository.
	Seeds []Seed
	// Already had the refs before; they are in Synced too.
	Already []radicle.NID
	// Synced have the refs now, in the order in which they said so.
	Synced []radicle.NID
	// TimedOut says that the wait ended before it was enough.
	TimedOut bool
}

// AnnounceAndWait announces signed refs and waits until peers have fetched them. Not having reached enough of them is no error. When
// the node ends meanwhile it returns what it has and [ErrNotRunning].
func (c *Client) AnnounceAndWait(ctx context.Context, rid radicle.RID, o AnnounceOptions) (a Announced, err error) {
	if o.Wait <= 0 {
		o.Wait = AnnounceWait
	}
	own, err := c.NodeID(ctx)
	if err != nil {
		return a, err
	}
	if len(o.Namespaces) == 0 {
		o.Namespaces = []radicle.NID{own}
	}
	events, err := c.Subscribe(ctx) // before the announcement: nothing is repeated
	if err != nil {
		return a, err
	}
	defer events.Close()
	w := waiter{client: c, own: own, rid: rid, options: o, got: &a}
	before, err := w.seeds(ctx)
	if err != nil {
		return a, err
	}
	if a.Refs, err = c.AnnounceRefs(ctx, rid, o.Namespaces...); err != nil {
		return a, err
	}
	w.take(before)
	a.Already = slices.Clone(a.Synced)
	limited, cancel := context.WithTimeout(ctx, o.Wait)
	defer cancel()
	err = w.run(limited, events)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		a.TimedOut, err = true, nil
	}
	return a, err
}

// waiter collects who has what was announced.
type waiter struct {
	client  *Client
	own     radicle.NID
	rid     radicle.RID
	options AnnounceOptions
	got     *Announced
}

func (w *waiter) run(ctx context.Context, events *Subscription) error {
	seeds, err := w.seeds(ctx) // an event from before the node listened to us may be missing
	if err != nil {
		return err
	}
	w.take(seeds)
	for !w.enough() {
		e, err := events.Next(ctx)
		if err != nil {
			return err
		}
		if s, ok := e.(*RefsSynced); ok && s.RID == w.rid && s.At == w.got.Refs.At {
			w.add(s.Remote)
		}
	}
	return nil
}

// seeds asks the node who else has the repository.
func (w *waiter) seeds(ctx context.Context) ([]Seed, error) {
	seeds, err := w.client.Seeds(ctx, w.rid, w.options.Namespaces...)
	return slices.DeleteFunc(seeds, func(s Seed) bool { return s.NID == w.own }), err
}

// take notes the seeds, and which of them have the refs.
func (w *waiter) take(seeds []Seed) {
	w.got.Seeds = seeds
	for _, s := range seeds {
		if s.Sync != nil && s.Sync.Status == Synced && s.Sync.At.Oid == w.got.Refs.At {
			w.add(s.NID)
		}
	}
}

func (w *waiter) add(nid radicle.NID) {
	if !slices.Contains(w.got.Synced, nid) {
		w.got.Synced = append(w.got.Synced, nid)
	}
}

// enough asks the caller, or whether every connected seed has the refs.
func (w *waiter) enough() bool {
	if w.options.Enough != nil {
		return w.options.Enough(w.got.Synced)
	}
	for _, s := range w.got.Seeds {
		if s.State != nil && s.State.Phase == Connected && !slices.Contains(w.got.Synced, s.NID) {
			return false
		}
	}
	return true
}
