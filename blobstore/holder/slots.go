package holder

import (
	"context"
	"sync"
	"time"

	"radswarm/radicle"
)

// How much at once (HOLDER.md §5).
const (
	connStreams = 64 // of one connection, whatever they are
	connRefused = 8  // of these, being told that they are too many

	friendStreams, allFriendStreams = 16, 96
	guestStreams, allGuestStreams   = 4, 24
	openStreams, allOpenStreams     = 2, 16
	allReaders                      = 8 // connections of strangers who read open shares

	friendPuts, allPuts      = 2, 8
	friendReads, allReads    = 2, 8 // HAVE, AUDIT
	guestReads, allGuestRead = 2, 4
	friendHashes, allHashes  = 1, 2
	gitStreams, allGit       = 2, 8
)

// slots count what goes on at once, for each DID and in all.
type slots struct {
	one, all int // how many there may be

	mu    sync.Mutex
	used  map[radicle.DID]int
	sum   int
	given chan struct{} // closed when one is given back; nil while nobody waits
}

func newSlots(one, all int) *slots { return &slots{one: one, all: all, used: map[radicle.DID]int{}} }

// take takes one, which release gives back. There may be none.
func (s *slots) take(did radicle.DID) (release func(), ok bool) {
	release, _ = s.try(did)
	return release, release != nil
}

// try takes one, or returns what is closed when it is worth another try.
func (s *slots) try(did radicle.DID) (release func(), given <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sum < s.all && s.used[did] < s.one {
		s.sum++
		s.used[did]++
		return sync.OnceFunc(func() { s.give(did) }), nil
	}
	if s.given == nil {
		s.given = make(chan struct{})
	}
	return nil, s.given
}

// wait is take for who has some time; after it, it is told to come again.
func (s *slots) wait(ctx context.Context, did radicle.DID, patience time.Duration) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		release, given := s.try(did)
		if release != nil {
			return release, nil
		}
		select {
		case <-given:
		case <-timer.C:
			return nil, busy()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *slots) give(did radicle.DID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sum--
	if s.used[did]--; s.used[did] == 0 {
		delete(s.used, did)
	}
	if s.given != nil {
		close(s.given)
		s.given = nil
	}
}

// house is all the slots of a machine.
type house struct {
	friends, guests, open   *slots // blk/1 streams
	puts, hashes            *slots
	friendReads, guestReads *slots
	git                     *slots
	readers                 *slots // connections of strangers
}

func newHouse() house {
	return house{
		friends: newSlots(friendStreams, allFriendStreams), guests: newSlots(guestStreams, allGuestStreams),
		open: newSlots(openStreams, allOpenStreams),
		puts: newSlots(friendPuts, allPuts), hashes: newSlots(friendHashes, allHashes),
		friendReads: newSlots(friendReads, allReads), guestReads: newSlots(guestReads, allGuestRead),
		git: newSlots(gitStreams, allGit), readers: newSlots(allReaders, allReaders),
	}
}

// streams returns the slots for blk/1 streams of a class.
func (h *house) streams(c class) *slots { return [...]*slots{h.friends, h.guests, h.open}[c] }

// reads returns the slots for operations that read much and answer little.
func (h *house) reads(c class) *slots {
	if c == classFriend {
		return h.friendReads
	}
	return h.guestReads
}
