package repos_test

import (
	"context"
	"os"
	"testing"
	"time"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/blobstore/zone"
	"radswarm/radicle"
	"radswarm/radicle/identity"
	"radswarm/radicle/radtest"
	"radswarm/radicle/storage"
)

// scene is a public repository of ana's with her film, which bo and eve have; eve is nobody there and writes to her namespace.
type scene struct {
	world        *world
	ana, bo, eve *home
	rid          radicle.RID
}

const eve = radtest.Person(0xee)

func newScene(t *testing.T) *scene {
	t.Helper()
	w := newWorld()
	s := &scene{world: w, ana: w.home(t, radtest.Ana), bo: w.home(t, radtest.Bo), eve: w.home(t, eve)}
	s.rid = s.ana.initRepository(t, "film", identity.Visibility{})
	s.bo.follows("all")
	s.eve.follows("all")
	mustSet(t, s.ana, s.rid, "public")
	s.ana.store(t, s.rid, "take")
	s.ana.push(t, s.rid, sighted("take"))
	s.bo.fetchFrom(t, s.rid, s.ana)
	s.eve.fetchFrom(t, s.rid, s.ana)
	return s
}

// arrives brings what eve wrote to bo.
func (s *scene) arrives(t *testing.T) {
	t.Helper()
	s.world.leaves(s.ana) // else nobody asks eve
	s.bo.fetchFrom(t, s.rid, s.eve)
	s.world.comes(s.ana)
}

// lie is a public record of a film by eve with a key and other roots of her own.
func (s *scene) lie(t *testing.T, name, roots string, key *home) *record.Object {
	t.Helper()
	n := key.made(t, film(name), roots)
	o := must[*record.Object](t)(record.Place{RID: s.rid, Writer: s.eve.did()}.New(n))
	return must[*record.Object](t)(o.Publish())
}

func (s *scene) put(t *testing.T, objects ...*record.Object) {
	t.Helper()
	var b record.Batch
	for _, o := range objects {
		b.Put(o, nil)
	}
	s.eve.write(t, s.rid, b)
}

// A stranger's record for ana's film does not keep hers from being the first, and serves whole reads at most.
func TestStrangersRecord(t *testing.T) {
	s := newScene(t)
	s.put(t, s.lie(t, "take", "lies", s.eve))
	s.arrives(t)
	got := s.bo.find(t, s.rid, "take")
	if len(got) != 2 || got[0].Place.Writer != s.ana.did() || !got[0].Streams || got[0].Contradicted {
		t.Fatalf("ana's record is not the first, or is doubted: %+v", got)
	}
	if got[1].Streams || got[1].Trust != record.Stranger {
		t.Errorf("a stranger's record streams: %+v", got[1])
	}
	s.bo.Lied(got[1].Manifest)
	if got := s.bo.find(t, s.rid, "take"); len(got) != 1 {
		t.Error("what was found out is believed again")
	}
}

// A longer manifest with other roots, under ana's own content key, which everyone has of a public film, is not preferred.
func TestLongerManifest(t *testing.T) {
	s := newScene(t)
	n := s.ana.made(t, film("take"), "other")
	o := must[*record.Object](t)(record.Place{RID: s.rid, Writer: s.eve.did()}.New(n))
	s.put(t, must[*record.Object](t)(o.Publish()))
	s.arrives(t)
	got := s.bo.find(t, s.rid, "take")
	if len(got) != 2 || got[0].Place.Writer != s.ana.did() || !got[0].Streams {
		t.Fatalf("%+v", got)
	}
	if !got[1].Contradicted || got[1].Streams {
		t.Errorf("the lie is not contradicted: %+v", got[1])
	}
}

// Damaged and forged records are left out, and keep nothing from the others.
func TestForgedRecord(t *testing.T) {
	s := newScene(t)
	repo := must[*storage.Repo](t)(s.eve.storage.Repository(s.rid))
	defer repo.Close()
	key := must[radicle.Oid](t)(record.Key(s.rid, film("take"))).String()
	_, err := repo.Update(t.Context(), s.eve.signer, func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Commit(ctx, record.Ref, "", func(ctx context.Context, tree *storage.Tree) error {
			return tree.Write(ctx, key[:2]+"/"+key[2:], []byte("not a record"))
		})
		return err
	})
	check(t, err)
	s.arrives(t)
	if got := s.bo.find(t, s.rid, "take"); len(got) != 1 || got[0].Place.Writer != s.ana.did() {
		t.Errorf("%+v", got)
	}
}

// The ref itself is not believed: what counts is what its owner signed.
func TestUnsignedRef(t *testing.T) {
	s := newScene(t)
	s.put(t, s.lie(t, "take", "lies", s.eve))
	s.arrives(t)
	repo := must[*storage.Repo](t)(s.bo.storage.Repository(s.rid))
	defer repo.Close()
	at := must[radicle.Oid](t)(repo.Ref(t.Context(), storage.NamespacePrefix(s.eve.signer.NID())+record.Ref))
	name := storage.NamespacePrefix(s.ana.signer.NID()) + record.Ref
	out, err := repo.Git(t.Context(), "update-ref", name, at.String()).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	check(t, s.bo.Close())
	s.bo.open(t)
	got := s.bo.find(t, s.rid, "take")
	if len(got) == 0 || got[0].Place.Writer != s.ana.did() || got[0].Key.Equal(s.eve.made(t, film("take"), "").Key) {
		t.Errorf("an unsigned ref counts: %+v", got)
	}
}

