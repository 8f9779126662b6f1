package remote

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/cob/patch"
	"radswarm/radicle/cobcache"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/storage"
)

// patchBranch is the branch that stands for a patch.
func patchBranch(id radicle.Oid) string { return patchBranches + id.String() }

const patchBranches = "refs/heads/patches/"

// listPatches says which patches can be fetched: the open ones whose commits are here.
func (s *session) listPatches(ctx context.Context) error {
	open, err := s.patches(ctx, patch.Open)
	if err != nil {
		return err
	}
	for _, p := range open {
		kind, _, err := s.repo.Read(ctx, p.Head(), gitobj.MaxCommit)
		if err == nil && kind == gitobj.KindCommit {
			fmt.Fprintf(s.out, "%v %s\n", p.Head(), patchBranch(p.ID))
		}
	}
	return ctx.Err()
}

// patches returns the patches in one of the states, by id: what the cache says or, where that is of no use, what the repository
// says.
func (s *session) patches(ctx context.Context, states ...patch.Status) ([]cobcache.Summary, error) {
	all, err := cobcache.Open(s.profile.Home.Cobs()).Patches(ctx, s.url.RID, states...)
	if err == nil || ctx.Err() != nil {
		return all, err
	}
	return s.foldPatches(ctx, states)
}

// cacheUseless reports whether a cache says nothing: it is not there, of another version, or broken.
func cacheUseless(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.As(err, new(*cobcache.VersionError)) || errors.As(err, new(*cobcache.CorruptError))
}

// foldPatches reads all patches from the repository. One that cannot be read is left out, as Radicle leaves it out.
func (s *session) foldPatches(ctx context.Context, states []patch.Status) ([]cobcache.Summary, error) {
	tips, err := s.patchTips(ctx)
	if err != nil {
		return nil, err
	}
	var all []cobcache.Summary
	for _, id := range slices.SortedFunc(maps.Keys(tips), radicle.Oid.Compare) {
		p, err := patch.Read(ctx, patchRepo{s.repo}, id, tips[id], cob.Limits{})
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil && slices.Contains(states, p.State.Status) {
			all = append(all, summary(p))
		}
	}
	return all, nil
}

// patchTips returns where the refs of all namespaces for each patch point.
func (s *session) patchTips(ctx context.Context) (map[radicle.Oid][]radicle.Oid, error) {
	refs, err := s.repo.Refs(ctx)
	if err != nil {
		return nil, err
	}
	tips := make(map[radicle.Oid][]radicle.Oid)
	for _, nid := range refs.Peers() {
		for _, ref := range refs.Prefix(storage.NamespacePrefix(nid) + "refs/cobs/") {
			if t, id, ok := cob.ParseRef(strings.TrimPrefix(ref.Name, storage.NamespacePrefix(nid))); ok && t == patch.Type {
				tips[id] = append(tips[id], ref.ID)
			}
		}
	}
	return tips, nil
}

// summary is a patch as the cache would summarise it.
func summary(p *patch.Patch) cobcache.Summary {
	s := cobcache.Summary{ID: p.ID, Author: p.Author, Status: p.State.Status, Target: p.Target}
	for r := range p.AllRevisions() {
		s.Revisions = append(s.Revisions, cobcache.Revision{ID: r.ID, Author: r.Author, Head: r.Head})
	}
	return s
}

// patchRepo is what patches need of a repository in storage.
type patchRepo struct{ *storage.Repo }

var _ patch.Repo = patchRepo{}

// Head implements [patch.Repo].
func (r patchRepo) Head(ctx context.Context, owner radicle.NID, ref string) (radicle.Oid, error) {
	return r.Ref(ctx, storage.NamespacePrefix(owner)+ref)
}

// IsAncestor implements [patch.Repo].
func (r patchRepo) IsAncestor(ctx context.Context, ancestor, commit radicle.Oid) (bool, error) {
	base, err := r.MergeBase(ctx, ancestor, commit)
	return base == ancestor, err
}
