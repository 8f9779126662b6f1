package repos_test

import (
	"context"
	"slices"
	"testing"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/holder"
	"radswarm/blobstore/record"
	"radswarm/blobstore/wire"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/repos"
	"radswarm/radicle"
	"radswarm/radicle/identity"
	"radswarm/radicle/radtest"
	"radswarm/radicle/storage"
)

// meet makes two homes know that the other one is there.
func meet(a, b *home) {
	a.Met(a.session(b))
	b.Met(b.session(a))
}

// What is written in one home arrives at members who are there, without a Radicle node and without a command.
func TestNewsArrive(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := ana.initRepository(t, "film", private(bo.did()))
	ana.Survey(t.Context())
	bo.fetchFrom(t, rid, ana)
	ana.store(t, rid, "take")
	ana.push(t, rid, sighted("take"))
	out := must[control.Replicas](t)(ana.Wrote(t.Context(), rid, control.Wrote{Wait: true}))
	if len(out.People) != 1 || out.People[0].DID != bo.did() {
		t.Errorf("who has it: %+v", out)
	}
	radtest.Eventually(t, "the film is found by bo", func() bool { return bo.opens(t, rid, "take", ana) })
	ana.store(t, rid, "second") // by the daemon
	check(t, ana.Round(t.Context(), rid))
	radtest.Eventually(t, "and the next", func() bool {
		p := film("second")
		return bo.repository(t, rid).Records == 2 && p.Size > 0
	})
}

// What others write into our namespace, as Radicle's tools do, is noticed, and told to members who are there.
func TestWrittenByOthers(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := ana.initRepository(t, "film", private(bo.did()))
	ana.Survey(t.Context())
	bo.fetchFrom(t, rid, ana)
	meet(ana, bo)
	ana.Start()
	repo := must[*storage.Repo](t)(ana.storage.Repository(rid))
	defer repo.Close()
	head := must[radicle.Oid](t)(repo.Ref(t.Context(), "HEAD"))
	_, err := repo.Update(t.Context(), ana.signer, func(ctx context.Context, tx *storage.Tx) error {
		return tx.Set(ctx, "refs/heads/other", head)
	})
	check(t, err)
	name := storage.NamespacePrefix(ana.signer.NID()) + "refs/heads/other"
	there := must[*storage.Repo](t)(bo.storage.Repository(rid))
	defer there.Close()
	radtest.Eventually(t, "bo has the branch", func() bool {
		at, err := there.Ref(t.Context(), name)
		return err == nil && at == head
	})
}

// Who was away hears at the next meeting what is new.
func TestNewsAtMeeting(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := ana.initRepository(t, "film", private(bo.did()))
	ana.Survey(t.Context())
	bo.fetchFrom(t, rid, ana)
	w.leaves(bo)
	ana.store(t, rid, "take")
	ana.push(t, rid, sighted("take"))
	must[control.Replicas](t)(ana.Wrote(t.Context(), rid, control.Wrote{}))
	if bo.opens(t, rid, "take", ana) {
		t.Fatal("who is away has heard")
	}
	w.comes(bo)
	meet(ana, bo)
	radtest.Eventually(t, "bo hears what is new", func() bool { return bo.opens(t, rid, "take", ana) })
}

func (w *world) leaves(h *home) { w.set(h, true) }
func (w *world) comes(h *home)  { w.set(h, false) }

func (w *world) set(h *home, away bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	h.away = away
}

// A repository that is not here is asked for among all who are there, by a hash that tells nothing to who does not have it, and
// answered only to members.
func TestAskedFor(t *testing.T) {
	t.Parallel() // it waits
	w := newWorld()
	ana, bo, cy := w.home(t, radtest.Ana), w.home(t, radtest.Bo), w.home(t, radtest.Cy)
	rid := ana.initRepository(t, "film", private(bo.did()))
	ana.Survey(t.Context())
	for _, h := range []*home{ana, bo, cy} {
		for _, other := range []*home{ana, bo, cy} {
			if h != other {
				h.Met(h.session(other))
			}
		}
	}
	bo.fetch(t, rid)
	if _, err := bo.Repos.Repository(t.Context(), rid); err != nil {
		t.Errorf("bo, a member, did not get it: %v", err)
	}
	out := must[control.Synced](t)(cy.Sync(t.Context(), rid, nil))
	if len(out.From) != 0 || len(out.Failed) != 0 {
		t.Errorf("cy, who is nobody there, learned of it: %+v", out)
	}
	if _, err := cy.Repos.Repository(t.Context(), rid); coded(t, err).Code != control.CodeNotFound {
		t.Errorf("cy has it: %v", err)
	}
}

// A private repository is not served to who is not named, though a friend and a member of another.
func TestNotForEverybody(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	secret := ana.initRepository(t, "secret", private())
	other := ana.initRepository(t, "other", private(bo.did()))
	ana.Survey(t.Context())
	if !ana.IsMember(bo.did()) || !slices.Equal(ana.MemberOf(bo.did()), []radicle.RID{other}) {
		t.Errorf("bo is a member of %v", ana.MemberOf(bo.did()))
	}
	check(t, bo.state.AddReceived(t.Context(), must[*friend.Introduction](t)(ana.Introduce(t.Context(), bo.did(), secret))))
	out := must[control.Synced](t)(bo.Sync(t.Context(), secret, nil))
	if len(out.From) != 0 || len(out.Failed) != 1 {
		t.Errorf("synced: %+v", out)
	}
	check(t, bo.Heard(t.Context(), bo.session(ana), &wire.Refs{RID: secret}))
	ask := &wire.Has{Nonce: [32]byte{1}, Hashes: [][32]byte{wire.HasHash([32]byte{1}, secret)}}
	check(t, ana.Heard(t.Context(), ana.session(bo), ask))
}

