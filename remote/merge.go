package remote

import (
	"context"
	"fmt"
	"slices"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/cob/patch"
	"radswarm/radicle/cobcache"
	"radswarm/radicle/gitobj"
)

// follow brings patches in line with a branch that delegates decide on: those that it no longer has are not merged any more, and
// those that it has now are.
func (a *attempt) follow(ctx context.Context, dst string, old radicle.Oid, to object) error {
	if to.kind != gitobj.KindCommit {
		return nil // patches are merged in branches
	}
	a.looked = true
	all, err := a.patches(ctx, patch.Open, patch.Draft, patch.Merged)
	if err != nil {
		return fail("", "%v", err)
	}
	all = slices.DeleteFunc(all, func(p cobcache.Summary) bool { return a.targetOf(p) != dst })
	if len(all) == 0 {
		return nil
	}
	if err := a.revert(ctx, all, old, to.id); err != nil {
		return err
	}
	return a.mergeAll(ctx, all, old, to.id)
}

// targetOf is the branch that a patch is for.
func (a *attempt) targetOf(p cobcache.Summary) string {
	if p.Target.Branch != "" {
		return p.Target.Branch
	}
	return a.refs.Head()
}

// revert notes the merged patches that were in what the branch has lost. Their state follows from the branch; only the cache has to
// be told.
func (a *attempt) revert(ctx context.Context, all []cobcache.Summary, old, now radicle.Oid) error {
	if !slices.ContainsFunc(all, func(p cobcache.Summary) bool { return p.Status == patch.Merged }) {
		return nil
	}
	dropped, err := a.between(ctx, now, old)
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.Status != patch.Merged {
			continue
		}
		if r, ok := revisionIn(p, dropped, false); ok {
			a.touched = append(a.touched, p.ID)
			a.then(func(context.Context) {
				a.say.line(textReverted, a.say.paint(yellow, "!"), a.say.paint(cyan, p.ID.String()), a.say.paint(dim, short(r.ID)))
			})
		}
	}
	return nil
}

// mergeAll merges the patches that are in what the branch has got.
func (a *attempt) mergeAll(ctx context.Context, all []cobcache.Summary, old, now radicle.Oid) error {
	if !slices.ContainsFunc(all, func(p cobcache.Summary) bool { return p.Status != patch.Merged }) {
		return nil
	}
	added, err := a.between(ctx, old, now)
	if err != nil {
		return err
	}
	for _, status := range []patch.Status{patch.Open, patch.Draft} {
		for _, s := range all {
			if s.Status != status {
				continue
			}
			r, ok := revisionIn(s, added, true)
			if !ok {
				continue
			}
			p, err := a.read(ctx, s.ID)
			if err != nil {
				return err
			}
			if p == nil || p.Revisions[r.ID] == nil {
				continue // the cache knows more than the repository
			}
			if err := a.merge(ctx, p, r.ID, r.Head); err != nil {
				return err
			}
		}
	}
	return nil
}

// revisionIn finds the revision that is the first one among the commits; of several with that commit, the last one if that is
// wanted.
func revisionIn(p cobcache.Summary, commits []radicle.Oid, last bool) (cobcache.Revision, bool) {
	byHead := make(map[radicle.Oid]cobcache.Revision)
	for _, r := range p.Revisions {
		if _, there := byHead[r.Head]; last || !there {
			byHead[r.Head] = r
		}
	}
	for _, c := range commits {
		if r, ok := byHead[c]; ok {
			return r, true
		}
	}
	return cobcache.Revision{}, false
}

// merge says that a revision is merged, and removes the branches that stood for the patch. If the patch does not take that, people
// are told; what they pushed is pushed.
func (a *attempt) merge(ctx context.Context, p *patch.Patch, revision, commit radicle.Oid) error {
	latest := p.Latest().ID
	op, err := p.Merge(ctx, a.pen, revision, commit)
	if err != nil && ctx.Err() == nil {
		a.then(func(context.Context) { a.say.warn(fmt.Sprintf(textNotMerged, p.ID, brief(err.Error()))) })
		return nil
	}
	if err != nil {
		return ctx.Err()
	}
	if err := a.tx.Set(ctx, cob.Ref(patch.Type, p.ID), op); err != nil {
		return err
	}
	if err := a.tx.Delete(patchBranch(p.ID)); err != nil {
		return err
	}
	a.touched = append(a.touched, p.ID)
	a.then(func(ctx context.Context) {
		if revision == latest {
			a.say.line(textMerged, a.say.success(), a.say.paint(cyan, p.ID.String()))
		} else {
			a.say.line(textMergedAt, a.say.success(), a.say.paint(cyan, p.ID.String()), a.say.paint(dim, short(revision)))
		}
		a.work.deleteRef(ctx, patchUpstream(p.ID))
	})
	return nil
}
