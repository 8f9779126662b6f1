package swarm

import (
	"context"
	"errors"
	"fmt"
	"io"

	"radswarm/blobstore"
	"radswarm/blobstore/object"
)

// settle takes the last word about a parcel.
func (u *upload) settle(ctx context.Context, p *parcel, err error) {
	switch {
	case err == nil:
		u.place(p.index, p.to.DID)
	case errors.Is(p.spool.reason(), errDetached) && ctx.Err() == nil:
		u.alone(ctx, p)
	case errors.Is(err, blobstore.ErrRoot) && ctx.Err() == nil:
		if fault := u.check(ctx); fault != nil {
			u.fail(fault)
			return
		}
		u.blame(p.to, p.index, fmt.Errorf("takes it for another: %w", err))
	default:
		u.blame(p.to, p.index, p.settled(err))
	}
}

// settled returns what a Put that failed with err failed of.
func (p *parcel) settled(err error) error {
	if cause := p.spool.reason(); err != nil && cause != nil && cause != io.EOF {
		return cause
	}
	return err
}

// check reads the file once more to see whether it is still the object, after a holder said that a share is not.
func (u *upload) check(ctx context.Context) error {
	file, err := u.s.File()
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = u.s.Object.Commit(ctx, file, 1, object.Options{Workers: u.opt.Workers}) // for the OID
	return err
}

// alone sends a share again in a pass of its own, beside the waves.
func (u *upload) alone(ctx context.Context, p *parcel) {
	u.mu.Lock()
	u.apart[p.index] = true
	u.mu.Unlock()
	u.tasks.Go(func() {
		defer func() {
			u.mu.Lock()
			delete(u.apart, p.index)
			u.mu.Unlock()
			select {
			case u.ended <- struct{}{}:
			default:
			}
		}()
		select {
		case u.lone <- struct{}{}:
			defer func() { <-u.lone }()
		case <-ctx.Done():
			return
		}
		if again := u.offer(ctx, p.index, p.to); again != nil {
			u.pass(ctx, []*parcel{again})
		}
	})
}
