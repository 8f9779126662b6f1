package objects

import (
	"context"
	"errors"
	"io"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/object"
	"radswarm/blobstore/swarm"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// step is one run of an object's work: it codes the object if that was not done, places what can be placed, and codes it anew
// where there are more friends by now. Why says for what the rest waits; without, there is no rest.
func (o *Objects) step(ctx context.Context, w *work) (why string, err error) {
	unlock, err := o.locks.lock(ctx, w.OID)
	if err != nil {
		return "", err
	}
	defer unlock()
	r := o.index.get(w.OID, w.Size)
	if r == nil {
		return "", nil
	}
	if w.fresh = w.fresh || r.Coding.K == 0; !w.fresh {
		o.assemble(ctx)
	}
	crowd := newCrowd(o.opt.People)
	c, err := o.first(ctx, w, r, crowd)
	switch {
	case err != nil:
		return "", o.giveUp(w, r, err)
	case c == nil:
		return nobodyYet(o.opt.People), nil
	}
	settled := o.settled.Load() || w.awaited() && !crowd.safetyOf(r).Safe
	o.grow(r, crowd, settled)
	if r.Next.K == 0 || !crowd.safetyOf(r).Safe {
		c.n = r.Coding.N
		if err = o.place(ctx, w, c, crowd); err != nil {
			return "", o.giveUp(w, r, err)
		}
	}
	if err := o.recode(ctx, w, c, crowd, settled); err != nil {
		return "", o.giveUp(w, r, err)
	}
	return o.rest(r.Pointer, crowd), nil
}

// first returns the coding that counts; it makes one where there is none yet. Without anybody to code it for it is nil.
func (o *Objects) first(ctx context.Context, w *work, r *row, crowd *crowd) (*coded, error) {
	if r.Coding.K > 0 {
		return o.coded(ctx, r, false)
	}
	scheme := crowd.scheme()
	if scheme.K == 0 {
		return nil, nil
	}
	c, err := o.reuse(ctx, w, r, scheme)
	if c == nil && err == nil {
		c, err = o.fresh(ctx, w, r, scheme)
	}
	if err != nil {
		return nil, err
	}
	r.Coding = friend.ObjectCoding{K: c.k(), N: c.n}
	bytes, err := c.manifest.MarshalBinary()
	if err != nil {
		return nil, err
	}
	o.index.edit(r.OID, func(row *friend.Object) {
		row.Coding = friend.ObjectCoding{K: c.k(), N: c.n, Manifest: bytes}
	})
	return c, o.index.sync(ctx) // nobody gets a share of what would not be known after a crash
}

// widest is how many shares are committed to where K is that of many friends, whose number still grows.
const widest, manyK = 30, 10

// fresh codes an object by our own key.
func (o *Objects) fresh(ctx context.Context, w *work, r *row, scheme swarm.Scheme) (*coded, error) {
	key, err := o.key(r)
	if err != nil {
		return nil, err
	}
	return o.commit(ctx, w, r, key, scheme)
}

// commit reads an object's plaintext for its manifest in a coding.
func (o *Objects) commit(
	ctx context.Context, w *work, r *row, key blobstore.ContentKey, scheme swarm.Scheme,
) (*coded, error) {
	open, _, done, err := o.plaintext(ctx, r)
	if err != nil {
		return nil, err
	}
	defer done()
	coding, err := object.New(key, r.params(), scheme.K)
	if err != nil {
		return nil, err
	}
	file, err := open()
	if err != nil {
		return nil, err
	}
	defer file.Close() // it was only read
	roots := scheme.N
	if scheme.K >= manyK {
		roots = max(roots, widest)
	}
	m, err := coding.Commit(ctx, &counting{file, w}, manifest.Commit(coding.Coding().K(), roots), object.Options{})
	if err != nil {
		return nil, err
	}
	return newCoded(r, key, m, scheme.N)
}

// counting tells a work of the bytes that are read.
type counting struct {
	io.Reader
	w *work
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.w.passed(n)
	return n, err
}

// inVain is how long it takes until an object is read back once more, where that was for nothing because nobody took a share.
const inVain = 6 * time.Hour

// place sends shares to those who can be reached now.
func (o *Objects) place(ctx context.Context, w *work, c *coded, crowd *crowd) error {
	if len(c.row.of(c.k())) >= c.n {
		return nil
	}
	if err := o.recall(ctx, w, c, o.takers(c, crowd)); err != nil {
		return err
	}
	if err := o.claim(ctx, w, c, o.takers(c, crowd)); err != nil {
		return err
	}
	before, takers := c.row.of(c.k()), o.takers(c, crowd)
	if len(takers) == 0 || len(before) >= c.n {
		return nil
	}
	if o.rebuilds(c, takers) {
		return o.rebuild(ctx, w, c, takers)
	}
	open, far, done, err := o.plaintext(ctx, c.row)
	if err != nil {
		return err
	}
	defer done()
	if err := o.partings.unsay(ctx, c, takers); err != nil {
		return err
	}
	leave, err := o.gate.pass(ctx, likely(takers, c.n-len(before)))
	if err != nil {
		return err
	}
	s := o.sending(c, takers, open)
	if s.Safe = swarm.Safe(c.k(), crowd.friends); w.awaited() && c.row.Require == string(control.Full) {
		s.Safe = c.n // for whoever waits for all, what is safe sooner is only one more pass over the file
	}
	report, err := swarm.Send(ctx, s, o.sendOptions(w, c))
	leave()
	o.takeBack(w, c)
	o.failures(report.Failed)
	for _, f := range report.Failed {
		o.log.Info("share not taken", "object", c.row.OID, "share", f.Index, "by", f.Holder, "err", f.Err)
	}
	if fresh := o.index.get(w.OID, w.Size); fresh != nil {
		*c.row = *fresh
		if far && len(fresh.of(c.k())) == len(before) {
			w.postpone(inVain)
		}
		if len(fresh.of(c.k())) > len(before) && c.k() == fresh.Coding.K {
			o.tellRecords(ctx, c)
		}
	}
	return err
}

// takers returns who may take a share, the first first: those who can be reached, have none of this coding, and with whom
// there is no trouble.
func (o *Objects) takers(c *coded, crowd *crowd, without ...radicle.DID) []swarm.Person {
	skip := map[radicle.DID]bool{}
	for _, did := range c.row.of(c.k()) {
		skip[did] = true
	}
	for _, did := range without {
		skip[did] = true
	}
	for _, one := range crowd.candidates {
		if !one.Online || o.troubles.with(one.DID) != nil {
			skip[one.DID] = true
		}
	}
	var people []swarm.Person
	for _, one := range swarm.Rank(c.locator, crowd.ranked()) {
		if !skip[one.DID] {
			people = append(people, swarm.Person{DID: one.DID, Holder: o.observe(one.DID)})
		}
	}
	return people
}

// decision is how long somebody may take to decide about an offer: so that clients hear of it within 5 s, with whom else the
// share was placed included.
const decision = 4 * time.Second

// manyShares is from how many shares on each has half the buffer.
const manyShares = 16

func (o *Objects) sendOptions(w *work, c *coded) swarm.SendOptions {
	opt := swarm.SendOptions{
		Patience: decision,
		Told: func(index int, at radicle.DID) {
			o.index.share(w.OID, c.k(), index, at, false)
			if name, err := c.name(at, index); err == nil {
				o.partings.drop(at, name)
			}
			w.tell()
		},
		Progress: w.took,
	}
	if c.n > manyShares {
		opt.Buffer = 512 << 10
	}
	return opt
}

// giveUp says what an error means for what is known of the object, and returns it.
func (o *Objects) giveUp(w *work, r *row, err error) error {
	changed := errors.Is(err, swarm.ErrChanged) || errors.Is(err, blobstore.ErrOID) ||
		errors.Is(err, blobstore.ErrTruncated) || errors.Is(err, blobstore.ErrExtended)
	switch {
	case changed:
		o.dropSource(r.Pointer)
		if now := o.index.get(r.OID, r.Size); now != nil && len(now.of(now.Coding.K)) < max(1, now.Coding.K) {
			o.log.Info("file is not the object", "object", r.OID, "err", err)
			if len(now.shares) == 0 && w.awaited() { // nothing of it is anywhere, and the client is told
				o.index.forget(r.Pointer)
			}
		}
	case errors.Is(err, context.Canceled):
	default:
		w.postpone(o.opt.Retry)
	}
	return err
}

// dropSource forgets where an object's file is.
func (o *Objects) dropSource(p blobstore.Pointer) {
	o.index.edit(p.OID, func(row *friend.Object) {
		dropLink(row.Source)
		row.Source = friend.ObjectSource{}
	})
}

// rest says for what an object waits, and drops what is no longer needed where it waits for nothing.
func (o *Objects) rest(p blobstore.Pointer, crowd *crowd) string {
	r := o.index.get(p.OID, p.Size)
	if r == nil {
		return ""
	}
	if missing := r.Coding.N - len(r.of(r.Coding.K)); missing > 0 {
		return o.waitsFor(r, crowd, missing)
	}
	if r.Next.K > 0 {
		return o.waitsFor(r, crowd, r.Next.N-len(r.of(r.Next.K)))
	}
	o.index.edit(r.OID, func(row *friend.Object) {
		dropLink(row.Source)
		row.Source.Link, row.Pending = "", time.Time{}
	})
	return ""
}

// tellRecords tells repositories of who has what.
func (o *Objects) tellRecords(ctx context.Context, c *coded) {
	if len(c.row.of(c.k())) < c.k() {
		return
	}
	records := o.records.Load()
	for _, m := range c.row.Repositories {
		o.index.recorded(m.RID, false, c.row.Pointer)
		if records != nil {
			(*records).Stored(ctx, m.RID, c.record())
		}
	}
}
