package friend

import (
	"context"
	"slices"
	"time"

	"radswarm/radicle"
)

// MaxMine is how many further DIDs one person may have.
const MaxMine = 16

// AddMine adds a further DID of this person. One that is there already is no error; others are [ErrSelf], [radicle.ErrWeakKey]
// and [ErrLimit].
func (s *State) AddMine(ctx context.Context, did radicle.DID) error {
	if did == s.self {
		return ErrSelf
	}
	if err := did.Validate(); err != nil {
		return in("further did", err)
	}
	return s.update(ctx, func(c *change) error {
		if _, ok := s.mine[did]; ok {
			return nil
		}
		if len(s.mine) >= s.limit.mine {
			return &LimitError{"further dids", s.limit.mine}
		}
		c.then(func() { s.mine[did] = c.now })
		return c.exec("INSERT INTO mine (did, added) VALUES (?, ?)", did[:], unix(c.now))
	})
}

// RemoveMine takes a further DID back. One that is none is [fs.ErrNotExist].
func (s *State) RemoveMine(ctx context.Context, did radicle.DID) error {
	return s.update(ctx, func(c *change) error {
		n, err := c.change("DELETE FROM mine WHERE did = ?", did[:])
		if err == nil && n == 0 {
			err = &UnknownError{"further did " + did.String()}
		}
		c.then(func() { delete(s.mine, did) })
		return err
	})
}

// IsMine reports whether a DID is one of this person: the own one or a further one.
func (s *State) IsMine(did radicle.DID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, ok := s.mine[did]
	return ok || did == s.self
}

// Mine returns the further DIDs of this person, in order.
func (s *State) Mine() []radicle.DID {
	s.mu.RLock()
	all := make([]radicle.DID, 0, len(s.mine))
	for did := range s.mine {
		all = append(all, did)
	}
	s.mu.RUnlock()
	slices.SortFunc(all, radicle.DID.Compare)
	return all
}

func (s *State) loadMine() error {
	var b []byte
	var added int64
	return s.db.each("SELECT did, added FROM mine", nil, func() error {
		did, err := toDID(b)
		s.mine[did] = time.Unix(added, 0)
		return err
	}, &b, &added)
}
