package remote

import (
	"context"
	"maps"
	"slices"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

const (
	hintUnrecorded = "push again; or push without others hearing of them by `git -c swarm.require=local push …`"
	hintAttributes = "break the long lines of .gitattributes, and push again"
	// maxSighted bounds the pushed commits whose paths are read. In those that follow, an object has the one path by which it was
	// found.
	maxSighted = 64
)

// sight finds where the pushed commits have their big files and what their attributes ask for, if there is a recorder.
func (s *session) sight(ctx context.Context, tips []radicle.Oid, files []bigFile) ([]Sighting, error) {
	if _, ok := s.BigFiles.(Recorder); !ok {
		return nil, nil
	}
	commits, err := s.commits(ctx, tips)
	if err != nil {
		return nil, err
	}
	seen := newSightings(files)
	for _, commit := range commits {
		if err := s.sightCommit(ctx, commit, seen); err != nil {
			return nil, err
		}
	}
	if len(commits) > 0 {
		if err := s.sightRest(ctx, commits[0], seen); err != nil {
			return nil, err
		}
	}
	seen.agree()
	return seen.list, nil
}

// tellSightings tells the recorder.
func (s *session) tellSightings(ctx context.Context, sightings []Sighting) error {
	r, ok := s.BigFiles.(Recorder)
	if !ok {
		return nil
	}
	err := r.Sighted(ctx, s.url.RID, sightings, func(text, hint string) {
		s.say.warn(oneLine(text))
		if hint != "" {
			s.say.hint(brief(hint))
		}
	})
	if err != nil && ctx.Err() == nil {
		return fail(hintUnrecorded, "big files cannot be recorded: %v", err)
	}
	return err
}

// commits are those that a push brings, through tags. What is no commit has no paths.
func (s *session) commits(ctx context.Context, tips []radicle.Oid) ([]radicle.Oid, error) {
	var revisions []string
	for _, tip := range tips[:min(len(tips), maxSighted)] {
		revisions = append(revisions, tip.String()+"^{commit}")
	}
	found, err := s.work.resolve(ctx, revisions)
	if err != nil {
		return nil, err
	}
	var commits []radicle.Oid
	for _, o := range found {
		if o.kind == gitobj.KindCommit {
			commits = append(commits, o.id)
		}
	}
	return without(commits, nil), nil
}

// sightings are what is known of the paths of objects.
type sightings struct {
	list []Sighting
	of   map[radicle.Oid]int // the object of a pointer
	name []string            // by which it was found
}

func newSightings(files []bigFile) *sightings {
	s := &sightings{of: make(map[radicle.Oid]int)}
	for i, f := range files {
		s.list, s.name = append(s.list, Sighting{Object: f.Object}), append(s.name, f.Name)
		for _, blob := range f.blobs {
			s.of[blob] = i
		}
	}
	return s
}

// add notes paths of objects, with what is asked for them.
func (s *sightings) add(at []int, paths, asked []string) {
	for i, n := range at {
		one := &s.list[n]
		one.Paths = append(one.Paths, paths[i])
		switch {
		case asked != nil:
			one.Asked = append(append(one.Asked, s.silent(n)...), asked[i])
		case one.Asked != nil:
			one.Asked = append(one.Asked, unspecified)
		}
	}
}

// unspecified is git's word for an attribute that nothing speaks of.
const unspecified = "unspecified"

// silent are the words for the paths before the last one, which came from commits that have no word of the attribute.
func (s *sightings) silent(n int) []string {
	return slices.Repeat([]string{unspecified}, len(s.list[n].Paths)-1-len(s.list[n].Asked))
}

// conflicting is in the place of an attribute that the pushed commits do not agree on. It is no zone, and so nobody else reads.
const conflicting = "conflicting"

// agree makes sure that a path has one value in all commits of the push, and each object every path once.
func (s *sightings) agree() {
	value := make(map[string]string)
	for n := range s.list {
		for i, path := range s.list[n].Paths {
			asked := unspecified
			if s.list[n].Asked != nil {
				asked = s.list[n].Asked[i]
			}
			if before, ok := value[path]; ok && before != asked {
				asked = conflicting
			}
			value[path] = asked
		}
	}
	for n := range s.list {
		s.list[n].unite(value)
	}
}

// unite writes each path once, with its value.
func (s *Sighting) unite(value map[string]string) {
	slices.Sort(s.Paths)
	s.Paths = slices.Compact(s.Paths)
	asked := make([]string, 0, len(s.Paths))
	spoken := false
	for _, path := range s.Paths {
		asked = append(asked, value[path])
		spoken = spoken || value[path] != unspecified
	}
	if s.Asked = nil; spoken {
		s.Asked = asked
	}
}

// sightCommit reads the paths of one commit.
func (s *session) sightCommit(ctx context.Context, commit radicle.Oid, seen *sightings) error {
	var at []int
	var paths []string
	wanted := func(blob radicle.Oid) bool { _, ok := seen.of[blob]; return ok }
	repo, err := s.lfs(ctx)
	if err != nil {
		return err
	}
	for place, err := range repo.Paths(ctx, commit, wanted) {
		if err != nil {
			return s.unlisted(err)
		}
		at, paths = append(at, seen.of[place.Blob]), append(paths, place.Path)
	}
	asked, err := s.asked(ctx, commit, paths)
	if err == nil {
		seen.add(at, paths, asked)
	}
	return err
}

// sightRest gives objects that only older commits have the path that they had there, under the attributes of the newest commit.
func (s *session) sightRest(ctx context.Context, newest radicle.Oid, seen *sightings) error {
	rest := make(map[int]string)
	for n, one := range seen.list {
		if len(one.Paths) == 0 && seen.name[n] != "" {
			rest[n] = seen.name[n]
		}
	}
	if len(rest) == 0 {
		return nil
	}
	at := slices.Sorted(maps.Keys(rest))
	paths := make([]string, 0, len(at))
	for _, n := range at {
		paths = append(paths, rest[n])
	}
	asked, err := s.asked(ctx, newest, paths)
	if err == nil {
		seen.add(at, paths, asked)
	}
	return err
}

// asked is what the attributes of a commit say. Where that cannot be known nobody may be let in by mistake: the push ends.
func (s *session) asked(ctx context.Context, commit radicle.Oid, paths []string) ([]string, error) {
	repo, err := s.lfs(ctx)
	if err != nil {
		return nil, err
	}
	asked, err := repo.Attribute(ctx, commit, ZoneAttribute, paths)
	if err != nil && ctx.Err() == nil {
		return nil, fail(hintAttributes, "who may read the big files is not known: %v", err)
	}
	return asked, err
}
