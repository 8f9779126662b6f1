package peers

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore/holder"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// addEach makes two homes friends by their dids, at the same time.
func addEach(t *testing.T, a, b *home) {
	t.Helper()
	for _, pair := range [][2]*home{{a, b}, {b, a}} {
		in := control.AddFriend{DID: pair[1].did, Name: pair[1].alias, Give: mb, Addresses: pair[1].Addresses()}
		if _, err := pair[0].AddFriend(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFriendsByDIDWhoseDevicesWerePublished(t *testing.T) {
	everywhere(t, func(t *testing.T, w world) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		a.repos.published = []*keyring.Certificate{a.cert.Load(), b.cert.Load()}
		b.repos.published = a.repos.published
		addEach(t, a, b) // both dial at once
		a.until("friend is there", func() bool { return a.hears(b) })
		b.until("friend is there", func() bool { return b.hears(a) })
		check(t, a.Reach(t.Context(), b.did))
		if a.Person(b.did).Room != mb {
			t.Errorf("%+v", a.Person(b.did))
		}
	})
}

func TestAFriendWithoutADeviceNeedsAnInvitation(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		_, err := a.AddFriend(t.Context(), control.AddFriend{DID: b.did, Give: mb})
		if e := wantCode(t, err, control.CodeNotFound); e.Hint != "rad swarm invite --give 50GB" {
			t.Errorf("hint %q", e.Hint)
		}
		_, err = a.AddFriend(t.Context(), control.AddFriend{DID: a.did, Give: mb})
		wantCode(t, err, control.CodeUsage)
		a.repos.published = []*keyring.Certificate{b.cert.Load()}
		_, err = a.AddFriend(t.Context(), control.AddFriend{DID: b.did, Give: mb, Addresses: []string{"nowhere"}})
		wantCode(t, err, control.CodeUsage)
		if len(a.state.Friends()) != 0 {
			t.Error("what was refused made a friend")
		}
	})
}

func TestFriendsComeBack(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		w.Partition(a.key.Device(), b.key.Device(), true)
		w.Cut(a.key.Device(), b.key.Device())
		synctest.Wait()
		if a.Online(b.did) || b.Online(a.did) {
			t.Fatal("still there")
		}
		w.Partition(a.key.Device(), b.key.Device(), false)
		began := time.Now()
		a.until("friend is back", func() bool { return a.Online(b.did) })
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("back after %v", took)
		}

		// After a long time nobody dials often, and yet at once where somebody asks.
		w.Partition(a.key.Device(), b.key.Device(), true)
		w.Cut(a.key.Device(), b.key.Device())
		time.Sleep(6 * time.Hour)
		w.Partition(a.key.Device(), b.key.Device(), false)
		began = time.Now()
		must[control.Dialled](t)(a.Dial(t.Context(), control.Dial{Who: b.did.String()}, silent))
		if took := time.Since(began); took > time.Second {
			t.Errorf("reached after %v", took)
		}

		w.Partition(a.key.Device(), b.key.Device(), true)
		w.Cut(a.key.Device(), b.key.Device())
		time.Sleep(6 * time.Hour)
		w.Partition(a.key.Device(), b.key.Device(), false)
		ctx, cancel := context.WithTimeout(t.Context(), lastWait)
		defer cancel()
		a.untilIn(ctx, "friend is back within the longest wait", func() bool { return a.Online(b.did) })
	})
}

func TestWhoDoesNotLetUsInIsNotPestered(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		if _, err := b.RemoveFriend(t.Context(), a.did.String(), control.RemoveFriend{Force: true}, silent); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if a.Online(b.did) {
			t.Fatal("still there")
		}
		time.Sleep(24 * time.Hour)
		a.mu.Lock()
		failures, problem := a.contacts[b.did].failures, a.contacts[b.did].problem
		a.mu.Unlock()
		// A quarter of a second, doubled up to 15 minutes: at most 12 before that, and 48 an hour after, for half of it is chance.
		if failures < 24*4 || failures > 12+24*8+5 {
			t.Errorf("dialled %d times in a day", failures)
		}
		if !errors.Is(problem, ErrNotAdmitted) {
			t.Errorf("%v", problem)
		}
		all := a.Warnings()
		if len(all) != 1 || all[0].Hint != "rad swarm invite --give 50GB" {
			t.Errorf("%+v", all)
		}
	})
}

func TestBackoffGrowsToAQuarterOfAnHour(t *testing.T) {
	for failures, most := range map[int]time.Duration{0: firstWait, 1: 2 * firstWait, 5: 8 * time.Second, 13: lastWait, 1 << 20: lastWait} {
		different := map[time.Duration]bool{}
		for range 100 {
			got := backoff(failures)
			if got < most/2 || got > most {
				t.Errorf("%v after %d", got, failures)
			}
			different[got] = true
		}
		if len(different) < 50 {
			t.Errorf("no chance in it: %d values", len(different))
		}
	}
}

func TestRedialAfterRestartAtAnotherPort(t *testing.T) {
	everywhere(t, func(t *testing.T, w world) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		b.until("address is known", func() bool {
			r, err := b.state.Address(t.Context(), a.did)
			return err == nil && len(r.Addresses()) > 0
		})
		a.stop()
		b.until("friend has gone", func() bool { return !b.Online(a.did) })
		a.start()
		a.until("friend is there", func() bool { return a.hears(b) })
		b.until("friend is there", func() bool { return b.hears(a) })
		b.until("new address is known", func() bool { return b.knows(a) })
		// So that the other side finds it as well, should it lose the connection.
		_ = b.lineWith(a.did).Conn.Close(0)
		b.until("friend is there again", func() bool { return b.hears(a) })
	})
}

