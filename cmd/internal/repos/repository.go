package repos

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/blobstore/zone"
	"radswarm/radicle"
	"radswarm/radicle/identity"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

// maxOpen is how many repositories are kept open that nobody uses: each may have a process that reads objects.
const maxOpen = 24

// manyPeers is how many peers a repository may have before it is looked at at most once in a while.
const (
	manyPeers = 256
	aWhile    = time.Second
)

// repository is one repository in storage, ready to be asked.
type repository struct {
	rid   radicle.RID
	repo  *storage.Repo // nil: closed
	index *record.Index
	write sync.Mutex // one at a time plans and writes: changes are made from what the branch is

	reading sync.Mutex // one at a time looks what has changed
	stamp   storage.Stamp
	looked  time.Time
	stale   bool // somebody said that something moved
	view    *view
	seen    zone.Seen    // under write
	begun   []zone.Begun // under write: epochs of batches that were handed out
	hinted  time.Time    // under write: when holders were written last, or this program began

	introducers introducers

	// Under Repos.mu; and while there are users, repo stays.
	info  os.FileInfo
	users int
	used  time.Time
	gone  bool
}

// view is what the signed refs of a repository say. It never changes.
type view struct {
	doc   *identity.Document
	head  radicle.Oid                 // the operation that made the document
	root  radicle.Oid                 // of the identity
	tips  map[radicle.NID]radicle.Oid // of the identity, in each namespace
	heads map[radicle.NID]radicle.Oid // of signed refs
	// What own and delegates signed: whose it is, and text that is another one once any of it has moved.
	believed []radicle.NID
	state    string
}

// use returns a repository in storage, to be given back by release. One that is not there is fs.ErrNotExist.
func (r *Repos) use(ctx context.Context, rid radicle.RID) (*repository, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, fs.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	info, err := os.Stat(r.Storage.Path(rid))
	e := r.open[rid]
	if e != nil && (err != nil || !os.SameFile(info, e.info)) { // removed, and perhaps cloned again
		r.drop(e)
		e = nil
	}
	if e == nil {
		e = &repository{rid: rid, info: info, hinted: r.Now()}
		e.index = record.NewIndex(rid, source{e})
	}
	if e.repo == nil {
		if e.repo, err = r.Storage.Repository(rid); err != nil {
			return nil, err
		}
		r.open[rid] = e
	}
	e.users++
	return e, nil
}

// release gives a repository back, and closes those that were not used for longest.
func (r *Repos) release(e *repository) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.users--
	e.used = r.Now()
	if e.gone && e.users == 0 {
		r.shut(e)
	}
	r.trim(maxOpen)
}

// drop forgets a repository that is not what it was. Who uses it goes on.
func (r *Repos) drop(e *repository) {
	delete(r.open, e.rid)
	e.gone = true
	if e.users == 0 {
		r.shut(e)
	}
}

// trim closes repositories that nobody uses until at most some are open. What was read of them is kept.
func (r *Repos) trim(most int) {
	var idle []*repository
	open := 0
	for _, e := range r.open {
		if e.repo != nil {
			open++
		}
		if e.repo != nil && e.users == 0 {
			idle = append(idle, e)
		}
	}
	if open <= most {
		return
	}
	slices.SortFunc(idle, func(a, b *repository) int { return a.used.Compare(b.used) })
	for _, e := range idle[:min(open-most, len(idle))] {
		r.shut(e)
	}
}

// shut ends the process that reads objects.
func (r *Repos) shut(e *repository) {
	if e.repo == nil {
		return
	}
	if err := e.repo.Close(); err != nil {
		r.Log.Debug("close repository", "rid", e.rid, "err", err)
	}
	e.repo = nil
}

// with runs do with a repository that is up to date.
func (r *Repos) with(ctx context.Context, rid radicle.RID, do func(*repository, *view) error) error {
	e, err := r.use(ctx, rid)
	if err != nil {
		return err
	}
	defer r.release(e)
	v, err := r.fresh(ctx, e)
	if err != nil {
		return err
	}
	return do(e, v)
}

