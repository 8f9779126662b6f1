package repos

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/record"
	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/history"
	"radswarm/radicle/sshsig"
	"radswarm/remote/lfs"
)

// Who introduced an object: RECORD.md §8.1. The history that the delegates accepted is read in the background, when their refs have
// moved and a stranger has records; who looks for an object waits a while for the first reading.

// Bounds of what is read (RECORD.md §8.1). Beyond them nobody is an introducer.
const (
	maxTips      = 4096
	maxPointers  = 1 << 18
	maxAdditions = 1 << 20
	maxFirst     = 16 // commits that introduce one object
	walkTime     = 2 * time.Minute
	// maxWalks is how many histories are read at a time.
	maxWalks = 2
	// walkAgain is how long after a walk the same one is taken again: what could not be read may be readable then.
	walkAgain = time.Hour
	// waitForWalk is how long after a walk was wanted a look-up still waits for it.
	waitForWalk = 5 * time.Second
	// maxSigners is how many commits are remembered with who signed them.
	maxSigners = 1 << 16
)

// introducers is what is known of a repository.
type introducers struct {
	mu      sync.Mutex
	walk    *walk                       // the newest; nil: there was none
	signers map[radicle.Oid]radicle.DID // of commits; zero: nobody's
}

// walk is one reading of the accepted history, under way until done is closed.
type walk struct {
	state  string // what was signed
	wanted time.Time
	done   chan struct{}
	// Written by the walk, and read when it is done.
	first map[blobstore.OID][]radicle.Oid // the commits that introduced an object
	err   error
	trail
}

// trail is what a walk leaves for the next one, which then reads only new commits.
type trail struct {
	tips     []radicle.Oid
	pointers map[radicle.Oid]blobstore.OID   // by the blob
	added    map[blobstore.OID][]radicle.Oid // the commits that add an object
}

// introducer returns who introduced an object; zero: nobody, or it is not known yet.
func (r *Repos) introducer(ctx context.Context, e *repository, v *view, oid blobstore.OID) radicle.DID {
	w := r.walk(e, v)
	if !r.ended(ctx, w) || w.err != nil {
		return radicle.DID{}
	}
	commits := w.first[oid]
	if len(commits) == 0 || len(commits) > maxFirst {
		return radicle.DID{}
	}
	signer := r.signer(ctx, e, commits[0])
	for _, c := range commits[1:] {
		if r.signer(ctx, e, c) != signer {
			return radicle.DID{}
		}
	}
	return signer
}

// ended waits for a walk, not longer than a while after it was wanted.
func (r *Repos) ended(ctx context.Context, w *walk) bool {
	select {
	case <-w.done:
		return true
	default:
	}
	timer := time.NewTimer(time.Until(w.wanted.Add(waitForWalk)))
	defer timer.Stop()
	select {
	case <-w.done:
		return true
	case <-timer.C:
	case <-ctx.Done():
	case <-r.rounds.ctx.Done():
	}
	return false
}

// signer returns who signed a commit; zero: nobody.
func (r *Repos) signer(ctx context.Context, e *repository, commit radicle.Oid) (did radicle.DID) {
	e.introducers.mu.Lock()
	did, known := e.introducers.signers[commit]
	e.introducers.mu.Unlock()
	if known {
		return did
	}
	c, err := gitobj.ReadCommit(ctx, e.repo, commit)
	if err != nil {
		r.Log.Debug("commit cannot be read", "rid", e.rid, "commit", commit, "err", err)
		return did // not remembered: it may be readable the next time
	}
	if nid, err := sshsig.CommitSigner(c); err == nil {
		did = nid.DID()
	}
	e.introducers.mu.Lock()
	defer e.introducers.mu.Unlock()
	if e.introducers.signers == nil || len(e.introducers.signers) >= maxSigners {
		e.introducers.signers = make(map[radicle.Oid]radicle.DID)
	}
	e.introducers.signers[commit] = did
	return did
}

// follow has the history read if somebody may be an introducer: a stranger with records.
func (r *Repos) follow(e *repository, v *view) {
	for nid := range v.heads {
		if b := e.index.Branch(nid.DID()); b != nil && b.Len() > 0 && r.trust(v, nid.DID()) == record.Stranger {
			r.walk(e, v)
			return
		}
	}
}

