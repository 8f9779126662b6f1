package replicate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

// plan is what a fetch would do to the repository as it is at one moment.
type plan struct {
	f        *fetch
	accepted map[radicle.NID]*candidate
	result   *Result // for this plan
	moves    []storage.Move
	symbolic map[string]string
	rules    *identity.CanonicalRefs // nil if the document has none that are valid
}

// newPlan decides, as Radicle does, which candidates are moved in.
func (f *fetch) newPlan(ctx context.Context) (*plan, error) {
	p := &plan{f: f, accepted: make(map[radicle.NID]*candidate), result: f.result.clone()}
	diverged := make(map[radicle.NID]*DivergedError)
	for _, c := range f.fresh {
		err := c.err
		if err == nil {
			err = f.compare(ctx, c)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err == nil {
			p.accepted[c.NID] = c
			continue
		}
		if d, ok := errors.AsType[*DivergedError](err); ok {
			diverged[c.NID] = d
		}
		p.result.refuse(c, err)
	}
	current, err := p.identity(ctx)
	if err != nil {
		return nil, err
	}
	doc := f.anchor.doc
	if rev, ok := current.Revision(f.anchor.at); !ok || rev.State != identity.Accepted {
		doc = current.Document() // what their refs/rad/id names was never accepted
	}
	if err := p.threshold(doc, diverged); err != nil {
		return nil, err
	}
	return p, p.fill(ctx, current)
}

// compare compares the signed refs of a candidate with those that are here: they must go on from there.
func (f *fetch) compare(ctx context.Context, c *candidate) error {
	if f.repo == nil {
		return nil
	}
	head := f.head(c.NID)
	if head.IsZero() {
		return nil
	}
	if head == c.Head {
		return nil // perhaps not all of it
	}
	here, err := sigrefs.Read(ctx, f.repo, f.RID, c.NID, head)
	if down, ok := errors.AsType[*sigrefs.DowngradeError](err); ok {
		if c.list.Level < down.History[len(down.History)-1].Level {
			return &LevelError{Got: c.list.Level, Want: down.History[len(down.History)-1].Level}
		}
	} else if err != nil {
		return fmt.Errorf("what is here: %w", err)
	} else if err := f.goesOn(ctx, c, here.At, c.list.At); err != nil {
		return err
	}
	return f.goesOn(ctx, c, head, c.Head)
}

// goesOn returns nil if there is the same as here, or a descendant of it.
func (f *fetch) goesOn(ctx context.Context, c *candidate, here, there radicle.Oid) error {
	if here == there || there == c.list.At && c.list.Parent == here {
		return nil
	}
	base, err := f.q.Repo().MergeBase(ctx, here, there)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case err == nil && base == here:
		return nil
	case err == nil && base == there:
		return ErrBehind
	}
	return &DivergedError{NID: c.NID, Local: here, Received: there}
}

// at is where a ref of a namespace will be; the null id for no ref.
func (p *plan) at(nid radicle.NID, name string) radicle.Oid {
	var id radicle.Oid
	if c := p.accepted[nid]; c == nil {
		id, _ = p.f.snapshot.Get(storage.NamespacePrefix(nid) + name)
	} else if name == sigrefs.RefSigrefs {
		id = c.Head
	} else {
		id, _ = c.list.Refs.Get(name)
	}
	return id
}

// identity folds the identity as all namespaces together will have it.
func (p *plan) identity(ctx context.Context) (*identity.Identity, error) {
	peers := make(map[radicle.NID]bool)
	for _, nid := range p.f.snapshot.Peers() {
		peers[nid] = true
	}
	for nid := range p.accepted {
		peers[nid] = true
	}
	var tips []radicle.Oid
	for nid := range peers {
		if at := p.at(nid, identity.Ref(p.f.anchor.root)); !at.IsZero() {
			tips = append(tips, at)
		}
	}
	slices.SortFunc(tips, radicle.Oid.Compare)
	id, err := identity.Read(ctx, p.f.q.Repo(), p.f.RID, p.f.anchor.root, slices.Compact(tips), cob.Limits{})
	if err != nil && ctx.Err() == nil {
		return nil, p.orThreshold(fmt.Errorf("%w: %w", ErrIdentity, err))
	}
	return id, err
}