// What somebody says of a repository who is no member of it is not followed.
func TestStrangersNews(t *testing.T) {
	w := newWorld()
	ana, bo, cy := w.home(t, radtest.Ana), w.home(t, radtest.Bo), w.home(t, radtest.Cy)
	rid := ana.initRepository(t, "film", private(bo.did()))
	ana.Survey(t.Context())
	m := &wire.Refs{RID: rid, Refs: []wire.Ref{{NID: cy.signer.NID(), OID: rid.Oid()}}}
	check(t, ana.Heard(t.Context(), ana.session(cy), m))
	for n := range 3 { // what was begun before has its turn meanwhile
		radtest.Eventually(t, "the member is asked", func() bool {
			check(t, ana.Heard(t.Context(), ana.session(bo), m))
			return len(ana.asked()) > n
		})
	}
	if slices.Contains(ana.asked(), cy.did()) {
		t.Error("a stranger is asked")
	}
}

// The line of a member, accepted, brings the repository.
func TestJoined(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := ana.initRepository(t, "film", private())
	out := must[control.AddedMember](t)(ana.AddMember(t.Context(), rid, control.AddMember{DID: bo.did()}, nil))
	line := must[friend.MemberLine](t)(friend.ParseMemberLine(out.Line))
	if line.Introduction.Guest() != bo.did() || line.Introduction.RID() != rid {
		t.Errorf("line for %v to %v", line.Introduction.Guest(), line.Introduction.RID())
	}
	check(t, bo.Joined(t.Context(), line))
	radtest.Eventually(t, "bo has the repository", func() bool {
		_, err := bo.Repos.Repository(t.Context(), rid)
		return err == nil
	})
}

// A blocked repository is not fetched behind the person's back.
func TestBlocked(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := ana.initRepository(t, "film", private(bo.did()))
	bo.Rad(t, bo.Work, "block", rid.String()) // the real one: Radicle's policies are its own
	check(t, bo.state.AddReceived(t.Context(), must[*friend.Introduction](t)(ana.Introduce(t.Context(), bo.did(), rid))))
	_, err := bo.Sync(t.Context(), rid, nil)
	if e := coded(t, err); e.Code != control.CodeConflict || e.Hint == "" {
		t.Errorf("blocked, and fetched: %v", err)
	}
}

// A locked home finds what is public, hands out nothing, and records when the key is there.
func TestLocked(t *testing.T) {
	w := newWorld()
	ana := w.home(t, radtest.Ana)
	rid := ana.initRepository(t, "film", identity.Visibility{})
	ana.store(t, rid, "take")
	ana.lock(true)
	if _, err := ana.Settle(t.Context(), rid, control.Settle{}); err == nil {
		t.Error("a locked home settles")
	}
	if err := ana.Round(t.Context(), rid); err == nil {
		t.Error("a locked home signs")
	}
	is := ana.repository(t, rid)
	if is.Pending != 1 || len(is.Warnings) != 1 || is.Warnings[0].Hint == "" {
		t.Errorf("what waits is not told: %+v", is)
	}
	ana.Start()
	ana.lock(false)
	ana.Unlocked()
	radtest.Eventually(t, "the film is recorded", func() bool { return len(ana.find(t, rid, "take")) == 1 })
}

func (h *home) lock(locked bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.locked = locked
}

// After a restart the index says what is still to be recorded.
func TestRestart(t *testing.T) {
	w := newWorld()
	ana := w.home(t, radtest.Ana)
	rid := ana.initRepository(t, "film", identity.Visibility{})
	ana.index = map[radicle.RID][]record.New{rid: {ana.made(t, film("take"), "", ana.did(), ana.did())}}
	ana.Start()
	radtest.Eventually(t, "the film is recorded", func() bool { return len(ana.find(t, rid, "take")) == 1 })
	got := ana.find(t, rid, "take")[0]
	if len(got.Holders) != 2 || got.Holders[1] != ana.did() {
		t.Errorf("holders: %v", got.Holders)
	}
}

// Where only the holders of a film have changed, no commit is made for it alone on the same day.
func TestHoldersHaveTime(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := ana.initRepository(t, "film", identity.Visibility{})
	ana.store(t, rid, "take")
	ana.push(t, rid, sighted("take"))
	ana.Stored(t.Context(), rid, ana.made(t, film("take"), "", bo.did()))
	check(t, ana.Round(t.Context(), rid))
	if got := ana.find(t, rid, "take")[0].Holders; slices.Contains(got, bo.did()) || ana.repository(t, rid).Pending != 0 {
		t.Errorf("holders were written at once, or count as pending: %v", got)
	}
	ana.store(t, rid, "second")
	ana.push(t, rid, sighted("second"))
	if got := ana.find(t, rid, "take")[0].Holders; !slices.Contains(got, bo.did()) {
		t.Errorf("holders were not written with other things: %v", got)
	}
}

var (
	_ holder.Members = (*repos.Repos)(nil)
	_ holder.Git     = (*repos.Repos)(nil)
	_ holder.Where   = (*repos.Repos)(nil)
)
