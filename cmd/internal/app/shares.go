package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/disk"
	"radswarm/blobstore/holder"
	"radswarm/cmd/internal/peers"
	"radswarm/radicle"
)

// storeFile says which store belongs to this home.
const storeFile = "store"

// ErrAway is a share store whose disk is not there, or that cannot be opened.
var ErrAway = errors.New("share store is not there")

// AwayError says why the store is not open. It is [ErrAway].
type AwayError struct {
	Dir string
	Err error
}

func (e *AwayError) Error() string { return fmt.Sprintf("shares in %s: %v", e.Dir, e.Err) }

// Is reports whether target is [ErrAway].
func (e *AwayError) Is(target error) bool { return target == ErrAway }

// Unwrap returns the cause.
func (e *AwayError) Unwrap() error { return e.Err }

// Shares is what is kept for others: a disk.Store that may be away for a while. It is the store of package holder and of
// package peers. While it is away nobody hears that a share is absent: every question fails.
type Shares struct {
	root *os.Root // the swarm folder
	dir  string   // of the store
	log  *slog.Logger
	now  func() time.Time

	limits atomic.Pointer[disk.Limits]
	store  atomic.Pointer[disk.Store] // nil: away

	mu    sync.Mutex // opens and closes, which may take long
	fresh bool       // an empty store may be made although there has been one
	mount os.FileInfo

	saying sync.Mutex
	away   error // why there is no store
}

// errOpening is why there is no store yet.
var errOpening = errors.New("being opened")

var (
	_ holder.Store = (*Shares)(nil)
	_ peers.Store  = (*Shares)(nil)
)

func newShares(root *os.Root, dir string, limits disk.Limits, o Options) *Shares {
	s := &Shares{root: root, dir: dir, log: o.Log, now: o.Now, fresh: o.NewStore, away: errOpening}
	s.limits.Store(&limits)
	return s
}

// Look opens the store where it is away, and closes it where its folder is not any more what was opened, as when the disk was
// taken out. Only ctx's error is returned: what else is wrong says Problem.
func (s *Shares) Look(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, statErr := os.Stat(s.dir)
	if st := s.store.Load(); st != nil {
		if statErr == nil && os.SameFile(now, s.mount) {
			return nil
		}
		s.store.Store(nil)
		s.fail(disk.ErrNotMounted)
		if err := st.Close(); err != nil {
			s.log.Warn("share store closed", "err", err)
		}
	}
	st, err := s.open(ctx)
	if ctx.Err() != nil {
		if err == nil {
			_ = st.Close()
		}
		return ctx.Err()
	}
	if err == nil {
		s.mount, err = os.Stat(s.dir)
	}
	if err != nil {
		s.fail(err)
		return nil
	}
	s.fresh = false
	s.store.Store(st)
	st.SetLimits(*s.limits.Load()) // they may have changed meanwhile
	s.log.Info("share store is open", "dir", s.dir)
	return nil
}

// fail notes why the store is away, and says so once.
func (s *Shares) fail(err error) {
	if e, ok := errors.AsType[*disk.StoreError](err); ok {
		err = e.Err
	}
	s.saying.Lock()
	defer s.saying.Unlock()
	if s.away == nil || s.away.Error() != err.Error() {
		s.log.Warn("share store is away", "dir", s.dir, "err", err)
	}
	s.away = err
}

// open opens the store that belongs to this home, and makes it where the home never had one.
func (s *Shares) open(ctx context.Context) (*disk.Store, error) {
	id, err := s.id()
	if err != nil {
		return nil, err
	}
	o := disk.Options{ID: id, Limits: *s.limits.Load(), Now: s.now, Log: s.log}
	if s.fresh {
		o.ID = disk.ID{}
	}
	st, err := disk.Open(ctx, s.dir, o)
	if errors.Is(err, disk.ErrNotMounted) && (id.IsZero() || s.fresh) {
		st, err = disk.Create(ctx, s.dir, o)
	}
	if err != nil {
		return nil, err
	}
	if st.ID() != id {
		if err := writeFile(s.root, storeFile, []byte(st.ID().String()+"\n")); err != nil {
			return nil, errors.Join(err, st.Close())
		}
	}
	return st, nil
}