// orThreshold says why nothing is left, where namespaces were refused.
func (p *plan) orThreshold(err error) error {
	if len(p.accepted) > 0 || len(p.result.Refused) == 0 {
		return err
	}
	return &ThresholdError{Threshold: p.f.anchor.doc.Threshold(), Refused: p.result.Refused}
}

// threshold requires that enough delegates have valid refs: those that are here, ours among them, and those that are moved in,
// but for those who were refused for a fault.
func (p *plan) threshold(doc *identity.Document, diverged map[radicle.NID]*DivergedError) error {
	need := doc.Threshold()
	valid := make(map[radicle.NID]bool)
	for _, did := range doc.Delegates() {
		nid := did.NID()
		if d := diverged[nid]; d != nil {
			return d
		}
		here := !p.f.head(nid).IsZero() && !p.result.faulty(nid)
		if (here || p.accepted[nid] != nil) && !p.f.Blocks(nid) {
			valid[nid] = true
		}
	}
	if len(valid) < need {
		return &ThresholdError{Threshold: need, Valid: len(valid), Refused: p.result.Refused}
	}
	return nil
}

// fill computes the moves.
func (p *plan) fill(ctx context.Context, current *identity.Identity) error {
	names := make(map[string]bool)
	for _, nid := range slices.SortedFunc(maps.Keys(p.accepted), radicle.NID.Compare) {
		moves, err := p.namespaceMoves(nid)
		if err != nil {
			p.result.refuse(p.accepted[nid], err)
			delete(p.accepted, nid)
			return p.again(ctx)
		}
		prefix := storage.NamespacePrefix(nid)
		n := Namespace{NID: nid, Old: p.f.head(nid), New: p.accepted[nid].Head}
		for _, m := range moves {
			m.Name = strings.TrimPrefix(m.Name, prefix)
			if !m.To.IsZero() {
				names[m.Name] = true
			}
			if m.Name != sigrefs.RefSigrefs {
				n.Refs = append(n.Refs, m)
			}
		}
		if len(moves) > 0 {
			p.result.Namespaces = append(p.result.Namespaces, n)
			p.moves = append(p.moves, moves...)
		}
	}
	p.result.Identity = current.Head()
	p.move(identity.RefCanonical, current.Head())
	return p.canonical(ctx, current.Document(), names)
}

// again plans once more without a candidate that turned out to be in the way.
func (p *plan) again(ctx context.Context) error {
	for _, c := range p.f.fresh {
		if c.err == nil && p.result.faulty(c.NID) {
			c.err = p.result.why(c.NID)
		}
	}
	other, err := p.f.newPlan(ctx)
	if err == nil {
		*p = *other
	}
	return err
}

// namespaceMoves makes a namespace what its list says. Refs below refs/rad are never deleted. The signed refs come last: who sees
// them sees all that they sign.
func (p *plan) namespaceMoves(nid radicle.NID) ([]storage.Move, error) {
	c, prefix := p.accepted[nid], storage.NamespacePrefix(nid)
	for _, broken := range p.f.snapshot.Broken {
		if strings.HasPrefix(broken.Name, prefix) {
			return nil, &broken
		}
	}
	here := make(map[string]storage.Ref)
	for _, ref := range p.f.snapshot.Prefix(prefix) {
		here[strings.TrimPrefix(ref.Name, prefix)] = ref
	}
	var moves []storage.Move
	for name, ref := range here {
		if _, signed := c.list.Refs.Get(name); !signed && !strings.HasPrefix(name, "refs/rad/") {
			moves = append(moves, storage.Move{Name: ref.Name, From: ref.ID})
		}
	}
	slices.SortFunc(moves, func(a, b storage.Move) int { return strings.Compare(a.Name, b.Name) })
	for _, ref := range append(slices.Clone(c.list.Refs), sigrefs.Ref{Name: sigrefs.RefSigrefs, ID: c.Head}) {
		was := here[ref.Name]
		if was.ID == ref.ID {
			continue
		}
		if was.Target != "" {
			return nil, fmt.Errorf("%w: %s", ErrSymbolic, was.Name)
		}
		moves = append(moves, storage.Move{Name: prefix + ref.Name, From: was.ID, To: ref.ID})
	}
	return moves, nil
}

