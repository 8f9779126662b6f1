package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/objects"
	"radswarm/radicle"
	"radswarm/radicle/identity"
	"radswarm/radicle/radtest"
	"radswarm/radicle/storage"
)

// inside is the inside of a daemon, on a network in memory whose lines count what they carry.
type inside struct {
	*App
	*radtest.Home
	t    *testing.T
	town *net.MemoryNet
	net  net.Network
}

// open makes a home and opens the inside of its daemon.
func open(t *testing.T, town *net.MemoryNet, p radtest.Person, change ...func(*Config)) *inside {
	t.Helper()
	h := &inside{Home: radtest.NewHome(t, p), t: t, town: town}
	h.begin(change...)
	t.Cleanup(h.end)
	return h
}

func (h *inside) begin(change ...func(*Config)) {
	h.t.Helper()
	a := &App{options: Options{Home: h.Home.Home, Software: "test", Env: h.Lookup}.withDefaults()}
	a.background.ctx, a.background.cancel = context.WithCancel(context.Background())
	a.place, a.log, a.started = control.At(h.Home.Home), a.options.Log, time.Now()
	h.App = a
	h.must(a.place.Make())
	c, err := LoadConfig(a.place)
	h.must(err)
	c.Guess, c.UPnP, c.Floor = false, false, -1
	for _, f := range change {
		f(&c)
	}
	h.must(c.Save(a.place))
	for _, step := range []func(context.Context) error{a.openHome, a.openKeys, a.openStores, a.openRooms} {
		h.must(step(h.t.Context()))
	}
	addr, err := net.ParseAddr(fmt.Sprintf("home.example:%d", 1000+int(h.Person)))
	h.must(err)
	h.net, err = h.town.Join(a.keys.Device(), addr, a.service)
	h.must(err)
	a.service.Attach(h.net)
	a.peers.Start(h.net, a.service)
	a.repos.Start()
}

// end ends the daemon.
func (h *inside) end() {
	if h.App == nil {
		return
	}
	h.net.Close()
	if err := h.App.Close(); err != nil {
		h.t.Error(err)
	}
	h.App = nil
}

func (h *inside) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatalf("%s: %v", h.Person.Alias(), err)
	}
}

func (h *inside) did() radicle.DID { return h.Person.NID().DID() }

// befriends makes friends of two.
func (h *inside) befriends(other *inside) {
	h.t.Helper()
	in, err := h.peers.Invite(h.t.Context(), control.Invite{Give: 1 << 30, Name: string(other.Person.Alias())})
	h.must(err)
	_, err = other.peers.Accept(h.t.Context(), control.Accept{Line: in.Line, Give: 1 << 30, Name: string(h.Person.Alias())}, func(control.Line) {})
	h.must(err)
	h.sees(other)
	other.sees(h)
}

// sees waits until a friend is there who has room.
func (h *inside) sees(other *inside) {
	h.t.Helper()
	radtest.Eventually(h.t, "a friend is there", func() bool {
		return slices.ContainsFunc(h.people().Candidates(), func(c objects.Candidate) bool {
			return c.DID == other.did() && c.Online && c.Free > 0
		})
	})
}

// makes makes a repository.
func (h *inside) makes(v identity.Visibility) radicle.RID {
	h.t.Helper()
	dir := h.Commit(h.t, "film", "README", "hello")
	head, err := radicle.ParseOid(h.Git(h.t, dir, "rev-parse", "HEAD"))
	h.must(err)
	doc, err := identity.New(identity.Project{Name: "film", DefaultBranch: "master"}, h.did(), v).Verify()
	h.must(err)
	repo, _, err := h.repos.Storage.Init(h.t.Context(), h.Person.Signer(), storage.New{
		Document: doc, Alias: h.Person.Alias(), Source: filepath.Join(dir, ".git"), Head: head,
	})
	h.must(err)
	h.must(repo.Close())
	return repo.RID()
}

// clones brings a repository by a copy of its files, as a seed would.
func (h *inside) clones(rid radicle.RID, from *inside) {
	h.t.Helper()
	to := h.repos.Storage.Path(rid)
	h.must(os.RemoveAll(to))
	h.must(os.CopyFS(to, os.DirFS(from.repos.Storage.Path(rid))))
	h.repos.Survey(h.t.Context())
}

