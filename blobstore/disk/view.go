package disk

import (
	"radswarm/blobstore"
	"radswarm/blobstore/share"
	"radswarm/radicle"
)

// View is a store as one peer sees it: the shares of which it is an owner, and open ones. It puts shares for itself and ends
// its own leases. The view of the zero DID has no leases and sees open shares only.
type View struct {
	store  *Store
	peer   radicle.DID
	pledge int64
}

var _ blobstore.Holder = (*View)(nil)

// For returns the view of a peer. Pledge is the most that may be charged to it, in bytes ([blobstore.Charge]); [NoLimit] for
// what the store has. What it has already stays, whatever the pledge.
func (s *Store) For(peer radicle.DID, pledge int64) *View { return &View{s, peer, pledge} }

// checkOffer refuses what no store takes.
func (v *View) checkOffer(o blobstore.Offer) error {
	if o.Owner != v.peer || o.Owner.IsZero() {
		return blobstore.ErrDenied
	}
	if err := checkCount("length of a sealed manifest", len(o.Sealed), blobstore.MaxSealed); err != nil {
		return err
	}
	if o.Len < 1 || o.Len > share.MaxLen {
		return &blobstore.BoundsError{What: "share length", Got: o.Len, Min: 1, Max: share.MaxLen}
	}
	return nil
}

func checkCount(what string, n, limit int) error {
	if n > limit {
		return &blobstore.BoundsError{What: what, Got: int64(n), Min: 0, Max: int64(limit)}
	}
	return nil
}

// checkRanges refuses ranges that are none of a share.
func checkRanges(ranges []blobstore.Range, length int64) error {
	for _, r := range ranges {
		if r.Len < 1 || r.Len > blobstore.MaxChunk {
			return &blobstore.BoundsError{What: "length of a range", Got: int64(r.Len), Min: 1, Max: blobstore.MaxChunk}
		}
		if last := length - int64(r.Len); r.Off < 0 || r.Off > last {
			return &blobstore.BoundsError{What: "offset of a range", Got: r.Off, Min: 0, Max: last}
		}
	}
	return nil
}
