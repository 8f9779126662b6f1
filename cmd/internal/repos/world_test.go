package repos_test

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/holder"
	"radswarm/blobstore/keyring"
	swarmnet "radswarm/blobstore/net"
	"radswarm/blobstore/record"
	"radswarm/blobstore/wire"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/repos"
	"radswarm/radicle"
	"radswarm/radicle/identity"
	"radswarm/radicle/profile"
	"radswarm/radicle/radtest"
	"radswarm/radicle/storage"
)

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// must returns the value of a call that cannot fail in a test.
func must[T any](tb testing.TB) func(T, error) T {
	return func(v T, err error) T {
		tb.Helper()
		check(tb, err)
		return v
	}
}

// world is people whose homes can reach each other.
type world struct {
	mu    sync.Mutex
	homes map[radicle.DID]*home
}

func newWorld() *world { return &world{homes: make(map[radicle.DID]*home)} }

// home is somebody's home with its repositories, not started.
type home struct {
	*repos.Repos
	*radtest.Home
	world   *world
	profile *profile.Profile
	storage *storage.Storage
	state   *friend.State
	signer  *radicle.MemorySigner
	ring    *keyring.Keyring
	card    *keyring.Card
	device  *keyring.DeviceKey
	cert    *keyring.Certificate

	mu        sync.Mutex
	locked    bool
	away      bool
	index     map[radicle.RID][]record.New // what is stored and not recorded
	published []blobstore.Pointer
	sleeping  []radicle.DID // who holds shares and was not told
	recorded  []blobstore.Pointer
	issued    []radicle.DID
	dialled   []radicle.DID
	revoked   []radicle.DID
}

func (w *world) home(tb testing.TB, p radtest.Person) *home {
	tb.Helper()
	h := w.bare(tb, radtest.NewHome(tb, p))
	h.open(tb)
	return h
}

// bare is the home of somebody without its Repos.
func (w *world) bare(tb testing.TB, at *radtest.Home) *home {
	tb.Helper()
	h := &home{Home: at, world: w, signer: at.Person.Signer(), profile: at.Profile(tb)}
	h.storage = must[*storage.Storage](tb)(storage.Open(tb.Context(), at.Storage(), storage.Options{}))
	options := friend.Options{Self: h.did()}
	h.state = must[*friend.State](tb)(friend.Open(tb.Context(), filepath.Join(tb.TempDir(), "state.db"), options))
	tb.Cleanup(func() { _ = h.state.Close() })
	h.ring = must[*keyring.Keyring](tb)(keyring.Unlock(tb.Context(), h.signer))
	h.card = must[*keyring.Card](tb)(h.ring.Card(tb.Context(), h.signer, 0, time.Now()))
	h.device = keyring.NewDeviceKey([32]byte{byte(at.Person), 1})
	request := keyring.CertificateRequest{Device: h.device.Device(), Now: time.Now()}
	h.cert = must[*keyring.Certificate](tb)(keyring.IssueCertificate(tb.Context(), h.signer, request))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.homes[h.did()] = h
	return h
}

// open makes the Repos of a home, once more after close.
func (h *home) open(tb testing.TB, change ...func(*repos.Options)) {
	tb.Helper()
	h.Repos = must[*repos.Repos](tb)(h.reopen(change...))
	tb.Cleanup(func() { _ = h.Close() })
}

func (h *home) reopen(change ...func(*repos.Options)) (*repos.Repos, error) {
	o := repos.Options{
		Profile: h.profile, Storage: h.storage, State: h.state, Keys: h, People: h, Objects: h,
		Card:        func() *keyring.Card { return h.card },
		Certificate: func() *keyring.Certificate { return h.cert },
		Settings:    filepath.Join(h.Dir(), "zones.json"),
		Patience:    10 * time.Millisecond,
	}
	for _, c := range change {
		c(&o)
	}
	return repos.New(o)
}

func (h *home) did() radicle.DID { return h.signer.NID().DID() }

