package swarm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/object"
	"radswarm/radicle"
)

// Sending is an object that is to be spread.
type Sending struct {
	Object   *object.Object
	Manifest *manifest.Manifest            // of all the shares
	Repair   blobstore.RepairKey           // of the object
	Owner    radicle.DID                   // who is charged: us
	Public   bool                          // the shares are open ones
	Shares   int                           // N; shares 0 … N−1 are to be placed
	Safe     int                           // how many people make it safe
	Placed   map[int]radicle.DID           // who is known to have which already
	People   []Person                      // who may take one, the first first; those of Placed are passed over
	File     func() (io.ReadCloser, error) // opens the plaintext from its beginning; called once a pass
}

// SendOptions say how much sending may take. The zero value is good.
type SendOptions struct {
	// Patience is how long a person may take to decide about an offer. Default: 5 s.
	Patience time.Duration
	// Buffer is what is kept in memory for each share that a holder takes more slowly than the others, in bytes. Default: 1 MiB.
	Buffer int
	// Workers is how many stripes are coded at once. Default: GOMAXPROCS.
	Workers int
	// Told, if not nil, is called for each share that a holder has acknowledged, one call at a time.
	Told func(index int, at radicle.DID)
	// Progress, if not nil, is called as bytes of shares are taken, from several goroutines, with how many.
	Progress func(n int)
}

// The pace of sending (SWARM.md §4).
const (
	detachAfter = 2 * time.Second  // that one holder may hold up the others before it gets a pass of its own
	longWave    = 2 * time.Second  // a last wave that takes longer is sent after that which makes the object safe
	oneWave     = 128 << 10        // bytes of a share, up to which all are sent in one wave
	stuckAfter  = 15 * time.Second // that a holder may take nothing of what is there for it
	ackAfter    = 2 * time.Minute  // that it may take to make durable what it has taken
	lonePasses  = 4                // passes at once for holders that are slower than the others
)

func (o SendOptions) withDefaults() SendOptions {
	if o.Patience == 0 {
		o.Patience = 5 * time.Second
	}
	if o.Buffer == 0 {
		o.Buffer = 1 << 20
	}
	return o
}

// SendReport is what became of a Sending.
type SendReport struct {
	Placed  map[int]radicle.DID      // all shares that are placed, those that were before included
	Missing []int                    // shares that are not, ascending
	Failed  []*blobstore.HolderError // who did not take what they were offered, and why
	Sent    int64                    // bytes that holders took
}

// People returns how many different people have shares.
func (r *SendReport) People() int {
	seen := map[radicle.DID]bool{}
	for _, d := range r.Placed {
		seen[d] = true
	}
	return len(seen)
}

// ErrChanged is a file that is not the object any more. Nothing of it was placed.
var ErrChanged = errors.New("file has changed")

// Send places the shares of an object that are not placed yet, one with each person, in waves (SWARM.md §4): the first K,
// then as many as make it safe, then the rest. Who is full, silent or gone is passed over for the next person. It returns
// when all are placed, or nobody is left who would take one: that is no error, the report says what is missing. Errors are
// ctx's, bare; those of the file; and ErrChanged, when the file is not the object. The report is there in any case.
//
// Shares that holders have already, from a Send that was interrupted, cost a question and no bytes.
func Send(ctx context.Context, s *Sending, opt SendOptions) (*SendReport, error) {
	opt = opt.withDefaults()
	l, err := s.Repair.Locator(s.Manifest.Coding().K())
	if err != nil {
		return &SendReport{}, err
	}
	if s.Shares < 1 || s.Shares > s.Manifest.Roots() && s.Manifest.Coding().K() > 1 {
		return &SendReport{}, &blobstore.BoundsError{What: "shares", Got: int64(s.Shares), Min: 1, Max: int64(s.Manifest.Roots())}
	}
	u := newUpload(s, l, opt)
	err = u.run(ctx)
	if ctxErr := ctx.Err(); ctxErr != nil {
		err = ctxErr
	}
	return u.report(), err
}

// changed says that a pass found another file.
func changed(err error) error {
	if errors.Is(err, blobstore.ErrOID) || errors.Is(err, blobstore.ErrTruncated) || errors.Is(err, blobstore.ErrExtended) {
		return fmt.Errorf("%w: %w", ErrChanged, err)
	}
	return err
}
