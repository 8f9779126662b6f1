package repos

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/cob/patch"
	"radswarm/radicle/cobcache"
	"radswarm/radicle/replicate"
	"radswarm/radicle/storage"
)

// refreshPatches writes the rows of patches of which something came. One that cannot be read keeps nothing from the others: anybody
// may have written it.
func (r *Repos) refreshPatches(ctx context.Context, e *repository, result *replicate.Result) error {
	touched := make(map[radicle.Oid]bool)
	for _, n := range result.Namespaces {
		for _, ref := range n.Refs {
			if t, id, ok := cob.ParseRef(ref.Name); ok && t == patch.Type {
				touched[id] = true
			}
		}
	}
	if len(touched) == 0 {
		return nil
	}
	snapshot, err := e.repo.Refs(ctx)
	if err != nil {
		return err
	}
	cache := cobcache.Open(r.Profile.Home.Cobs())
	var refused []error
	for id := range touched {
		if err := putPatch(ctx, cache, e, snapshot, id); err != nil {
			refused = append(refused, fmt.Errorf("patch %v: %w", id, err))
		}
	}
	return errors.Join(refused...)
}

// putPatch writes the row of a patch. A cache that is not there is made by Radicle's tools.
func putPatch(ctx context.Context, cache *cobcache.Cache, e *repository, snapshot *storage.Snapshot, id radicle.Oid) error {
	var tips []radicle.Oid
	for _, nid := range snapshot.Peers() {
		if at, ok := snapshot.Get(storage.NamespacePrefix(nid) + cob.Ref(patch.Type, id)); ok {
			tips = append(tips, at)
		}
	}
	var err error
	if len(tips) == 0 {
		err = cache.RemovePatch(ctx, e.rid, id)
	} else {
		var p *patch.Patch
		if p, err = patch.Read(ctx, patchRepo{e.repo}, id, tips, cob.Limits{}); err == nil {
			err = cache.PutPatch(ctx, e.rid, id, p)
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// patchRepo is a repository as package patch asks for it.
type patchRepo struct{ *storage.Repo }

// Head implements [patch.Repo].
func (p patchRepo) Head(ctx context.Context, owner radicle.NID, ref string) (radicle.Oid, error) {
	return p.Ref(ctx, storage.NamespacePrefix(owner)+ref)
}

// IsAncestor implements [patch.Repo].
func (p patchRepo) IsAncestor(ctx context.Context, ancestor, commit radicle.Oid) (bool, error) {
	base, err := p.MergeBase(ctx, ancestor, commit)
	return base == ancestor, err
}
