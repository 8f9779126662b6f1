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
	case errors.Is(p.spool.reason(), errLater):
		u.takeBack(p)
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
	u.setApart([]int{p.index}, true)
	u.tasks.Go(func() {
		defer u.setApart([]int{p.index}, false)
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

// setApart says that shares are sent beside the waves, or not any more.
func (u *upload) setApart(shares []int, apart bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, index := range shares {
		if apart {
			u.apart[index] = true
		} else {
			delete(u.apart, index)
		}
	}
	if !apart {
		select {
		case u.ended <- struct{}{}:
		default:
		}
	}
}