// film is a file.
type film struct {
	control.File
	bytes []byte
}

func newFilm(t *testing.T, size int) film {
	t.Helper()
	f := film{bytes: make([]byte, size)}
	_, _ = rand.NewChaCha8([32]byte{byte(size)}).Read(f.bytes)
	f.Path = filepath.Join(t.TempDir(), "film.mov")
	if err := os.WriteFile(f.Path, f.bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	f.Pointer = control.Pointer{OID: sha256.Sum256(f.bytes), Size: int64(size)}
	return f
}

// pushes does what a push of a film does: it is stored and recorded.
func (h *inside) pushes(rid radicle.RID, f film) control.Safety {
	h.t.Helper()
	out, err := h.objects.Store(h.t.Context(), rid, control.Store{Files: []control.File{f.File}, Require: control.Full}, nil)
	h.must(err)
	_, err = h.repos.Settle(h.t.Context(), rid, control.Settle{Sightings: []control.Sighting{{Pointer: f.Pointer, Paths: []string{"film.mov"}}}})
	h.must(err)
	h.must(h.repos.Round(h.t.Context(), rid)) // the daemon writes what the push does not
	return out.Objects[0]
}

// fetches brings a film back and compares it.
func (h *inside) fetches(rid radicle.RID, f film) (control.Fetched, error) {
	h.t.Helper()
	to := filepath.Join(h.t.TempDir(), "back.mov")
	out, err := h.objects.Fetch(h.t.Context(), rid, control.Get{OID: f.OID, Size: &f.Size, To: to}, nil)
	if err != nil {
		return out, err
	}
	if got, err := os.ReadFile(to); err != nil || !bytes.Equal(got, f.bytes) {
		h.t.Errorf("other bytes came back: %v", err)
	}
	return out, nil
}

// shareFiles are the files of shares, by their content.
func (h *inside) shareFiles() map[string][32]byte {
	h.t.Helper()
	all := map[string][32]byte{}
	dir := h.config.Load().dir(h.place)
	h.must(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err != nil || info.Size() < leastFile {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = sha256.Sum256(b)
		return err
	}))
	return all
}

// carried is how many bytes have left for others.
func (h *inside) carried(to ...*inside) (n int64) {
	for _, other := range to {
		n += h.town.Carried(h.keys.Device().Device(), other.keys.Device().Device())
	}
	return n
}

// zone widens who may read a film.
func (h *inside) zone(rid radicle.RID, f film, zone string) control.Zoned {
	h.t.Helper()
	out, err := h.repos.SetZone(h.t.Context(), rid, control.SetZone{Object: &f.Pointer, Zone: zone, Sure: true}, nil)
	h.must(err)
	return out
}

func private(allow ...radicle.DID) identity.Visibility {
	return identity.Visibility{Private: true, Allow: allow}
}

// A share is a file of this many bytes at least, where a film is as long as those of the tests.
const (
	filmSize  = 3 << 20
	leastFile = 1 << 20
)

// Who may read is widened from the owner alone to everyone, and no byte of a share moves: the holders' files stay what they are,
// and what is said over the lines is less than a share.
func TestOutwardMovesNoShare(t *testing.T) {
	town := net.NewMemory(1)
	ana, bo, cy, di := open(t, town, radtest.Ana), open(t, town, radtest.Bo), open(t, town, radtest.Cy), open(t, town, 4)
	holders := []*inside{bo, cy, di}
	for _, h := range holders {
		ana.befriends(h)
	}
	rid, f := ana.makes(private(bo.did(), cy.did())), newFilm(t, filmSize)
	if _, err := ana.repos.SetZone(t.Context(), rid, control.SetZone{Default: "private"}, nil); err != nil {
		t.Fatal(err)
	}
	if got := ana.pushes(rid, f); !got.Full || got.People != 3 {
		t.Fatalf("%+v", got)
	}
	var before []map[string][32]byte
	for _, h := range holders {
		before = append(before, h.shareFiles())
	}
	carried := ana.carried(holders...)
	for _, zone := range []string{"shared:" + bo.did().String(), "follow", "public"} {
		out := ana.zone(rid, f, zone)
		if out.Changed != 1 {
			t.Errorf("%s: %d records changed", zone, out.Changed)
		}
		if p := out.Published; zone == "public" && (p == nil || len(p.Knows) != 3 || len(p.Waits)+len(p.Refuses) != 0) {
			t.Errorf("public: %+v", p)
		}
	}
	for i, h := range holders {
		after := h.shareFiles()
		if len(before[i]) != 1 || !maps.Equal(before[i], after) {
			t.Errorf("%v has other files: %v, %v", h.Person.Alias(), before[i], after)
		}
	}
	if n := ana.carried(holders...) - carried; n > leastFile/4 {
		t.Errorf("%d bytes went to holders", n)
	}
}

