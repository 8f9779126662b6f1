package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
)

// Canonical says what became of a ref that stands for all namespaces together.
type Canonical struct {
	Name   string
	Object identity.Object // that a quorum agrees on; null if Err is set
	Old    radicle.Oid     // null if there was no such ref
	Err    error           // why nobody agrees, or why it could not be found out; the ref stays as it was
}

// Moved reports whether the ref points to something new.
func (c Canonical) Moved() bool { return c.Err == nil && c.Object.ID != c.Old }

// Document reads the identity document that this node takes for the current one: the one under refs/rad/id. Errors are
// those of [identity.ReadDocument], or fs.ErrNotExist.
func (r *Repo) Document(ctx context.Context) (*identity.Document, error) {
	at, err := r.Ref(ctx, identity.RefCanonical)
	if err != nil {
		return nil, err
	}
	doc, _, err := identity.ReadDocument(ctx, r, at)
	return doc, err
}

// SetCanonical makes the top-level refs what the document's rules say, as Radicle does after a push and after a fetch:
// the symbolic refs, HEAD among them, and those of names (below a namespace: those that were pushed or fetched) that
// a rule decides on. Where there is no quorum, the ref stays and its Err says why. Others may do the same meanwhile;
// the result is the same.
func (r *Repo) SetCanonical(ctx context.Context, rules *identity.CanonicalRefs, names []string) ([]Canonical, error) {
	if err := r.setSymbolicRefs(ctx, rules); err != nil {
		return nil, err
	}
	var all []Canonical
	for _, name := range names {
		rule, ok := rules.Match(name)
		if !ok {
			continue
		}
		c, err := r.setTop(ctx, name, func(ctx context.Context) (identity.Object, error) {
			return r.Quorum(ctx, rule, name)
		})
		if err != nil {
			return all, err
		}
		all = append(all, c)
	}
	return all, nil
}

// setTop moves one top-level ref to what find says, asked again if somebody else moves it meanwhile. The error is that of
// the context, or of writing.
func (r *Repo) setTop(ctx context.Context, name string, find func(context.Context) (identity.Object, error)) (Canonical, error) {
	for attempt := 1; ; attempt++ {
		c := Canonical{Name: name}
		c.Object, c.Err = find(ctx)
		if err := ctx.Err(); err != nil {
			return c, err
		}
		if c.Err != nil {
			return c, nil
		}
		var err error
		if c.Old, err = r.Ref(ctx, name); err != nil && !isAbsent(err) {
			return c, err
		}
		if !c.Moved() {
			return c, nil
		}
		moves := []change{{name: name, from: c.Old, to: c.Object.ID}}
		if err = r.moveRefs(ctx, moves); errors.As(err, new(*GitError)) {
			err = r.whyRefused(ctx, moves, err)
		}
		if race, ok := errors.AsType[*raceError](err); ok {
			err = fmt.Errorf("%w: %w", ErrBusy, race.err)
			if attempt < maxAttempts && !race.locked {
				continue
			}
		}
		return c, err
	}
}

// Quorum finds the object that a ref, which the rule decides on, should point to. Errors are those of
// [identity.Rule.Quorum] and of [Repo.Votes].
func (r *Repo) Quorum(ctx context.Context, rule identity.Rule, name string) (identity.Object, error) {
	votes, err := r.Votes(ctx, rule, name)
	if err != nil {
		return identity.Object{}, err
	}
	return rule.Quorum(ctx, name, votes, r)
}

// Votes collects what the ref of that name is in the namespaces of those whom the rule allows. Who has no such ref,
// or a symbolic one, or not its object, does not vote. One that names a blob or a tree is [ErrRefTarget].
func (r *Repo) Votes(ctx context.Context, rule identity.Rule, name string) (identity.Votes, error) {
	if err := gitobj.CheckQualified(name); err != nil {
		return nil, err
	}
	votes := make(identity.Votes)
	for _, did := range rule.Allowed {
		full := NamespacePrefix(did.NID()) + name
		id, err := r.direct(ctx, full)
		if isAbsent(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		kind, _, err := r.Read(ctx, id, gitobj.MaxCommit)
		switch {
		case isAbsent(err):
			continue
		case err != nil:
			return nil, fmt.Errorf("%s: %w", full, err)
		case kind != gitobj.KindCommit && kind != gitobj.KindTag:
			return nil, fmt.Errorf("%s: %w: %v is a %v", full, ErrRefTarget, id, kind)
		}
		votes[did] = identity.Object{ID: id, Tag: kind == gitobj.KindTag}
	}
	return votes, nil
}

// direct returns what a ref itself points to: no object, if it is symbolic.
func (r *Repo) direct(ctx context.Context, name string) (radicle.Oid, error) {
	if r.reftable {
		return r.refByGit(ctx, name)
	}
	raw, err := readRaw(r.root, name)
	return raw.id, err
}

var _ identity.Ancestry = (*Repo)(nil)

// MergeBase implements [identity.Ancestry].
func (r *Repo) MergeBase(ctx context.Context, a, b radicle.Oid) (radicle.Oid, error) {
	out, err := r.storage.git.output(ctx, r.Git(ctx, "merge-base", "--end-of-options", a.String(), b.String()), 1<<10)
	if e, ok := errors.AsType[*GitError](err); ok && exitCode(e.Err) == 1 {
		return radicle.Oid{}, fmt.Errorf("common ancestor of %v and %v: %w", a, b, fs.ErrNotExist)
	}
	if err != nil {
		return radicle.Oid{}, err
	}
	return radicle.ParseOid(strings.TrimSpace(string(out)))
}

// setSymbolicRefs writes those symbolic refs that are not as the document wants them.
func (r *Repo) setSymbolicRefs(ctx context.Context, rules *identity.CanonicalRefs) error {
	for _, s := range rules.Symbolic() {
		if readSymbolic(r.root, s.Name) == s.Target {
			continue
		}
		if err := r.setSymbolic(ctx, s.Name, s.Target); err != nil {
			return err
		}
	}
	return nil
}

// readSymbolic returns the target of a symbolic ref, "" if it is something else.
func readSymbolic(root *os.Root, name string) string {
	raw, err := readRaw(root, name)
	if err != nil {
		return ""
	}
	return raw.target
}