var errLocked = errors.New("locked")

func (h *home) isLocked() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.locked
}

// Keyring and Signer are repos.Keys.
func (h *home) Keyring(context.Context) (*keyring.Keyring, error) {
	if h.isLocked() {
		return nil, errLocked
	}
	return h.ring, nil
}

func (h *home) Signer(context.Context) (radicle.Signer, error) {
	if h.isLocked() {
		return nil, errLocked
	}
	return h.signer, nil
}

// What follows is repos.Objects.

func (h *home) Publish(_ context.Context, p blobstore.Pointer) (control.Published, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Contains(h.published, p) {
		h.published = append(h.published, p)
	}
	return control.Published{Knows: []radicle.DID{h.did()}, Waits: h.sleeping}, nil
}

// opened are the objects whose shares were offered again.
func (h *home) opened() []blobstore.Pointer {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.published)
}

func (h *home) Recorded(_ context.Context, _ radicle.RID, objects []blobstore.Pointer) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.recorded = append(h.recorded, objects...)
	return nil
}

func (h *home) Unrecorded(context.Context) ([]radicle.RID, error) {
	return slices.Collect(maps.Keys(h.index)), nil
}

func (h *home) Pending(_ context.Context, rid radicle.RID) ([]record.New, error) {
	return h.index[rid], nil
}

func (h *home) Holders(blobstore.Pointer) []radicle.DID { return nil }

// What follows is repos.People: everybody who is not away can be reached.

func (w *world) of(did radicle.DID) *home {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.homes[did]
	if h == nil || h.away || h.Repos == nil {
		return nil
	}
	return h
}

func (h *home) Online(did radicle.DID) bool { return h.world.of(did) != nil }

var errAway = errors.New("nobody answers")

func (h *home) session(with *home) *holder.Session {
	return &holder.Session{Peer: holder.Peer{DID: with.did(), Access: wire.AccessMember}}
}

func (h *home) Tell(ctx context.Context, did radicle.DID, m wire.Message) error {
	to := h.world.of(did)
	if to == nil {
		return errAway
	}
	return to.Heard(ctx, to.session(h), m)
}

func (h *home) Open(ctx context.Context, did radicle.DID, protocol string) (swarmnet.Stream, error) {
	h.mu.Lock()
	h.dialled = append(h.dialled, did)
	h.mu.Unlock()
	to := h.world.of(did)
	if to == nil || protocol != wire.ProtocolGit {
		return nil, errAway
	}
	here, there := net.Pipe()
	go func() { // ends with the stream
		_ = to.ServeGit(context.WithoutCancel(ctx), holder.Peer{DID: h.did()}, stream{there})
	}()
	return stream{here}, nil
}

// asked are those with whom a stream was opened.
func (h *home) asked() []radicle.DID {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.dialled)
}

func (h *home) Introduce(_ context.Context, guest radicle.DID, rid radicle.RID) (*friend.Introduction, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Contains(h.issued, guest) {
		h.issued = append(h.issued, guest)
	}
	return friend.NewIntroduction(h.device, h.cert, friend.IntroductionRequest{Guest: guest, RID: rid, Now: time.Now()})
}

func (h *home) Revoke(_ context.Context, guest radicle.DID) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.revoked = append(h.revoked, guest)
	return nil
}

// stream is a pipe that is a stream.
type stream struct{ net.Conn }

func (s stream) CloseWrite() error  { return nil }
func (s stream) Reset(uint32) error { return s.Close() }

// initRepository makes a repository with a commit.
func (h *home) initRepository(tb testing.TB, name string, v identity.Visibility) radicle.RID {
	tb.Helper()
	dir := h.Commit(tb, name, "README", "hello")
	head := must[radicle.Oid](tb)(radicle.ParseOid(h.Git(tb, dir, "rev-parse", "HEAD")))
	project := identity.Project{Name: name, Description: "test", DefaultBranch: "master"}
	doc := must[*identity.Document](tb)(identity.New(project, h.did(), v).Verify())
	repo, _, err := h.storage.Init(tb.Context(), h.signer, storage.New{
		Document: doc, Alias: h.Person.Alias(), Source: filepath.Join(dir, ".git"), Head: head,
	})
	check(tb, err)
	check(tb, repo.Close())
	return repo.RID()
}

