package sigrefs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// What [Read] walks at most where the head does not name its parent, so that the history must be searched for replays.
const (
	MaxHistory     = 100_000 // commits; one a push
	MaxHistoryText = 2 << 30 // bytes of refs text, in sum
)

// Read returns what the namespace nid of the repository rid says, given the head of its signed refs: the list at the
// head, or, where the head repeats a signature of its past, the latest list that is no repetition. So At may be older
// than head.
//
// Errors are a [*CommitError] or a [*DowngradeError]; an ended context's comes bare.
func Read(ctx context.Context, store gitobj.Reader, rid radicle.RID, nid radicle.NID, head radicle.Oid) (*List, error) {
	v := newVerifier(store, rid, nid)
	e, err := v.read(ctx, head)
	if err != nil {
		return nil, err
	}
	list, err := v.verify(e)
	if err != nil {
		return nil, err
	}
	if e.parent.IsZero() && list.Level == Root {
		list.Level = Parent // a first commit has no parent to name
	}
	if list.Level == Parent {
		// The parent's id, which is signed, is a hash over all that went before: this list was never signed earlier.
		return list, nil
	}
	h, err := v.survey(ctx, head)
	if err != nil {
		return nil, err
	}
	if level := h.level(); list.Level < level {
		return nil, &DowngradeError{Commit: head, Level: list.Level, History: h.reached}
	}
	if len(h.seen[list.Signature]) == 1 {
		return list, nil
	}
	return v.stepBack(ctx, list.Parent, h)
}

// history is what a walk from the head to the first commit found.
type history struct {
	seen    map[radicle.Signature][]radicle.Oid // commits by signature, latest first
	reached []LevelAt                           // ascending, each with its latest commit
}

func (h *history) level() Level {
	if len(h.reached) == 0 {
		return None
	}
	return h.reached[len(h.reached)-1].Level
}

// reach notes the level of a commit. Commits come latest first.
func (h *history) reach(level Level, at radicle.Oid) {
	i := 0
	for i < len(h.reached) && h.reached[i].Level < level {
		i++
	}
	if level == None || i < len(h.reached) && h.reached[i].Level == level {
		return
	}
	h.reached = slices.Insert(h.reached, i, LevelAt{Level: level, Commit: at})
}

// survey collects the signatures and levels of the whole history. Commits are verified only until the highest level
// is found, since a level that is not signed does not count.
func (v *verifier) survey(ctx context.Context, head radicle.Oid) (*history, error) {
	h := &history{seen: make(map[radicle.Signature][]radicle.Oid)}
	err := v.walk(ctx, head, func(e entry) (bool, error) {
		h.seen[e.signature] = append(h.seen[e.signature], e.at)
		if h.level() == Parent {
			return true, nil
		}
		list, err := v.verify(e)
		if err != nil {
			return false, err
		}
		h.reach(list.Level, e.at)
		return true, nil
	})
	return h, err
}

// stepBack finds the latest commit, from here back, of the history's level whose signature is not repeated, or is the
// first of its repetitions.
func (v *verifier) stepBack(ctx context.Context, from radicle.Oid, h *history) (found *List, err error) {
	err = v.walk(ctx, from, func(e entry) (bool, error) {
		list, err := v.verify(e)
		if err != nil || list.Level < h.level() {
			return err == nil, err
		}
		if at := h.seen[e.signature]; at[len(at)-1] == e.at {
			found = list
		}
		return found == nil, nil
	})
	if err == nil && found == nil {
		// Radicle stops with a panic here: a weak key can sign two lists with one signature.
		err = &CommitError{Commit: from, Err: ErrReplayed}
	}
	return found, err
}

// walk calls visit with every commit from the one given to the first of the history, until visit returns false.
func (v *verifier) walk(ctx context.Context, from radicle.Oid, visit func(entry) (bool, error)) error {
	visited := make(map[radicle.Oid]struct{})
	var text int64
	for at := from; !at.IsZero(); {
		if _, again := visited[at]; again {
			return &CommitError{Commit: at, Err: ErrLoop}
		}
		e, err := v.read(ctx, at)
		if err != nil {
			return err
		}
		visited[at] = struct{}{}
		if text += int64(e.size); len(visited) > v.maxCommits || text > v.maxText {
			return &CommitError{Commit: at, Err: fmt.Errorf("%w: %d commits, %d bytes of refs", ErrHistory, len(visited), text)}
		}
		if more, err := visit(e); err != nil || !more {
			return err
		}
		at = e.parent
	}
	return nil
}

func asTooLarge(err error) (*gitobj.TooLargeError, bool) {
	return errors.AsType[*gitobj.TooLargeError](err)
}

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }
