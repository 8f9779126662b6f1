package wire

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
)

var errBroken = errors.New("stream broke")

// faulty is a stream of which one Read or Write fails.
type faulty struct {
	Stream
	left  *atomic.Int64 // operations before the one that fails
	short bool          // a Write that fails has written half
}

func (f *faulty) Read(p []byte) (int, error) {
	if f.left.Add(-1) == -1 {
		return 0, errBroken
	}
	return f.Stream.Read(p)
}

func (f *faulty) Write(p []byte) (int, error) {
	if f.left.Add(-1) == -1 {
		n := 0
		if f.short {
			n, _ = f.Stream.Write(p[:len(p)/2])
		}
		return n, errBroken
	}
	return f.Stream.Write(p)
}

// scenario is a Holder used in every way, once each. It returns the first error; shares that were said to be durable
// are in kept.
func scenario(ctx context.Context, h blobstore.Holder, old blobtest.Share, offered []blobtest.Share) (kept []blobtest.Share, err error) {
	ana := blobtest.Person(0).NID().DID()
	offers := make([]blobstore.Offer, len(offered))
	for i, sh := range offered {
		offers[i] = sh.Offer(ana)
	}
	outcomes, err := h.Put(ctx, offers)
	for i, o := range outcomes {
		if o.Err != nil {
			return kept, o.Err
		}
		kept = append(kept, offered[i])
	}
	if err != nil {
		return kept, err
	}
	if err := readAll(ctx, h, old); err != nil {
		return kept, err
	}
	return kept, h.Delete(ctx, []blobstore.ShareName{blobtest.NewShare(99, 10).Name})
}

// readAll reads and proves a share in every way.
func readAll(ctx context.Context, h blobstore.Holder, sh blobtest.Share) error {
	ranges, nonce := sh.Ranges(maxChunk), blobstore.Nonce{1}
	err := h.Get(ctx, sh.Name, ranges, func(i int, b []byte) error {
		if !bytes.Equal(b, sh.At(ranges[i])) {
			return errors.New("other bytes")
		}
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := h.Prove(ctx, sh.Name, ranges); err != nil {
		return err
	}
	if _, err := h.Audit(ctx, sh.Name, nonce, 40); err != nil {
		return err
	}
	held, err := h.Have(ctx, []blobstore.ShareName{sh.Name}, nonce)
	if err != nil {
		return err
	}
	if held[0].Len != sh.Len() {
		return errors.New("not held")
	}
	if _, err := h.Hash(ctx, sh.Name, nonce); err != nil {
		return err
	}
	_, err = h.Manifests(ctx, sh.MID)
	return err
}

// Whichever Read or Write of either side fails: the caller hears of it, what was promised holds, what was not is not
// there by halves, nothing stays charged, and nobody is left behind.
func TestEveryOperationFails(t *testing.T) {
	old, offered := blobtest.NewShare(1, 3*maxChunk), []blobtest.Share{blobtest.NewShare(2, 100_000), blobtest.NewShare(3, 10)}
	for _, side := range []string{"asker", "asker, short", "holder", "holder, short"} {
		failed := 0
		for n := 0; ; n++ {
			var left atomic.Int64
			left.Store(int64(n))
			synctest.Test(t, func(t *testing.T) { runFaulty(t, side, &left, old, offered) })
			if left.Load() >= 0 {
				break
			}
			failed++
		}
		if failed < 40 {
			t.Errorf("%s: only %d operations failed", side, failed)
		}
		t.Logf("%s: %d operations", side, failed)
	}
}

func runFaulty(t *testing.T, side string, left *atomic.Int64, old blobtest.Share, offered []blobtest.Share) {
	t.Helper()
	ana, m := blobtest.Person(0).NID().DID(), new(blobtest.Memory)
	blobtest.MustPut(t, m.For(ana), ana, old)
	dial := func() (Stream, Stream, error) {
		a, b, err := pipe()
		if side[0] == 'a' {
			a = &faulty{a, left, side != "asker"}
		} else {
			b = &faulty{b, left, side != "holder"}
		}
		return a, b, err
	}
	n := left.Load()
	kept, err := scenario(t.Context(), newSettled(t, dial, m.For(ana)), old, offered)
	if broke := left.Load() < 0; !broke && err != nil {
		t.Errorf("%s, operation %d was not reached: %v", side, n, err)
	}
	if errors.Is(err, ErrProtocol) || errors.Is(err, ErrTooSlow) || errors.Is(err, context.Canceled) {
		t.Errorf("%s, operation %d: somebody is blamed: %v", side, n, err)
	}
	charged := int64(0)
	for _, sh := range append(offered, old) {
		if held, err := m.For(ana).Have(t.Context(), []blobstore.ShareName{sh.Name}, blobstore.Nonce{}); err != nil {
			t.Fatal(err)
		} else if held[0].Len != 0 {
			charged += sh.Charge()
		}
	}
	if m.Charged() != charged {
		t.Errorf("%s, operation %d: %d bytes charged, %d kept", side, n, m.Charged(), charged)
	}
	for _, sh := range append(kept, old) {
		if err := readAll(t.Context(), m.For(ana), sh); err != nil {
			t.Errorf("%s, operation %d: share of %d bytes: %v", side, n, sh.Len(), err)
		}
	}
}

// Whatever the holder fails at, the asker hears of it and the next one is served.
func TestEveryOperationOfTheHolderFails(t *testing.T) {
	old, offered := blobtest.NewShare(1, 3*maxChunk), []blobtest.Share{blobtest.NewShare(2, 100_000), blobtest.NewShare(3, 10)}
	ana := blobtest.Person(0).NID().DID()
	for n := 0; ; n++ {
		done := false
		synctest.Test(t, func(t *testing.T) {
			m := new(blobtest.Memory)
			blobtest.MustPut(t, m.For(ana), ana, old)
			failing := blobtest.FailNth(m.For(ana), n, errors.New("disk: /home/ana/secret: input/output error"))
			r := newRemote(t, pipe, failing, func(err error) {
				if err != nil {
					t.Errorf("operation %d: Serve: %v", n, err)
				}
			})
			_, err := scenario(t.Context(), r, old, offered)
			if done = !failing.Failed(); done == (err != nil) || !done && err != ErrInternal {
				t.Errorf("operation %d: %v", n, err)
			}
			if done {
				return
			}
			if _, err := scenario(t.Context(), r, old, offered); err != nil {
				t.Errorf("after operation %d: %v", n, err)
			}
		})
		if done {
			t.Logf("%d operations", n)
			break
		}
	}
}
