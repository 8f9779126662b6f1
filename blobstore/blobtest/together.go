package blobtest

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"sync"
	"testing/iotest"

	"radswarm/blobstore"
	"radswarm/radicle"
)

func togetherTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"OneShare":  testOneShareTogether,
		"Shares":    testSharesTogether,
		"ReadWrite": testReadWhileWritten,
		"Limit":     testLimitTogether,
	}
}

// together runs f for many people at once.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// hesitant is a reader that lets others go first, so that all have begun before one ends.
type hesitant struct{ io.Reader }

func (h hesitant) Read(p []byte) (int, error) {
	runtime.Gosched()
	return h.Reader.Read(p)
}

// One share that many put at once is one share of many owners.
func testOneShareTogether(s *suite) {
	sh := NewShare(1, 20_000)
	together(People, func(i int) {
		offer := from(sh.Offer(did(i)), hesitant{iotest.OneByteReader(bytes.NewReader(sh.Data))})
		outcomes, err := s.view(did(i)).Put(s.Context(), []blobstore.Offer{offer})
		if err != nil || outcomes[0].Err != nil {
			s.Errorf("person %d: %+v, %v", i, outcomes, err)
		}
	})
	for i := range People {
		s.holds(s.view(did(i)), sh)
		s.delete(s.view(did(i)), sh)
		s.lacks(s.view(did(i)), sh)
	}
}

// Many put, read and delete their own.
func testSharesTogether(s *suite) {
	together(People, func(i int) {
		h := s.view(did(i))
		var kept []Share
		for j := range 10 {
			sh := NewShare(uint64(i*100+j), 1+j*5000)
			if err := puts(s, h, did(i), sh); err != nil {
				s.Errorf("person %d, share %d: %v", i, j, err)
				return
			}
			if j%3 == 0 {
				s.delete(h, sh)
			} else {
				kept = append(kept, sh)
			}
		}
		s.holds(h, kept...)
	})
}

func puts(s *suite, h blobstore.Holder, owner radicle.DID, sh Share) error {
	outcomes, err := h.Put(s.Context(), []blobstore.Offer{sh.Offer(owner)})
	if err != nil {
		return err
	}
	return outcomes[0].Err
}

// What is there can be read while it is put again, deleted and put: whole or not at all.
func testReadWhileWritten(s *suite) {
	sh := NewShare(1, 300_000)
	s.put(sh)
	var writer sync.WaitGroup
	done := make(chan struct{})
	writer.Go(func() {
		defer close(done)
		for range 20 {
			s.delete(s.h, sh)
			if err := puts(s, s.h, s.ana, sh); err != nil {
				s.Error(err)
			}
		}
	})
	together(4, func(int) {
		for running := true; running; {
			select {
			case <-done:
				running = false
			default:
			}
			b, err := fetch(s.T, s.h, sh)
			if err == nil && Root(b) != sh.Name.Root {
				s.Error("read other bytes")
			}
		}
	})
	writer.Wait()
	s.holds(s.h, sh)
}

// However many put at once, no more is taken than fits.
func testLimitTogether(s *suite) {
	const fits, comes = 5, 40
	charge := NewShare(0, 8000).Charge()
	s.limit(fits*charge + charge/2)
	h := s.view(s.ana)
	var mu sync.Mutex
	taken := 0
	together(comes, func(i int) {
		err := puts(s, h, s.ana, NewShare(uint64(i), 8000))
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			taken++
		} else if !errors.Is(err, blobstore.ErrFull) {
			s.Errorf("share %d: %v", i, err)
		}
	})
	if taken != fits {
		s.Errorf("%d shares taken where %d fit", taken, fits)
	}
}
