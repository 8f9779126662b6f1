package net_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/blobstore/net/nettest"
)

func TestStrangerTime(t *testing.T) {
	for _, admit := range []bool{false, true} {
		t.Run(fmt.Sprint(admit), func(t *testing.T) {
			inWorld(t, net.Conditions{}, func(t *testing.T, w world) {
				cy := w.Join(t, 3, nettest.Handler{Knows: func(keyring.Device) bool { return false }})
				c := nettest.Connect(t, w.ana, cy)
				synctest.Wait()
				if admit {
					cy.Conns()[0].Admit()
				}
				time.Sleep(net.StrangerTime - ms)
				synctest.Wait()
				if c.Err() != nil {
					t.Fatalf("too early: %v", c.Err())
				}
				time.Sleep(2 * ms)
				synctest.Wait()
				if e, cut := errors.AsType[*net.CutError](c.Err()); cut == admit {
					t.Errorf("it ended with %v", c.Err())
				} else if cut && e.Code != net.CodeStranger {
					t.Errorf("code %d", e.Code)
				}
			})
		})
	}
}

// TestDialledIsLetIn has Cy, who knows nobody, connect: whoever is dialled is no stranger, also where it dialled first.
func TestDialledIsLetIn(t *testing.T) {
	for _, first := range []string{"cy", "ana"} {
		t.Run(first+" dialled", func(t *testing.T) {
			inWorld(t, net.Conditions{Delay: 10 * ms}, func(t *testing.T, w world) {
				served := 0
				cy := w.Join(t, 3, nettest.Handler{
					Knows:  func(keyring.Device) bool { return false },
					Serves: func(_ context.Context, _ net.Conn, s net.Stream) { served++; _ = s.Close() },
				})
				if first == "ana" {
					nettest.Connect(t, w.ana, cy)
					time.Sleep(time.Second)
				}
				c := nettest.Connect(t, cy, w.ana)
				if c.Inbound() != (first == "ana") {
					t.Fatal("another connection")
				}
				_ = w.echo(t, c, []byte("x"))
				for range 3 {
					s, err := w.ana.Conns()[0].Open(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					_, _ = io.ReadAll(s)
				}
				cy.Recheck()
				time.Sleep(time.Hour)
				if c.Err() != nil || served != 3 {
					t.Errorf("%d streams were served; it ended with %v", served, c.Err())
				}
			})
		})
	}
}

// TestStrangersDoNotCrowdOut fills all places for strangers: one more is refused, a friend is not.
func TestStrangersDoNotCrowdOut(t *testing.T) {
	inWorld(t, net.Conditions{}, func(t *testing.T, w world) {
		cy := w.Join(t, 3, nettest.Handler{Knows: func(d keyring.Device) bool { return d == w.ana.Device() }})
		var conns []net.Conn
		for i := range net.MaxStrangers {
			conns = append(conns, nettest.Connect(t, w.Join(t, byte(i+10), nettest.Handler{}), cy))
		}
		synctest.Wait()
		for i, c := range conns {
			if c.Err() != nil {
				t.Fatalf("stranger %d: %v", i, c.Err())
			}
		}
		late := nettest.Connect(t, w.bo, cy)
		friend := nettest.Connect(t, w.ana, cy)
		synctest.Wait()
		if e, cut := errors.AsType[*net.CutError](late.Err()); !cut || e.Code != net.CodeBusy {
			t.Errorf("one stranger more: %v", late.Err())
		}
		if friend.Err() != nil {
			t.Errorf("the friend: %v", friend.Err())
		}
		time.Sleep(net.StrangerTime)
		synctest.Wait()
		if late := nettest.Connect(t, w.bo, cy); late.Err() != nil {
			t.Errorf("after they were gone: %v", late.Err())
		}
	})
}

// TestSimultaneous has both sides dial at the same moment: one connection stays, the same on both sides.
func TestSimultaneous(t *testing.T) {
	inWorld(t, net.Conditions{Delay: 50 * ms}, func(t *testing.T, w world) {
		var wg sync.WaitGroup
		for _, d := range []struct{ from, to net.Network }{{w.ana, w.bo}, {w.bo, w.ana}} {
			wg.Go(func() { _ = w.echo(t, nettest.Connect(t, d.from, d.to), []byte("x")) }) // either is of use
		}
		wg.Wait()
		time.Sleep(time.Minute)
		a, b := w.ana.Conns(), w.bo.Conns()
		if len(a) != 1 || len(b) != 1 {
			t.Fatalf("%d and %d connections", len(a), len(b))
		}
		smaller := w.ana.Device().String() < w.bo.Device().String()
		if a[0].Inbound() == smaller || b[0].Inbound() != smaller {
			t.Error("it is not the one that the smaller key dialled")
		}
		_ = w.echo(t, a[0], []byte("x"))
	})
}

// TestRestart has a peer come back whose end the other side has not heard of, at once and after hours, whichever of them
// has the smaller key.
func TestRestart(t *testing.T) {
	for _, away := range []time.Duration{time.Second, time.Hour} {
		for _, who := range []string{"ana", "bo"} {
			t.Run(fmt.Sprint(who, " after ", away), func(t *testing.T) {
				inWorld(t, net.Conditions{Delay: 10 * ms}, func(t *testing.T, w world) {
					if who == "bo" {
						w.ana, w.bo = w.bo, w.ana
					}
					restart(t, w, away)
				})
			})
		}
	}
}

func restart(t *testing.T, w world, away time.Duration) {
	old := nettest.Connect(t, w.ana, w.bo)
	_ = w.echo(t, old, []byte("x"))
	time.Sleep(away)
	stale := w.bo.Conns()[0]
	w.Memory.Partition(w.ana.Device(), w.bo.Device(), true)
	_ = old.Close(0)
	time.Sleep(time.Second)
	w.Memory.Partition(w.ana.Device(), w.bo.Device(), false)

	fresh := nettest.Connect(t, w.ana, w.bo)
	_ = w.echo(t, fresh, []byte("x"))
	if _, err := stale.Open(t.Context()); !errors.Is(err, net.ErrReplaced) {
		t.Errorf("the stale connection takes streams: %v", err)
	}
	back, err := w.bo.Connect(t.Context(), w.ana.Device(), nil)
	if err != nil || back == stale {
		t.Fatalf("Connect gives the stale one, %v", err)
	}
	_ = w.echo(t, back, []byte("x"))
	time.Sleep(time.Minute)
	if e, cut := errors.AsType[*net.CutError](stale.Err()); !cut || e.Code != net.CodeReplaced {
		t.Errorf("it ended with %v", stale.Err())
	}
	if back.Err() != nil {
		t.Errorf("the fresh one ended with %v", back.Err())
	}
}

// TestConnectTogether has callers share the search for a device, and leave it one by one.
func TestConnectTogether(t *testing.T) {
	inWorld(t, net.Conditions{Delay: 100 * ms}, func(t *testing.T, w world) {
		impatient, cancel := context.WithTimeout(t.Context(), 50*ms)
		defer cancel()
		hasty := make(chan error, 1)
		go func() {
			_, err := w.ana.Connect(impatient, w.bo.Device(), w.bo.Addrs())
			hasty <- err
		}()
		synctest.Wait()
		start := time.Now()
		nettest.Connect(t, w.ana, w.bo)
		if got := time.Since(start); got != 200*ms {
			t.Errorf("Connect took %v", got)
		}
		if err := <-hasty; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the hasty one: %v", err)
		}
		if n := len(w.ana.Conns()); n != 1 {
			t.Errorf("%d connections", n)
		}
	})
}