// walk returns the walk of what is signed now, which begins where there was none.
func (r *Repos) walk(e *repository, v *view) *walk {
	all := &e.introducers
	all.mu.Lock()
	defer all.mu.Unlock()
	before := all.walk
	if before != nil && before.state == v.state && time.Since(before.wanted) < walkAgain {
		return before
	}
	w := &walk{state: v.state, wanted: time.Now(), done: make(chan struct{})}
	all.walk = w
	r.rounds.work(func() {
		defer close(w.done)
		if before != nil {
			<-before.done // it ends with the same context
			if before.err == nil {
				w.trail = before.trail
			}
		}
		if w.err = r.take(e.rid, v, w); w.err != nil {
			w.trail = trail{}
			r.Log.Debug("history cannot be read: nobody introduced anything", "rid", e.rid, "err", w.err)
		}
	})
	return w
}

// take takes a walk, as a user of the repository.
func (r *Repos) take(rid radicle.RID, v *view, w *walk) error {
	r.walking <- struct{}{}
	defer func() { <-r.walking }()
	ctx, cancel := context.WithTimeout(r.rounds.ctx, walkTime)
	defer cancel()
	e, err := r.use(ctx, rid)
	if err != nil {
		return err
	}
	defer r.release(e)
	tips, err := accepted(ctx, e, v)
	if err == nil {
		err = w.findPointers(ctx, e, tips)
	}
	if err == nil && len(w.pointers) > 0 {
		err = w.findCommits(ctx, e, tips)
	}
	w.tips = tips
	return err
}

// findCommits finds the commits that introduced objects.
func (w *walk) findCommits(ctx context.Context, e *repository, tips []radicle.Oid) error {
	graph, err := history.Read(ctx, e.repo, tips, history.Limits{})
	if err != nil {
		return err
	}
	if err := w.findAdditions(ctx, e, graph); err != nil {
		return err
	}
	return w.findFirst(ctx, graph)
}

// accepted returns the heads and tags of own and delegates' namespaces, by their verified word.
func accepted(ctx context.Context, e *repository, v *view) (tips []radicle.Oid, err error) {
	seen := make(map[radicle.Oid]bool)
	for _, nid := range v.believed {
		list, err := e.repo.Sigrefs(ctx, nid)
		if err != nil {
			return nil, err
		}
		for _, ref := range list.Refs {
			if !strings.HasPrefix(ref.Name, "refs/heads/") && !strings.HasPrefix(ref.Name, "refs/tags/") || seen[ref.ID] {
				continue
			}
			if len(tips) == maxTips {
				return nil, &history.LimitError{What: "heads and tags", Max: maxTips}
			}
			seen[ref.ID], tips = true, append(tips, ref.ID)
		}
	}
	return tips, nil
}

// findPointers finds the pointers that the tips reach and those before did not.
func (w *walk) findPointers(ctx context.Context, e *repository, tips []radicle.Oid) error {
	if w.pointers == nil {
		w.pointers, w.added = make(map[radicle.Oid]blobstore.OID), make(map[blobstore.OID][]radicle.Oid)
	}
	for found, err := range (lfs.Repo{Dir: e.repo.Dir()}).Scan(ctx, lfs.Range{New: tips, Have: w.tips}) {
		if err != nil {
			return err
		}
		if w.pointers[found.Blob] = found.Pointer.OID; len(w.pointers) > maxPointers {
			return &history.LimitError{What: "pointers", Max: maxPointers}
		}
	}
	return nil
}

// findAdditions finds the commits that add pointers, and forgets those that are not in the history any more.
func (w *walk) findAdditions(ctx context.Context, e *repository, graph *history.Graph) error {
	count := 0
	for oid, commits := range w.added {
		w.added[oid] = slices.DeleteFunc(commits, func(c radicle.Oid) bool { return !graph.Has(c) })
		count += len(w.added[oid])
	}
	return history.Added(ctx, e.repo, graph.Since(w.tips), func(commit, blob radicle.Oid) error {
		oid, ok := w.pointers[blob]
		if at := w.added[oid]; !ok || len(at) > 0 && at[len(at)-1] == commit {
			return nil
		}
		if count++; count > maxAdditions {
			return &history.LimitError{What: "additions of pointers", Max: maxAdditions}
		}
		w.added[oid] = append(w.added[oid], commit)
		return nil
	})
}

// findFirst finds the additions that introduced something. Most objects have one, and need no search.
func (w *walk) findFirst(ctx context.Context, graph *history.Graph) error {
	w.first = make(map[blobstore.OID][]radicle.Oid, len(w.added))
	var oids []blobstore.OID
	var sets [][]radicle.Oid
	for oid, commits := range w.added {
		if len(commits) < 2 {
			w.first[oid] = slices.Clone(commits) // the next walk writes to these
			continue
		}
		oids, sets = append(oids, oid), append(sets, commits)
	}
	first, err := graph.First(ctx, sets)
	for i, oid := range oids {
		if err == nil {
			w.first[oid] = first[i]
		}
	}
	return err
}