// id returns the store of this home; zero where it never had one.
func (s *Shares) id() (id disk.ID, err error) {
	b, err := readFile(s.root, storeFile, 64)
	if errors.Is(err, fs.ErrNotExist) {
		return id, nil
	}
	if err == nil {
		id, err = disk.ParseID(trimLine(b))
	}
	if err != nil {
		return id, fileError(s.root, storeFile, err)
	}
	return id, nil
}

// Close closes the store.
func (s *Shares) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.store.Swap(nil); st != nil {
		return st.Close()
	}
	return nil
}

// Problem returns why the store is away, nil where it is open.
func (s *Shares) Problem() error {
	if s.store.Load() != nil {
		return nil
	}
	s.saying.Lock()
	defer s.saying.Unlock()
	return &AwayError{Dir: s.dir, Err: s.away}
}

// SetLimits changes the bounds of what is taken from now on.
func (s *Shares) SetLimits(l disk.Limits) {
	s.limits.Store(&l)
	if st := s.store.Load(); st != nil {
		st.SetLimits(l)
	}
}

// use returns the store, or an error that is ErrAway.
func (s *Shares) use() (*disk.Store, error) {
	if st := s.store.Load(); st != nil {
		return st, nil
	}
	return nil, &AwayError{Dir: s.dir, Err: disk.ErrNotMounted}
}

// For implements holder.Store.
func (s *Shares) For(owner radicle.DID, pledge int64) blobstore.Holder {
	st, err := s.use()
	if err != nil {
		return away{err}
	}
	return st.For(owner, pledge)
}

// Stats returns the numbers of the store. It is [ErrAway] while it is not there.
func (s *Shares) Stats(ctx context.Context) (disk.Stats, error) {
	st, err := s.use()
	if err != nil {
		return disk.Stats{}, err
	}
	return st.Stats(ctx)
}

// onDisk returns the store as package peers sees it.
func (s *Shares) onDisk() (peers.Store, error) {
	st, err := s.use()
	if err != nil {
		return nil, err
	}
	return peers.OnDisk(st, func() disk.Limits { return *s.limits.Load() }), nil
}

// Charged implements peers.Store.
func (s *Shares) Charged(owner radicle.DID) int64 {
	if st := s.store.Load(); st != nil {
		return st.Charged(owner)
	}
	return 0
}

// Kept implements peers.Store.
func (s *Shares) Kept(ctx context.Context, owner radicle.DID) (int64, error) {
	st, err := s.onDisk()
	if err != nil {
		return 0, err
	}
	return st.Kept(ctx, owner)
}

// Room implements peers.Store. A store that is away has none.
func (s *Shares) Room(ctx context.Context) (int64, error) {
	st, err := s.onDisk()
	if err != nil {
		return 0, nil
	}
	return st.Room(ctx)
}

// Drop implements peers.Store.
func (s *Shares) Drop(ctx context.Context, owner radicle.DID) error {
	st, err := s.onDisk()
	if err != nil {
		return err
	}
	return st.Drop(ctx, owner)
}

// away is the holder that a peer sees while the store is not there: nothing is absent, everything fails.
type away struct{ err error }

func (a away) Put(context.Context, []blobstore.Offer) ([]blobstore.Outcome, error) { return nil, a.err }

func (a away) Get(context.Context, blobstore.ShareName, []blobstore.Range, func(int, []byte) error) error {
	return a.err
}

func (a away) Prove(context.Context, blobstore.ShareName, []blobstore.Range) ([][]byte, error) {
	return nil, a.err
}

func (a away) Audit(context.Context, blobstore.ShareName, blobstore.Nonce, int) ([]blobstore.Leaf, error) {
	return nil, a.err
}

func (a away) Have(context.Context, []blobstore.ShareName, blobstore.Nonce) ([]blobstore.Held, error) {
	return nil, a.err
}

func (a away) Hash(context.Context, blobstore.ShareName, blobstore.Nonce) (sum [32]byte, err error) {
	return sum, a.err
}

func (a away) Delete(context.Context, []blobstore.ShareName) error { return a.err }

func (a away) Manifests(context.Context, blobstore.MID) ([][]byte, error) { return nil, a.err }