// charged is what a holder counts for an owner.
func (h *inside) charged(owner *inside) int64 { return h.shares.Charged(owner.did()) }

// holds returns the shares of a film that are ours, and those of others.
func (h *inside) holds(f film) (mine, others []control.Share) {
	h.t.Helper()
	out, err := h.objects.Holding(h.t.Context(), f.OID, nil)
	h.must(err)
	for _, s := range out.Shares {
		if s.For == nil {
			mine = append(mine, s)
		} else {
			others = append(others, s)
		}
	}
	return mine, others
}

// A film that a collaborator stored is kept once by friends in common, for both: no share of it goes over their lines, each is
// charged in full, and when one gives it up the other's stays. What she has with others is hers alone.
func TestCollaboratorsShareIsReused(t *testing.T) {
	town := net.NewMemory(1)
	ana, bo := open(t, town, radtest.Ana), open(t, town, radtest.Bo)
	cy, di, hers, his := open(t, town, radtest.Cy), open(t, town, 4), open(t, town, 5), open(t, town, 6)
	for _, h := range []*inside{cy, di} {
		ana.befriends(h)
		bo.befriends(h)
	}
	ana.befriends(hers)
	bo.befriends(his)
	rid, f := ana.makes(private(bo.did())), newFilm(t, filmSize)
	ana.pushes(rid, f)
	bo.clones(rid, ana)
	before := bo.carried(cy, di)
	if got := bo.pushes(rid, f); !got.Full || got.People != 3 || got.K != 2 {
		t.Errorf("%+v", got)
	}
	if n := bo.carried(cy, di) - before; n > leastFile/4 {
		t.Errorf("%d bytes went to friends in common", n)
	}
	if n := bo.carried(his); n < leastFile {
		t.Errorf("%d bytes went to who had nothing", n)
	}
	for _, h := range []*inside{cy, di} {
		if len(h.shareFiles()) != 1 || h.charged(bo) != h.charged(ana) || h.charged(bo) < leastFile {
			t.Errorf("%d shares, charged %d to bo, %d to ana", len(h.shareFiles()), h.charged(bo), h.charged(ana))
		}
	}
	mine, others := bo.holds(f)
	if len(mine) != 3 || len(others) != 1 || *others[0].DID != hers.did() || *others[0].For != ana.did() {
		t.Errorf("bo's %+v, ana's %+v", mine, others)
	}
	if _, err := ana.objects.Forget(t.Context(), f.OID, nil, control.Forget{}, nil); err != nil {
		t.Error(err)
	}
	ana.end()
	for _, h := range []*inside{cy, di, his} {
		if len(h.shareFiles()) != 1 {
			t.Error("a share went with one of its owners")
		}
	}
	bo.end()
	bo.begin()
	for _, h := range []*inside{cy, di, his} {
		bo.sees(h)
	}
	if _, err := bo.fetches(rid, f); err != nil {
		t.Error(err)
	}
}

// What two strangers publish in one repository, each by their own word, is one set of shares.
func TestStrangersConverge(t *testing.T) {
	town := net.NewMemory(1)
	ana, bo, cy := open(t, town, radtest.Ana), open(t, town, radtest.Bo), open(t, town, radtest.Cy)
	holders := []*inside{open(t, town, 4), open(t, town, 5), open(t, town, 6)}
	for _, h := range holders {
		bo.befriends(h)
		cy.befriends(h)
	}
	rid, f := ana.makes(identity.Visibility{}), newFilm(t, filmSize)
	bo.clones(rid, ana)
	bo.publishes(rid)
	bo.pushes(rid, f)
	bo.allKnow(f)
	cy.clones(rid, bo)
	cy.publishes(rid)
	before := cy.carried(holders...)
	if got := cy.pushes(rid, f); !got.Full || got.People != 3 {
		t.Errorf("%+v", got)
	}
	if n := cy.carried(holders...) - before; n > leastFile/4 {
		t.Errorf("%d bytes went to holders", n)
	}
	for _, h := range holders {
		if len(h.shareFiles()) != 1 || h.charged(bo) != h.charged(cy) {
			t.Errorf("%d shares, charged %d and %d", len(h.shareFiles()), h.charged(bo), h.charged(cy))
		}
	}
}

