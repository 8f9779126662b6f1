package friend

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"radswarm/radicle"
)

// MaxFriends is how many friends there may be.
const MaxFriends = 4096

// seenEvery is how old what is written of a friend's last contact may get; see [State.Saw].
const seenEvery = 10 * time.Minute

// entry is what memory has of a friend. Seen of the Friend is not used.
type entry struct {
	Friend
	seen    time.Time // when they were here last
	written time.Time // what the file says of it
}

func (e *entry) get() Friend {
	f := e.Friend
	f.Seen = e.seen
	return f
}

// Friend returns a friend.
func (s *State) Friend(did radicle.DID) (Friend, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.friends[did]
	if !ok {
		return Friend{}, false
	}
	return e.get(), true
}

// Named returns the friend of a name.
func (s *State) Named(name string) (Friend, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	did, ok := s.names[name]
	if !ok {
		return Friend{}, false
	}
	return s.friends[did].get(), true
}

// Friends returns all friends, by name and then by DID.
func (s *State) Friends() []Friend {
	s.mu.RLock()
	all := make([]Friend, 0, len(s.friends))
	for _, e := range s.friends {
		all = append(all, e.get())
	}
	s.mu.RUnlock()
	slices.SortFunc(all, func(a, b Friend) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), a.DID.Compare(b.DID))
	})
	return all
}

// AddFriend adds a friend. Added is now and Seen never, whatever f says. A friend that is there is [fs.ErrExist]; other errors
// are [ErrSelf], [radicle.ErrWeakKey], [ErrName], [ErrNameTaken], [ErrLimit] and [blobstore.ErrBounds].
func (s *State) AddFriend(ctx context.Context, f Friend) error {
	return s.update(ctx, func(c *change) error {
		if _, ok := s.Friend(f.DID); ok {
			return fmt.Errorf("friend %v: %w", f.DID, fs.ErrExist)
		}
		f.Added, f.Seen = c.now, time.Time{}
		return s.putFriend(c, f)
	})
}

// SetFriend changes a friend: edit is given what is known and changes all of it but DID, Added and Seen. It must not call the
// State. Errors are [fs.ErrNotExist], those of [State.AddFriend], and those of edit as they are.
func (s *State) SetFriend(ctx context.Context, did radicle.DID, edit func(*Friend) error) error {
	return s.update(ctx, func(c *change) error {
		old, ok := s.Friend(did)
		if !ok {
			return &UnknownError{"friend " + did.String()}
		}
		f := old
		if err := edit(&f); err != nil {
			return err
		}
		f.DID, f.Added, f.Seen = old.DID, old.Added, old.Seen
		return s.putFriend(c, f)
	})
}

// SetGiven notes what a friend said that it pledges to us, now. Errors are as in [State.SetFriend].
func (s *State) SetGiven(ctx context.Context, did radicle.DID, give, used, room int64) error {
	now := s.now()
	return s.SetFriend(ctx, did, func(f *Friend) error {
		f.Given = Given{Give: give, Used: used, Room: room, At: now}
		return nil
	})
}

// RemoveFriend ends a friendship. Its certificate, card, addresses and revocations stay as those of a stranger do. Somebody
// who is no friend is [fs.ErrNotExist].
func (s *State) RemoveFriend(ctx context.Context, did radicle.DID) error {
	return s.update(ctx, func(c *change) error {
		n, err := c.change("DELETE FROM friend WHERE did = ?", did[:])
		if err == nil && n == 0 {
			err = &UnknownError{"friend " + did.String()}
		}
		c.then(func() {
			delete(s.names, s.friends[did].Name)
			delete(s.friends, did)
		})
		return err
	})
}

// Saw notes that a friend is here now. Readers see it at once; it is written at most every ten minutes and at [State.Close], so
// that a crash may lose the last ten. Somebody who is no friend is left out.
func (s *State) Saw(did radicle.DID) error {
	now := s.now()
	s.mu.Lock()
	e, ok := s.friends[did]
	due := ok && now.Sub(e.written).Abs() >= seenEvery
	if ok {
		e.seen = now
	}
	s.mu.Unlock()
	if !due {
		return nil
	}
	return s.update(context.Background(), func(c *change) error { return s.putSeen(c, did, now) })
}

