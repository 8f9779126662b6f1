package replicate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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

// candidate is a namespace that has something new.
type candidate struct {
	Peer
	member bool
	list   *sigrefs.List // nil if err is set before it was read
	err    error         // why it cannot be moved in, whatever is here
}

// refs are what the candidate signs, if that is known to be in order.
func (c *candidate) refs() sigrefs.Refs {
	if c.err != nil || c.list == nil {
		return nil
	}
	return c.list.Refs
}

// anchor is the identity document that says whose namespaces matter.
type anchor struct {
	at   radicle.Oid // the operation
	root radicle.Oid // the first one
	doc  *identity.Document
}

// findAnchor chooses between their identity and ours: theirs, unless ours has something that it lacks. That it belongs to this
// repository is certain then; that the delegates accepted it is not yet. See moveIn.
func (f *fetch) findAnchor(ctx context.Context) error {
	r := f.q.Repo()
	at, err := f.newerIdentity(ctx)
	if err != nil {
		return err
	}
	root, err := r.IdentityRoot(ctx, at)
	if err == nil {
		var doc *identity.Document
		if doc, _, err = identity.ReadDocument(ctx, r, at); err == nil {
			f.anchor = anchor{at: at, root: root, doc: doc}
		}
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", ErrIdentity, err)
	}
	return err
}

func (f *fetch) newerIdentity(ctx context.Context) (radicle.Oid, error) {
	theirs := f.listing.Identity
	ours, ok := f.snapshot.Get(identity.RefCanonical)
	if !ok || ours == theirs {
		return theirs, nil
	}
	kinds, err := f.q.Repo().Kinds(ctx, []radicle.Oid{theirs})
	if err != nil || kinds[theirs] != gitobj.KindCommit {
		return ours, err
	}
	base, err := f.q.Repo().MergeBase(ctx, ours, theirs)
	if err == nil && base == ours {
		return theirs, nil
	}
	return ours, notAbsent(err)
}

