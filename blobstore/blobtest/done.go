package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
)

func doneTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"Before": testDoneBefore,
		"Put":    testDonePut,
		"Get":    testDoneGet,
	}
}

// A context that is done is the error of every method, bare.
func testDoneBefore(s *suite) {
	sh, other := NewShare(1, 5000), NewShare(2, 5000)
	s.put(sh)
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	one := []blobstore.ShareName{sh.Name}
	for name, call := range map[string]func() error{
		"Put":       func() error { _, err := s.h.Put(ctx, []blobstore.Offer{other.Offer(s.ana)}); return err },
		"Get":       func() error { return s.h.Get(ctx, sh.Name, sh.Ranges(1000), func(int, []byte) error { return nil }) },
		"Prove":     func() error { _, err := s.h.Prove(ctx, sh.Name, sh.Ranges(1024)); return err },
		"Audit":     func() error { _, err := s.h.Audit(ctx, sh.Name, blobstore.Nonce{}, 1); return err },
		"Have":      func() error { _, err := s.h.Have(ctx, one, blobstore.Nonce{}); return err },
		"Hash":      func() error { _, err := s.h.Hash(ctx, sh.Name, blobstore.Nonce{}); return err },
		"Delete":    func() error { return s.h.Delete(ctx, one) },
		"Manifests": func() error { _, err := s.h.Manifests(ctx, sh.MID); return err },
	} {
		if err := call(); err != context.Canceled {
			s.Errorf("%s: %v", name, err)
		}
	}
	s.holds(s.h, sh)
	s.lacks(s.h, other)
}

// blocked is a reader that gives some bytes, calls a function, and then waits for the context.
type blocked struct {
	io.Reader
	ctx  context.Context
	then func()
}

func (b blocked) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		b.then()
		<-b.ctx.Done()
		return 0, b.ctx.Err()
	}
	return n, err
}

// A Put that is cancelled, wherever it is, leaves whole shares or none, and nothing charged.
func testDonePut(s *suite) {
	first, cut, last := NewShare(1, 9000), NewShare(2, 2*share.GroupSize), NewShare(3, 9000)
	s.limit(first.Charge() + cut.Charge() + last.Charge())
	for _, n := range []int{0, 1, share.GroupSize, share.GroupSize + 1, len(cut.Data)} {
		ctx, cancel := context.WithCancel(s.Context())
		offer := cut.Offer(s.ana)
		offer.Share = func() (io.ReadCloser, error) {
			return io.NopCloser(blocked{bytes.NewReader(cut.Data[:n]), ctx, cancel}), nil
		}
		_, err := s.h.Put(ctx, []blobstore.Offer{first.Offer(s.ana), offer, last.Offer(s.ana)})
		if err != context.Canceled {
			s.Errorf("cancelled after %d bytes: %v", n, err)
		}
		for _, sh := range []Share{first, cut, last} {
			b, err := fetch(s.T, s.h, sh)
			if !errors.Is(err, fs.ErrNotExist) && Root(b) != sh.Name.Root {
				s.Errorf("cancelled after %d bytes: part of a share: %v", n, err)
			}
		}
	}
	s.put(first, cut, last)
	s.holds(s.h, first, cut, last)
}

// A Get whose context ends while it visits goes on no further than what is under way.
func testDoneGet(s *suite) {
	sh := NewShare(1, 100*share.GroupSize)
	s.put(sh)
	ctx, cancel := context.WithCancel(s.Context())
	visits := 0
	err := s.h.Get(ctx, sh.Name, sh.Ranges(share.GroupSize), func(int, []byte) error { cancel(); visits++; return nil })
	if err != context.Canceled || visits > 50 {
		s.Errorf("cancelled at the first of 100 blocks, and visited %d: %v", visits, err)
	}
}
