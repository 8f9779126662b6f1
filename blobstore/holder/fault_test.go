package holder

import (
	"context"
	"errors"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// Whatever a store does, the friend hears of it as the one whose fault it is: never as its own.
func TestFaultyStores(t *testing.T) {
	for name, c := range map[string]struct {
		wrap func(blobstore.Holder) blobstore.Holder
		want error
	}{
		"gone": {blobtest.Gone, wire.ErrInternal},
		"slow": {func(h blobstore.Holder) blobstore.Holder { return blobtest.Slow(h, time.Minute) }, nil},
		"full": {blobtest.Full, blobstore.ErrFull},
	} {
		alone(t, c.wrap, func(t *testing.T, ana, bo *home, _ *wrapped) {
			outcomes, err := ana.at(bo).Put(t.Context(), []blobstore.Offer{newShare(1, 100_000).Offer(ana.did)})
			if err == nil {
				err = outcomes[0].Err
			}
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	alone(t, blobtest.Liar, func(t *testing.T, ana, bo *home, s *wrapped) {
		sh := newShare(1, 100_000)
		blobtest.MustPut(t, s.Memory.For(ana.did), ana.did, sh)
		held, err := ana.at(bo).Have(t.Context(), []blobstore.ShareName{sh.Name}, blobstore.Nonce{})
		if err != nil || held[0].Len != 0 {
			t.Errorf("a liar is believed: %+v, %v", held, err)
		}
	})
	alone(t, blobtest.Mute, func(t *testing.T, ana, bo *home, _ *wrapped) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := ana.at(bo).Delete(ctx, nil); err != context.DeadlineExceeded {
			t.Errorf("mute: %v", err)
		}
	})
}

// A store that fails at its n-th operation, for every n: the friend hears of it, is served again, and nothing stays charged.
func TestEveryOperationOfTheStoreFails(t *testing.T) {
	for n := 0; ; n++ {
		var failing *blobtest.Failing
		done := false
		alone(t, func(h blobstore.Holder) blobstore.Holder {
			if failing == nil {
				failing = blobtest.FailNth(h, n, errors.New("disk: /home/bo/secret: input/output error"))
			}
			return failing
		}, func(t *testing.T, ana, bo *home, s *wrapped) {
			h, sh := ana.at(bo), newShare(1, 100_000)
			err := scenario(t, h, ana.did, sh)
			if done = !failing.Failed(); done != (err == nil) || !done && !errors.Is(err, wire.ErrInternal) {
				t.Errorf("operation %d: %v", n, err)
			}
			if done {
				return
			}
			if err := scenario(t, h, ana.did, sh); err != nil {
				t.Errorf("after operation %d: %v", n, err)
			}
			if c := s.Charged(); c != 0 {
				t.Errorf("operation %d: %d bytes stay charged", n, c)
			}
		})
		if done {
			t.Logf("%d operations", n)
			return
		}
	}
}

// scenario puts, reads and deletes.
func scenario(t *testing.T, h blobstore.Holder, owner radicle.DID, sh one) error {
	t.Helper()
	outcomes, err := h.Put(t.Context(), []blobstore.Offer{sh.Offer(owner)})
	if err == nil {
		err = outcomes[0].Err
	}
	if err == nil {
		err = fetch(t, h, sh)
	}
	if err == nil {
		_, err = h.Hash(t.Context(), sh.Name, blobstore.Nonce{})
	}
	if err == nil {
		err = h.Delete(t.Context(), []blobstore.ShareName{sh.Name})
	}
	return err
}