func (s *State) putSeen(c *change, did radicle.DID, at time.Time) error {
	c.then(func() {
		if e, ok := s.friends[did]; ok {
			e.written = at
		}
	})
	return c.exec("UPDATE friend SET seen = ? WHERE did = ?", unix(at), did[:])
}

// writeSeen writes when friends were seen, of all of whom it is not written yet. It is called with write held.
func (s *State) writeSeen() error {
	s.mu.RLock()
	stale := map[radicle.DID]time.Time{}
	for did, e := range s.friends {
		if e.seen.Unix() != e.written.Unix() {
			stale[did] = e.seen
		}
	}
	s.mu.RUnlock()
	if len(stale) == 0 {
		return nil
	}
	c := &change{database: s.db}
	return s.db.update(func() error {
		for did, at := range stale {
			if err := s.putSeen(c, did, at); err != nil {
				return err
			}
		}
		return nil
	})
}

// putFriend writes a friend, new or changed.
func (s *State) putFriend(c *change, f Friend) error {
	if err := f.check(s.self); err != nil {
		return err
	}
	if other, ok := s.Named(f.Name); ok && other.DID != f.DID {
		return fmt.Errorf("%q: %w", f.Name, ErrNameTaken)
	}
	old, known := s.Friend(f.DID)
	if !known && s.count() >= s.limit.friends {
		return &LimitError{"friends", s.limit.friends}
	}
	const put = `INSERT INTO friend (did, name, give, given_give, given_used, given_room, given_at,
		up, down, household, added, seen, draining, silence, chosen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (did) DO UPDATE SET name = excluded.name, give = excluded.give, given_give = excluded.given_give,
		given_used = excluded.given_used, given_room = excluded.given_room, given_at = excluded.given_at, up = excluded.up,
		down = excluded.down, household = excluded.household, seen = excluded.seen, draining = excluded.draining,
		silence = excluded.silence, chosen_at = excluded.chosen_at`
	c.then(func() {
		if old.Name != "" {
			delete(s.names, old.Name)
		}
		if f.Name != "" {
			s.names[f.Name] = f.DID
		}
		e, ok := s.friends[f.DID]
		if !ok {
			e = &entry{seen: f.Seen}
			s.friends[f.DID] = e
		}
		e.Friend, e.written = f, f.Seen
	})
	return c.exec(put, f.DID[:], f.Name, f.Give, f.Given.Give, f.Given.Used, f.Given.Room, unix(f.Given.At),
		f.Up, f.Down, f.Household, unix(f.Added), unix(f.Seen), unix(f.Draining), int64(f.Silence), unix(f.ChosenAt))
}

func (s *State) count() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.friends)
}

func (s *State) loadFriends() error {
	const query = `SELECT did, name, give, given_give, given_used, given_room, given_at,
		up, down, household, added, seen, draining, silence, chosen_at FROM friend`
	var f Friend
	var did []byte
	var givenAt, added, seen, draining, chosenAt int64
	return s.db.each(query, nil, func() (err error) {
		if f.DID, err = toDID(did); err != nil {
			return err
		}
		f.Given.At, f.Added, f.Seen = fromUnix(givenAt), fromUnix(added), fromUnix(seen)
		f.Draining, f.ChosenAt = fromUnix(draining), fromUnix(chosenAt)
		if err := f.check(s.self); err != nil {
			return damage{err}
		}
		s.friends[f.DID] = &entry{f, f.Seen, f.Seen}
		if f.Name != "" {
			s.names[f.Name] = f.DID
		}
		return nil
	}, &did, &f.Name, &f.Give, &f.Given.Give, &f.Given.Used, &f.Given.Room, &givenAt,
		&f.Up, &f.Down, &f.Household, &added, &seen, &draining, &f.Silence, &chosenAt)
}
