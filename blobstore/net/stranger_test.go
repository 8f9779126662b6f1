package net

import (
	"errors"
	"fmt"
	"testing"
)

func TestStrangersOfOneAddress(t *testing.T) {
	var s strangers
	var tickets []*Ticket
	for i := range MaxStrangersAddr {
		ticket := s.arrive(addr(t, fmt.Sprintf("192.0.2.1:%d", i+1)), func() { t.Error("evicted") })
		if err := ticket.stay(); err != nil {
			t.Fatalf("stranger %d: %v", i, err)
		}
		tickets = append(tickets, ticket)
	}
	one := s.arrive(addr(t, "192.0.2.1:99"), nil) // may shake hands: it may be a friend
	if err := one.stay(); !errors.Is(err, ErrBusy) {
		t.Errorf("one more: %v", err)
	}
	if err := s.arrive(addr(t, "192.0.2.2:99"), nil).stay(); err != nil {
		t.Errorf("the neighbour: %v", err)
	}
	tickets[0].Release()
	tickets[0].Release()
	if err := one.stay(); err != nil {
		t.Errorf("after one left: %v", err)
	}
	if err := s.arrive(addr(t, "192.0.2.1:99"), nil).stay(); !errors.Is(err, ErrBusy) {
		t.Errorf("who releases twice makes two places: %v", err)
	}
}

// TestHandshakesMakeRoom has the oldest handshake end for a new one: of the same address if that has too many, else of all.
func TestHandshakesMakeRoom(t *testing.T) {
	for name, c := range map[string]struct {
		limit int
		from  func(i int) string
	}{
		"one address": {MaxStrangersAddr, func(int) string { return "192.0.2.1:1" }},
		"all":         {MaxHandshakes, func(i int) string { return fmt.Sprintf("192.0.2.%d:1", i) }},
		"loopback":    {MaxHandshakes, func(int) string { return "127.0.0.1:1" }},
	} {
		t.Run(name, func(t *testing.T) {
			var s strangers
			s.arrive(addr(t, "198.51.100.1:1"), func() { t.Error("another address is evicted") }).Release()
			var evicted []int
			var tickets []*Ticket
			for i := range c.limit + 2 {
				tickets = append(tickets, s.arrive(addr(t, c.from(i)), func() { evicted = append(evicted, i) }))
				if i > 0 {
					continue
				}
				if err := tickets[0].stay(); err != nil { // no handshake any more
					t.Fatal(err)
				}
			}
			if len(evicted) != 1 || evicted[0] != 1 {
				t.Errorf("evicted %v", evicted)
			}
			if err := tickets[1].stay(); !errors.Is(err, ErrBusy) {
				t.Errorf("who was evicted stays: %v", err)
			}
			if len(s.early) != c.limit {
				t.Errorf("%d handshakes", len(s.early))
			}
		})
	}
}

func TestCrowded(t *testing.T) {
	var s strangers
	a, b := addr(t, "192.0.2.1:1"), addr(t, "192.0.2.2:1")
	for range MaxStrangersAddr / 2 {
		if s.crowded(a) {
			t.Fatal("too early")
		}
		s.arrive(a, nil)
	}
	if !s.crowded(a) || s.crowded(b) {
		t.Error("half of one address")
	}
	for range MaxHandshakes / 4 {
		s.arrive(addr(t, "127.0.0.1:1"), nil)
	}
	if !s.crowded(b) {
		t.Error("a quarter of all")
	}
}

func TestStrangersInAll(t *testing.T) {
	var s strangers
	var last *Ticket
	for i := range MaxStrangers {
		last = s.arrive(addr(t, fmt.Sprintf("192.0.2.%d:1", i)), nil)
		if err := last.stay(); err != nil {
			t.Fatalf("stranger %d: %v", i, err)
		}
	}
	one := s.arrive(addr(t, "198.51.100.2:1"), nil)
	if err := one.stay(); !errors.Is(err, ErrBusy) {
		t.Errorf("one more: %v", err)
	}
	last.Release()
	if err := one.stay(); err != nil {
		t.Errorf("after one left: %v", err)
	}
}

func TestHousehold(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1:1", "192.0.2.1:2", true},
		{"192.0.2.1:1", "192.0.2.2:1", false},
		{"[2001:db8:0:1::1]:1", "[2001:db8:0:ff::2]:1", true},
		{"[2001:db8:0:1::1]:1", "[2001:db8:0:100::1]:1", false},
		{"ana:1", "ana:2", true},
		{"ana:1", "bo:1", false},
	} {
		if got := household(addr(t, c.a)) == household(addr(t, c.b)); got != c.same {
			t.Errorf("%s and %s are one household: %v", c.a, c.b, got)
		}
	}
}
