package cob

import (
	"context"
	"errors"
	"maps"
	"slices"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// Limits bound what is read of one object. A zero field has its default.
type Limits struct {
	Ops    int   // operations; default 65,536
	Action int64 // bytes of one action; default 1 MiB. Text that people write stays far below
	Total  int64 // bytes of all commits, trees, manifests and actions, most of which is held in memory; default 64 MiB
}

// Documents returns a reader for what the operations of an object name beside themselves, such as identity documents. Of these, too,
// at most Total bytes are read.
func (l Limits) Documents(r gitobj.Reader) gitobj.Reader { return Bounded(r, l.withDefaults().Total) }

func (l Limits) withDefaults() Limits {
	if l.Ops == 0 {
		l.Ops = 1 << 16
	}
	if l.Action == 0 {
		l.Action = 1 << 20
	}
	if l.Total == 0 {
		l.Total = 64 << 20
	}
	return l
}

// A History is the graph of an object's operations. It shrinks: [History.Fold] removes what does not count.
type History struct {
	nodes   map[radicle.Oid]*node
	skipped []error
}

// node is an operation in the graph.
type node struct {
	*Entry
	before map[radicle.Oid]bool // operations that it names as its parents, those that are not in the graph included
	after  map[radicle.Oid]bool // operations in the graph that name it
}

// ReadHistory reads all operations that the tips reach, the tips being where the refs of all namespaces for one object point. What
// cannot be read is left out; see [History.Skipped]. Errors are [*LimitError], [ErrCycle], or the reader's.
func ReadHistory(ctx context.Context, r gitobj.Reader, tips []radicle.Oid, limits Limits) (*History, error) {
	limits = limits.withDefaults()
	h := &History{nodes: make(map[radicle.Oid]*node)}
	s := newSource(r, limits)
	seen := make(map[radicle.Oid]bool)
	for todo := slices.Clone(tips); len(todo) > 0; {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[id] {
			continue
		}
		if seen[id] = true; len(seen) > limits.Ops {
			return nil, &LimitError{"operations", int64(limits.Ops)}
		}
		e, err := readEntry(ctx, s, id)
		if fatal, ok := errors.AsType[*FatalError](err); ok {
			return nil, fatal.Err
		}
		if err != nil {
			h.skipped = append(h.skipped, err)
			continue
		}
		h.add(e)
		todo = append(todo, e.Parents...)
	}
	h.link()
	if h.cyclic() {
		return nil, ErrCycle
	}
	return h, nil
}

// NewHistory is the history of a new object, whose first operation [Change.Write] returned.
func NewHistory(e *Entry) *History {
	h := &History{nodes: make(map[radicle.Oid]*node)}
	h.add(e)
	return h
}

func (h *History) add(e *Entry) {
	h.nodes[e.ID] = &node{Entry: e, before: make(map[radicle.Oid]bool), after: make(map[radicle.Oid]bool)}
}

// link connects all operations with those before them.
func (h *History) link() {
	for id, n := range h.nodes {
		for _, parent := range n.Parents {
			n.before[parent] = true
			if p := h.nodes[parent]; p != nil {
				p.after[id] = true
			}
		}
	}
}

// cyclic takes away operations that have nothing before them until none is left.
func (h *History) cyclic() bool {
	waiting := make(map[radicle.Oid]int, len(h.nodes))
	var free []radicle.Oid
	for id, n := range h.nodes {
		for parent := range n.before {
			if h.nodes[parent] != nil {
				waiting[id]++
			}
		}
		if waiting[id] == 0 {
			free = append(free, id)
		}
	}
	done := 0
	for ; len(free) > 0; done++ {
		n := h.nodes[free[len(free)-1]]
		free = free[:len(free)-1]
		for id := range n.after {
			if waiting[id]--; waiting[id] == 0 {
				free = append(free, id)
			}
		}
	}
	return done < len(h.nodes)
}

// Len is the number of operations in the graph.
func (h *History) Len() int { return len(h.nodes) }

// Entry returns an operation of the graph.
func (h *History) Entry(id radicle.Oid) (*Entry, bool) {
	n, ok := h.nodes[id]
	if !ok {
		return nil, false
	}
	return n.Entry, true
}

// Tips returns the operations that none comes after, sorted: what the next operation names as its parents.
func (h *History) Tips() []radicle.Oid {
	var tips []radicle.Oid
	for id, n := range h.nodes {
		if len(n.after) == 0 {
			tips = append(tips, id)
		}
	}
	slices.SortFunc(tips, radicle.Oid.Compare)
	return tips
}

// Skipped says why operations were left out, those that could not be read first, then those that Fold removed. What came after a
// removed operation went with it and is not listed.
func (h *History) Skipped() []error { return slices.Clone(h.skipped) }

// Append adds an operation that comes after all tips, as [Change.Write] returned it.
func (h *History) Append(e *Entry) {
	h.add(e)
	n := h.nodes[e.ID]
	for _, parent := range e.Parents {
		n.before[parent] = true
		if p := h.nodes[parent]; p != nil {
			p.after[e.ID] = true
		}
	}
}

// remove takes an operation out, with all that come after it.
func (h *History) remove(id radicle.Oid) {
	for todo := []radicle.Oid{id}; len(todo) > 0; {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		n := h.nodes[id]
		if n == nil {
			continue
		}
		delete(h.nodes, id)
		for parent := range n.before {
			if p := h.nodes[parent]; p != nil {
				delete(p.after, id)
			}
		}
		todo = slices.AppendSeq(todo, maps.Keys(n.after))
	}
}

// concurrent reports whether the graph has an operation that is neither before nor after n.
func (h *History) concurrent(n *node) bool {
	before := h.reach(n, func(n *node) map[radicle.Oid]bool { return n.before })
	after := h.reach(n, func(n *node) map[radicle.Oid]bool { return n.after })
	return before+after+1 < len(h.nodes)
}

// reach counts the operations that steps lead to from n, n excluded.
func (h *History) reach(n *node, steps func(*node) map[radicle.Oid]bool) int {
	seen := make(map[radicle.Oid]bool)
	for todo := []*node{n}; len(todo) > 0; {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for id := range steps(next) {
			if other := h.nodes[id]; other != nil && !seen[id] {
				seen[id] = true
				todo = append(todo, other)
			}
		}
	}
	return len(seen)
}
