package swarm

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/object"
	"radswarm/radicle"
)

// upload is a Send that runs.
type upload struct {
	s    *Sending
	l    blobstore.Locator
	opt  SendOptions
	sent atomic.Int64
	rate float64 // bytes of one share a second, in the last wave; 0 before

	whole map[int][]byte // shares of the wave, where they are short; they do not change

	mu     sync.Mutex // guards what follows
	people []Person   // who was not asked yet
	placed map[int]radicle.DID
	apart  map[int]bool // shares that have a pass of their own
	failed []*blobstore.HolderError
	fault  error // of the file

	lone  chan struct{} // room for passes of their own
	ended chan struct{} // has room for one: one of them has
	tasks sync.WaitGroup
}

func newUpload(s *Sending, l blobstore.Locator, opt SendOptions) *upload {
	u := &upload{
		s: s, l: l, opt: opt,
		placed: maps.Clone(s.Placed), apart: map[int]bool{},
		lone: make(chan struct{}, lonePasses), ended: make(chan struct{}, 1),
	}
	if u.placed == nil {
		u.placed = map[int]radicle.DID{}
	}
	has := slices.Collect(maps.Values(u.placed))
	for _, p := range s.People {
		if !slices.Contains(has, p.DID) {
			u.people, has = append(u.people, p), append(has, p.DID)
		}
	}
	return u
}

// run sends waves until there is nothing to send, or nobody to send it to.
func (u *upload) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer u.tasks.Wait()
	defer cancel()
	for {
		wave, waiting := u.wave()
		switch {
		case len(wave) > 0:
			u.send(ctx, wave)
		case waiting:
			select {
			case <-u.ended:
			case <-ctx.Done():
			}
		default:
			return nil
		}
		if err := u.failure(); err != nil || ctx.Err() != nil {
			return cmp.Or(err, ctx.Err())
		}
	}
}

func (u *upload) failure() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.fault
}

// wave returns the shares that are to be sent next, and whether some are still on their way apart.
func (u *upload) wave() (wave []int, waiting bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for j := range u.s.Shares {
		if _, there := u.placed[j]; !there && !u.apart[j] {
			wave = append(wave, j)
		}
	}
	wave = wave[:min(len(wave), len(u.people))]
	have, k := len(u.placed)+len(u.apart), u.s.Manifest.Coding().K()
	switch {
	case u.longest() <= oneWave:
	case have < k:
		wave = wave[:min(len(wave), k-have)]
	case have < u.s.Safe && u.rate > 0 && float64(u.s.Manifest.Coding().ShareLen(0)) > u.rate*longWave.Seconds():
		wave = wave[:min(len(wave), u.s.Safe-have)]
	}
	return wave, len(u.apart) > 0
}

// parcel is a share on its way to a person.
type parcel struct {
	index   int
	to      Person
	spool   *spool
	decided chan blobstore.Outcome // the first answer
	result  chan error             // the last one
	cancel  context.CancelFunc
}

// longest is the length of the longest share.
func (u *upload) longest() int64 { return u.s.Manifest.Coding().ShareLen(0) }

// code makes the shares of a wave, where they are so short that there is room for them. What is offered is then there: nobody's
// share waits for what somebody else decides. A holder takes few shares at once, and many objects that waited for each other
// with some holders' places taken would wait for ever.
func (u *upload) code(ctx context.Context, wave []int) error {
	if u.longest() > int64(u.opt.Buffer) {
		return nil
	}
	buffers, writers := map[int]*bytes.Buffer{}, map[int]io.Writer{}
	for _, index := range wave {
		buffers[index] = bytes.NewBuffer(make([]byte, 0, u.s.Manifest.Coding().ShareLen(index)))
		writers[index] = buffers[index]
	}
	if err := u.spread(ctx, writers); err != nil {
		return err
	}
	u.whole = map[int][]byte{}
	for index, b := range buffers {
		u.whole[index] = b.Bytes()
	}
	return nil
}

// spool returns what a share is read from.
func (u *upload) spool(index int) *spool {
	if b, ok := u.whole[index]; ok {
		return wholeSpool(b)
	}
	return newSpool(u.opt.Buffer)
}

// send finds takers for shares and sends them in one pass over the file.
func (u *upload) send(ctx context.Context, wave []int) {
	if err := u.code(ctx, wave); err != nil {
		u.fail(err)
		return
	}
	parcels := u.offerAll(ctx, wave)
	if len(parcels) == 0 {
		return
	}
	start := time.Now()
	going, stop := context.WithCancel(ctx)
	var widening sync.WaitGroup
	widening.Go(func() { u.widen(ctx, going, parcels) })
	u.pass(ctx, parcels)
	stop()
	widening.Wait()
	if took := time.Since(start).Seconds(); took > 0 {
		u.rate = float64(u.s.Manifest.Coding().ShareLen(0)) / took
	}
}

// offerAll offers shares, all at once, and returns those that are wanted.
func (u *upload) offerAll(ctx context.Context, wave []int) []*parcel {
	takers := u.take(len(wave))
	parcels := make([]*parcel, len(wave))
	var offering sync.WaitGroup
	for i, index := range wave {
		if i < len(takers) {
			offering.Go(func() { parcels[i] = u.offer(ctx, index, takers[i]) })
		}
	}
	offering.Wait()
	return slices.DeleteFunc(parcels, func(p *parcel) bool { return p == nil })
}

