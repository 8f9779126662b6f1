package cob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"radswarm/radicle"
)

// An Object is what operations add up to. Fold calls it in its own goroutine, Init once and first.
//
// An error of Init ends the fold. An error of Apply means that the operation does not count: it is taken out of the history with
// all that come after it. Whatever Apply had changed by then stays, as in Radicle. A [*FatalError] of either ends the fold.
type Object interface {
	// Init starts the object with its first operation.
	Init(ctx context.Context, e *Entry) error
	// Apply applies a further operation. concurrent reports whether there is an operation neither before nor after it; it may be
	// called during Apply only.
	Apply(ctx context.Context, e *Entry, concurrent func() bool) error
}

// Fold applies the operations that come after root, which is the object's id, and root itself. All nodes that have the same
// operations apply them in the same order: each after those before it; otherwise by time, then id, except right after the root,
// where it is the other way round by id alone. Errors wrap [ErrNoRoot], or are those of the root or of Init.
func (h *History) Fold(ctx context.Context, root radicle.Oid, o Object) error {
	first := h.nodes[root]
	if first == nil {
		return fmt.Errorf("object %v: %w", root, ErrNoRoot)
	}
	if err := first.Verify(); err != nil {
		return err
	}
	if first.TooLarge != nil {
		return first.TooLarge
	}
	if err := o.Init(ctx, first.Entry); err != nil {
		return unwrapFatal(err)
	}
	for _, id := range h.order(first) {
		n := h.nodes[id]
		if n == nil {
			continue // went with an operation before it
		}
		err := h.apply(ctx, n, o)
		if isFatal(err) {
			return unwrapFatal(err)
		}
		if err != nil {
			h.skipped = append(h.skipped, err)
			h.remove(id)
		}
	}
	return nil
}

func (h *History) apply(ctx context.Context, n *node, o Object) error {
	if err := ctx.Err(); err != nil {
		return &FatalError{err}
	}
	if err := n.Verify(); err != nil {
		return err
	}
	if n.TooLarge != nil {
		h.skipped = append(h.skipped, n.TooLarge)
		return nil
	}
	err := o.Apply(ctx, n.Entry, func() bool { return h.concurrent(n) })
	if err == nil || isFatal(err) {
		return err
	}
	return &EntryError{n.ID, err}
}

func unwrapFatal(err error) error {
	if fatal, ok := errors.AsType[*FatalError](err); ok {
		return fatal.Err
	}
	return err
}

// order lists the operations after the root: the reverse of a depth-first walk that notes each operation when it has noted all
// that come after it. The walk starts at the root's direct successors in the order of their ids, and goes on to successors in
// reverse chronological order.
func (h *History) order(root *node) []radicle.Oid {
	var order []radicle.Oid
	visited := make(map[radicle.Oid]bool)
	type step struct {
		n    *node
		next []*node // still to be walked, the last one first
	}
	for _, id := range slices.SortedFunc(maps.Keys(root.after), radicle.Oid.Compare) {
		var path []step
		enter := func(n *node) {
			if !visited[n.ID] {
				visited[n.ID] = true
				path = append(path, step{n, h.successors(n)})
			}
		}
		for enter(h.nodes[id]); len(path) > 0; {
			last := &path[len(path)-1]
			if len(last.next) == 0 {
				order = append(order, last.n.ID)
				path = path[:len(path)-1]
				continue
			}
			n := last.next[len(last.next)-1]
			last.next = last.next[:len(last.next)-1]
			enter(n)
		}
	}
	slices.Reverse(order)
	return order
}

// successors returns the operations that name n, in chronological order.
func (h *History) successors(n *node) []*node {
	var list []*node
	for id := range n.after {
		list = append(list, h.nodes[id])
	}
	slices.SortFunc(list, func(a, b *node) int { return cmp.Or(cmp.Compare(a.Seconds, b.Seconds), a.ID.Compare(b.ID)) })
	return list
}
