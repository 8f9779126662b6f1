package holder

import (
	"maps"
	"slices"
	"sync"

	"radswarm/radicle"
)

const (
	seenInstances = 4    // how many homes of one DID are remembered
	seenDIDs      = 4096 // of how many DIDs, before those who are not here are forgotten
)

// twins notices Radicle keys that are in use on two machines (HOLDER.md §1).
type twins struct {
	mu   sync.Mutex
	live map[radicle.DID][]*Session
	seen map[radicle.DID][][16]byte // the last one last
}

// met notes a session, and returns the other home where there are two.
func (t *twins) met(s *Session) (other [16]byte, found bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.live == nil {
		t.live, t.seen = map[radicle.DID][]*Session{}, map[radicle.DID][][16]byte{}
	}
	for _, live := range t.live[s.DID] {
		if live.Instance != s.Instance {
			other, found = live.Instance, true
		}
	}
	t.live[s.DID] = append(t.live[s.DID], s)
	if len(t.seen) >= seenDIDs {
		maps.DeleteFunc(t.seen, func(did radicle.DID, _ [][16]byte) bool { return t.live[did] == nil })
	}
	seen := t.seen[s.DID]
	if n := len(seen); n > 0 && seen[n-1] != s.Instance && slices.Contains(seen, s.Instance) {
		other, found = seen[n-1], true // it came back
	}
	seen = slices.DeleteFunc(seen, func(id [16]byte) bool { return id == s.Instance })
	seen = append(seen, s.Instance)
	t.seen[s.DID] = seen[max(0, len(seen)-seenInstances):]
	return other, found
}

// left forgets a session.
func (t *twins) left(s *Session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.live[s.DID] = slices.DeleteFunc(t.live[s.DID], func(other *Session) bool { return other == s })
	if len(t.live[s.DID]) == 0 {
		delete(t.live, s.DID)
	}
}

// keep forgets the homes of DIDs for which stays says no.
func (t *twins) keep(stays func(radicle.DID) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.seen, func(did radicle.DID, _ [][16]byte) bool { return !stays(did) && t.live[did] == nil })
}

// watch reports a peer whose key is in use on two machines.
func (s *Service) watch(session *Session) {
	if other, found := s.twins.met(session); found {
		s.report(Twins{DID: session.DID, Instances: [2][16]byte{other, session.Instance}})
	}
}

func (s *Service) report(t Twins) {
	s.options.Log.Warn("one radicle key is in use on two machines", "did", t.DID)
	s.options.Control.Twins(t)
}
