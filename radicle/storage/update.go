package storage

import (
	"context"
	"errors"
	"fmt"

	"radswarm/radicle"
	"radswarm/radicle/sigrefs"
)

const (
	// maxAttempts is how often an update starts again because somebody else moved a ref meanwhile. Ours wait for each
	// other, so it takes that many pushes by Radicle's own tools within an update to lose.
	maxAttempts = 20
	// maxLocked is how often it starts again because somebody holds git's lock on a ref; git waits for it each time.
	maxLocked = 1
)

// Result is what [Repo.Update] did.
type Result struct {
	List     *sigrefs.List // what our namespace says now
	Moved    int           // refs that were moved, the signed refs not counted
	Signed   bool          // whether List is new
	Mended   error         // why others refused our signed refs before; nil if they did not
	Attempts int           // 1 if nobody interfered
}

// Update changes our namespace, that of key, and signs it: edit says what changes, then the objects that it wrote are
// stored, and its refs and the signed refs move in one transaction of git's. If somebody else, Radicle's tools
// included, moves one of them meanwhile, edit runs again on what is there then; so it must do nothing but use its
// Tx. The list that is signed is all that is in the namespace, also what others put there unsigned; a nil edit signs
// just that. Nothing is written if nothing changes.
//
// A ref in our namespace that is broken is a [*RefError], and one that cannot be signed a [*gitobj.RefNameError]: left
// out, it would be deleted wherever it has been fetched. Update returns edit's error as it is. [ErrBusy] means that it
// lost every race, or that a lock of somebody who died is in the way.
//
// Killed at any moment, it leaves the namespace as it was or as it should be. Only if git itself is killed while it commits
// can refs be moved that are not signed: the next Update signs them.
func (r *Repo) Update(ctx context.Context, key radicle.Signer, edit func(context.Context, *Tx) error) (Result, error) {
	lock, err := lockDir(ctx, r.root)
	if err != nil {
		return Result{}, err
	}
	defer lock.Close() // only locked
	var raced error
	locked := 0
	for attempt := range maxAttempts {
		result, err := r.update(ctx, key, edit)
		race, again := errors.AsType[*raceError](err)
		if !again {
			result.Attempts = attempt + 1
			return result, err
		}
		raced = race.err
		if race.locked {
			locked++
		}
		if locked > maxLocked {
			break
		}
	}
	return Result{}, fmt.Errorf("%w: %w", ErrBusy, raced)
}

// raceError says that refs were not moved because of somebody else; the caller may try again.
type raceError struct {
	err    error
	locked bool // nothing has moved, but there is a lock
}

func (e *raceError) Error() string { return e.err.Error() }

// update is one attempt.
func (r *Repo) update(ctx context.Context, key radicle.Signer, edit func(context.Context, *Tx) error) (Result, error) {
	nid := key.NID()
	own := NamespacePrefix(nid) + sigrefs.RefSigrefs
	// The head comes before the refs, and moves after them: who sees a new head sees all that it was signed over.
	head, err := r.Ref(ctx, own)
	if err != nil && !isAbsent(err) {
		return Result{}, err
	}
	refs, err := r.NamespaceRefs(ctx, nid)
	if err != nil {
		return Result{}, err
	}
	if len(refs.Broken) > 0 {
		return Result{}, &refs.Broken[0] // unsigned, it would be deleted everywhere else
	}
	tx := newTx(r, nid, refs.Refs)
	if edit != nil {
		if err := edit(ctx, tx); err != nil {
			return Result{}, err
		}
	}
	signed, err := r.sign(ctx, key, head, tx)
	if err != nil {
		return Result{}, err
	}
	moves := tx.moves()
	result := Result{List: signed.List, Moved: len(moves), Signed: signed.Changed, Mended: signed.Mended}
	if signed.Changed {
		moves = append(moves, change{name: own, from: head, to: signed.List.At})
	}
	return result, r.apply(ctx, tx, moves)
}

// sign makes the commit for what the namespace will be.
func (r *Repo) sign(ctx context.Context, key radicle.Signer, head radicle.Oid, tx *Tx) (sigrefs.Result, error) {
	if tx.Get(sigrefs.RefRoot).IsZero() {
		root, err := r.identityRoot(ctx)
		if err != nil {
			return sigrefs.Result{}, err
		}
		tx.changes[sigrefs.RefRoot] = root
	}
	refs, err := sigrefs.Select(tx.All())
	if err != nil {
		return sigrefs.Result{}, err
	}
	return sigrefs.Sign(ctx, tx, r.rid, key, head, refs, r.storage.now())
}

// apply stores the objects and moves the refs. If a ref was elsewhere, or is locked, the error is a [*raceError].
func (r *Repo) apply(ctx context.Context, tx *Tx, moves []change) error {
	if len(moves) == 0 {
		return nil
	}
	if err := tx.objects.flush(ctx); err != nil {
		return err
	}
	err := r.moveRefs(ctx, moves)
	if _, refused := errors.AsType[*GitError](err); !refused {
		return err
	}
	return r.whyRefused(ctx, moves, err)
}

// whyRefused makes a [*raceError] of git's refusal if somebody else is the reason. git's words are not looked at.
func (r *Repo) whyRefused(ctx context.Context, moves []change, refusal error) error {
	locked := isLocked(r.root, "packed-refs")
	for _, m := range moves {
		now, err := r.Ref(ctx, m.name)
		if err == nil && now != m.from || isAbsent(err) && !m.from.IsZero() {
			return &raceError{err: refusal}
		}
		locked = locked || isLocked(r.root, m.name)
	}
	if locked {
		return &raceError{err: refusal, locked: true}
	}
	return refusal
}
