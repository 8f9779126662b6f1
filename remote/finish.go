package remote

import (
	"context"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/cob/patch"
	"radswarm/radicle/cobcache"
	"radswarm/radicle/storage"
)

// finish does what follows a push that is signed. Everything here can be done again, by anybody; what goes wrong is said and fails
// nothing.
func (s *session) finish(ctx context.Context, o *outcome) {
	for _, do := range o.after {
		do(ctx)
	}
	if !o.ok() {
		return
	}
	s.setCanonical(ctx, o.canonical, o.later)
	s.refreshCache(ctx, o.touched)
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

// refreshCache writes the rows of patches whose state has changed. A cache that is not there, or not ours to write, is brought up to
// date by Radicle's tools.
func (s *session) refreshCache(ctx context.Context, ids []radicle.Oid) {
	if len(ids) == 0 {
		return
	}
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
