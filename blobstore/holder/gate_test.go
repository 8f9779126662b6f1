package holder

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/wire"
)

// A rate holds in the mean, whatever the size of what passes.
func TestGateKeepsItsRate(t *testing.T) {
	for _, size := range []int64{1, 100, 1000, 5000} {
		synctest.Test(t, func(t *testing.T) {
			g, start := newGate(1000, time.Second), time.Now()
			const all = 20_000
			for range all / size {
				if err := g.pass(t.Context(), classFriend, size); err != nil {
					t.Fatal(err)
				}
			}
			// What is saved up passes at once, and the last one goes into debt.
			least := time.Duration(all-1000-size) * time.Second / 1000
			if took := time.Since(start); took < least || took > least+time.Duration(size)*time.Second/1000+time.Second/10 {
				t.Errorf("%d bytes at once: %v for %d bytes, at least %v", size, took, all, least)
			}
		})
	}
}

// Of those who wait the better class goes first, and within one the first.
func TestGateClasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1000, time.Second)
		if err := g.pass(t.Context(), classFriend, 2000); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var order []int
		var running sync.WaitGroup
		for i, c := range []class{classOpen, classGuest, classFriend, classOpen, classFriend} {
			running.Go(func() {
				if err := g.pass(t.Context(), c, 1000); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
			})
			synctest.Wait()
		}
		running.Wait()
		for i, want := range []int{2, 4, 1, 0, 3} {
			if order[i] != want {
				t.Fatalf("order %v", order)
			}
		}
	})
}

// A friend who comes does not wait behind strangers, and they not before it.
func TestGateBetterClassOvertakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1000, time.Second)
		_ = g.pass(t.Context(), classFriend, 3000)
		var running sync.WaitGroup
		running.Go(func() { _ = g.pass(t.Context(), classOpen, 1000) })
		synctest.Wait()
		time.AfterFunc(1999*time.Millisecond, func() {
			start := time.Now()
			if err := g.pass(t.Context(), classFriend, 1); err != nil || time.Since(start) > 10*time.Millisecond {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
		})
		running.Wait()
	})
}

func TestGateContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1000, time.Second)
		_ = g.pass(t.Context(), classFriend, 10_000)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.pass(ctx, classFriend, 1_000_000); err != context.DeadlineExceeded {
			t.Error(err)
		}
		if wait := g.delay(); wait != 8*time.Second {
			t.Errorf("who left is waited for: %v", wait)
		}
		if err := g.pass(ctx, classFriend, 1); err != context.DeadlineExceeded {
			t.Error(err)
		}
	})
}

func TestGateRateChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, start := newGate(1, time.Second), time.Now()
		_ = g.pass(t.Context(), classFriend, 1)
		var running sync.WaitGroup
		for range 3 {
			running.Go(func() { _ = g.pass(t.Context(), classFriend, 1_000_000) })
		}
		synctest.Wait()
		g.setRate(0)
		running.Wait()
		if time.Since(start) > time.Second {
			t.Error("waited for a bound that is gone")
		}
		if err := g.pass(t.Context(), classOpen, 1<<40); err != nil {
			t.Error(err)
		}
		g.setRate(1000)
		if wait := g.delay(); wait > 2*time.Second {
			t.Errorf("what passed without a bound is owed: %v", wait)
		}
	})
}

func TestGatePatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1000, 2*time.Second)
		for i, want := range []time.Duration{0, 0, 8 * time.Second} {
			if got := g.delay(); got != want {
				t.Fatalf("call %d: delay %v, want %v", i, got, want)
			}
			if i < 2 {
				if err := g.passWithin(t.Context(), 5*time.Second, 1000+int64(i)*8000); err != nil {
					t.Fatal(err)
				}
			}
		}
		err := g.passWithin(t.Context(), 5*time.Second, 1)
		if busy, ok := errors.AsType[*wire.BusyError](err); !ok || busy.RetryAfter != 8*time.Second || !errors.Is(err, blobstore.ErrBusy) {
			t.Error(err)
		}
		start := time.Now()
		if err := g.passWithin(t.Context(), 8*time.Second, 1); err != nil || time.Since(start) < 8*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

func TestGateOfZero(t *testing.T) {
	var g gate
	if err := g.pass(t.Context(), classOpen, 1<<50); err != nil || g.delay() != 0 {
		t.Error(err)
	}
}
