package objects_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/swarm"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/objects"
	"radswarm/radicle"
)

// errAway is what calling somebody who is away comes to.
var errAway = errors.New("no route")

// neighbour is somebody who keeps shares.
type neighbour struct {
	did    radicle.DID
	store  *blobtest.Memory
	holder *blobtest.Switch
	taken  atomic.Int64 // bytes of shares that it read
	friend radicle.DID  // whose friend it is; zero: Ana's

	mu        sync.Mutex // guards what follows
	name      string
	online    bool
	seen      time.Time
	free      int64
	household string
	stranger  bool // not a friend
}

// town is Ana's friends.
type town struct {
	all []*neighbour // appended to with mu held; read by the test as it is

	mu      sync.Mutex
	hearers []chan struct{}
}

// people returns all, for those who are not the test.
func (w *town) people() []*neighbour {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all
}

var names = []string{"bo", "cy"}

// newTown returns a town of n friends who are all there.
func newTown(n int) *town {
	w := &town{}
	for range n {
		w.add()
	}
	return w
}

// add lets another friend move to town.
func (w *town) add() *neighbour {
	i := len(w.all)
	n := &neighbour{
		did: radicle.NewMemorySigner([32]byte{7, byte(i), byte(i >> 8)}).NID().DID(), store: &blobtest.Memory{},
		online: true, free: 1 << 40, seen: time.Now(),
	}
	if i < len(names) {
		n.name = names[i]
	}
	n.holder = blobtest.NewSwitch(n.view())
	w.mu.Lock()
	w.all = append(w.all, n)
	w.mu.Unlock()
	w.changed()
	return n
}

// view is the store as Ana sees it.
func (n *neighbour) view() blobstore.Holder {
	who := n.friend
	if who.IsZero() {
		who = ana().NID().DID()
	}
	return &countingHolder{n.store.For(who), &n.taken}
}

// set changes a neighbour, which is noticed.
func (w *town) set(n *neighbour, change func(*neighbour)) {
	n.mu.Lock()
	change(n)
	n.mu.Unlock()
	w.changed()
}

func (w *town) goAway(some ...*neighbour) {
	for _, n := range some {
		n.holder.Set(blobtest.Gone(n.view()))
		w.set(n, func(n *neighbour) { n.online = false })
	}
}

func (w *town) comeBack(some ...*neighbour) {
	for _, n := range some {
		n.holder.Set(n.view())
		w.set(n, func(n *neighbour) { n.online, n.seen = true, time.Now() })
	}
}