// writing is with for who is about to write: one at a time, from what is there then.
func (r *Repos) writing(ctx context.Context, rid radicle.RID, do func(*repository, *view) error) error {
	return r.with(ctx, rid, func(e *repository, _ *view) error {
		e.write.Lock()
		defer e.write.Unlock()
		v, err := r.fresh(ctx, e)
		if err != nil {
			return err
		}
		return do(e, v)
	})
}

// moved says that refs of a repository may have moved.
func (r *Repos) moved(rid radicle.RID) {
	r.mu.Lock()
	e := r.open[rid]
	r.mu.Unlock()
	if e != nil {
		e.reading.Lock()
		e.stale = true
		e.reading.Unlock()
	}
}

// fresh looks whether signed refs have moved, and reads what has changed.
func (r *Repos) fresh(ctx context.Context, e *repository) (*view, error) {
	e.reading.Lock()
	defer e.reading.Unlock()
	if e.view != nil && !e.stale && len(e.view.heads) > manyPeers && r.Now().Sub(e.looked).Abs() < aWhile {
		return e.view, nil
	}
	stamp, err := e.repo.Stamp(ctx)
	if err != nil {
		return nil, err
	}
	if e.view != nil && !stamp.IsZero() && stamp == e.stamp {
		e.looked, e.stale = r.Now(), false
		return e.view, nil
	}
	v, err := r.read(ctx, e)
	if err != nil && e.view != nil && ctx.Err() == nil {
		r.Log.Warn("what was known before holds", "rid", e.rid, "err", err) // somebody is in the middle of a fetch, or wrote nonsense
		return e.view, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%v: %w", e.rid, err)
	}
	e.view, e.stamp, e.looked, e.stale = v, stamp, r.Now(), false
	r.noteMembers(e.rid, v.doc)
	r.follow(e, v)
	return v, nil
}

// read reads the identity, and the records of those whose signed refs have moved.
func (r *Repos) read(ctx context.Context, e *repository) (*view, error) {
	snapshot, err := e.repo.Refs(ctx)
	if err != nil {
		return nil, err
	}
	v := &view{heads: make(map[radicle.NID]radicle.Oid)}
	if err := v.readIdentity(ctx, e, snapshot); err != nil {
		return nil, err
	}
	old := e.view
	for _, nid := range snapshot.Peers() {
		head, _ := snapshot.Get(storage.NamespacePrefix(nid) + sigrefs.RefSigrefs)
		trust := r.trust(v, nid.DID())
		if trust > record.Stranger {
			v.believed, v.state = append(v.believed, nid), v.state+nid.String()+head.String()
		}
		member := v.names(nid.DID())
		if old != nil && old.heads[nid] == head && r.trust(old, nid.DID()) == trust && old.names(nid.DID()) == member {
			v.heads[nid] = head
			continue
		}
		if err := r.readPeer(ctx, e, nid, trust, member); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			r.Log.Warn("signed refs refused", "rid", e.rid, "nid", nid, "err", err) // what they said before stays
		}
		v.heads[nid] = head
	}
	return v, r.dropGone(ctx, e, v)
}

