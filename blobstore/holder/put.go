package holder

import (
	"context"
	"io"

	"radswarm/blobstore"
)

// Put implements [blobstore.Putter]. Open shares are refused where none are kept; who is no friend, or may place nothing new,
// is refused as a whole.
func (v *view) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	r := v.service.rights(v.peer)
	switch {
	case !r.friend:
		return nil, blobstore.ErrDenied
	case !r.places && !r.deletes:
		return nil, expired()
	case !r.places:
		return nil, blobstore.ErrDenied
	}
	release, err := v.service.house.puts.wait(ctx, r.peer, patience)
	if err != nil {
		return nil, err
	}
	defer release()
	outcomes := make([]blobstore.Outcome, len(offers))
	accepted, at := v.accept(ctx, v.use(&r, classFriend, r.peer), offers, outcomes)
	done, err := v.service.store.For(r.peer, r.give).Put(ctx, accepted)
	if err != nil {
		return nil, err
	}
	for i, o := range done {
		outcomes[at[i]] = o
	}
	return outcomes, nil
}

// accept returns the offers that go to the disk, with their shares held back by the bounds, and where they stand.
func (v *view) accept(
	ctx context.Context, u *use, offers []blobstore.Offer, outcomes []blobstore.Outcome,
) (accepted []blobstore.Offer, at []int) {
	closed := v.service.public.Load() == int32(PublicNo)
	for i, o := range offers {
		if o.Open && closed {
			outcomes[i].Err = blobstore.ErrDenied
			if o.Decided != nil {
				o.Decided(outcomes[i])
			}
			continue
		}
		open := o.Share
		o.Share = func() (io.ReadCloser, error) {
			src, err := open()
			if err != nil {
				return nil, err
			}
			return &paced{src, u, ctx}, nil
		}
		accepted, at = append(accepted, o), append(at, i)
	}
	return accepted, at
}

// paced is a share that arrives, as fast as the bounds allow. The one who sends it is told to wait meanwhile: nobody waits
// inside of a Read of the stream.
type paced struct {
	io.ReadCloser
	use *use
	ctx context.Context
}

func (p *paced) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	if n > 0 && err == nil {
		err = p.use.take(p.ctx, n)
	}
	return n, err
}
