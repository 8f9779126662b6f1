package swarm

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/object"
	"radswarm/blobstore/share"
	"radswarm/radicle"
)

// State is what is known of a share that was placed.
type State uint8

// The states (SWARM.md §5.1).
const (
	Held        State = iota + 1 // it was shown
	Missing                      // the holder does not have it
	Damaged                      // the holder has something else
	Unreachable                  // the holder did not say
)

// String returns the state in one word.
func (s State) String() string {
	switch s {
	case Held:
		return "held"
	case Missing:
		return "missing"
	case Damaged:
		return "damaged"
	case Unreachable:
		return "unreachable"
	}
	return "unknown"
}

// Check is what Verify found out about one share. Its Source has no Holder where nobody could be asked.
type Check struct {
	Source
	State State
	Err   error // why it is damaged or unreachable; else nil
}

// VerifyOptions say how well Verify looks. The zero value asks for three leaves.
type VerifyOptions struct {
	// Leaves, if not 0, is how many leaves of each share are audited, up to blobstore.MaxLeaves.
	Leaves int
	// Whole compares every byte of every share with the file. The holders read all of it.
	Whole bool
	// Patience is how long a holder may take for an answer, for a whole share beside the time that takes. Default: 5 s.
	Patience time.Duration
	// Workers is how many stripes are coded at once for a whole check. Default: GOMAXPROCS.
	Workers int
	// Told, if not nil, is called for each share that a holder was asked about, one call at a time, in any order. A whole check
	// may still find that what is Held here is Damaged.
	Told func(Check)
}

// hashRate is what a holder reads for a whole check at the least, in bytes a second.
const hashRate = 1 << 20

// ErrNobody is a person who has a share and is not among those that can be reached.
var ErrNobody = errors.New("not to be reached")

// Verify asks the holders of an object for the shares that s.Placed says they have, through s.People, and returns what
// became of each, by index (SWARM.md §5.1). Of s it needs Object, Manifest and Repair besides, and File for a whole check.
// What is wrong with a share is in its Check. Errors are ctx's, bare; for a whole check those of the file, and ErrChanged;
// and ErrBounds for indices that the manifest does not commit to and for too many leaves.
func Verify(ctx context.Context, s *Sending, opt VerifyOptions) ([]Check, error) {
	if opt.Leaves < 0 || opt.Leaves > blobstore.MaxLeaves {
		return nil, &blobstore.BoundsError{What: "leaves", Got: int64(opt.Leaves), Max: blobstore.MaxLeaves}
	}
	if opt.Patience == 0 {
		opt.Patience = 5 * time.Second
	}
	v, err := newVerifying(s, opt)
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if opt.Whole {
		v.asking.Go(func() {
			if err := v.expect(running); err != nil {
				cancel(err)
			}
		})
	}
	for _, some := range v.byPerson() {
		v.asking.Go(func() {
			for _, q := range some {
				v.ask(running, q)
			}
		})
	}
	v.asking.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err := context.Cause(running); err != nil {
		return nil, changed(err)
	}
	return v.checks(), nil
}

// verifying is a Verify that runs.
type verifying struct {
	s         *Sending
	opt       VerifyOptions
	questions []*question
	asking    sync.WaitGroup
	mu        sync.Mutex // keeps calls of Told apart
}

// question is one share.
type question struct {
	Check
	nonce     blobstore.Nonce
	want, got [32]byte // possession hashes, of a whole check
}

func newVerifying(s *Sending, opt VerifyOptions) (*verifying, error) {
	l, err := s.Repair.Locator(s.Manifest.Coding().K())
	if err != nil {
		return nil, err
	}
	v := &verifying{s: s, opt: opt}
	for _, index := range slices.Sorted(maps.Keys(s.Placed)) {
		q := &question{Check: Check{Source: Source{DID: s.Placed[index], Index: index}}}
		if q.Name, err = name(l, s.Manifest, q.DID, index); err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(s.People, func(p Person) bool { return p.DID == q.DID }); i >= 0 {
			q.Holder = s.People[i].Holder
		} else {
			q.State, q.Err = Unreachable, ErrNobody
		}
		_, _ = rand.Read(q.nonce[:]) // never fails
		v.questions = append(v.questions, q)
	}
	return v, nil
}

// byPerson returns what can be asked, of each person in turn.
func (v *verifying) byPerson() map[radicle.DID][]*question {
	of := map[radicle.DID][]*question{}
	for _, q := range v.questions {
		if q.Holder != nil {
			of[q.DID] = append(of[q.DID], q)
		}
	}
	return of
}