// publishes says that what is stored from now on is for everyone.
func (h *inside) publishes(rid radicle.RID) {
	h.t.Helper()
	_, err := h.repos.SetZone(h.t.Context(), rid, control.SetZone{Default: "public", Sure: true}, nil)
	h.must(err)
}

// allKnow waits until all holders know that a film is open.
func (h *inside) allKnow(f film) {
	h.t.Helper()
	radtest.Eventually(h.t, "all know", func() bool {
		told, err := h.objects.Publish(h.t.Context(), blobstore.Pointer(f.Pointer))
		return err == nil && len(told.Knows) > 0 && len(told.Waits) == 0
	})
}

// named agrees to be named as a holder of what is open.
func named(c *Config) { c.AcceptPublic = "named" }

// A stranger to all holders, who has nothing but a clone and the address of whose film it is, reads what is public: she says who
// agreed to be named, and those let everybody read.
func TestStrangerReadsWhatIsPublic(t *testing.T) {
	town := net.NewMemory(1)
	ana, eve := open(t, town, radtest.Ana), open(t, town, 9)
	holders := []*inside{open(t, town, 4, named), open(t, town, 5, named), open(t, town, 6, named), open(t, town, 7)}
	for _, h := range holders {
		ana.befriends(h)
	}
	rid, f := ana.makes(identity.Visibility{}), newFilm(t, filmSize)
	ana.pushes(rid, f)
	eve.clones(rid, ana)
	if err := eve.state.SetHints(t.Context(), ana.did(), ana.peers.Addresses()); err != nil {
		t.Fatal(err)
	}
	if _, err := eve.fetches(rid, f); err == nil {
		t.Fatal("a stranger reads what follows the members")
	}
	if people, err := eve.peers.Where(t.Context(), ana.did(), rid, f.OID); err != nil || len(people) != 0 {
		t.Errorf("holders of what follows the members are named: %v, %v", people, err)
	}
	ana.zone(rid, f, "public")
	ana.allKnow(f)
	eve.clones(rid, ana)
	out, err := eve.fetches(rid, f)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range out.Sources {
		if s.DID == holders[3].did() {
			t.Error("who did not agree is named")
		}
	}
	if len(eve.state.Friends()) != 0 || len(out.Sources) == 0 {
		t.Errorf("%+v", out)
	}
}

// knocks presents an introduction by who may sign one.
func (h *inside) knocks(at *inside, introduction []byte) error {
	h.t.Helper()
	conn, err := h.net.Connect(h.t.Context(), at.keys.Device().Device(), at.net.Addrs())
	h.must(err)
	s, err := conn.Open(h.t.Context())
	h.must(err)
	_, err = wire.Knock(h.t.Context(), s, &wire.KnockGuest{Certificate: h.keys.Certificate().Bytes(), Introduction: introduction})
	if err != nil {
		conn.Close(0) // the next one begins anew
	}
	return err
}

