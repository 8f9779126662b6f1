package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
)

// held returns a Holder in memory with a share of several groups.
func held(t *testing.T) (blobstore.Holder, Share) {
	sh := NewShare(1, 3*share.GroupSize)
	h := new(Memory).For(did(0))
	MustPut(t, h, did(0), sh)
	return h, sh
}

// calls are all methods of a Holder.
func calls(h blobstore.Holder, sh Share) map[string]func(context.Context) error {
	one := []blobstore.ShareName{sh.Name}
	return map[string]func(context.Context) error{
		"Put": func(ctx context.Context) error {
			outcomes, err := h.Put(ctx, []blobstore.Offer{sh.Offer(did(0))})
			if err == nil {
				err = outcomes[0].Err
			}
			return err
		},
		"Get": func(ctx context.Context) error {
			return h.Get(ctx, sh.Name, sh.Ranges(share.GroupSize), func(int, []byte) error { return nil })
		},
		"Prove":     func(ctx context.Context) error { _, err := h.Prove(ctx, sh.Name, sh.Ranges(1024)); return err },
		"Audit":     func(ctx context.Context) error { _, err := h.Audit(ctx, sh.Name, blobstore.Nonce{}, 1); return err },
		"Have":      func(ctx context.Context) error { _, err := h.Have(ctx, one, blobstore.Nonce{}); return err },
		"Hash":      func(ctx context.Context) error { _, err := h.Hash(ctx, sh.Name, blobstore.Nonce{}); return err },
		"Delete":    func(ctx context.Context) error { return h.Delete(ctx, one) },
		"Manifests": func(ctx context.Context) error { _, err := h.Manifests(ctx, sh.MID); return err },
	}
}

func TestGone(t *testing.T) {
	h, sh := held(t)
	for name, call := range calls(Gone(h), sh) {
		if err := call(t.Context()); !errors.Is(err, ErrGone) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A mute holder answers when the context is done, exactly.
func TestMute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, sh := held(t)
		for name, call := range calls(Mute(h), sh) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			start := time.Now()
			err := call(ctx)
			if d := time.Since(start); err != context.DeadlineExceeded || d != time.Minute {
				t.Errorf("%s: after %v: %v", name, d, err)
			}
			cancel()
		}
	})
}

// A slow holder takes its time for each method, share and block, and no longer than the context.
func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, sh := held(t)
		for name, call := range calls(Slow(h, time.Hour), sh) {
			if name == "Delete" {
				continue
			}
			want := time.Hour
			if name == "Get" {
				want = 4 * time.Hour
			}
			start := time.Now()
			if err := call(t.Context()); err != nil || time.Since(start) != want {
				t.Errorf("%s: after %v: %v", name, time.Since(start), err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), want-time.Minute)
			start = time.Now()
			if err := call(ctx); err != context.DeadlineExceeded || time.Since(start) != want-time.Minute {
				t.Errorf("%s: after %v of %v: %v", name, time.Since(start), want, err)
			}
			cancel()
		}
	})
}

// Each operation of a scenario fails once, and the scenario says so.
func TestFailNth(t *testing.T) {
	fault := errors.New("fault")
	a, b := NewShare(1, 3*share.GroupSize), NewShare(2, 100)
	n := 0
	for ; ; n++ {
		h := FailNth(new(Memory).For(did(0)), n, fault)
		err := scenario(t.Context(), h, a, b)
		if !h.Failed() {
			if err != nil {
				t.Errorf("no fault: %v", err)
			}
			break
		}
		if !errors.Is(err, fault) {
			t.Errorf("operation %d fails: %v", n, err)
		}
	}
	if n != 1+2+1+3+1 { // Put, two shares, Get, three blocks, Delete
		t.Errorf("%d operations", n)
	}
}