// expect computes the possession hashes of all shares that are asked about in one pass over the file.
func (v *verifying) expect(ctx context.Context) error {
	sums, writers := map[*question]*share.Possession{}, map[int]io.Writer{}
	for _, some := range v.byPerson() {
		for _, q := range some {
			sums[q] = share.NewPossession(q.nonce)
			writers[q.Index] = sums[q]
		}
	}
	if len(writers) == 0 {
		return nil
	}
	file, err := v.s.File()
	if err != nil {
		return err
	}
	defer file.Close() // it was only read
	if err := v.s.Object.Spread(ctx, file, writers, object.Options{Workers: v.opt.Workers}); err != nil {
		return err
	}
	for q, sum := range sums {
		q.want = sum.Sum()
	}
	return nil
}

// ask asks about one share.
func (v *verifying) ask(ctx context.Context, q *question) {
	length := v.s.Manifest.Coding().ShareLen(q.Index)
	how, wait := v.have, v.opt.Patience
	switch {
	case v.opt.Whole:
		how, wait = v.hash, wait+time.Duration(length/hashRate)*time.Second
	case v.opt.Leaves > 0:
		how = v.audit
	}
	q.State, q.Err = in(ctx, wait, func(ctx context.Context) (State, error) { return how(ctx, q, length) })
	if q.State == Unreachable && !errors.Is(q.Err, ErrSilent) {
		v.again(ctx, q, length)
	}
	if v.opt.Told != nil && ctx.Err() == nil {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.opt.Told(q.Check)
	}
}

// again asks a holder that could not answer whether it has the share at all: who finds damage moves it aside.
func (v *verifying) again(ctx context.Context, q *question, length int64) {
	state, _ := in(ctx, v.opt.Patience, func(ctx context.Context) (State, error) { return v.have(ctx, q, length) })
	if state == Missing || state == Damaged {
		q.State = Damaged
	}
}

// in answers within some time.
func in(ctx context.Context, wait time.Duration, ask func(context.Context) (State, error)) (State, error) {
	asking, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	state, err := ask(asking)
	if asking.Err() != nil && errors.Is(err, asking.Err()) {
		return Unreachable, ErrSilent
	}
	return state, err
}

func (v *verifying) have(ctx context.Context, q *question, length int64) (State, error) {
	held, err := q.Holder.Have(ctx, []blobstore.ShareName{q.Name}, q.nonce)
	switch {
	case err != nil:
		return failed(err)
	case len(held) != 1:
		return Unreachable, errShort
	case held[0].Len == 0:
		return Missing, nil
	case held[0].Len != length:
		return Damaged, &blobstore.BoundsError{What: "share bytes", Got: held[0].Len, Min: length, Max: length}
	}
	return shown(share.VerifyAudit(q.Name.Root, length, q.nonce, blobstore.HaveLeaves, held[0].Leaves))
}

func (v *verifying) audit(ctx context.Context, q *question, length int64) (State, error) {
	leaves, err := q.Holder.Audit(ctx, q.Name, q.nonce, v.opt.Leaves)
	if err != nil {
		return failed(err)
	}
	return shown(share.VerifyAudit(q.Name.Root, length, q.nonce, v.opt.Leaves, leaves))
}

func (v *verifying) hash(ctx context.Context, q *question, _ int64) (State, error) {
	sum, err := q.Holder.Hash(ctx, q.Name, q.nonce)
	if err != nil {
		return failed(err)
	}
	q.got = sum
	return Held, nil // until the file says what it should be
}

// failed says what an error of a holder means for the share.
func failed(err error) (State, error) {
	switch {
	case errors.Is(err, blobstore.ErrProof): // rot on the disk of this machine, which is absence as well
		return Damaged, err
	case errors.Is(err, fs.ErrNotExist):
		return Missing, nil
	}
	return Unreachable, err
}

// shown says what a proof means for the share.
func shown(err error) (State, error) {
	if err != nil {
		return Damaged, err
	}
	return Held, nil
}

// checks returns what was found out.
func (v *verifying) checks() []Check {
	all := make([]Check, len(v.questions))
	for i, q := range v.questions {
		if v.opt.Whole && q.State == Held && q.got != q.want {
			q.State, q.Err = Damaged, ErrFalse
		}
		all[i] = q.Check
	}
	return all
}
