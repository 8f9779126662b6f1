package repos_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"radswarm/blobstore/record"
	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/history"
	"radswarm/radicle/identity"
	"radswarm/radicle/radtest"
	"radswarm/radicle/sshsig"
	"radswarm/radicle/storage"
)

// past writes commits into a home's copy of a repository.
type past struct {
	testing.TB
	home  *home
	repo  *storage.Repo
	clock int64
}

func (h *home) past(tb testing.TB, rid radicle.RID) *past {
	tb.Helper()
	p := &past{TB: tb, home: h, repo: must[*storage.Repo](tb)(h.storage.Repository(rid)), clock: 1671125284}
	tb.Cleanup(func() { _ = p.repo.Close() })
	return p
}

func (p *past) write(kind gitobj.Kind, data []byte) radicle.Oid {
	p.Helper()
	return must[radicle.Oid](p)(p.repo.Write(p.Context(), kind, data))
}

// files are the contents of a commit by path, without folders.
type files map[string]string

func (p *past) tree(f files) radicle.Oid {
	p.Helper()
	var tree gitobj.Tree
	for _, name := range slices.Sorted(maps.Keys(f)) {
		blob := p.write(gitobj.KindBlob, []byte(f[name]))
		tree = append(tree, gitobj.TreeEntry{Mode: gitobj.ModeFile, Name: name, ID: blob})
	}
	return p.write(gitobj.KindTree, must[[]byte](p)(tree.Encode()))
}

// plain is a commit that nobody signed, not stored yet.
func (p *past) plain(f files, parents ...radicle.Oid) gitobj.Commit {
	p.Helper()
	p.clock++
	who := gitobj.Signature{Name: "somebody", Email: "some@body", Seconds: p.clock, Zone: gitobj.UTC}
	return gitobj.Commit{Tree: p.tree(f), Parents: parents, Author: who, Committer: who, Message: "Work\n"}
}

func (p *past) store(c gitobj.Commit) radicle.Oid {
	p.Helper()
	return p.write(gitobj.KindCommit, must[[]byte](p)(c.Encode()))
}

// signed is a commit with the signature of somebody, as git makes it.
func (p *past) signed(by *home, c gitobj.Commit) gitobj.Commit {
	p.Helper()
	message := must[[]byte](p)(sshsig.Payload(c))
	bytes := must[[]byte](p)(sshsig.Signed("git", "sha512", message))
	sig := must[[radicle.SignatureSize]byte](p)(by.signer.Sign(p.Context(), bytes))
	text := sshsig.Signature{Key: by.signer.NID(), Namespace: "git", Hash: "sha512", Sig: sig}.Armor()
	c.Headers = append(slices.Clone(c.Headers), gitobj.Header{Key: "gpgsig", Value: text})
	return c
}

// commit stores a commit; by nil nobody signs.
func (p *past) commit(by *home, f files, parents ...radicle.Oid) radicle.Oid {
	p.Helper()
	c := p.plain(f, parents...)
	if by != nil {
		c = p.signed(by, c)
	}
	return p.store(c)
}

// head moves a ref of the home's own namespace; the null id removes it.
func (p *past) head(name string, at radicle.Oid) {
	p.Helper()
	p.heads(map[string]radicle.Oid{name: at})
}