// TestConnectOtherAddresses has a caller who knows better than the one that it waits with.
func TestConnectOtherAddresses(t *testing.T) {
	inWorld(t, net.Conditions{Delay: 10 * ms}, func(t *testing.T, w world) {
		nowhere, err := net.ParseAddr("nowhere:1")
		if err != nil {
			t.Fatal(err)
		}
		cy := w.Join(t, 3, nettest.Handler{})
		w.Memory.Partition(w.ana.Device(), cy.Device(), true)
		start := time.Now()
		first := make(chan error, 1)
		go func() {
			_, err := w.ana.Connect(t.Context(), w.bo.Device(), append(cy.Addrs(), nowhere))
			first <- err
		}()
		synctest.Wait()
		nettest.Connect(t, w.ana, w.bo)
		if err := <-first; err != nil || time.Since(start) != 20*ms {
			t.Errorf("the other one: %v after %v", err, time.Since(start))
		}
	})
}

// TestManyAddresses has the one good address stand last, behind those where nobody answers and those that refuse.
func TestManyAddresses(t *testing.T) {
	inWorld(t, net.Conditions{Delay: 10 * ms}, func(t *testing.T, w world) {
		cy := w.Join(t, 3, nettest.Handler{})
		w.Memory.Partition(w.ana.Device(), cy.Device(), true)
		addrs := cy.Addrs()
		for i := range net.MaxAddrs - 2 {
			a, err := net.ParseAddr(fmt.Sprintf("nowhere:%d", i+1))
			if err != nil {
				t.Fatal(err)
			}
			addrs = append(addrs, a)
		}
		start := time.Now()
		if _, err := w.ana.Connect(t.Context(), w.bo.Device(), append(addrs, w.bo.Addrs()...)); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(start); got > time.Second {
			t.Errorf("Connect took %v", got)
		}
	})
}

func TestCloseWhileDialling(t *testing.T) {
	inWorld(t, net.Conditions{Down: true}, func(t *testing.T, w world) {
		failed := make(chan error, 1)
		go func() {
			_, err := w.ana.Connect(t.Context(), w.bo.Device(), w.bo.Addrs())
			failed <- err
		}()
		synctest.Wait()
		start := time.Now()
		_ = w.ana.Close()
		if err := <-failed; !errors.Is(err, net.ErrClosed) || time.Since(start) > 0 {
			t.Errorf("Connect says %v after %v", err, time.Since(start))
		}
	})
}

// lateHandler is told of connections that come late.
type lateHandler struct {
	nettest.Handler
	late chan net.Conn
}

func (h lateHandler) Late(c net.Conn) { h.late <- c }

// TestLate has both dial, one a moment before the other: whose connection stays is told of it, where the other one's was the answer.
func TestLate(t *testing.T) {
	told := 0
	for _, first := range []int{0, 1} {
		inWorld(t, net.Conditions{Delay: 10 * ms}, func(t *testing.T, w world) {
			late := make(chan net.Conn, 4)
			both := []net.Network{w.Join(t, 3, lateHandler{late: late}), w.Join(t, 4, lateHandler{late: late})}
			a, b := both[first], both[1-first]
			go func() { _, _ = a.Connect(t.Context(), b.Device(), b.Addrs()) }()
			time.Sleep(15 * ms) // its connection is there 15 ms later, and ours takes 20
			answer := nettest.Connect(t, b, a)
			time.Sleep(time.Second)
			synctest.Wait()
			if n := len(late); n > 1 {
				t.Fatalf("told %d times", n)
			} else if n == 0 {
				return
			}
			told++
			c := <-late
			if best := nettest.Connect(t, b, a); c.Inbound() || c.Device() != a.Device() || !answer.Inbound() || best != c {
				t.Errorf("told of %v, the answer was %v, what stays is %v", c, answer, best)
			}
		})
	}
	if told != 1 {
		t.Errorf("told %d times, of two", told)
	}
}
