package disk

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"radswarm/blobstore/share"
)

// TrashTime is how long a share without owners stays in the trash.
const TrashTime = 7 * 24 * time.Hour

// Options of a store. The zero value is good.
type Options struct {
	// ID is the store that is expected, if not zero; any other is [ErrOtherStore].
	ID ID
	// Limits bound what is taken. They can be changed later.
	Limits Limits
	// Now is the clock; nil for time.Now.
	Now func() time.Time
	// Log hears what nobody is told through an error: shares that rotted, an index made anew. Nil for silence.
	Log *slog.Logger

	testOnlyUnsynced bool // the index is never synced: it need not survive more than the process
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Store is a folder of shares that is open. It is a [blobstore.Holder] for each peer through [Store.For]. All its methods
// are safe for concurrent use.
type Store struct {
	id        ID
	fs        fileSystem
	lock      io.Closer // of the folder
	index     *index
	log       *slog.Logger
	now       func() time.Time
	account   account
	names     locks
	folders   folders
	unsettled unsettled
	unsync    bool          // as Options.testOnlyUnsynced
	parts     atomic.Uint64 // names of files in partsDir
	groups    sync.Pool     // of *[share.GroupSize]byte

	life   sync.RWMutex // held for reading by all that uses the store
	closed bool
}

func newStore(fsys fileSystem, options Options) *Store {
	options = options.withDefaults()
	s := &Store{fs: fsys, log: options.Log, now: options.Now, unsync: options.testOnlyUnsynced}
	s.account.limits = options.Limits
	s.folders.made = map[string]bool{}
	s.groups.New = func() any { return new([share.GroupSize]byte) }
	return s
}

// ID returns the id of the store.
func (s *Store) ID() ID { return s.id }

// SetLimits changes the bounds of what is taken from now on.
func (s *Store) SetLimits(l Limits) {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	s.account.limits = l
}

// Close waits for what is under way and closes the store. From then on everything is [fs.ErrClosed].
func (s *Store) Close() error {
	s.life.Lock()
	defer s.life.Unlock()
	if s.closed {
		return fs.ErrClosed
	}
	s.closed = true
	return s.release()
}

// release closes what is open.
func (s *Store) release() error {
	var err error
	if s.index != nil {
		err = s.index.close()
	}
	err = errors.Join(err, s.fs.Close())
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close()) // last: from now on another process may
	}
	return err
}

// enter begins a use of the store, which leave ends. The error is bare.
func (s *Store) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.life.RLock()
	if s.closed {
		s.life.RUnlock()
		return nil, fs.ErrClosed
	}
	return s.life.RUnlock, nil
}

// folders knows which folders of shares are there, durably.
type folders struct {
	mu   sync.Mutex
	made map[string]bool
}

// makeFolders makes sure that folders of shares are there, and will be. What is above several is synced once.
func (s *Store) makeFolders(dirs ...string) error {
	s.folders.mu.Lock()
	defer s.folders.mu.Unlock()
	outer := make([]string, len(dirs))
	for i, d := range dirs {
		outer[i] = path.Dir(d)
	}
	for _, level := range [][]string{outer, dirs} {
		if err := s.makeLevel(level); err != nil {
			return err
		}
	}
	return nil
}

// makeLevel makes folders, none of which lies in another. The caller holds folders.mu.
func (s *Store) makeLevel(dirs []string) error {
	var fresh, above []string
	for _, d := range dirs {
		if s.folders.made[d] || slices.Contains(fresh, d) {
			continue
		}
		if err := s.fs.Mkdir(d); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if fresh = append(fresh, d); !slices.Contains(above, path.Dir(d)) {
			above = append(above, path.Dir(d))
		}
	}
	if err := errors.Join(together(above, s.fs.SyncDir)...); err != nil {
		return err
	}
	for _, d := range fresh {
		s.folders.made[d] = true
	}
	return nil
}
