package objects

import (
	"context"
	"errors"
	"io"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/zone"
)

// openTime is how long somebody may take to mark a share open.
const openTime = 10 * time.Second

// errBytes is a holder that wants the bytes of a share which it is said to have.
var errBytes = errors.New("does not have the share any more")

// open offers one share again, marked open.
func (o *Objects) open(ctx context.Context, c *coded, order zone.OpenShare) error {
	sealed, err := manifest.Seal(c.repair, order.Holder, c.manifest)
	if err != nil {
		return err
	}
	offer := blobstore.Offer{
		Name: order.Name, Len: c.manifest.Coding().ShareLen(order.Index), Owner: o.opt.Self, Open: true,
		MID: c.locator.MID(order.Holder), Sealed: sealed,
		Share: func() (io.ReadCloser, error) { return nil, errBytes },
	}
	asking, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	outcomes, err := o.opt.People.Holder(order.Holder).Put(asking, []blobstore.Offer{offer})
	switch {
	case err != nil:
	case len(outcomes) != 1:
		err = io.ErrUnexpectedEOF
	default:
		err = outcomes[0].Err
	}
	if err != nil {
		return &blobstore.HolderError{Holder: order.Holder, Index: order.Index, Err: err}
	}
	return nil
}
