package remote

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
	"radswarm/radicle/storage"
)

func isBranch(name string) bool { return strings.HasPrefix(name, "refs/heads/") }

func isTag(name string) bool { return strings.HasPrefix(name, "refs/tags/") }

// push moves a ref that is no patch. If delegates decide on it, this is our vote; and patches that it brings in are merged.
func (a *attempt) push(ctx context.Context, act action) (resource string, err error) {
	rule, decided := a.refs.Match(act.dst)
	var old radicle.Oid
	if decided && allowed(rule, a.profile.DID()) {
		if old, err = a.before(ctx, act.dst); err != nil {
			return "", err
		}
	}
	if err := a.set(ctx, act); err != nil {
		return "", err
	}
	if !old.IsZero() {
		if err := a.follow(ctx, act.dst, old, act.object); err != nil {
			return "", err
		}
	}
	if decided {
		if err := a.vote(ctx, rule, act); err != nil {
			return "", err
		}
	}
	return "/tree/" + act.object.id.String(), nil
}

// before is the commit that a ref named; for one that we do not have yet, what the delegates agree on for the default branch.
func (a *attempt) before(ctx context.Context, dst string) (radicle.Oid, error) {
	if id := a.tx.Get(dst); !id.IsZero() {
		return a.peel(ctx, id)
	}
	head, err := a.canonicalHead(ctx)
	if ctx.Err() != nil {
		return radicle.Oid{}, ctx.Err()
	}
	if err != nil {
		return radicle.Oid{}, nil // nobody agrees yet
	}
	return a.peel(ctx, head.ID)
}

// maxPeel bounds tags of tags.
const maxPeel = 16

// peel follows a tag to a commit; the null id if there is none at its end.
func (a *attempt) peel(ctx context.Context, id radicle.Oid) (radicle.Oid, error) {
	for range maxPeel {
		kind, data, err := a.tx.Read(ctx, id, gitobj.MaxCommit)
		if errors.Is(err, fs.ErrNotExist) {
			return radicle.Oid{}, nil
		}
		if err != nil {
			return radicle.Oid{}, err
		}
		switch kind {
		case gitobj.KindCommit:
			return id, nil
		case gitobj.KindTag:
			if id, err = taggedObject(data); err != nil {
				return radicle.Oid{}, nil // nobody follows it
			}
		default:
			return radicle.Oid{}, nil
		}
	}
	return radicle.Oid{}, nil
}

// taggedObject reads the first line of a tag.
func taggedObject(tag []byte) (radicle.Oid, error) {
	line, _, _ := strings.Cut(string(tag), "\n")
	id, _ := strings.CutPrefix(line, "object ")
	return radicle.ParseOid(id)
}

func allowed(rule identity.Rule, did radicle.DID) bool {
	return slices.Contains(rule.Allowed, did)
}

// votes are those of the delegates as they will be.
func (a *attempt) votes(ctx context.Context, rule identity.Rule, name string) (identity.Votes, error) {
	votes, err := a.repo.Votes(ctx, rule, name)
	if err != nil {
		return nil, err
	}
	me := a.profile.DID()
	id := a.tx.Get(name)
	if !allowed(rule, me) || id.IsZero() {
		delete(votes, me)
		return votes, nil
	}
	kind, _, err := a.tx.Read(ctx, id, gitobj.MaxCommit)
	if err != nil {
		return nil, err
	}
	votes[me] = identity.Object{ID: id, Tag: kind == gitobj.KindTag}
	return votes, nil
}

// canonicalHead is what the delegates agree on for the default branch, this push included.
func (a *attempt) canonicalHead(ctx context.Context) (identity.Object, error) {
	rule, ok := a.refs.Match(a.refs.Head())
	if !ok {
		return identity.Object{}, errNoRule
	}
	votes, err := a.votes(ctx, rule, a.refs.Head())
	if err != nil {
		return identity.Object{}, err
	}
	return rule.Quorum(ctx, a.refs.Head(), votes, a.repo)
}

// vote finds out whether the delegates agree on a ref after this push. That they do not is said, and does not stop it; that they
// never can ends the push.
func (a *attempt) vote(ctx context.Context, rule identity.Rule, act action) error {
	votes, err := a.votes(ctx, rule, act.dst)
	if err != nil {
		return err
	}
	mine := identity.Object{ID: act.object.id, Tag: act.object.kind == gitobj.KindTag}
	for did, other := range votes {
		if did != a.profile.DID() && other.Tag != mine.Tag {
			return fail(hintAgree, textOtherType, mine.ID, typeName(other.Tag), typeName(mine.Tag))
		}
	}
	o, err := rule.Quorum(ctx, act.dst, votes, a.repo)
	switch q, ok := errors.AsType[*identity.QuorumError](err); {
	case err == nil:
		return a.agree(ctx, act.dst, o)
	case ok && errors.Is(err, identity.ErrUnrelated) && len(q.Objects) == 2:
		return fail(hintAgree, textUnrelated, q.Objects[0], q.Objects[1])
	case ok:
		a.disagree(ctx, q)
		return nil
	}
	return err
}

// agree moves a ref that the delegates agree on: with the update or, where something is in the way, after it.
func (a *attempt) agree(ctx context.Context, name string, o identity.Object) error {
	c := storage.Canonical{Name: name, Object: o}
	if !a.apart {
		if c.Old, c.Err = a.tx.SetCanonical(ctx, name, o.ID); c.Err == nil {
			a.canonical = append(a.canonical, c)
			return nil
		}
	}
	a.later = append(a.later, name)
	return ctx.Err()
}

func typeName(tag bool) string {
	if tag {
		return "tag"
	}
	return "commit"
}

// disagree says why a ref has no canonical value.
func (a *attempt) disagree(ctx context.Context, q *identity.QuorumError) {
	text, advice := fmt.Sprintf(textNoCandidates, q.Ref, q.Threshold), textAgreeObject
	switch {
	case errors.Is(q, identity.ErrDiverging) && len(q.Objects) == 2:
		base, err := a.repo.MergeBase(ctx, q.Objects[0], q.Objects[1])
		if err != nil {
			base = radicle.Oid{}
		}
		text, advice = fmt.Sprintf(textDiverging, q.Ref, q.Objects[0], q.Objects[1], base, q.Threshold), textAgreeCommit
	case errors.Is(q, identity.ErrDivergingTags):
		text, advice = fmt.Sprintf(textTags, q.Ref, q.Threshold), textAgreeTag
	case errors.Is(q, identity.ErrDifferentTypes):
		text, advice = fmt.Sprintf(textTypes, q.Ref), textAgreeType
	}
	a.then(func(context.Context) {
		a.say.warn(text)
		a.say.warn(advice)
	})
}

// then notes what follows once everything is signed.
func (a *attempt) then(do func(context.Context)) { a.after = append(a.after, do) }

// maxSteps is how far the history of a new commit is read before git is asked, which takes a process.
const maxSteps = 32

// isForward reports whether a commit has another one in its history.
func (a *attempt) isForward(ctx context.Context, old, now radicle.Oid) (bool, error) {
	at := now
	for range maxSteps {
		c, err := gitobj.ReadCommit(ctx, a.repo, at)
		if err != nil {
			break // git says what is wrong with it
		}
		if slices.Contains(c.Parents, old) {
			return true, nil
		}
		if len(c.Parents) != 1 {
			break
		}
		at = c.Parents[0]
	}
	base, err := a.repo.MergeBase(ctx, old, now)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return base == old, err
}