// readLists reads and verifies the signed refs of the candidates.
func (f *fetch) readLists(ctx context.Context) error {
	refs := 0
	for _, c := range f.fresh {
		if c.err != nil {
			continue
		}
		if c.list, c.err = f.readList(ctx, c); c.err == nil {
			c.err = f.checkList(c.list, &refs)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// readList reads one. Where objects are missing that were not asked for because they seemed to be here, they are asked for.
func (f *fetch) readList(ctx context.Context, c *candidate) (*sigrefs.List, error) {
	list, err := sigrefs.Read(ctx, f.reader(c), f.RID, c.NID, c.Head)
	if !errors.Is(err, fs.ErrNotExist) {
		return list, err
	}
	if f.fetchAgain(ctx, []radicle.Oid{c.Head}) {
		list, err = sigrefs.Read(ctx, f.reader(c), f.RID, c.NID, c.Head)
	}
	return list, incomplete(err)
}

// maxAgain is how often something is asked for that seemed to be here.
const maxAgain = 8

// fetchAgain fetches what is here in part: git deletes what no ref reaches bit by bit. It reports whether it did; a stream that
// breaks meanwhile shows at the next request.
func (f *fetch) fetchAgain(ctx context.Context, wants []radicle.Oid) bool {
	if f.again++; f.again > maxAgain {
		return false
	}
	return f.fetchAll(ctx, wants) == nil
}

// checkList looks at a list that is signed well. refs is how many there are in all.
func (f *fetch) checkList(list *sigrefs.List, refs *int) error {
	if list.Level < f.MinLevel {
		return &LevelError{Got: list.Level, Want: f.MinLevel}
	}
	if *refs += len(list.Refs); *refs > f.Limits.Refs {
		*refs -= len(list.Refs)
		return &LimitError{What: "refs in namespaces with something new", Got: int64(*refs + len(list.Refs)), Max: int64(f.Limits.Refs)}
	}
	return checkNames(list.Refs)
}

// incomplete makes [storage.ErrIncomplete] of an object that is not there.
func incomplete(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %v", storage.ErrIncomplete, err)
	}
	return err
}

// What the names of refs may be, so that every file system holds them as files, with ".lock" behind.
const (
	maxComponent = 240  // bytes
	maxName      = 1024 // bytes
)

// checkNames refuses names that no repository can hold, each or together.
func checkNames(refs sigrefs.Refs) error {
	names := make(map[string]bool, len(refs))
	for _, ref := range refs {
		if err := gitobj.CheckQualified(ref.Name); err != nil {
			return err
		}
		if strings.HasPrefix(ref.Name, "refs/namespaces/") {
			return &gitobj.RefNameError{Name: ref.Name, Reason: "a namespace within a namespace"}
		}
		for part := range strings.SplitSeq(ref.Name, "/") {
			if len(part) > maxComponent || len(ref.Name) > maxName {
				return &gitobj.RefNameError{Name: ref.Name, Reason: "too long for a file"}
			}
		}
		names[ref.Name] = true
	}
	for _, ref := range refs {
		for dir := path.Dir(ref.Name); dir != "."; dir = path.Dir(dir) {
			if names[dir] {
				return fmt.Errorf("%w: %s and %s", ErrConflict, dir, ref.Name)
			}
		}
	}
	if names[sigrefs.RefSigrefs] {
		return &gitobj.RefNameError{Name: sigrefs.RefSigrefs, Reason: "never signed itself"}
	}
	return nil
}

// check looks at all that the candidates sign: every ref points to a commit, and all that it reaches is there.
func (f *fetch) check(ctx context.Context) error {
	if err := f.checkTargets(ctx); err != nil {
		return err
	}
	if err := f.checkConnected(ctx); err != nil {
		return err
	}
	for _, c := range f.fresh {
		if c.err == nil {
			c.err = f.checkIdentity(ctx, c)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// checkTargets wants commits, or tags of commits.
func (f *fetch) checkTargets(ctx context.Context) error {
	var ids []radicle.Oid
	for _, c := range f.fresh {
		for _, ref := range c.refs() {
			ids = append(ids, ref.ID)
		}
	}
	kinds, err := f.q.Repo().Kinds(ctx, ids)
	if err != nil {
		return err
	}
	for _, c := range f.fresh {
		for _, ref := range c.refs() {
			if c.err = f.checkTarget(ctx, ref, kinds[ref.ID]); c.err != nil {
				break
			}
		}
	}
	return ctx.Err()
}

// maxTags is how many tags may be tags of tags.
const maxTags = 8

func (f *fetch) checkTarget(ctx context.Context, ref sigrefs.Ref, kind gitobj.Kind) error {
	id := ref.ID
	for range maxTags {
		switch kind {
		case gitobj.KindCommit:
			return nil
		case gitobj.KindTag:
		case 0:
			return fmt.Errorf("%w: %s at %v", storage.ErrIncomplete, ref.Name, id)
		default:
			return fmt.Errorf("%s: %w: %v is a %v", ref.Name, storage.ErrRefTarget, id, kind)
		}
		_, tag, err := f.q.Repo().Read(ctx, id, gitobj.MaxCommit)
		if err != nil {
			return fmt.Errorf("%s: %w", ref.Name, incomplete(err))
		}
		if id, kind, err = tagTarget(tag); err != nil {
			return fmt.Errorf("%s: %w", ref.Name, err)
		}
	}
	return fmt.Errorf("%s: %w: more than %d tags of tags", ref.Name, storage.ErrRefTarget, maxTags)
}

// tagTarget reads the first two lines of a tag: "object <id>" and "type <kind>".
func tagTarget(tag []byte) (radicle.Oid, gitobj.Kind, error) {
	first, rest, _ := strings.Cut(string(tag[:min(len(tag), 256)]), "\n")
	second, _, _ := strings.Cut(rest, "\n")
	hex, ok := strings.CutPrefix(first, "object ")
	word, ok2 := strings.CutPrefix(second, "type ")
	id, err := radicle.ParseOid(hex)
	kind, ok3 := gitobj.ParseKind(word)
	if !ok || !ok2 || !ok3 || err != nil {
		return radicle.Oid{}, 0, &gitobj.ParseError{Kind: gitobj.KindTag, Reason: "does not say what it is a tag of"}
	}
	return id, kind, nil
}

// checkConnected walks all that is new, at once if nothing is missing, else by namespace to find out whose it is.
func (f *fetch) checkConnected(ctx context.Context) error {
	known := make([]radicle.Oid, 0, len(f.snapshot.Refs))
	for _, ref := range f.snapshot.Refs {
		known = append(known, ref.ID)
	}
	slices.SortFunc(known, radicle.Oid.Compare)
	known = slices.Compact(known)
	var all []radicle.Oid
	for _, c := range f.fresh {
		all = append(all, c.tips()...)
	}
	err := f.q.Repo().Connected(ctx, all, known)
	if !errors.Is(err, storage.ErrIncomplete) {
		return err
	}
	for _, c := range f.fresh {
		if c.err != nil {
			continue
		}
		tips := c.tips()
		c.err = f.q.Repo().Connected(ctx, tips, known)
		if errors.Is(c.err, storage.ErrIncomplete) && f.fetchAgain(ctx, tips) {
			c.err = f.q.Repo().Connected(ctx, tips, known)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// tips are the objects that must be there whole.
func (c *candidate) tips() []radicle.Oid {
	if c.err != nil {
		return nil
	}
	tips := []radicle.Oid{c.Head}
	for _, ref := range c.list.Refs {
		tips = append(tips, ref.ID)
	}
	return tips
}

// checkIdentity refuses operations on the identity that cannot be read: nobody could read it any more.
func (f *fetch) checkIdentity(ctx context.Context, c *candidate) error {
	at, ok := c.list.Refs.Get(identity.Ref(f.anchor.root))
	if !ok {
		return nil
	}
	err, known := f.identities[at] // most have the same
	if !known {
		_, err = identity.Read(ctx, f.reader(c), f.RID, f.anchor.root, []radicle.Oid{at}, cob.Limits{})
		if !errors.As(err, new(*LimitError)) {
			f.identities[at] = err
		}
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrIdentity, err)
	}
	return nil
}

// maxRead bounds what is read of the objects of candidates who are no members to verify them, in bytes. A few objects can be read again and again: a list
// of refs by every commit of every namespace.
const maxRead = 8 << 30

// reader reads what a candidate signs. For those who are no members, it is enough at some point.
func (f *fetch) reader(c *candidate) gitobj.Reader {
	if c.member {
		return f.q.Repo()
	}
	return frugal{f}
}

type frugal struct{ f *fetch }

// Read implements [gitobj.Reader].
func (r frugal) Read(ctx context.Context, id radicle.Oid, max int64) (gitobj.Kind, []byte, error) {
	kind, data, err := r.f.q.Repo().Read(ctx, id, max)
	if r.f.read += int64(len(data)); r.f.read > r.f.maxRead {
		return 0, nil, &LimitError{What: "bytes to verify", Got: r.f.read, Max: r.f.maxRead}
	}
	return kind, data, err
}
