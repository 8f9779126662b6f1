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
		ticket, err := s.arrive(addr(t, fmt.Sprintf("192.0.2.1:%d", i+1)), func() { t.Error("evicted") })
		if err != nil {
			t.Fatalf("stranger %d: %v", i, err)
		}
		tickets = append(tickets, ticket)
	}
	if err := tickets[0].stay(); err != nil { // a handshake that is done goes on counting
		t.Fatal(err)
	}
	if _, err := s.arrive(addr(t, "192.0.2.1:99"), nil); !errors.Is(err, ErrBusy) {
		t.Errorf("one more: %v", err)
	}
	if _, err := s.arrive(addr(t, "192.0.2.2:99"), nil); err != nil {
		t.Errorf("the neighbour: %v", err)
	}
	tickets[0].Release()
	tickets[0].Release()
	if _, err := s.arrive(addr(t, "192.0.2.1:99"), nil); err != nil {
		t.Errorf("after one left: %v", err)
	}
	if _, err := s.arrive(addr(t, "192.0.2.1:99"), nil); !errors.Is(err, ErrBusy) {
		t.Errorf("who releases twice makes two places: %v", err)
	}
}

func TestLoopbackHasNoLimitOfItsOwn(t *testing.T) {
	var s strangers
	for i := range 2 * MaxStrangersAddr {
		if _, err := s.arrive(addr(t, "127.0.0.1:1"), nil); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
}

func TestHandshakesMakeRoom(t *testing.T) {
	var s strangers
	var evicted []int
	var tickets []*Ticket
	for i := range MaxHandshakes + 2 {
		ticket, err := s.arrive(addr(t, "127.0.0.1:1"), func() { evicted = append(evicted, i) })
		if err != nil {
			t.Fatal(err)
		}
		if tickets = append(tickets, ticket); i == 0 {
			if err := ticket.stay(); err != nil { // no handshake any more
				t.Fatal(err)
			}
		}
	}
	if len(evicted) != 1 || evicted[0] != 1 {
		t.Errorf("evicted %v", evicted)
	}
	if err := tickets[1].stay(); !errors.Is(err, ErrBusy) {
		t.Errorf("who was evicted stays: %v", err)
	}
	if s.handshakes() != MaxHandshakes {
		t.Errorf("%d handshakes", s.handshakes())
	}
}

func TestStrangersInAll(t *testing.T) {
	var s strangers
	var last *Ticket
	for i := range MaxStrangers {
		ticket, err := s.arrive(addr(t, fmt.Sprintf("192.0.2.%d:1", i)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := ticket.stay(); err != nil {
			t.Fatalf("stranger %d: %v", i, err)
		}
		last = ticket
	}
	known, err := s.arrive(addr(t, "198.51.100.1:1"), nil)
	if err != nil {
		t.Fatalf("no room for the handshake of somebody known: %v", err)
	}
	known.Release()
	one, err := s.arrive(addr(t, "198.51.100.2:1"), nil)
	if err != nil {
		t.Fatal(err)
	}
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