func TestBothSidesDialAtOnceAndGoOn(t *testing.T) {
	everywhere(t, func(t *testing.T, w world) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		for range 2 {
			for _, c := range append(a.network.Conns(), b.network.Conns()...) {
				_ = c.Close(0)
			}
			a.until("friend is there", func() bool { return a.hears(b) })
			b.until("friend is there", func() bool { return b.hears(a) })
			if _, err := a.Holder(b.did).Have(t.Context(), nil, [32]byte{}); err != nil {
				t.Errorf("%v", err)
			}
		}
	})
}

// replaced is a connection beside which there is a newer one.
type replaced struct{ net.Conn }

func (replaced) Open(context.Context) (net.Stream, error) { return nil, net.ErrReplaced }

func TestAReplacedConnectionIsNotUsed(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		a.mu.Lock()
		c := a.contacts[b.did]
		old := *c.best().Session
		old.Conn = replaced{old.Conn}
		c.lines = append(c.lines, &line{Session: &old, gone: make(chan struct{})})
		a.mu.Unlock()
		if err := have(t.Context(), a.Holder(b.did)); err != nil {
			t.Errorf("%v", err)
		}
		a.replace(a.lineWith(b.did)) // and where there is no other, it is asked for
		if err := have(t.Context(), a.Holder(b.did)); err != nil {
			t.Errorf("%v", err)
		}
	})
}

func TestAReasonToDialWakesTheKeeper(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		w.Partition(a.key.Device(), b.key.Device(), true)
		w.Cut(a.key.Device(), b.key.Device())
		b.release(a.did) // who could dial as well
		time.Sleep(6 * time.Hour)
		w.Partition(a.key.Device(), b.key.Device(), false)
		a.until("nothing is under way", func() bool { return a.resting(b.did) })
		if a.Online(b.did) {
			t.Skip("the keeper was at it")
		}
		a.hurry(b.did)
		began := time.Now()
		a.until("friend is back", func() bool { return a.Online(b.did) })
		if took := time.Since(began); took > time.Second {
			t.Errorf("back after %v", took)
		}
	})
}

// resting reports whether the keeper of a friend waits for its next attempt.
func (h *home) resting(did radicle.DID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.contacts[did]
	return c.attempt == nil && !c.next.IsZero() || c.best() != nil
}

func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		w.SetAll(net.Conditions{Mute: true})
		w.Cut(a.key.Device(), b.key.Device())
		synctest.Wait()
		failed := make(chan error, 1)
		go func() { failed <- a.Reach(context.Background(), b.did) }()
		synctest.Wait()
		began := time.Now()
		a.stop()
		if err := <-failed; err == nil {
			t.Error("reached")
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("took %v", took)
		}
		time.Sleep(time.Minute) // until that is forgotten
		if err := a.Reach(t.Context(), b.did); !errors.Is(err, ErrStopped) {
			t.Errorf("%v", err)
		}
	})
}

func TestAFriendWithAnotherMachineIsFound(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		b.stop()
		b.key = keyring.NewDeviceKey([32]byte{bo, 3}) // the same person, on another machine
		b.certify(time.Hour)
		b.start()
		a.until("the friend comes with the new device", func() bool { return a.hears(b) && a.lineWith(b.did).Device == b.key.Device() })
	})
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		b.stop()
		b.key = keyring.NewDeviceKey([32]byte{bo, 3})
		b.certify(time.Hour)
		w.Partition(a.key.Device(), b.key.Device(), true)
		b.start()
		time.Sleep(time.Hour)
		a.repos.mu.Lock()
		a.repos.published = []*keyring.Certificate{b.cert.Load()}
		a.repos.mu.Unlock()
		check(t, a.state.SetHints(t.Context(), b.did, b.Addresses()))
		b.release(a.did) // who could dial as well
		w.Partition(a.key.Device(), b.key.Device(), false)
		ctx, cancel := context.WithTimeout(t.Context(), 2*lastWait)
		defer cancel()
		a.untilIn(ctx, "the friend is found by what it published", func() bool { return a.Online(b.did) })
	})
}

func TestWhoGreetsAndCutsIsNotPestered(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		met := 0
		b.repos.mu.Lock()
		b.repos.met = func(s *holder.Session) {
			met++
			go s.Conn.Close(0)
		}
		b.repos.mu.Unlock()
		_ = b.lineWith(a.did).Conn.Close(0)
		time.Sleep(24 * time.Hour)
		b.stop()
		if met < 24 || met > 2*(12+24*8+10) {
			t.Errorf("met %d times in a day", met)
		}
	})
}

func TestSeenIsWhenTheyLeft(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		time.Sleep(sampleTick - time.Minute)
		b.stop()
		left := time.Now()
		time.Sleep(time.Hour)
		if seen := a.Person(b.did).Seen; left.Sub(seen).Abs() > time.Second {
			t.Errorf("seen %v before they left", left.Sub(seen))
		}
	})
}
