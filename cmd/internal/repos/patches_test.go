package repos_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"radswarm/blobstore/record"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/cob/patch"
	"radswarm/radicle/cobcache"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
	"radswarm/radicle/sshsig"
	"radswarm/radicle/storage"
)

// patchTx is a repository as package patch asks for it, while it is written to.
type patchTx struct {
	*storage.Tx
	repo *storage.Repo
}

func (p patchTx) Head(ctx context.Context, owner radicle.NID, ref string) (radicle.Oid, error) {
	return p.repo.Ref(ctx, storage.NamespacePrefix(owner)+ref)
}

func (p patchTx) IsAncestor(ctx context.Context, ancestor, commit radicle.Oid) (bool, error) {
	base, err := p.repo.MergeBase(ctx, ancestor, commit)
	return base == ancestor, err
}

// patch opens a patch, or changes one.
func (p *past) patch(change func(context.Context, patchTx, patch.Pen) (id, tip radicle.Oid, err error)) (id radicle.Oid) {
	p.Helper()
	_, err := p.repo.Update(p.Context(), p.home.signer, func(ctx context.Context, tx *storage.Tx) error {
		is, err := p.repo.Identity(ctx)
		if err != nil {
			return err
		}
		who := cob.Author(p.home.profile.Config.Alias, p.home.signer.NID(), time.Now())
		pen := patch.Pen{Pen: cob.Pen{Objects: tx, Signer: p.home.signer, Who: who}, Identity: is.Head()}
		var tip radicle.Oid
		if id, tip, err = change(ctx, patchTx{tx, p.repo}, pen); err != nil {
			return err
		}
		return tx.Set(ctx, cob.Ref(patch.Type, id), tip)
	})
	check(p, err)
	return id
}

// propose opens a patch.
func (p *past) propose(title string, base, head radicle.Oid) radicle.Oid {
	p.Helper()
	return p.patch(func(ctx context.Context, repo patchTx, pen patch.Pen) (id, tip radicle.Oid, err error) {
		made, err := patch.Create(ctx, repo, pen, patch.Proposal{Title: title, Base: base, Head: head})
		if err != nil {
			return id, tip, err
		}
		return made.ID, made.ID, nil
	})
}

// other begins a collaborative object that is no patch.
func (p *past) other(about radicle.Oid) (id radicle.Oid) {
	p.Helper()
	_, err := p.repo.Update(p.Context(), p.home.signer, func(ctx context.Context, tx *storage.Tx) error {
		is, err := p.repo.Identity(ctx)
		if err != nil {
			return err
		}
		c := cob.Change{
			Type: "org.example.note", Related: []radicle.Oid{about}, Resource: is.Head(), Message: "Note", Actions: [][]byte{[]byte(`{}`)},
		}
		who := cob.Author(p.home.profile.Config.Alias, p.home.signer.NID(), time.Now())
		e, err := c.Write(ctx, cob.Pen{Objects: tx, Signer: p.home.signer, Who: who})
		if err != nil {
			return err
		}
		id = e.ID
		return tx.Set(ctx, cob.Ref(c.Type, id), id)
	})
	check(p, err)
	return id
}

// title is what Radicle's cache calls a patch; empty: it does not know it.
func (h *home) title(tb testing.TB, rid radicle.RID, id radicle.Oid) string {
	tb.Helper()
	row, err := cobcache.Open(h.Home.Cobs()).Patch(tb.Context(), rid, id)
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	check(tb, err)
	return string(row)
}