// move moves a top-level ref, if it is elsewhere.
func (p *plan) move(name string, to radicle.Oid) {
	if from, _ := p.f.snapshot.Get(name); from != to {
		p.moves = append(p.moves, storage.Move{Name: name, From: from, To: to})
	}
}

// conflict returns [ErrConflict] if a top-level ref cannot have that name beside those that there will be.
func (p *plan) conflict(name string) error {
	with := func(other string) error { return fmt.Errorf("%w: %s and %s", ErrConflict, name, other) }
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if _, ok := p.f.snapshot.Get(dir); ok {
			return with(dir)
		}
	}
	if below := p.f.snapshot.Prefix(name + "/"); len(below) > 0 {
		return with(below[0].Name)
	}
	for _, m := range p.moves {
		if strings.HasPrefix(m.Name, name+"/") || strings.HasPrefix(name, m.Name+"/") {
			return with(m.Name)
		}
	}
	return nil
}

// canonical counts the votes for the refs that stand for all namespaces together, as they will be.
func (p *plan) canonical(ctx context.Context, doc *identity.Document, names map[string]bool) error {
	var err error
	if p.rules, err = doc.CanonicalRefs(); err != nil {
		p.result.Canonical = append(p.result.Canonical, storage.Canonical{Name: "HEAD", Err: err})
		return nil // as for Radicle: that is the delegates' business
	}
	p.symbolic = make(map[string]string)
	for _, s := range p.rules.Symbolic() {
		p.symbolic[s.Name] = s.Target
	}
	if len(p.accepted) > 0 {
		names[p.rules.Head()] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		rule, ok := p.rules.Match(name)
		if !ok || name == identity.RefCanonical { // which the identity itself decides on
			continue
		}
		c := storage.Canonical{Name: name}
		c.Old, _ = p.f.snapshot.Get(name)
		var votes identity.Votes
		if votes, c.Err = p.votes(ctx, rule, name); c.Err == nil {
			c.Object, c.Err = rule.Quorum(ctx, name, votes, p.f.q.Repo())
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if c.Err == nil {
			c.Err = p.conflict(name)
		}
		if c.Err == nil {
			p.move(name, c.Object.ID)
		}
		p.result.Canonical = append(p.result.Canonical, c)
	}
	return nil
}

// votes collects what a ref will be in the namespaces of those whom the rule allows. Who does not have its object does not vote.
func (p *plan) votes(ctx context.Context, rule identity.Rule, name string) (identity.Votes, error) {
	votes := make(identity.Votes)
	for _, did := range rule.Allowed {
		at := p.at(did.NID(), name)
		if p.accepted[did.NID()] == nil && p.f.repo != nil { // it must not vote otherwise meanwhile
			p.moves = append(p.moves, storage.Move{Name: storage.NamespacePrefix(did.NID()) + name, From: at, To: at})
		}
		if at.IsZero() {
			continue
		}
		kind, _, err := p.f.q.Repo().Read(ctx, at, gitobj.MaxCommit)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("%s of %v: %w", name, did, err)
		case kind != gitobj.KindCommit && kind != gitobj.KindTag:
			return nil, fmt.Errorf("%s of %v: %w: %v is a %v", name, did, storage.ErrRefTarget, at, kind)
		default:
			votes[did] = identity.Object{ID: at, Tag: kind == gitobj.KindTag}
		}
	}
	return votes, nil
}
