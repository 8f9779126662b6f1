package peers

import (
	"context"
	"math"

	"radswarm/blobstore"
	"radswarm/blobstore/disk"
	"radswarm/radicle"
)

// dropBatch is how many shares are dropped at once.
const dropBatch = 1024

type onDisk struct {
	*disk.Store
	limits func() disk.Limits
}

func (s onDisk) Kept(ctx context.Context, owner radicle.DID) (bytes int64, err error) {
	for k, err := range s.Store.Kept(ctx, owner) {
		if err != nil {
			return 0, err
		}
		bytes += k.Charge
	}
	return bytes, nil
}

func (s onDisk) Room(ctx context.Context) (int64, error) {
	st, err := s.Stats(ctx)
	if err != nil {
		return 0, err
	}
	room := st.Free - st.Floor
	if total := s.limits().Total; total != 0 {
		room = min(room, total-st.Charged-st.Promised)
	}
	return max(0, room), nil
}

func (s onDisk) Drop(ctx context.Context, owner radicle.DID) error {
	var names []blobstore.ShareName
	for k, err := range s.Store.Kept(ctx, owner) {
		if err != nil {
			return err
		}
		names = append(names, k.Name)
	}
	view := s.For(owner, math.MaxInt64)
	for len(names) > 0 {
		n := min(len(names), dropBatch)
		if err := view.Delete(ctx, names[:n]); err != nil {
			return err
		}
		names = names[n:]
	}
	return nil
}