// dropGone forgets the records of namespaces that are not there any more.
func (r *Repos) dropGone(ctx context.Context, e *repository, v *view) error {
	for _, writer := range e.index.Writers() {
		if v.heads[writer.NID()].IsZero() {
			if err := e.index.Update(ctx, writer, record.Stranger, radicle.Oid{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// readIdentity reads the document that the delegates accepted, unless nothing was said about it since.
func (v *view) readIdentity(ctx context.Context, e *repository, snapshot *storage.Snapshot) error {
	v.tips = make(map[radicle.NID]radicle.Oid)
	if old := e.view; old != nil {
		for _, nid := range snapshot.Peers() {
			if at, ok := snapshot.Get(storage.NamespacePrefix(nid) + identity.Ref(old.root)); ok {
				v.tips[nid] = at
			}
		}
		if equalTips(v.tips, old.tips) {
			v.doc, v.head, v.root = old.doc, old.head, old.root
			return nil
		}
	}
	id, err := e.repo.Identity(ctx)
	if err != nil {
		return err
	}
	v.doc, v.head, v.root = id.Document(), id.Head(), id.Root()
	clear(v.tips)
	for _, nid := range snapshot.Peers() {
		if at, ok := snapshot.Get(storage.NamespacePrefix(nid) + identity.Ref(v.root)); ok {
			v.tips[nid] = at
		}
	}
	return nil
}

func equalTips(a, b map[radicle.NID]radicle.Oid) bool {
	if len(a) != len(b) {
		return false
	}
	for nid, at := range a {
		if b[nid] != at {
			return false
		}
	}
	return true
}

// readPeer reads what one writer has of records, by their verified word.
func (r *Repos) readPeer(ctx context.Context, e *repository, nid radicle.NID, trust record.Trust, member bool) error {
	list, err := e.repo.Sigrefs(ctx, nid)
	if err != nil {
		return err
	}
	at, _ := list.Refs.Get(record.Ref)
	did := nid.DID()
	if err := e.index.Update(ctx, did, trust, at); err != nil {
		return err
	}
	if b := e.index.Branch(did); b != nil && (member || trust == record.Own) {
		return r.learn(ctx, b)
	}
	return nil
}

// names reports whether the document names somebody.
func (v *view) names(did radicle.DID) bool {
	return v.doc.IsDelegate(did) || slices.Contains(v.doc.Visibility().Allow, did)
}

// learn remembers the cards and the certificate that a member has published.
func (r *Repos) learn(ctx context.Context, b *record.Branch) error {
	cards, refused := b.Cards(ctx)
	for _, err := range refused {
		r.Log.Debug("card refused", "err", err)
	}
	for _, card := range cards {
		if err := r.State.AddCard(ctx, card); err != nil && !errors.Is(err, keyring.ErrRollback) {
			r.Log.Debug("card refused", "did", card.DID(), "err", err)
		}
	}
	cert, err := b.Certificate(ctx)
	if err == nil && cert.DID() == b.Place().Writer && cert.DID() != r.self {
		_, err = r.State.AddPublished(ctx, cert)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.Log.Debug("certificate refused", "did", b.Place().Writer, "err", err)
	}
	return ctx.Err()
}

// trust is how far the writers of records are believed, as far as it depends on the repository alone.
func (r *Repos) trust(v *view, did radicle.DID) record.Trust {
	switch {
	case did == r.self || r.State.IsMine(did):
		return record.Own
	case v.doc.IsDelegate(did):
		return record.Delegate
	}
	return record.Stranger
}

// standing says how the writers of records of one object stand with this home. Asked are those whose namespaces are read.
func (r *Repos) standing(
	ctx context.Context, e *repository, v *view, oid blobstore.OID, asked []radicle.DID,
) record.Standing {
	introducer := sync.OnceValue(func() radicle.DID { return r.introducer(ctx, e, v, oid) })
	return func(did radicle.DID) record.Trust {
		switch trust := r.trust(v, did); {
		case trust > record.Stranger || did.IsZero():
			return trust
		case introducer() == did:
			return record.Introducer
		case slices.Contains(asked, did):
			return record.Asked
		}
		return record.Stranger
	}
}

// readers are those who read what follows the members: delegates first.
func (r *Repos) readers(rid radicle.RID, v *view) []radicle.DID {
	no := r.settings.noRead(rid)
	return slices.DeleteFunc(v.doc.Members(), func(did radicle.DID) bool { return slices.Contains(no, did) })
}
