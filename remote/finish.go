package remote

import (
	"context"
	"maps"
	"slices"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/cob/patch"
	"radswarm/radicle/cobcache"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

// finish does what follows a push that is signed. Everything here can be done again, by anybody; what goes wrong is said and fails
// nothing.
func (s *session) finish(ctx context.Context, o *outcome) {
	s.refreshCache(ctx, o) // first: what is shown elsewhere must not lag behind
	for _, do := range o.after {
		do(ctx)
	}
	if !o.ok() {
		return
	}
	s.setCanonical(ctx, o.canonical, o.later)
	if !s.options.noSync {
		s.announce(ctx, o.results)
	}
}

// setCanonical moves the refs that stand for all delegates, unless they have moved already, and says which did.
func (s *session) setCanonical(ctx context.Context, moved []storage.Canonical, names []string) {
	for _, c := range moved {
		s.sayCanonical(c)
	}
	doc, err := s.document()
	if err != nil {
		return // there would be no push
	}
	refs, err := doc.CanonicalRefs()
	if err != nil {
		return
	}
	all, err := s.repo.SetCanonical(ctx, refs, names)
	for _, c := range all {
		s.sayCanonical(c)
	}
	if err != nil && ctx.Err() == nil {
		s.say.warn("canonical refs were not updated, the next push will: " + brief(err.Error()))
	}
}

func (s *session) sayCanonical(c storage.Canonical) {
	if c.Moved() {
		id, kind := s.say.paint(blue, c.Object.ID.String()), typeName(c.Object.Tag)
		s.say.line(textCanonical, s.say.success(), s.say.paint(blue, c.Name), kind, id)
	}
}

// refreshCache writes the rows of patches whose state has changed, and those that a push which was killed left behind. A cache that
// is not there, or not ours to write, is brought up to date by Radicle's tools.
func (s *session) refreshCache(ctx context.Context, o *outcome) {
	if !o.ok() || len(o.touched) == 0 && !o.looked {
		return
	}
	ids := append(o.touched, s.behind(ctx, o.signed)...)
	if len(ids) == 0 {
		return
	}
	slices.SortFunc(ids, radicle.Oid.Compare)
	s.putPatches(ctx, slices.Compact(ids))
}

// behind returns the patches of which the cache lacks our last operation.
func (s *session) behind(ctx context.Context, signed sigrefs.Refs) []radicle.Oid {
	last := make(map[radicle.Oid]radicle.Oid)
	for _, ref := range signed {
		if t, id, ok := cob.ParseRef(ref.Name); ok && t == patch.Type {
			last[id] = ref.ID
		}
	}
	if len(last) == 0 {
		return nil
	}
	rows, err := cobcache.Open(s.profile.Home.Cobs()).Patches(ctx, s.url.RID, patch.Open, patch.Draft, patch.Archived, patch.Merged)
	if err != nil {
		return nil // whoever writes there will hear of it
	}
	for _, row := range rows {
		if slices.Contains(row.Timeline, last[row.ID]) {
			delete(last, row.ID)
		}
	}
	return slices.Collect(maps.Keys(last))
}

// putPatches writes rows.
func (s *session) putPatches(ctx context.Context, ids []radicle.Oid) {
	tips, err := s.patchTips(ctx)
	if err != nil {
		return
	}
	cache := cobcache.Open(s.profile.Home.Cobs())
	for _, id := range ids {
		p, err := patch.Read(ctx, patchRepo{s.repo}, id, tips[id], cob.Limits{})
		if err == nil {
			err = cache.PutPatch(ctx, s.url.RID, id, p)
		}
		switch {
		case err == nil || ctx.Err() != nil:
		case cacheUseless(err):
			s.say.hint(textMigrate)
			return
		default:
			s.say.warn("the cache of patches was not updated: " + brief(err.Error()))
		}
	}
}
