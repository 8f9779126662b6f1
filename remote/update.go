package remote

import (
	"context"
	"errors"
	"io/fs"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/cob/patch"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

// outcome is what one attempt to update the namespace comes to: what git is told, what follows once everything is signed, and
// what people read then.
type outcome struct {
	results   []result
	after     []func(context.Context) // in order; they print, and change the working copy
	canonical []storage.Canonical     // refs that delegates agree on now, moved with the update
	later     []string                // such refs that have to be moved by themselves
	signed    sigrefs.Refs            // what our namespace says now
	looked    bool                    // the cache of patches was needed
	touched   []radicle.Oid           // patches whose state has changed
}

// ok reports whether anything was pushed.
func (o *outcome) ok() bool {
	for _, r := range o.results {
		if r.err == nil {
			return true
		}
	}
	return false
}

// attempt is one run of the update, on the refs as they are.
type attempt struct {
	*session
	tx   *storage.Tx
	pen  patch.Pen
	refs *identity.CanonicalRefs
	*outcome
	apart bool // canonical refs are moved by themselves
	room  room
}

// errNothing ends an update in which every ref was refused.
var errNothing = errors.New("nothing to update")

// transact does actions and signs, in one transaction. If somebody else moves a ref meanwhile it is done again from the start.
func (s *session) transact(ctx context.Context, key radicle.Signer, actions []action) (*outcome, error) {
	doc, err := s.document()
	if err != nil {
		return nil, s.storageError(err)
	}
	refs, err := doc.CanonicalRefs()
	if err != nil {
		return nil, s.storageError(err)
	}
	head, err := s.repo.Ref(ctx, identity.RefCanonical)
	if err != nil {
		return nil, s.storageError(err)
	}
	a := attempt{session: s, refs: refs, pen: patch.Pen{Identity: head, Pen: cob.Pen{Signer: key}}}
	done, err := a.sign(ctx, actions)
	if errors.As(err, new(*storage.GitError)) && len(done.canonical) > 0 && ctx.Err() == nil {
		a.apart = true // something may be in the way at the top only
		done, err = a.sign(ctx, actions)
	}
	if err != nil && !errors.Is(err, errNothing) {
		return nil, err
	}
	if r, ok := s.BigFiles.(Recorder); ok && done.ok() {
		r.Recorded(ctx, s.url.RID)
	}
	return done, nil
}

// sign is the transaction: as many attempts as others make it take. The outcome is that of the last one.
func (a attempt) sign(ctx context.Context, actions []action) (*outcome, error) {
	last := &outcome{}
	result, err := a.repo.Update(ctx, a.pen.Signer, func(ctx context.Context, tx *storage.Tx) error {
		last = &outcome{}
		a.tx, a.outcome, a.pen.Objects, a.room = tx, last, tx, room{}
		a.pen.Who = cob.Author(a.profile.Config.Alias, a.profile.NID, a.now())
		return a.run(ctx, actions)
	})
	if err == nil {
		last.signed = result.List.Refs
	}
	return last, err
}

// run does all actions.
func (a *attempt) run(ctx context.Context, actions []action) error {
	for _, act := range actions {
		resource, err := a.do(ctx, act)
		if err != nil && !isRefused(err) {
			return err
		}
		a.results = append(a.results, result{dst: act.dst, err: err, resource: resource})
	}
	if !a.ok() {
		return errNothing
	}
	if r, ok := a.BigFiles.(Recorder); ok {
		return r.Record(ctx, a.url.RID, a.tx)
	}
	return nil
}

// do does one action. An error that is not [refused] ends the push.
func (a *attempt) do(ctx context.Context, act action) (resource string, err error) {
	switch {
	case act.kind == deleteRef:
		return "", a.delete(act)
	case act.unfit():
		return "", refuse("a patch is made of commits, and %v is a %v", act.object.id, act.object.kind)
	case act.kind == openPatch:
		return a.open(ctx, act)
	case act.kind == updatePatch:
		return a.revise(ctx, act)
	}
	return a.push(ctx, act)
}

func (a *attempt) delete(act action) error {
	if a.tx.Get(act.dst).IsZero() {
		return refuse("no such ref")
	}
	if err := a.checkLease(act.dst); err != nil {
		return err
	}
	a.room.remove(act.dst)
	return refusal(a.tx.Delete(act.dst))
}

// refusal makes what is wrong with one ref a reason to refuse that one.
func refusal(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.As(err, new(*gitobj.RefNameError)), errors.Is(err, storage.ErrReserved), errors.Is(err, storage.ErrRefTarget):
		return refuse("%v", err)
	}
	return err
}

// checkLease refuses to touch a ref that is not where git saw it, if git was asked to look.
func (a *attempt) checkLease(dst string) error {
	want, ok := a.options.leases[dst]
	if !ok {
		return nil
	}
	id, err := radicle.ParseOid(want)
	if err != nil {
		return err
	}
	if a.tx.Expect(dst, id) != nil {
		return errStale
	}
	return nil
}

// set moves a ref to an object, unless git would refuse it.
func (a *attempt) set(ctx context.Context, act action) error {
	if err := a.checkMove(ctx, act); err != nil {
		return err
	}
	a.room.add(act.dst, a.tx.Get(act.dst))
	return refusal(a.tx.Set(ctx, act.dst, act.object.id))
}

// checkMove refuses what git would refuse.
func (a *attempt) checkMove(ctx context.Context, act action) error {
	old, now := a.tx.Get(act.dst), act.object.id
	if act.dst == sigrefs.RefID {
		return refuse("the identity of a repository is not pushed")
	}
	if err := a.checkRoom(act.dst); err != nil {
		return err
	}
	if err := a.checkLease(act.dst); err != nil {
		return err
	}
	_, leased := a.options.leases[act.dst]
	if old == now {
		return nil
	}
	if isBranch(act.dst) && act.object.kind != gitobj.KindCommit {
		return refuse("a branch points to a commit, and %v is a %v", now, act.object.kind)
	}
	if !old.IsZero() && !act.force && !leased {
		return a.checkForward(ctx, act.dst, old, act.object)
	}
	return nil
}

// checkForward refuses to move a ref to where its history is lost (git-push(1), "fast-forwards").
func (a *attempt) checkForward(ctx context.Context, dst string, old radicle.Oid, to object) error {
	if isTag(dst) {
		return errExists
	}
	kind, _, err := a.tx.Read(ctx, old, gitobj.MaxCommit)
	if errors.Is(err, fs.ErrNotExist) {
		return errNeedsForce // what was there is lost
	}
	if err != nil {
		return err
	}
	if kind != gitobj.KindCommit || to.kind != gitobj.KindCommit {
		return errNeedsForce
	}
	forward, err := a.isForward(ctx, old, to.id)
	if err != nil || forward {
		return err
	}
	if here, err := a.work.resolve(ctx, []string{old.String()}); err == nil && here[0].kind == 0 {
		return errFetchFirst
	}
	return errNotForward
}