// What is read of somebody's namespace, or of a patch, is read by their record: then and there, and by nobody else's.
func TestAsked(t *testing.T) {
	s := newStage(t, "new")
	p := s.eve.past(t, s.rid)
	first := p.commit(nil, base)
	head := p.commit(nil, files{"new.mov": pointer("new")}, first)
	p.head(master, head)
	id := p.propose("A film", first, head)
	other := p.other(first)
	s.arrives(t)
	identity := must[*identity.Identity](t)(s.past.repo.Identity(t.Context())).Root()
	p.repo = must[*storage.Repo](t)(s.bo.storage.Repository(s.rid))
	defer p.repo.Close()
	forged := p.signedFor(id, s.cy)
	for name, test := range map[string]struct {
		from control.From
		want map[*home]record.Trust
	}{
		"nothing":             {control.From{}, nil},
		"a namespace":         {control.From{Namespace: s.eve.signer.NID()}, map[*home]record.Trust{s.eve: record.Asked}},
		"another":             {control.From{Namespace: s.cy.signer.NID()}, map[*home]record.Trust{s.cy: record.Asked}},
		"the owner's":         {control.From{Namespace: s.ana.signer.NID()}, nil},
		"a patch":             {control.From{Patch: id}, map[*home]record.Trust{s.eve: record.Asked}},
		"a commit":            {control.From{Patch: head}, nil},
		"an identity":         {control.From{Patch: identity}, nil},
		"another object":      {control.From{Patch: other}, nil},
		"what is not there":   {control.From{Patch: must[radicle.Oid](t)(radicle.ParseOid(strings.Repeat("ab", 20)))}, nil},
		"a patch in cys name": {control.From{Patch: forged}, nil},
	} {
		choices := must[[]record.Choice](t)(s.bo.FindFrom(t.Context(), s.rid, test.from, film("new").OID, film("new").Size))
		if len(choices) != 2 {
			t.Fatalf("%s: %d records", name, len(choices))
		}
		for _, c := range choices {
			want := record.Stranger
			for h, trust := range test.want {
				if c.Place.Writer == h.did() {
					want = trust
				}
			}
			if c.Trust != want || c.Streams != (want > record.Stranger) {
				t.Errorf("%s: %v is %v, want %v; streams is %v", name, c.Place.Writer, c.Trust, want, c.Streams)
			}
		}
	}
	from := control.From{Namespace: s.eve.signer.NID()}
	for _, c := range must[[]record.Choice](t)(s.bo.FindFrom(t.Context(), radicle.RID{}, from, film("new").OID, film("new").Size)) {
		if c.Trust != record.Stranger {
			t.Errorf("of no repository: %v", c.Trust)
		}
	}
}

// signedFor is an operation that says to be somebody's, with a signature of another.
func (p *past) signedFor(id radicle.Oid, in *home) radicle.Oid {
	p.Helper()
	e := must[*cob.Entry](p)(cob.ReadEntry(p.Context(), p.repo, id, cob.Limits{}))
	c := must[gitobj.Commit](p)(gitobj.ReadCommit(p.Context(), p.repo, id))
	text := sshsig.Signature{Key: in.signer.NID(), Namespace: "radicle", Hash: "sha256", Sig: e.Signature}.Armor()
	c.Headers = []gitobj.Header{{Key: "gpgsig", Value: text}}
	return p.store(c)
}

// What comes from a member is shown by Radicle's tools: its cache knows the patches, though one of them is nonsense.
func TestPatchesAfterFetch(t *testing.T) {
	s := newScene(t)
	p := s.eve.past(t, s.rid)
	first := p.commit(nil, base)
	var ids []radicle.Oid
	for _, name := range []string{"one", "two", "three"} {
		head := p.commit(nil, files{"README": name}, first)
		p.head("refs/heads/"+name, head)
		ids = append(ids, p.propose(name, first, head))
	}
	none := p.commit(nil, base) // no operation
	p.head(cob.Ref(patch.Type, none), none)
	s.arrives(t)
	for _, id := range ids {
		if s.bo.title(t, s.rid, id) == "" {
			t.Errorf("patch %v is not in the cache", id)
		}
	}
	before := s.bo.title(t, s.rid, ids[0])
	head := p.commit(nil, files{"README": "one again"}, first)
	p.head("refs/heads/again", head)
	p.patch(func(ctx context.Context, repo patchTx, pen patch.Pen) (id, tip radicle.Oid, err error) {
		is, err := patch.Read(ctx, repo, ids[0], ids[:1], cob.Limits{})
		if err != nil {
			return id, tip, err
		}
		tip, err = is.Update(ctx, pen, "again", first, head)
		return ids[0], tip, err
	})
	s.arrives(t)
	if after := s.bo.title(t, s.rid, ids[0]); after == before || after == "" {
		t.Errorf("the cache has the patch as it was: %s", after)
	}
}
