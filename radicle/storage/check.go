package storage

import (
	"context"
	"fmt"

	"radswarm/radicle"
	"radswarm/radicle/sigrefs"
)

// Problem is something that is not as it should be in a repository.
type Problem struct {
	NID radicle.NID // whose namespace; zero for none
	Err error
}

func (p Problem) String() string {
	if p.NID.IsZero() {
		return p.Err.Error()
	}
	return fmt.Sprintf("%v: %v", p.NID, p.Err)
}

// Check looks at a repository as the peers would who fetch from it: every namespace must have signed refs that verify,
// and exactly the refs that it signed; there must be an identity, a document and a canonical head. It does not look
// into objects beyond that: "git fsck" does. The error is that of the context, or of reading what every repository has.
func (r *Repo) Check(ctx context.Context) ([]Problem, error) {
	refs, err := r.Refs(ctx)
	if err != nil {
		return nil, err
	}
	problems := r.checkTop(ctx)
	for _, broken := range refs.Broken {
		problems = append(problems, Problem{Err: &broken})
	}
	for _, nid := range refs.Peers() {
		problems = append(problems, r.checkNamespace(ctx, refs, nid)...)
	}
	return problems, ctx.Err()
}

// checkTop looks at what belongs to no namespace.
func (r *Repo) checkTop(ctx context.Context) (problems []Problem) {
	add := func(err error) {
		if err != nil {
			problems = append(problems, Problem{Err: err})
		}
	}
	_, err := r.identityRoot(ctx)
	add(err)
	_, err = r.Ref(ctx, "HEAD")
	add(err)
	doc, err := r.Document(ctx)
	add(err)
	if err == nil {
		_, err = doc.CanonicalRefs()
		add(err)
	}
	return problems
}

// checkNamespace compares what is signed with what is there.
func (r *Repo) checkNamespace(ctx context.Context, refs *Snapshot, nid radicle.NID) (problems []Problem) {
	add := func(err error) { problems = append(problems, Problem{NID: nid, Err: err}) }
	list, err := r.Sigrefs(ctx, nid)
	if err != nil {
		add(err)
		return problems
	}
	there, err := sigrefs.Select(refs.Namespace(nid))
	if err != nil {
		add(err)
		return problems
	}
	for _, ref := range there {
		if signed, ok := list.Refs.Get(ref.Name); !ok || signed != ref.ID {
			add(&SignedError{Name: ref.Name, Signed: signed, There: ref.ID})
		}
	}
	for _, ref := range list.Refs {
		if _, ok := there.Get(ref.Name); !ok {
			add(&SignedError{Name: ref.Name, Signed: ref.ID})
		}
	}
	return problems
}

// SignedError says that a ref is not what was signed.
type SignedError struct {
	Name          string
	Signed, There radicle.Oid // null for none
}

func (e *SignedError) Error() string {
	return fmt.Sprintf("%s is at %s, signed at %s", e.Name, orNone(e.There), orNone(e.Signed))
}
