package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/cob/patch"
	"radswarm/radicle/gitobj"
)

// kind is what a line of a push does.
type kind int

const (
	moveRef kind = iota
	deleteRef
	openPatch
	updatePatch
)

// The names that mean patches.
const (
	refPatches = "refs/patches" // a push here opens a patch
	refFor     = "refs/for/"    // and here, one for the branch that follows
)

// action is one line of a push.
type action struct {
	kind   kind
	dst    string
	src    string // as git gave it; "" for a deletion
	force  bool
	object object       // what src is; its kind may be found out later, by identify
	target patch.Target // of a new patch; the zero target leaves it to the options
	patch  radicle.Oid  // that is updated
}

// unfit reports whether something that is no commit is to be a patch.
func (a action) unfit() bool {
	return a.kind != moveRef && a.object.kind != 0 && a.object.kind != gitobj.KindCommit
}

// parseRefspec reads "[+]<src>:<dst>".
func parseRefspec(spec string) (action, error) {
	src, dst, ok := strings.Cut(spec, ":")
	if !ok {
		return action{}, fmt.Errorf("expected refspec of the form `[<src>]:<dst>`, got %s", brief(spec))
	}
	if err := gitobj.CheckRefName(dst); err != nil {
		return action{}, fmt.Errorf("failed to parse destination reference (%s): %w", brief(dst), err)
	}
	a := action{dst: dst, kind: deleteRef}
	if src == "" {
		return a, nil
	}
	a.src, a.force = strings.CutPrefix(src, "+")
	return a.classify()
}

// classify finds out what a push to a name means.
func (a action) classify() (action, error) {
	invalid := fmt.Errorf("invalid reference %s, expected qualified reference starting with `refs/`", a.dst)
	if a.dst == refPatches {
		a.kind = openPatch
		return a, nil
	}
	if branch, ok := strings.CutPrefix(a.dst, refFor); ok {
		target, err := patch.ParseTarget(branch)
		if err != nil {
			return a, invalid
		}
		a.kind, a.target = openPatch, target
		return a, nil
	}
	if gitobj.CheckQualified(a.dst) != nil {
		return a, invalid
	}
	a.kind = moveRef
	if id, ok := strings.CutPrefix(a.dst, patchBranches); ok {
		oid, err := radicle.ParseOid(id)
		if err != nil {
			return a, fmt.Errorf("found %s where %s was an invalid Patch ID: %w", a.dst, id, err)
		}
		a.kind, a.patch = updatePatch, oid
	}
	return a, nil
}

// plan reads the lines of a push and finds what they name in the working copy.
func (s *session) plan(ctx context.Context, specs []string) ([]action, error) {
	actions := make([]action, len(specs))
	for i, spec := range specs {
		var err error
		if actions[i], err = parseRefspec(spec); err != nil {
			return nil, fail("", "%v", err)
		}
	}
	if err := s.resolve(ctx, actions); err != nil {
		return nil, err
	}
	return actions, s.checkFormat(actions)
}

// resolve finds the objects of all actions.
func (s *session) resolve(ctx context.Context, actions []action) error {
	var names []string
	var at []int
	for i, a := range actions {
		if a.kind == deleteRef {
			continue
		}
		if id, ok := s.work.loose(a.src); ok && (a.kind == moveRef || isBranch(a.src)) {
			actions[i].object.id = id
			continue
		}
		names, at = append(names, revision(a)), append(at, i)
	}
	objects, err := s.work.resolve(ctx, names)
	if err != nil {
		return fail("", "%v", err)
	}
	for n, o := range objects {
		a := &actions[at[n]]
		if o.kind == 0 && a.kind != moveRef { // not a commit, but perhaps something else, which is refused later
			if plain, err := s.work.resolve(ctx, []string{a.src}); err == nil {
				o = plain[0]
			}
		}
		if a.object = o; o.kind == 0 {
			return fail("", "failed to parse source revision (%s): %v", brief(a.src), errNoObject)
		}
	}
	return nil
}

// checkFormat refuses objects that are named by another hash than the repository's.
func (s *session) checkFormat(actions []action) error {
	for _, a := range actions {
		if n, want := a.object.id.Len(), s.url.RID.Oid().Len(); a.kind != deleteRef && n != want {
			return fail(hintFormat, "the working copy names objects by %d bytes, the repository by %d", n, want)
		}
	}
	return nil
}

// identify finds out what the objects are that were only known by their ids, now that storage has them.
func (s *session) identify(ctx context.Context, actions []action) error {
	for i := range actions {
		o := &actions[i].object
		if actions[i].kind == deleteRef || o.kind != 0 {
			continue
		}
		kind, _, err := s.repo.Read(ctx, o.id, gitobj.MaxCommit)
		if large, ok := errors.AsType[*gitobj.TooLargeError](err); ok {
			return fail("", "%s: %v", actions[i].dst, large)
		}
		if err != nil {
			return s.storageError(err)
		}
		o.kind = kind
	}
	return nil
}

// revision is what to look for: patches are made of commits, everything else is pushed as it is.
func revision(a action) string {
	if a.kind == openPatch || a.kind == updatePatch {
		return a.src + "^{commit}"
	}
	return a.src
}

// resolveBase finds the base of a patch, once it was named.
func (s *session) resolveBase(ctx context.Context) error {
	name := s.options.base
	if name == "" {
		return nil
	}
	s.options.base = ""
	found, err := s.work.resolve(ctx, []string{name})
	switch {
	case err != nil:
		return fail("", "failed to parse base revision: %v", err)
	case found[0].kind == 0:
		return fail("", "failed to parse base revision: %s: %v", brief(name), errNoObject)
	case found[0].kind != gitobj.KindCommit:
		return fail("", "base must be of type 'commit' but it is of type '%v'", found[0].kind)
	}
	s.options.baseID = found[0].id
	return nil
}

// checkTargets refuses a push whose option and whose name want different branches.
func (s *session) checkTargets(a action) (patch.Target, error) {
	wanted := s.options.target
	if a.target.Branch == "" {
		return wanted, nil
	}
	if wanted.Branch != "" && wanted != a.target {
		return wanted, fmt.Errorf("conflicting merge targets: push option '%s' and magic ref '%s' specified", wanted.Branch, a.target.Branch)
	}
	return a.target, nil
}

// refused is why one ref does not move; the others may.
type refused struct{ reason string }

func (e *refused) Error() string { return e.reason }

func refuse(format string, args ...any) error { return &refused{fmt.Sprintf(format, args...)} }

// The reasons that git has words of its own for (transport-helper.c).
var (
	errNotForward = &refused{"non-fast forward"}
	errFetchFirst = &refused{"fetch first"}
	errExists     = &refused{"already exists"}
	errNeedsForce = &refused{"needs force"}
	errStale      = &refused{"stale info"}
)

func isRefused(err error) bool {
	_, ok := errors.AsType[*refused](err)
	return ok
}