func (w *town) changed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.hearers {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

func (w *town) find(did radicle.DID) *neighbour {
	for _, n := range w.people() {
		if n.did == did {
			return n
		}
	}
	return nil
}

func (w *town) Holder(did radicle.DID) blobstore.Holder {
	if n := w.find(did); n != nil {
		return n.holder
	}
	return blobtest.Gone(nil)
}

func (w *town) Person(did radicle.DID) objects.Person {
	n := w.find(did)
	if n == nil {
		return objects.Person{}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return objects.Person{Name: n.name, Online: n.online, Seen: n.seen, Household: n.household}
}

func (w *town) Candidates() (all []objects.Candidate) {
	for _, n := range w.people() {
		n.mu.Lock()
		if n.free > 0 && !n.stranger {
			all = append(all, objects.Candidate{
				Candidate: swarm.Candidate{DID: n.did, Household: n.household, Free: n.free},
				Online:    n.online, Seen: n.seen, Uptime: 1,
			})
		}
		n.mu.Unlock()
	}
	return all
}

func (w *town) Friends() (all []radicle.DID) {
	for _, n := range w.people() {
		n.mu.Lock()
		if !n.stranger {
			all = append(all, n.did)
		}
		n.mu.Unlock()
	}
	return all
}

// Keepers returns those who are not friends: they are known by the word of whom they keep shares of.
func (w *town) Keepers(radicle.DID) (all []radicle.DID) {
	for _, n := range w.people() {
		n.mu.Lock()
		if n.stranger {
			all = append(all, n.did)
		}
		n.mu.Unlock()
	}
	return all
}

func (w *town) Where(context.Context, radicle.DID, radicle.RID, blobstore.OID) ([]swarm.Person, error) {
	return nil, nil
}

func (w *town) Changes() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	w.mu.Lock()
	w.hearers = append(w.hearers, c)
	w.mu.Unlock()
	return c, func() {}
}

func (w *town) Reach(_ context.Context, did radicle.DID) error {
	if w.Person(did).Online {
		return nil
	}
	return errAway
}

// taken is how many bytes of shares all have read.
func (w *town) taken() (n int64) {
	for _, one := range w.all {
		n += one.taken.Load()
	}
	return n
}

// shares is how many shares all have.
func (w *town) shares() (n int) {
	for _, one := range w.all {
		n += one.store.Len()
	}
	return n
}

// ana is whose objects they are.
func ana() *radicle.MemorySigner { return blobtest.Person(0) }

// ring is a keyring that may be locked.
type ring struct {
	keys *keyring.Keyring

	mu     sync.Mutex
	locked error
}

func (r *ring) Keyring() (*keyring.Keyring, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys, r.locked
}

func (r *ring) lock(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.locked = err
}

// home is Ana's, with its objects open.
type home struct {
	*objects.Objects
	t     testing.TB
	dir   string
	town  *town
	state *friend.State
	keys  *ring
	opt   objects.Options
}

func newHome(t testing.TB, w *town, change ...func(*objects.Options)) *home {
	t.Helper()
	keys, err := keyring.Unlock(t.Context(), ana())
	if err != nil {
		t.Fatal(err)
	}
	h := &home{t: t, dir: t.TempDir(), town: w, keys: &ring{keys: keys}}
	h.opt = objects.Options{Self: ana().NID().DID(), Dir: h.dir, People: w, Keys: h.keys}
	for _, f := range change {
		f(&h.opt)
	}
	h.open()
	t.Cleanup(func() { h.close() })
	return h
}

func (h *home) open() {
	h.t.Helper()
	var err error
	h.state, err = friend.Open(context.Background(), filepath.Join(h.dir, friend.FileName), friend.Options{Self: h.opt.Self})
	if err != nil {
		h.t.Fatal(err)
	}
	h.opt.State = h.state
	if h.Objects, err = objects.New(h.opt); err != nil {
		h.t.Fatal(err)
	}
}

func (h *home) close() {
	if h.Objects == nil {
		return
	}
	if err := errors.Join(h.Objects.Close(), h.state.Close()); err != nil {
		h.t.Error(err)
	}
	h.Objects = nil
}

// again ends the daemon and begins it again.
func (h *home) again() {
	h.t.Helper()
	h.close()
	h.open()
}

// file is a file with random bytes.
type file struct {
	path  string
	bytes []byte
	blobstore.Pointer
}

func newFile(t testing.TB, size int, seed uint64) *file {
	t.Helper()
	f := &file{path: filepath.Join(t.TempDir(), "film.mov"), bytes: make([]byte, size)}
	random := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	_, _ = random.Read(f.bytes)
	if err := os.WriteFile(f.path, f.bytes, 0o644); err != nil {
		t.Fatal(err)
	}
	f.Pointer = blobstore.Pointer{OID: sha256.Sum256(f.bytes), Size: int64(size)}
	return f
}

// heard keeps the lines that a call tells.
type heard struct {
	mu    sync.Mutex
	lines []control.Line
	at    []time.Time
}

func (h *heard) tell(l control.Line) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines, h.at = append(h.lines, l), append(h.at, time.Now())
}

// note returns when a note was told that has a text, and the note.
func (h *heard) note(text string) (time.Time, string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, l := range h.lines {
		if bytes.Contains([]byte(l.Note), []byte(text)) {
			return h.at[i], l.Note
		}
	}
	return time.Time{}, ""
}

func (h *home) put(f *file, require control.Requirement) (control.Stored, error) {
	return h.Put(h.t.Context(), control.Put{Path: f.path, Require: require}, nil)
}

func (h *home) mustPut(f *file, require control.Requirement) control.Stored {
	h.t.Helper()
	out, err := h.put(f, require)
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

// mustGet brings a file back and compares it.
func (h *home) mustGet(f *file) control.Fetched {
	h.t.Helper()
	to := filepath.Join(h.t.TempDir(), "back.mov")
	out, err := h.Get(h.t.Context(), control.Get{OID: f.OID, Size: &f.Size, To: to}, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	got, err := os.ReadFile(to)
	if err != nil || !bytes.Equal(got, f.bytes) {
		h.t.Fatalf("other bytes came back: %v", err)
	}
	return out
}

// until waits for something that happens without a client.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for range 3000 {
		if is() {
			return
		}
		pause(t, 20*time.Millisecond)
	}
	t.Fatal("not so after a minute: " + what)
}

func pause(t testing.TB, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
	}
}

// countingHolder counts the bytes that it reads.
type countingHolder struct {
	blobstore.Holder
	taken *atomic.Int64
}
