package friend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// State is the database of friends, open. All its methods are safe for concurrent use. What is asked at every connection
// ([State.ByDevice], [State.Friend], [State.Mine] and the like) is answered from memory, which always says what the last
// finished write made of the file.
type State struct {
	self   radicle.DID
	now    func() time.Time
	log    *slog.Logger
	limit  *limits
	steps  []string // migrations
	unsync bool
	path   string
	certs  *keyring.Certificates
	cards  *keyring.Cards

	write sync.Mutex // one write at a time
	db    *database  // guarded by write; nil once closed

	// What is in the file. It is changed with write held as well, after the commit.
	mu      sync.RWMutex
	friends map[radicle.DID]*entry
	names   map[string]radicle.DID
	mine    map[radicle.DID]time.Time
	devices map[keyring.Device]radicle.DID // of the newest certificates
}

func newState(path string, options Options) *State {
	return &State{
		self: options.Self, now: options.Now, log: options.Log, limit: options.limits, steps: options.steps, unsync: options.unsync,
		path:  path,
		certs: keyring.NewCertificates(options.Now), cards: keyring.NewCards(options.Now),
		friends: map[radicle.DID]*entry{}, names: map[string]radicle.DID{}, mine: map[radicle.DID]time.Time{},
		devices: map[keyring.Device]radicle.DID{},
	}
}

// change is a transaction and what follows from it in memory.
type change struct {
	*database
	now   time.Time
	after []func() // called in order once the transaction is durable, with mu held
}

// then adds what happens in memory once the transaction is durable.
func (c *change) then(f func()) { c.after = append(c.after, f) }

// update runs f in a transaction. When it returns nil everything is durable, and seen by readers; else nothing happened.
func (s *State) update(ctx context.Context, f func(c *change) error) error {
	s.write.Lock()
	defer s.write.Unlock()
	if s.db == nil {
		return fs.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c := &change{database: s.db, now: s.now()}
	if err := s.db.update(func() error { return f(c) }); err != nil {
		return s.explain(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range c.after {
		f()
	}
	return nil
}

// refuse is update for what may be refused and leave something to remember all the same.
func (s *State) refuse(ctx context.Context, f func(c *change) (refused, err error)) error {
	var refused error
	err := s.update(ctx, func(c *change) (err error) {
		refused, err = f(c)
		return err
	})
	if err != nil {
		return err
	}
	return refused
}

// view runs f while nobody writes.
func (s *State) view(ctx context.Context, f func(d *database) error) error {
	s.write.Lock()
	defer s.write.Unlock()
	if s.db == nil {
		return fs.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.explain(f(s.db))
}

// explain names the file in errors of SQLite; others are the caller's.
func (s *State) explain(err error) error {
	if _, ok := errors.AsType[damage](err); !ok && code(err) == 0 {
		return err
	}
	return explain(s.path, err)
}

// unix is a time as the file has it; 0 for never.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// fromUnix is a time out of the file.
func fromUnix(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(n, 0)
}

// toDID takes a DID out of the file.
func toDID(b []byte) (did radicle.DID, err error) {
	if len(b) != len(did) {
		return did, damage{fmt.Errorf("did of %d bytes", len(b))}
	}
	return radicle.DID(b), nil
}

// load reads into memory what is answered from there.
func (s *State) load() error {
	var b []byte
	if err := s.db.one("SELECT did FROM self", nil, &b); err != nil {
		return damage{err}
	}
	if self, err := toDID(b); err != nil || self != s.self {
		return errors.Join(err, ErrOther)
	}
	for _, load := range []func() error{s.loadFriends, s.loadMine, s.loadCertificates, s.loadCards} {
		if err := load(); err != nil {
			return err
		}
	}
	return nil
}