func (p *past) heads(all map[string]radicle.Oid) {
	p.Helper()
	_, err := p.repo.Update(p.Context(), p.home.signer, func(ctx context.Context, tx *storage.Tx) error {
		for name, at := range all {
			var err error
			if at.IsZero() {
				err = tx.Delete(name)
			} else {
				err = tx.Set(ctx, name, at)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	check(p, err)
}

// publishes writes a public record of a film, with roots of one's own.
func (h *home) publishes(tb testing.TB, rid radicle.RID, names ...string) {
	tb.Helper()
	var b record.Batch
	for _, name := range names {
		n := h.made(tb, film(name), h.Person.Alias().String())
		o := must[*record.Object](tb)(record.Place{RID: rid, Writer: h.did()}.New(n))
		b.Put(must[*record.Object](tb)(o.Publish()), nil)
	}
	h.write(tb, rid, b)
}

// stage is a scene with cy, who is nobody there either. Cy and eve have records of new films, with other roots each.
type stage struct {
	*scene
	cy   *home
	past *past
}

const master = "refs/heads/master"

func newStage(t *testing.T, names ...string) *stage {
	t.Helper()
	s := &stage{scene: newScene(t)}
	s.cy = s.world.home(t, radtest.Cy)
	s.cy.follows("all")
	s.cy.fetchFrom(t, s.rid, s.ana)
	s.cy.publishes(t, s.rid, names...)
	s.eve.publishes(t, s.rid, names...)
	s.past = s.ana.past(t, s.rid)
	return s
}

// arrives brings what all wrote to bo.
func (s *stage) arrives(t *testing.T) {
	t.Helper()
	for _, h := range []*home{s.cy, s.eve, s.ana} {
		s.from(t, h)
	}
}

// from brings what one wrote to bo.
func (s *stage) from(t *testing.T, h *home) {
	t.Helper()
	for _, other := range []*home{s.ana, s.cy, s.eve} {
		s.world.set(other, other != h)
	}
	s.bo.fetchFrom(t, s.rid, h)
}

// trust is how bo believes the writers of records of a film. Who is not trusted must not stream, and who is must.
func (s *stage) trust(t *testing.T, name string) map[*home]record.Trust {
	t.Helper()
	got := make(map[*home]record.Trust)
	for _, c := range s.bo.find(t, s.rid, name) {
		for _, h := range []*home{s.ana, s.cy, s.eve} {
			if h.did() == c.Place.Writer {
				got[h] = c.Trust
			}
		}
		if c.Streams != (c.Trust > record.Stranger) {
			t.Errorf("%v by %v: streams is %v", c.Trust, c.Place.Writer, c.Streams)
		}
	}
	if len(got) != 2 {
		t.Fatalf("records by %d", len(got))
	}
	return got
}

// pointer is the text of a film's pointer.
func pointer(name string) string { return film(name).String() }

// line is a history in which a film came up: of a film of its own, so that many have room in one repository.
type line struct {
	*past
	cy, eve *home
	text    string // of the pointer
	with    files  // a commit with the film
	at      radicle.Oid
}

var base = files{"README": "x"}

// Who introduced a film, which cy and eve have records of, by the history that ana, the delegate, has.
func TestIntroducer(t *testing.T) {
	lines := map[string]struct {
		make func(*line) radicle.Oid // from a commit without the film
		want string                  // cy, eve, or nobody
	}{
		"signed":     {func(l *line) radicle.Oid { return l.commit(l.cy, l.with, l.at) }, "cy"},
		"not signed": {func(l *line) radicle.Oid { return l.commit(nil, l.with, l.at) }, ""},
		"merged": {func(l *line) radicle.Oid {
			side := l.commit(l.cy, l.with, l.at)
			return l.commit(l.home, l.with, l.commit(nil, files{"README": "y"}, l.at), side)
		}, "cy"},
		"by a merge that adds it": {func(l *line) radicle.Oid {
			side := l.commit(l.cy, files{"README": "z"}, l.at)
			return l.commit(l.eve, l.with, l.commit(nil, files{"README": "y"}, l.at), side)
		}, "eve"},
		"later": {func(l *line) radicle.Oid {
			return l.commit(l.eve, l.with, l.commit(nil, base, l.commit(nil, l.with, l.at)))
		}, ""},
		"later, after one who signed": {func(l *line) radicle.Oid {
			return l.commit(l.eve, l.with, l.commit(nil, base, l.commit(l.cy, l.with, l.at)))
		}, "cy"},
		"another name": {func(l *line) radicle.Oid {
			return l.commit(l.eve, files{"README": "x", "old.mov": l.text}, l.commit(l.cy, l.with, l.at))
		}, "cy"},
		"another spelling": {func(l *line) radicle.Oid {
			legacy := strings.Replace(l.text, "https://git-lfs.github.com/spec/v1", "https://hawser.github.com/spec/v1", 1)
			return l.commit(l.eve, l.with, l.commit(nil, files{"README": "x", "new.mov": legacy}, l.at))
		}, ""},
		"another size": {func(l *line) radicle.Oid {
			size := strings.Replace(l.text, "size ", "size 1", 1)
			return l.commit(l.eve, l.with, l.commit(l.cy, files{"README": "x", "new.mov": size}, l.at))
		}, "cy"},
		"on a line of its own": {func(l *line) radicle.Oid {
			return l.commit(nil, l.with, l.commit(l.cy, l.with, l.at), l.commit(l.eve, l.with, l.at))
		}, ""},
		"on a line of its own, and nobody else signed": {func(l *line) radicle.Oid {
			return l.commit(nil, l.with, l.commit(nil, l.with, l.at), l.commit(l.eve, l.with, l.at))
		}, ""},
		"on two lines of one": {func(l *line) radicle.Oid {
			side := l.commit(l.cy, files{"x": "x", "other.mov": l.text}, l.at)
			return l.commit(nil, l.with, l.commit(l.cy, l.with, l.at), side)
		}, "cy"},
		"in a tree of its own": {func(l *line) radicle.Oid {
			return l.commit(nil, l.with, l.commit(l.cy, l.with, l.at), l.commit(l.eve, l.with))
		}, ""},
		"a signature copied": {func(l *line) radicle.Oid {
			c := l.plain(l.with, l.at)
			c.Headers = l.signed(l.cy, l.plain(base, l.at)).Headers
			return l.store(c)
		}, ""},
		"altered": {func(l *line) radicle.Oid {
			c := l.signed(l.cy, l.plain(base, l.at))
			c.Tree = l.tree(l.with)
			return l.store(c)
		}, ""},
		"two signatures": {func(l *line) radicle.Oid {
			c := l.plain(l.with, l.at)
			c.Headers = slices.Concat(l.signed(l.cy, c).Headers, l.signed(l.eve, c).Headers)
			return l.store(c)
		}, ""},
		"too many lines": {func(l *line) radicle.Oid {
			var sides []radicle.Oid
			for i := range 17 {
				sides = append(sides, l.commit(l.cy, files{fmt.Sprint(i): l.text}, l.at))
			}
			return l.commit(nil, l.with, sides...)
		}, ""},
	}
	names := slices.Sorted(maps.Keys(lines))
	s := newStage(t, names...)
	heads := make(map[string]radicle.Oid)
	for i, name := range names {
		l := &line{past: s.past, cy: s.cy, eve: s.eve, text: pointer(name), with: files{"README": "x", "new.mov": pointer(name)}}
		l.at = l.commit(nil, base)
		heads[fmt.Sprint("refs/heads/", i)] = lines[name].make(l)
	}
	s.past.heads(heads)
	s.arrives(t)
	check(t, s.bo.Walked(t.Context(), s.rid))
	for _, name := range names {
		got := s.trust(t, name)
		for who, h := range map[string]*home{"cy": s.cy, "eve": s.eve} {
			want := record.Stranger
			if who == lines[name].want {
				want = record.Introducer
			}
			if got[h] != want {
				t.Errorf("%s: %s is %v, want %v", name, who, got[h], want)
			}
		}
	}
}

// What delegates did not take in introduces nothing: eve's own branch, however she names it, and whatever she puts there.
func TestIntroducedElsewhere(t *testing.T) {
	s := newStage(t, "new", "other")
	p := s.eve.past(t, s.rid)
	at := p.commit(s.eve, files{"new.mov": pointer("new")})
	p.head(master, at)
	p.head("refs/heads/patches/"+at.String(), at)
	p.head("refs/tags/v1", at)
	s.past.head(master, s.past.commit(s.cy, files{"other.mov": pointer("other")}))
	s.arrives(t)
	check(t, s.bo.Walked(t.Context(), s.rid))
	if got := s.trust(t, "new"); got[s.eve] != record.Stranger || got[s.cy] != record.Stranger {
		t.Errorf("%+v", got)
	}
	if got := s.trust(t, "other"); got[s.cy] != record.Introducer {
		t.Errorf("%+v", got)
	}
	if got := s.bo.find(t, s.rid, "take"); len(got) != 1 || got[0].Trust != record.Delegate {
		t.Errorf("%+v", got)
	}
}

// What comes later is read on top of what is known, and what goes is forgotten.
func TestIntroducerMoves(t *testing.T) {
	s := newStage(t, "one", "two")
	base := s.past.commit(nil, files{"README": "x"})
	one := s.past.commit(s.cy, files{"one.mov": pointer("one")}, base)
	s.past.head(master, one)
	see := func(name string, cy, eve record.Trust) {
		t.Helper()
		s.from(t, s.ana)
		check(t, s.bo.Walked(t.Context(), s.rid))
		if got := s.trust(t, name); got[s.cy] != cy || got[s.eve] != eve {
			t.Errorf("%s: cy is %v, eve %v", name, got[s.cy], got[s.eve])
		}
	}
	s.arrives(t)
	see("one", record.Introducer, record.Stranger)
	two := s.past.commit(s.eve, files{"one.mov": pointer("one"), "two.mov": pointer("two")}, one)
	s.past.head(master, two)
	see("one", record.Introducer, record.Stranger)
	see("two", record.Stranger, record.Introducer)
	side := s.past.commit(s.eve, files{"copy.mov": pointer("one")}, base)
	s.past.head("refs/tags/side", side)
	see("one", record.Stranger, record.Stranger)
	s.past.head("refs/tags/side", radicle.Oid{})
	see("one", record.Introducer, record.Stranger)
	s.past.head(master, base)
	see("one", record.Stranger, record.Stranger)
	see("two", record.Stranger, record.Stranger)
	s.past.head(master, two)
	see("one", record.Introducer, record.Stranger)
	check(t, s.bo.Close())
	s.bo.open(t)
	see("two", record.Stranger, record.Introducer)
}

// A history that costs too much, or is not all there, has no introducers; it is looked at again later.
func TestIntroducerOfHostileHistory(t *testing.T) {
	s := newStage(t, "new")
	at := s.past.commit(s.cy, files{"new.mov": pointer("new")})
	var arms []radicle.Oid
	for i := range 70 {
		arms = append(arms, s.past.commit(nil, files{"arm": fmt.Sprint(i)}, at))
	}
	s.past.head(master, s.past.commit(nil, files{"new.mov": pointer("new")}, arms...))
	s.arrives(t)
	var over *history.LimitError
	if err := s.bo.Walked(t.Context(), s.rid); !errors.As(err, &over) {
		t.Errorf("walked: %v", err)
	}
	if got := s.trust(t, "new"); got[s.cy] != record.Stranger {
		t.Errorf("cy is %v by a part of the history", got[s.cy])
	}
	s.past.head(master, at)
	s.from(t, s.ana)
	name := filepath.Join(s.bo.storage.Path(s.rid), "objects", at.String()[:2], at.String()[2:])
	repack(t, s.bo, s.rid)
	data := must[[]byte](t)(os.ReadFile(name))
	check(t, os.Remove(name))
	check(t, s.bo.Close())
	s.bo.open(t)
	if err := s.bo.Walked(t.Context(), s.rid); err == nil {
		t.Error("a commit that is not there is passed over")
	}
	if got := s.trust(t, "new"); got[s.cy] != record.Stranger {
		t.Errorf("cy is %v", got[s.cy])
	}
	check(t, os.WriteFile(name, data, 0o444))
	if got := s.trust(t, "new"); got[s.cy] != record.Stranger {
		t.Errorf("cy is %v, and nobody looked again", got[s.cy])
	}
	check(t, s.bo.Failed(s.rid))
	check(t, s.bo.Walked(t.Context(), s.rid))
	if got := s.trust(t, "new"); got[s.cy] != record.Introducer {
		t.Errorf("cy is %v", got[s.cy])
	}
}

// repack makes all objects files of their own.
func repack(tb testing.TB, h *home, rid radicle.RID) {
	tb.Helper()
	repo := must[*storage.Repo](tb)(h.storage.Repository(rid))
	defer repo.Close()
	packs := must[[]string](tb)(filepath.Glob(filepath.Join(repo.Dir(), "objects", "pack", "*.pack")))
	for _, pack := range packs {
		moved := filepath.Join(tb.TempDir(), "pack")
		check(tb, os.Rename(pack, moved))
		check(tb, os.Remove(strings.TrimSuffix(pack, ".pack")+".idx"))
		cmd := repo.Git(tb.Context(), "unpack-objects", "-q")
		f := must[*os.File](tb)(os.Open(moved))
		defer f.Close()
		cmd.Stdin = f
		out, err := cmd.CombinedOutput()
		if err != nil {
			tb.Fatalf("%v: %s", err, out)
		}
	}
}

// Cy signs with git and ssh-keygen, ana merges and pushes with git, and bo's daemon believes cy.
func TestGitSignedIntroducer(t *testing.T) {
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		radtest.Missing(t, "ssh-keygen", "needs ssh-keygen")
	}
	s := newStage(t, "new")
	at := s.ana.storage.Path(s.rid)
	work := filepath.Join(s.cy.Work, "film")
	s.cy.Git(t, s.cy.Work, "init", "-q", "-b", "topic", "film")
	check(t, os.WriteFile(filepath.Join(work, "new.mov"), []byte(pointer("new")), 0o644))
	s.cy.Git(t, work, "add", ".")
	key := filepath.Join(s.cy.Home.Keys(), "radicle")
	s.cy.Git(t, work, "-c", "gpg.format=ssh", "-c", "user.signingKey="+key, "commit", "-q", "-S", "-m", "Add the film")
	ours := filepath.Join(s.ana.Work, "merge")
	s.ana.Git(t, s.ana.Work, "init", "-q", "-b", "master", "merge")
	s.ana.Git(t, ours, "commit", "-q", "--allow-empty", "-m", "Begin")
	s.ana.Git(t, ours, "fetch", "-q", work, "topic")
	s.ana.Git(t, ours, "merge", "-q", "--no-ff", "--allow-unrelated-histories", "-m", "Merge", "FETCH_HEAD")
	s.ana.Git(t, ours, "push", "-q", at, "HEAD:refs/tmp/heads/merge")
	s.past.head(master, must[radicle.Oid](t)(radicle.ParseOid(s.ana.Git(t, ours, "rev-parse", "HEAD"))))
	s.arrives(t)
	check(t, s.bo.Walked(t.Context(), s.rid))
	if got := s.trust(t, "new"); got[s.cy] != record.Introducer || got[s.eve] != record.Stranger {
		t.Errorf("cy is %v, eve %v", got[s.cy], got[s.eve])
	}
}

// Looks for objects that only their introducer recorded, among ten thousand in one commit.
func BenchmarkFindIntroduced(b *testing.B) {
	w := newWorld()
	ana, cy := w.home(b, radtest.Ana), w.home(b, radtest.Cy)
	rid := ana.initRepository(b, "film", identity.Visibility{})
	var batch record.Batch
	all := make(files)
	for i := range many {
		n := cy.made(b, numbered(i), "")
		o := must[*record.Object](b)(record.Place{RID: rid, Writer: cy.did()}.New(n))
		batch.Put(must[*record.Object](b)(o.Publish()), nil)
		all[fmt.Sprint(i)] = numbered(i).String()
	}
	steal(b, cy, ana, rid)
	cy.write(b, rid, batch)
	steal(b, ana, cy, rid)
	p := ana.past(b, rid)
	p.head(master, p.commit(cy, all))
	start := time.Now()
	check(b, ana.Walked(b.Context(), rid))
	b.Logf("%d pointers in the history: read in %v", many, time.Since(start).Round(time.Millisecond))
	ana.find1(b, rid, numbered(0))
	for i := 0; b.Loop(); i++ {
		p := numbered(i % many)
		got := must[[]record.Choice](b)(ana.Find(b.Context(), rid, p.OID, p.Size))
		if len(got) != 1 || got[0].Trust != record.Introducer || !got[0].Streams {
			b.Fatalf("%+v", got)
		}
	}
}