func private(allow ...radicle.DID) identity.Visibility {
	return identity.Visibility{Private: true, Allow: allow}
}

// fetch brings a repository from another home.
func (h *home) fetch(tb testing.TB, rid radicle.RID) {
	tb.Helper()
	out, err := h.Sync(tb.Context(), rid, nil)
	check(tb, err)
	if len(out.From) == 0 { // others may not have it yet
		tb.Fatalf("fetched from %v, failed %+v", out.From, out.Failed)
	}
}

// push does what a push does with films: asks for records, writes and signs them, and says so.
func (h *home) push(tb testing.TB, rid radicle.RID, seen ...control.Sighting) control.Batch {
	tb.Helper()
	b := must[control.Batch](tb)(h.Settle(tb.Context(), rid, control.Settle{Sightings: seen}))
	if b.ID == "" {
		return b
	}
	h.write(tb, rid, decode(tb, b))
	check(tb, h.Repos.Recorded(tb.Context(), rid, control.Recorded{ID: b.ID}))
	return b
}

// write applies a batch to the home's own branch, as the helper does.
func (h *home) write(tb testing.TB, rid radicle.RID, b record.Batch) {
	tb.Helper()
	repo := must[*storage.Repo](tb)(h.storage.Repository(rid))
	defer repo.Close()
	_, err := repo.Update(tb.Context(), h.signer, func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Commit(ctx, record.Ref, "records", func(ctx context.Context, tree *storage.Tree) error {
			_, err := record.Place{RID: rid, Writer: h.did()}.Apply(ctx, tree, b)
			return err
		})
		return err
	})
	check(tb, err)
}

// find returns what opens of a film.
func (h *home) find(tb testing.TB, rid radicle.RID, name string) []record.Choice {
	tb.Helper()
	p := film(name)
	return must[[]record.Choice](tb)(h.Find(tb.Context(), rid, p.OID, p.Size))
}

// opens says whether a film opens, with the right key.
func (h *home) opens(tb testing.TB, rid radicle.RID, name string, by *home) bool {
	tb.Helper()
	want := by.made(tb, film(name), "")
	for _, c := range h.find(tb, rid, name) {
		if c.Key.Equal(want.Key) && c.Manifest.Hash() == want.Manifest.Hash() {
			return true
		}
	}
	return false
}

// steal brings a repository from a home by a copy of its files, as a seed that serves anybody would.
func steal(tb testing.TB, to, from *home, rid radicle.RID) {
	tb.Helper()
	check(tb, to.Close())
	check(tb, os.RemoveAll(to.storage.Path(rid)))
	check(tb, os.CopyFS(to.storage.Path(rid), os.DirFS(from.storage.Path(rid))))
	to.open(tb)
}

func (h *home) repository(tb testing.TB, rid radicle.RID) control.Repository {
	tb.Helper()
	return must[control.Repository](tb)(h.Repos.Repository(tb.Context(), rid))
}

// mustSet sets the zone of what is stored from now on.
func mustSet(tb testing.TB, h *home, rid radicle.RID, zone string) {
	tb.Helper()
	must[control.Zoned](tb)(h.SetZone(tb.Context(), rid, control.SetZone{Default: zone, Sure: true}, nil))
}

// follows seeds everything, with the namespaces of all, or of those that are followed.
func (h *home) follows(scope string) {
	c := *h.profile.Config
	c.Seeding.Default, c.Seeding.Scope = "allow", scope
	h.profile.Config = &c
}

// folderSize is how many bytes the files of a folder have.
func folderSize(tb testing.TB, dir string) (n int64) {
	tb.Helper()
	check(tb, filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	}))
	return n
}
