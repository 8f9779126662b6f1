package net

import (
	"net/netip"
	"sync"
)

// strangers counts who is here without having been let in: handshakes under way and connections of devices that are not
// known. Somebody known leaves the count with the handshake, so that strangers never stand in the way of friends who got
// that far; and so that they do not stand in the way of handshakes either, a new handshake ends the oldest one where all
// places are taken by handshakes.
type strangers struct {
	mu    sync.Mutex
	total int
	per   map[string]int
	early []*Ticket // handshakes, oldest first
}

// A Ticket is a place among the strangers, from the first packet until the peer is known, admitted or gone.
type Ticket struct {
	of   *strangers
	key  string // "" for loopback, which has no limit of its own
	cut  func()
	gone bool // guarded by of.mu
	late bool // the handshake is done; guarded by of.mu
}

func (s *strangers) arrive(from Addr, cut func()) (*Ticket, error) {
	t := &Ticket{of: s, key: household(from), cut: cut}
	s.mu.Lock()
	if t.key != "" && s.per[t.key] >= MaxStrangersAddr {
		s.mu.Unlock()
		return nil, &LimitError{What: "strangers at one address", Limit: MaxStrangersAddr}
	}
	var victim *Ticket
	if len(s.early) >= MaxHandshakes {
		victim = s.early[0]
		victim.release()
	}
	if s.per == nil {
		s.per = map[string]int{}
	}
	if t.key != "" {
		s.per[t.key]++
	}
	s.early = append(s.early, t)
	s.mu.Unlock()
	if victim != nil {
		victim.cut()
	}
	return t, nil
}

func (s *strangers) handshakes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.early)
}

// stay keeps the place for a connection after the handshake, if there is one.
func (t *Ticket) stay() error {
	t.of.mu.Lock()
	defer t.of.mu.Unlock()
	if t.gone {
		return &LimitError{What: "handshakes", Limit: MaxHandshakes}
	}
	if t.of.total >= MaxStrangers {
		return &LimitError{What: "strangers", Limit: MaxStrangers}
	}
	t.of.total++
	t.late = true
	t.leaveEarly()
	return nil
}

// Release gives the place back. It may be called more than once.
func (t *Ticket) Release() {
	t.of.mu.Lock()
	defer t.of.mu.Unlock()
	t.release()
}

func (t *Ticket) release() {
	if t.gone {
		return
	}
	t.gone = true
	if t.late {
		t.of.total--
	} else {
		t.leaveEarly()
	}
	if t.key == "" {
		return
	}
	if t.of.per[t.key]--; t.of.per[t.key] == 0 {
		delete(t.of.per, t.key)
	}
}

func (t *Ticket) leaveEarly() {
	for i, other := range t.of.early {
		if other == t {
			t.of.early = append(t.of.early[:i], t.of.early[i+1:]...)
			return
		}
	}
}

// household is what counts as one address: an IPv4 address, 56 bits of an IPv6 address, a name. It is empty for loopback.
func household(a Addr) string {
	ip, ok := a.IP()
	switch {
	case !ok:
		return a.Host()
	case ip.IsLoopback():
		return ""
	case ip.Is4():
		return ip.String()
	}
	return netip.PrefixFrom(ip, 56).Masked().String()
}