// At the door of a running holder an introduction counts that its friend made, for who presents it, and that has not run out; and it
// opens that friend's shares, and no one's else.
func TestIntroductionsAtTheDoor(t *testing.T) {
	town := net.NewMemory(1)
	ana, bo, cy, eve := open(t, town, radtest.Ana), open(t, town, radtest.Bo), open(t, town, radtest.Cy), open(t, town, 9)
	ana.befriends(bo)
	cy.befriends(bo)
	rid := ana.makes(private(eve.did()))
	hers, his := newFilm(t, filmSize), newFilm(t, filmSize+1)
	ana.pushes(rid, hers)
	other := cy.makes(private(eve.did()))
	cy.pushes(other, his)
	eve.clones(rid, ana)
	eve.clones(other, cy)

	made := func(h *inside, guest radicle.DID, ago, life time.Duration) []byte {
		i, err := friend.NewIntroduction(h.keys.Device(), h.keys.Certificate(), friend.IntroductionRequest{
			Guest: guest, RID: rid, Now: time.Now().Add(-ago), Life: life,
		})
		h.must(err)
		return i.Bytes()
	}
	did, elses := eve.did(), cy.did()
	good := made(ana, did, 0, 0)
	damaged := bytes.Clone(good)
	damaged[len(damaged)-1] ^= 1
	for name, i := range map[string][]byte{
		"signature":  damaged,
		"other name": bytes.Replace(made(ana, elses, 0, 0), elses[:], did[:], 1),
		"expired":    made(ana, did, time.Hour, time.Minute),
		"another's":  made(ana, elses, 0, 0),
		"no friend":  made(open(t, town, 8), did, 0, 0),
	} {
		if err := eve.knocks(bo, i); err == nil {
			t.Errorf("%s: let in", name)
		}
	}
	if err := eve.knocks(bo, good); err != nil {
		t.Fatal(err)
	}
	i, err := friend.ParseIntroduction(good)
	eve.must(err)
	eve.must(eve.state.AddReceived(t.Context(), i))
	eve.must(eve.state.SetHints(t.Context(), bo.did(), bo.peers.Addresses()))
	if _, err := eve.state.AddCertificate(t.Context(), bo.keys.Certificate()); err != nil {
		t.Fatal(err)
	}
	for rid, c := range map[radicle.RID]struct {
		film
		owner *inside
		reads bool
	}{rid: {hers, ana, true}, other: {his, cy, false}} {
		choices, err := eve.repos.Find(t.Context(), rid, c.OID, c.Size)
		if err != nil || len(choices) != 1 {
			t.Fatalf("%d records, %v", len(choices), err)
		}
		locator, err := choices[0].Key.Repair().Locator(choices[0].Manifest.Coding().K())
		eve.must(err)
		sid, err := locator.SID(bo.did(), 0)
		eve.must(err)
		root, _ := choices[0].Manifest.Root(0)
		err = eve.peers.HolderFor(bo.did(), ana.did()).Get(
			t.Context(), blobstore.ShareName{SID: sid, Root: root}, []blobstore.Range{{Len: 100}}, func(int, []byte) error { return nil },
		)
		if (err == nil) != c.reads || !c.reads && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("shares of %s: %v", c.owner.Person.Alias(), err)
		}
	}
}

// A holder that was away when a film was made public is told when it is back, though the daemon has ended meanwhile.
func TestWhoWasAwayHearsThatItIsPublic(t *testing.T) {
	town := net.NewMemory(1)
	ana, bo, cy := open(t, town, radtest.Ana), open(t, town, radtest.Bo), open(t, town, radtest.Cy)
	ana.befriends(bo)
	ana.befriends(cy)
	rid, f := ana.makes(identity.Visibility{}), newFilm(t, filmSize)
	ana.pushes(rid, f)
	holding, err := ana.objects.Holding(t.Context(), f.OID, nil)
	ana.must(err)
	choices, err := ana.repos.Find(t.Context(), rid, f.OID, f.Size)
	if err != nil || len(choices) != 1 {
		t.Fatalf("%d records, %v", len(choices), err)
	}
	var name blobstore.ShareName
	for _, s := range holding.Shares {
		if *s.DID == bo.did() {
			locator, err := choices[0].Key.Repair().Locator(choices[0].Manifest.Coding().K())
			ana.must(err)
			name.SID, err = locator.SID(bo.did(), s.Index)
			ana.must(err)
			name.Root, _ = choices[0].Manifest.Root(s.Index)
		}
	}
	bo.end()
	radtest.Eventually(t, "bo is away", func() bool { return !ana.peers.Online(bo.did()) })
	p := ana.zone(rid, f, "public").Published
	if p == nil || len(p.Knows) != 1 || len(p.Waits) != 1 || p.Waits[0] != bo.did() {
		t.Errorf("%+v", p)
	}
	ana.end()
	ana.begin()
	bo.begin()
	radtest.Eventually(t, "everybody may read bo's share", func() bool {
		everybody := bo.shares.For(radicle.DID{}, 0)
		return everybody.Get(t.Context(), name, []blobstore.Range{{Len: 1}}, func(int, []byte) error { return nil }) == nil
	})
}