// Where what is there cannot be read any more, what was verified before goes on to hold.
func TestDamagedIdentity(t *testing.T) {
	s := newScene(t)
	s.bo.find(t, s.rid, "take")
	repo := must[*storage.Repo](t)(s.bo.storage.Repository(s.rid))
	defer repo.Close()
	id := must[*identity.Identity](t)(repo.Identity(t.Context()))
	for _, h := range []*home{s.ana, s.eve} { // a fetch moves one after the other
		name := storage.NamespacePrefix(h.signer.NID())
		for _, ref := range []string{identity.Ref(id.Root()), identity.RefRoot, identity.RefIdentity} {
			_ = repo.Git(t.Context(), "update-ref", "-d", "--no-deref", name+ref).Run() // not all are there
		}
	}
	check(t, repo.Git(t.Context(), "update-ref", "-d", identity.RefCanonical).Run())
	check(t, repo.Git(t.Context(), "update-ref", storage.NamespacePrefix(s.eve.signer.NID())+"refs/rad/sigrefs", id.Root().String()).Run())
	if got := s.bo.find(t, s.rid, "take"); len(got) != 1 {
		t.Errorf("found %d", len(got))
	}
}

// An envelope and a record that were copied from another repository open nothing.
func TestCopiedEnvelope(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	one := ana.initRepository(t, "one", private(bo.did()))
	two := ana.initRepository(t, "two", private(bo.did()))
	ana.store(t, one, "take")
	b := ana.push(t, one, sighted("take"))
	ana.write(t, two, decode(t, b)) // as it is
	bo.fetchFrom(t, two, ana)
	if got := bo.find(t, two, "take"); len(got) != 0 {
		t.Errorf("a record of another repository opens: %+v", got)
	}
	bo.fetchFrom(t, one, ana)
	if !bo.opens(t, one, "take", ana) {
		t.Error("and that of its own does not")
	}
}

// A card with an older number than one that was seen is not believed again, also after a restart; and strangers' cards are not
// remembered at all.
func TestOlderCard(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := ana.initRepository(t, "film", private(bo.did()))
	ring := must[*keyring.Keyring](t)(bo.ring.Rotate(t.Context(), bo.signer))
	newer := must[*keyring.Card](t)(ring.Card(t.Context(), bo.signer, bo.card.Seq(), time.Now()))
	ana.Survey(t.Context())
	bo.fetchFrom(t, rid, ana)
	bo.write(t, rid, record.Batch{Cards: []*keyring.Card{newer}})
	ana.fetch(t, rid)
	must[[]record.Choice](t)(ana.Find(t.Context(), rid, film("take").OID, -1))
	if is := ana.state.Card(bo.did()); is == nil || is.Seq() != newer.Seq() {
		t.Fatal("the card of a member is not known")
	}
	bo.write(t, rid, record.Batch{Cards: []*keyring.Card{bo.card}})
	ana.fetch(t, rid)
	must[[]record.Choice](t)(ana.Find(t.Context(), rid, film("take").OID, -1))
	if is := ana.state.Card(bo.did()); is.Seq() != newer.Seq() {
		t.Error("an older card took its place")
	}
}

func TestStrangersCard(t *testing.T) {
	s := newScene(t)
	s.eve.write(t, s.rid, record.Batch{Cards: []*keyring.Card{s.eve.card}, Certificate: s.eve.cert})
	s.arrives(t)
	must[[]record.Choice](t)(s.bo.Find(t.Context(), s.rid, film("take").OID, -1))
	if s.bo.state.Card(s.eve.did()) != nil {
		t.Error("a stranger's card is remembered")
	}
	if _, ok := s.bo.state.Certificate(s.ana.did()); !ok {
		t.Error("a delegate's certificate is not known")
	}
	if _, ok := s.bo.state.Certificate(s.eve.did()); ok {
		t.Error("a stranger's certificate is remembered")
	}
	if got := must[[]*keyring.Certificate](t)(s.bo.Published(t.Context(), s.ana.did())); len(got) != 1 {
		t.Errorf("published: %d", len(got))
	}
}

// A lying record of a member is told by contradiction, and the object stays readable by what the owner says.
func TestMembersLie(t *testing.T) {
	w := newWorld()
	ana, bo, cy := w.home(t, radtest.Ana), w.home(t, radtest.Bo), w.home(t, radtest.Cy)
	rid := ana.initRepository(t, "film", private(bo.did(), cy.did()))
	ana.store(t, rid, "take")
	ana.push(t, rid, sighted("take"))
	bo.fetchFrom(t, rid, ana)
	// bo, who can open it, signs other roots with the same content key
	n := ana.made(t, film("take"), "lies")
	o := must[*record.Object](t)(record.Place{RID: rid, Writer: bo.did()}.New(n))
	var b record.Batch
	b.Put(must[*record.Object](t)(o.Publish()), nil)
	bo.write(t, rid, b)
	cy.fetchFrom(t, rid, ana)
	cy.fetchFrom(t, rid, bo)
	got := cy.find(t, rid, "take")
	if len(got) != 2 || got[0].Place.Writer != ana.did() || !got[0].Streams || got[1].Streams {
		t.Errorf("%+v", got)
	}
}

// A file of settings that cannot be read stops the daemon: what narrows must not be forgotten.
func TestDamagedSettings(t *testing.T) {
	w := newWorld()
	ana := w.home(t, radtest.Ana)
	rid := ana.initRepository(t, "film", identity.Visibility{})
	mustSet(t, ana, rid, zone.Of(zone.Private).String())
	check(t, ana.Close())
	ana.open(t)
	if is := ana.repository(t, rid).Default; is != "private" {
		t.Errorf("after a restart the zone is %q", is)
	}
	check(t, os.WriteFile(ana.Dir()+"/zones.json", []byte(`{"repositories":{"`+rid.String()+`":{"zone":"publik"}}}`), 0o600))
	if r, err := ana.reopen(); err == nil {
		_ = r.Close()
		t.Error("a zone that nobody knows is passed over")
	}
}
