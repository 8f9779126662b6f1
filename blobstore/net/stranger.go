package net

import (
	"net/netip"
	"slices"
	"sync"
)

// strangers counts who is here without having been let in: handshakes under way, and connections of devices that are not
// known.
//
// Handshakes are anybody's, so they must not stand in the way of a friend's: nobody is refused one. Where there are too
// many, of one address or in all, the oldest ends. Who turns out to be known after it is not counted any more. Who is not
// is refused where there are too many, of one address or in all.
type strangers struct {
	mu    sync.Mutex
	early []*Ticket      // handshakes, oldest first
	late  int            // connections
	per   map[string]int // connections of one address
}

// A Ticket is a place among the strangers, from the first packet until the peer is known, admitted or gone.
type Ticket struct {
	of  *strangers
	key string // "" for loopback, which has no limit of its own
	cut func()

	gone, stayed bool // guarded by of.mu
}

func (s *strangers) arrive(from Addr, cut func()) *Ticket {
	t := &Ticket{of: s, key: household(from), cut: cut}
	s.mu.Lock()
	victim := s.victim(t.key)
	if victim != nil {
		victim.release()
	}
	s.early = append(s.early, t)
	s.mu.Unlock()
	if victim != nil {
		victim.cut()
	}
	return t
}

// victim is the handshake that ends for a new one, nil if there is room.
func (s *strangers) victim(key string) *Ticket {
	if s.handshakes(key) >= MaxStrangersAddr {
		return s.early[slices.IndexFunc(s.early, func(t *Ticket) bool { return t.key == key })]
	}
	if len(s.early) >= MaxHandshakes {
		return s.early[0]
	}
	return nil
}

// handshakes counts those of one address; of loopback none.
func (s *strangers) handshakes(key string) (n int) {
	for _, t := range s.early {
		if key != "" && t.key == key {
			n++
		}
	}
	return n
}

// crowded says that addresses must be proved before they count: half of the places of one, or a quarter of all, are taken.
func (s *strangers) crowded(from Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.early) >= MaxHandshakes/4 || s.handshakes(household(from)) >= MaxStrangersAddr/2
}

// stay keeps the place for a connection after the handshake, if there is one.
func (t *Ticket) stay() error {
	s := t.of
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case t.gone:
		return &LimitError{What: "handshakes", Limit: MaxHandshakes}
	case s.late >= MaxStrangers:
		return &LimitError{What: "strangers", Limit: MaxStrangers}
	case t.key != "" && s.per[t.key] >= MaxStrangersAddr:
		return &LimitError{What: "strangers at one address", Limit: MaxStrangersAddr}
	}
	s.leave(t)
	t.stayed = true
	s.late++
	if s.per == nil {
		s.per = map[string]int{}
	}
	s.per[t.key]++
	return nil
}

// Release gives the place back. It may be called more than once.
func (t *Ticket) Release() {
	t.of.mu.Lock()
	defer t.of.mu.Unlock()
	t.release()
}

func (t *Ticket) release() {
	s := t.of
	switch {
	case t.gone:
	case !t.stayed:
		s.leave(t)
	default:
		s.late--
		if s.per[t.key]--; s.per[t.key] == 0 {
			delete(s.per, t.key)
		}
	}
	t.gone = true
}

// leave takes a handshake out of the queue.
func (s *strangers) leave(t *Ticket) {
	if i := slices.Index(s.early, t); i >= 0 {
		s.early = slices.Delete(s.early, i, i+1)
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
