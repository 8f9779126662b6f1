package blobtest

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"radswarm/blobstore"
)

// ErrGone is what everything at a holder that went away fails with.
var ErrGone = errors.New("holder is gone")

// Gated returns h with pass asked before every operation: a call of a method, the opening of a share in Put, a block that Get
// hands over. An error of pass is what the operation fails with.
func Gated(h blobstore.Holder, pass func(context.Context) error) blobstore.Holder {
	return &gated{func() blobstore.Holder { return h }, pass}
}

// Slow returns h with a wait of d before every operation as [Gated] counts them.
func Slow(h blobstore.Holder, d time.Duration) blobstore.Holder {
	return Gated(h, func(ctx context.Context) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		}
	})
}

// Mute returns a holder that answers nothing: every method returns when its context is done, and not before.
func Mute(h blobstore.Holder) blobstore.Holder {
	return Gated(h, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
}

// Gone returns a holder that went away: every method fails with [ErrGone] at once.
func Gone(h blobstore.Holder) blobstore.Holder {
	return Gated(h, func(context.Context) error { return ErrGone })
}

// Failing is a Holder of which one operation fails.
type Failing struct {
	blobstore.Holder
	left atomic.Int64 // operations before the one that fails; negative after it
}

// FailNth returns h with operation n, counted from 0 as [Gated] counts them, failing with err. Those before and after it succeed.
// To see a scenario fail everywhere, run it with n = 0, 1, 2 … until [Failing.Failed] says no.
func FailNth(h blobstore.Holder, n int, err error) *Failing {
	f := &Failing{}
	f.left.Store(int64(n))
	f.Holder = Gated(h, func(context.Context) error {
		if f.left.Add(-1) == -1 {
			return err
		}
		return nil
	})
	return f
}

// Failed reports whether the operation was reached.
func (f *Failing) Failed() bool { return f.left.Load() < 0 }

// Switch is a Holder that becomes another one, in the midst of what it does: a friend that goes away and comes back.
type Switch struct {
	blobstore.Holder
	now atomic.Pointer[blobstore.Holder]
}

// NewSwitch returns a Holder that is h until [Switch.Set].
func NewSwitch(h blobstore.Holder) *Switch {
	s := &Switch{}
	s.Set(h)
	s.Holder = &gated{func() blobstore.Holder { return *s.now.Load() }, func(context.Context) error { return nil }}
	return s
}

// Set makes it h for all methods that are called from now on.
func (s *Switch) Set(h blobstore.Holder) { s.now.Store(&h) }

// gated is the Holder that holder returns at each call, behind a gate.
type gated struct {
	holder func() blobstore.Holder
	pass   func(context.Context) error
}

func (g *gated) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	if err := g.pass(ctx); err != nil {
		return nil, err
	}
	passed := slices.Clone(offers)
	for i, o := range offers {
		passed[i].Share = func() (io.ReadCloser, error) {
			if err := g.pass(ctx); err != nil {
				return nil, err
			}
			return o.Share()
		}
	}
	return g.holder().Put(ctx, passed)
}

func (g *gated) Get(
	ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range, visit func(i int, b []byte) error,
) error {
	if err := g.pass(ctx); err != nil {
		return err
	}
	return g.holder().Get(ctx, name, ranges, func(i int, b []byte) error {
		if err := g.pass(ctx); err != nil {
			return err
		}
		return visit(i, b)
	})
}

func (g *gated) Prove(ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range) ([][]byte, error) {
	if err := g.pass(ctx); err != nil {
		return nil, err
	}
	return g.holder().Prove(ctx, name, ranges)
}

func (g *gated) Audit(
	ctx context.Context, name blobstore.ShareName, nonce blobstore.Nonce, leaves int,
) ([]blobstore.Leaf, error) {
	if err := g.pass(ctx); err != nil {
		return nil, err
	}
	return g.holder().Audit(ctx, name, nonce, leaves)
}

func (g *gated) Have(ctx context.Context, names []blobstore.ShareName, nonce blobstore.Nonce) ([]blobstore.Held, error) {
	if err := g.pass(ctx); err != nil {
		return nil, err
	}
	return g.holder().Have(ctx, names, nonce)
}

func (g *gated) Hash(ctx context.Context, name blobstore.ShareName, nonce blobstore.Nonce) ([32]byte, error) {
	if err := g.pass(ctx); err != nil {
		return [32]byte{}, err
	}
	return g.holder().Hash(ctx, name, nonce)
}

func (g *gated) Delete(ctx context.Context, names []blobstore.ShareName) error {
	if err := g.pass(ctx); err != nil {
		return err
	}
	return g.holder().Delete(ctx, names)
}

func (g *gated) Manifests(ctx context.Context, mid blobstore.MID) ([][]byte, error) {
	if err := g.pass(ctx); err != nil {
		return nil, err
	}
	return g.holder().Manifests(ctx, mid)
}