// take returns up to n people who were not asked yet.
func (u *upload) take(n int) []Person {
	u.mu.Lock()
	defer u.mu.Unlock()
	n = min(n, len(u.people))
	out := slices.Clone(u.people[:n])
	u.people = u.people[n:]
	return out
}

// offer offers a share to a person, and to the next ones while that is refused. It returns nil where nobody wants its bytes.
func (u *upload) offer(ctx context.Context, index int, to Person) *parcel {
	for {
		p, err := u.start(ctx, index, to)
		if err == nil {
			var o blobstore.Outcome
			if o, err = u.decision(ctx, p); err == nil && !o.Had {
				return p
			}
			p.cancel()
			if err == nil {
				u.place(index, to.DID)
				return nil
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		u.blame(to, index, err)
		next := u.take(1)
		if len(next) == 0 {
			return nil
		}
		to = next[0]
	}
}

// decision waits for what a holder says about an offer.
func (u *upload) decision(ctx context.Context, p *parcel) (blobstore.Outcome, error) {
	timer := time.NewTimer(u.opt.Patience)
	defer timer.Stop()
	select {
	case o := <-p.decided:
		return o, o.Err
	case err := <-p.result: // without a decision: it was placed, or everything failed
		return blobstore.Outcome{Had: err == nil}, err
	case <-timer.C:
		return blobstore.Outcome{}, ErrSilent
	case <-ctx.Done():
		return blobstore.Outcome{}, ctx.Err()
	}
}

// start begins to put a share at a person's holder.
func (u *upload) start(ctx context.Context, index int, to Person) (*parcel, error) {
	n, err := name(u.l, u.s.Manifest, to.DID, index)
	if err != nil {
		return nil, err
	}
	sealed, err := manifest.Seal(u.s.Repair, to.DID, u.s.Manifest)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &parcel{
		index: index, to: to, spool: u.spool(index),
		decided: make(chan blobstore.Outcome, 1), result: make(chan error, 1), cancel: cancel,
	}
	offer := blobstore.Offer{
		Name: n, Len: u.s.Manifest.Coding().ShareLen(index), Owner: u.s.Owner, Open: u.s.Public,
		MID: u.l.MID(to.DID), Sealed: sealed,
		Decided: func(o blobstore.Outcome) {
			select {
			case p.decided <- o:
			default: // the first word counts
			}
		},
		Share: func() (io.ReadCloser, error) { return &counted{p.spool, u}, nil },
	}
	u.tasks.Go(func() {
		defer cancel()
		stop := context.AfterFunc(ctx, func() { p.spool.end(ctx.Err()) })
		defer stop()
		outcomes, err := to.Holder.Put(ctx, []blobstore.Offer{offer})
		switch {
		case err != nil:
		case len(outcomes) != 1:
			err = errShort
		default:
			err = outcomes[0].Err
		}
		_ = p.spool.Close()
		p.result <- err
	})
	return p, nil
}

// counted tells of the bytes that a holder takes.
type counted struct {
	*spool
	u *upload
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.spool.Read(b)
	c.u.sent.Add(int64(n))
	if n > 0 && c.u.opt.Progress != nil {
		c.u.opt.Progress(n)
	}
	return n, err
}

func (u *upload) place(index int, at radicle.DID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.placed[index] = at
	if u.opt.Told != nil {
		u.opt.Told(index, at)
	}
}

func (u *upload) blame(p Person, index int, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.failed = append(u.failed, &blobstore.HolderError{Holder: p.DID, Index: index, Err: err})
}

func (u *upload) report() *SendReport {
	u.mu.Lock()
	defer u.mu.Unlock()
	r := &SendReport{Placed: u.placed, Failed: u.failed, Sent: u.sent.Load()}
	for j := range u.s.Shares {
		if _, there := u.placed[j]; !there {
			r.Missing = append(r.Missing, j)
		}
	}
	return r
}

// pass sends parcels in one pass over the file. A holder that holds up the others gets a pass of its own.
func (u *upload) pass(ctx context.Context, parcels []*parcel) { u.passUntil(ctx, ctx, parcels) }

// passUntil is a pass that is over when trial is done, a part of ctx. Whoever ends that has ended all spools before.
func (u *upload) passUntil(ctx, trial context.Context, parcels []*parcel) {
	writers := map[int]io.Writer{}
	for _, p := range parcels {
		if _, there := u.whole[p.index]; !there {
			writers[p.index] = p.spool
		}
	}
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { u.watch(watching, parcels) })
	var err error
	if len(writers) > 0 {
		err = u.spread(trial, writers)
	}
	if trial.Err() != nil && ctx.Err() == nil {
		err = nil
	}
	for _, p := range parcels {
		if err != nil {
			p.spool.end(err)
		}
		p.spool.end(io.EOF)
	}
	for _, p := range parcels {
		if taken := <-p.result; taken == nil || err == nil && ctx.Err() == nil {
			u.settle(ctx, p, taken)
		}
	}
	stop()
	watch.Wait()
	if err != nil { // and not the holders'
		u.fail(err)
	}
}

func (u *upload) fail(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.fault = changed(err)
}

// spread writes shares from the file. Their roots show whether it is still the object, so that its hash need not.
func (u *upload) spread(ctx context.Context, writers map[int]io.Writer) error {
	file, err := u.s.File()
	if err != nil {
		return err
	}
	err = u.s.Object.Spread(ctx, file, writers, object.Options{Workers: u.opt.Workers, SkipOID: true})
	_ = file.Close() // it was only read
	return err
}
