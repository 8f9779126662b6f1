package remote

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/cob/patch"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/storage"
)

// patchTx is what patches need of the repository as it will be.
type patchTx struct{ *attempt }

var _ patch.Repo = patchTx{}

// Read implements gitobj.Reader.
func (t patchTx) Read(ctx context.Context, id radicle.Oid, max int64) (gitobj.Kind, []byte, error) {
	return t.tx.Read(ctx, id, max)
}

// Head implements [patch.Repo].
func (t patchTx) Head(ctx context.Context, owner radicle.NID, ref string) (radicle.Oid, error) {
	if owner != t.profile.NID {
		return t.repo.Ref(ctx, storage.NamespacePrefix(owner)+ref)
	}
	if id := t.tx.Get(ref); !id.IsZero() {
		return id, nil
	}
	return radicle.Oid{}, fmt.Errorf("%s: %w", ref, fs.ErrNotExist)
}

// IsAncestor implements [patch.Repo].
func (t patchTx) IsAncestor(ctx context.Context, ancestor, commit radicle.Oid) (bool, error) {
	return patchRepo{t.repo}.IsAncestor(ctx, ancestor, commit)
}

// base is where a patch begins: what the person said or, without that, the latest commit that it has in common with what the
// delegates agree on.
func (a *attempt) base(ctx context.Context, head radicle.Oid) (radicle.Oid, error) {
	if !a.options.baseID.IsZero() {
		return a.options.baseID, nil
	}
	target, err := a.canonicalHead(ctx)
	if err != nil {
		return radicle.Oid{}, err
	}
	base, err := a.repo.MergeBase(ctx, target.ID, head)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%v has no common ancestor with the default branch, which is at %v", head, target.ID)
	}
	return base, err
}

// open proposes a commit.
func (a *attempt) open(ctx context.Context, act action) (resource string, err error) {
	head := act.object.id
	base, err := a.base(ctx, head)
	if err != nil {
		return "", a.lost(ctx, err)
	}
	if base == head {
		a.then(func(context.Context) { a.say.warn(fmt.Sprintf(textIncluded, head)) })
		return "", refuse(textEmptyPatch)
	}
	title, description, err := a.opening(ctx, base, head)
	if err != nil {
		return "", a.lost(ctx, err)
	}
	target, err := a.checkTargets(act)
	if err != nil {
		return "", err
	}
	p, err := patch.Create(ctx, patchTx{a}, a.pen, patch.Proposal{
		Title: title, Description: description, Target: target, Base: base, Head: head, Draft: a.options.draft,
	})
	if err != nil {
		return "", a.lost(ctx, err)
	}
	if err := a.checkRoom(patchBranch(p.ID)); err != nil {
		return "", err
	}
	if err := a.tx.Set(ctx, cob.Ref(patch.Type, p.ID), p.ID); err != nil {
		return "", err
	}
	if err := a.tx.Set(ctx, patchBranch(p.ID), head); err != nil {
		return "", err
	}
	a.touched = append(a.touched, p.ID)
	a.then(func(ctx context.Context) {
		a.sayOpened(p)
		a.setUpBranch(ctx, p.ID, head)
	})
	return "/patches/" + p.ID.String(), nil
}

func (a *attempt) sayOpened(p *patch.Patch) {
	text := textOpened
	if p.State.Status == patch.Draft {
		text = textDrafted
	}
	a.say.line(text, a.say.success(), a.say.paint(cyan, p.ID.String()))
}

// lost makes an error that concerns one patch a reason to refuse that one.
func (a *attempt) lost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return refuse("%v", err)
}

// read folds a patch, this push included. One that nobody has, or that cannot be read, is nil.
func (a *attempt) read(ctx context.Context, id radicle.Oid) (*patch.Patch, error) {
	all, err := a.patchTips(ctx)
	if err != nil {
		return nil, err
	}
	ref := cob.Ref(patch.Type, id)
	tips := all[id]
	if own := a.tx.Get(ref); !own.IsZero() {
		tips = append(tips, own) // the one before it, too, if this push wrote one: that is the same history
	}
	if len(tips) == 0 {
		return nil, nil
	}
	p, err := patch.Read(ctx, patchTx{a}, id, tips, cob.Limits{})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, nil
	}
	return p, nil
}

// revise adds a revision to a patch.
func (a *attempt) revise(ctx context.Context, act action) (resource string, err error) {
	head := act.object.id
	p, err := a.read(ctx, act.patch)
	if err != nil {
		return "", err
	}
	if p == nil {
		return "", refuse(textNoPatch, act.patch)
	}
	base, err := a.base(ctx, head)
	if err != nil {
		return "", a.lost(ctx, err)
	}
	for r := range p.AllRevisions() {
		if r.Head == head && r.Base == base {
			return "", nil // it is there
		}
	}
	return "/patches/" + p.ID.String(), a.addRevision(ctx, act, p, base)
}

// addRevision makes what is pushed the latest revision of a patch.
func (a *attempt) addRevision(ctx context.Context, act action, p *patch.Patch, base radicle.Oid) error {
	before, head := p.Latest(), act.object.id
	text, err := a.revisionText(ctx, before.Head, head)
	if err != nil {
		return a.lost(ctx, err)
	}
	if err := a.checkMove(ctx, act); err != nil {
		return err
	}
	id, err := p.Update(ctx, a.pen, text, base, head)
	if err != nil {
		return a.lost(ctx, err)
	}
	if err := a.tx.Set(ctx, act.dst, head); err != nil { // from here on nothing is refused any more
		return err
	}
	if err := a.tx.Set(ctx, cob.Ref(patch.Type, p.ID), id); err != nil {
		return err
	}
	a.touched = append(a.touched, p.ID)
	a.then(func(context.Context) {
		a.say.line(textUpdated, a.say.success(), a.say.paint(cyan, short(p.ID)), a.say.paint(dim, id.String()))
	})
	if base == head && p.State.Status == patch.Open {
		return a.merge(ctx, p, id, head)
	}
	a.then(func(context.Context) {
		a.say.line(textCompare, a.say.paint(cyan, short(before.ID)), rangeDiff(before, base, head))
	})
	return nil
}

// revisionText is the comment on a new revision. Without one that was given it is what the commits after the last revision say; a
// revision that does not build on the last one has none.
func (a *attempt) revisionText(ctx context.Context, before, head radicle.Oid) (string, error) {
	if a.options.message == nil {
		forward, err := a.isForward(ctx, before, head)
		if err != nil || !forward || before == head {
			return "", err
		}
	}
	return a.text(ctx, before, head)
}

// rangeDiff is the command that compares a revision with the one before it.
func rangeDiff(before *patch.Revision, base, head radicle.Oid) string {
	if before.Base == base {
		return fmt.Sprintf("git range-diff %v %v %v", base, before.Head, head)
	}
	return fmt.Sprintf("git range-diff %v..%v %v..%v", before.Base, before.Head, base, head)
}

// short is how Radicle's tools abbreviate ids.
func short(id radicle.Oid) string { return id.String()[:7] }