func scenario(ctx context.Context, h blobstore.Holder, a, b Share) error {
	outcomes, err := h.Put(ctx, []blobstore.Offer{a.Offer(did(0)), b.Offer(did(0))})
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		if o.Err != nil {
			return o.Err
		}
	}
	if err := h.Get(ctx, a.Name, a.Ranges(share.GroupSize), func(int, []byte) error { return nil }); err != nil {
		return err
	}
	return h.Delete(ctx, []blobstore.ShareName{a.Name, b.Name})
}

// A full holder opens nothing and keeps what it has.
func TestFullHolder(t *testing.T) {
	h, sh := held(t)
	h = Full(h)
	other := NewShare(2, 100).Offer(did(0))
	other.Share = func() (io.ReadCloser, error) { t.Error("opened"); return nil, io.EOF }
	var decided []blobstore.Outcome
	other.Decided = func(o blobstore.Outcome) { decided = append(decided, o) }
	outcomes, err := h.Put(t.Context(), []blobstore.Offer{other, sh.Offer(did(0))})
	if err != nil || !errors.Is(outcomes[0].Err, blobstore.ErrFull) || !outcomes[1].Had || outcomes[1].Err != nil {
		t.Errorf("%+v, %v", outcomes, err)
	}
	if len(decided) != 1 || !errors.Is(decided[0].Err, blobstore.ErrFull) {
		t.Errorf("decided %+v", decided)
	}
	if b, err := fetch(t, h, sh); err != nil || !bytes.Equal(b, sh.Data) {
		t.Error(err)
	}
}

// Whatever a liar says is wrong by a bit, and what it lies about stays as it is.
func TestLiar(t *testing.T) {
	honest, sh := held(t)
	h, nonce := Liar(honest), blobstore.Nonce{1}
	b, err := fetch(t, h, sh)
	if err != nil || bytes.Equal(b, sh.Data) {
		t.Errorf("blocks are true: %v", err)
	}
	r := blobstore.Range{Off: 0, Len: share.GroupSize}
	proofs, err := h.Prove(t.Context(), sh.Name, []blobstore.Range{r})
	if err != nil || share.Verify(sh.Name.Root, sh.Len(), r, sh.At(r), proofs[0]) == nil {
		t.Errorf("proofs are true: %v", err)
	}
	leaves, err := h.Audit(t.Context(), sh.Name, nonce, 3)
	if err != nil || share.VerifyAudit(sh.Name.Root, sh.Len(), nonce, 3, leaves) == nil {
		t.Errorf("leaves are true: %v", err)
	}
	have, err := h.Have(t.Context(), []blobstore.ShareName{sh.Name}, nonce)
	if err != nil || share.VerifyAudit(sh.Name.Root, sh.Len(), nonce, 3, have[0].Leaves) == nil {
		t.Errorf("what it has is true: %v", err)
	}
	got, err := h.Hash(t.Context(), sh.Name, nonce)
	if want, _ := honest.Hash(t.Context(), sh.Name, nonce); err != nil || got == want {
		t.Errorf("hashes are true: %v", err)
	}
	manifests, err := h.Manifests(t.Context(), sh.MID)
	if err != nil || bytes.Equal(manifests[0], sh.Sealed) {
		t.Errorf("manifests are true: %v", err)
	}
	if b, err := fetch(t, honest, sh); err != nil || !bytes.Equal(b, sh.Data) {
		t.Errorf("lies damage what is kept: %v", err)
	}
}

func TestSwitch(t *testing.T) {
	h, sh := held(t)
	s := NewSwitch(h)
	if b, err := fetch(t, s, sh); err != nil || !bytes.Equal(b, sh.Data) {
		t.Error(err)
	}
	s.Set(Gone(h))
	if _, err := fetch(t, s, sh); !errors.Is(err, ErrGone) {
		t.Errorf("gone: %v", err)
	}
	s.Set(h)
	if _, err := fetch(t, s, sh); err != nil {
		t.Errorf("back: %v", err)
	}
}
