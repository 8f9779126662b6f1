//go:build unix

package proof

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/lab"
)

// placed checks that each share of an object is with somebody, and as many with different people.
func placed(t *testing.T, h control.Holding, n int) {
	t.Helper()
	people := map[string]bool{}
	for _, s := range h.Shares {
		if s.DID != nil {
			people[s.DID.String()] = true
		}
	}
	if len(h.Shares) != n || len(people) != n || !h.Object.Full {
		t.Errorf("%d shares with %d people, full is %v", len(h.Shares), len(people), h.Object.Full)
	}
}

// putAgain stores files until all of them is placed. A command that does not get so far says who is missing.
func (s *stage) putAgain(paths ...string) {
	s.tb.Helper()
	for range 3 {
		r := s.command(nil, append([]string{"put", "--require", "full"}, paths...)...)
		if r.code == 0 {
			return
		}
		if _, told := r.said("waiting for: "); !told {
			s.tb.Fatalf("exit code %d\n%s%s", r.code, r.out, r.stderr())
		}
		s.tb.Log(r.stderr())
	}
	s.tb.Fatal("not placed in three attempts")
}

// The daemon is killed in the middle of an upload. The same command again sends what is not there yet, and only that.
func TestKilledUploadKeepsFinishedShares(t *testing.T) {
	t.Parallel()
	s := newStage(t, all)
	path := s.file("film", 96<<20, 1)
	var putting sync.WaitGroup
	putting.Go(func() { // the command ends with the daemon
		_, _ = ask[control.Stored](s, "/v1/put", control.Put{Path: path, Require: control.Full}, nil)
	})
	until(t, "some shares are there", func() bool { return len(s.shareFiles()) > 0 })
	s.kill(lab.You)
	putting.Wait()
	before := s.shareFiles()
	if len(before) == all {
		t.Fatal("killed too late")
	}
	s.putAgain(path)
	until(t, "what arrived without a word is deleted", func() bool { return len(s.shareFiles()) <= all })
	after := s.shareFiles()
	s.kept(before, after)
	if len(after) != all {
		t.Errorf("%d files of shares, %d before", len(after), len(before))
	}
	placed(t, s.holding(oidOf(t, path)), all)
	t.Logf("killed with %d shares of %d placed", len(before), all)
}

// kept checks that nothing was sent again that was there: but for the share of a friend who did not answer in time, which may be
// on its way to somebody else by then.
func (s *stage) kept(before, after map[string]shareFile) {
	s.tb.Helper()
	log, err := os.ReadFile(s.Place(lab.You).Log())
	if err != nil {
		s.tb.Fatal(err)
	}
	late := strings.Contains(string(log), "does not answer")
	for path, f := range before {
		switch {
		case after[path] == f:
		case late:
			s.tb.Logf("%s was sent again: somebody did not answer", filepath.Base(path))
		default:
			s.tb.Errorf("%s was sent again", filepath.Base(path))
		}
	}
}

// One byte on a friend's disk is another one. The ordinary check sees it, and has it healed where it is.
func TestFlippedByteIsSeenAndHealed(t *testing.T) {
	t.Parallel()
	s := newStage(t, 5)
	path := s.file("film", 8<<20, 2)
	s.putAgain(path)
	files := s.shareFiles()
	if len(files) != 5 {
		t.Fatalf("%d files of shares", len(files))
	}
	var victim string
	for path := range files {
		victim = max(victim, path)
	}
	flip(t, victim, files[victim].size/3)
	r := s.command(nil, "verify")
	if _, told := r.said("1 share is missing or damaged"); !told || r.code == 0 {
		t.Fatalf("verify: exit code %d\n%s%s", r.code, r.out, r.stderr())
	}
	r = s.must("verify", "--heal")
	if !strings.Contains(r.out, "healed") {
		t.Errorf("verify --heal:\n%s%s", r.out, r.stderr())
	}
	s.must("verify")
	healed, ok := s.shareFiles()[victim]
	if !ok || healed.size != files[victim].size || healed.inode == files[victim].inode {
		t.Errorf("the file is %+v, was %+v", healed, files[victim])
	}
}

func flip(t *testing.T, path string, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

// Friends who are frozen, dead or full are named while the command runs. Aim: within 5 s.
func TestFriendsInTroubleAreNamed(t *testing.T) {
	t.Parallel()
	s := newStage(t, 5)
	friends := s.friends()
	frozen, dead, full := friends[1], friends[2], friends[3]
	s.pledge(full, 1<<20)
	s.freeze(frozen)
	s.kill(dead)
	signs := [][]string{{frozen, "does not answer"}, {dead, "last seen"}, {full, "no room"}}
	r := s.command(func(r *run) bool {
		return !slices.ContainsFunc(signs, func(words []string) bool { _, told := r.said(words...); return !told })
	}, "put", s.file("film", 24<<20, 3), "--require", "full")
	for _, words := range signs {
		at, told := r.said(words...)
		if !told || r.code == 0 {
			t.Errorf("nothing of %s; exit code %d\n%s%s", words, r.code, r.out, r.stderr())
		}
		t.Logf("%s: %s after %.1f s", words[0], words[1], at.Seconds())
	}
}

// pledge changes what a friend gives you.
func (s *stage) pledge(friend string, give int64) {
	s.tb.Helper()
	c, path := s.client(friend), "/v1/friends/you"
	if err := c.Call(s.tb.Context(), http.MethodPatch, path, control.SetFriend{Give: &give}, nil); err != nil {
		s.tb.Fatal(err)
	}
	until(s.tb, "the pledge is known", func() bool {
		var all control.Friends
		if err := s.client(lab.You).Call(s.tb.Context(), http.MethodGet, "/v1/friends", nil, &all); err != nil {
			s.tb.Fatal(err)
		}
		return slices.ContainsFunc(all.Friends, func(f control.Friend) bool { return f.Name == friend && f.Given == give })
	})
}

// The daemon is killed in the middle of forty uploads. What it knew of it finishes by itself, and all of it if asked again.
func TestFortyTransfersGoOnAfterKill(t *testing.T) {
	t.Parallel()
	s := newStage(t, 5)
	const forty = 40
	paths := make([]string, forty)
	for i := range paths {
		paths[i] = s.file("film"+string(rune('a'+i)), 2<<20, byte(10+i))
	}
	var putting sync.WaitGroup
	for _, path := range paths {
		putting.Go(func() {
			_, _ = ask[control.Stored](s, "/v1/put", control.Put{Path: path, Require: control.Full}, nil)
		})
	}
	until(t, "some shares are there", func() bool { return len(s.shareFiles()) >= forty })
	s.kill(lab.You)
	putting.Wait()
	before := s.shareFiles()
	if len(before) == 5*forty {
		t.Fatal("killed too late")
	}
	s.start(lab.You)
	known := 0
	until(t, "what was known is placed", func() bool {
		var list control.Objects
		if err := s.client(lab.You).Call(t.Context(), http.MethodGet, "/v1/objects", nil, &list); err != nil {
			t.Fatal(err)
		}
		known = len(list.Objects)
		return !slices.ContainsFunc(list.Objects, func(o control.Object) bool { return !o.Full })
	})
	s.putAgain(paths...)
	until(t, "what arrived without a word is deleted", func() bool { return len(s.shareFiles()) <= 5*forty })
	after := s.shareFiles()
	s.kept(before, after)
	if len(after) != 5*forty {
		t.Errorf("%d files of shares", len(after))
	}
	t.Logf("killed with %d of %d shares placed; %d objects went on by themselves", len(before), 5*forty, known)
}

// Friends that freeze while an object comes back hold nothing up: others bring it.
func TestFrozenFriendsDuringGet(t *testing.T) {
	t.Parallel()
	s := newStage(t, 5)
	path := s.file("film", 128<<20, 4)
	s.putAgain(path)
	oid, back := oidOf(t, path), filepath.Join(s.dir, "back")
	frozen := sync.OnceFunc(func() { s.freeze(s.friends()[:2]...) })
	_, err := ask[control.Fetched](s, "/v1/get", control.Get{OID: oid, To: back}, func(l control.Line) {
		if l.Progress != nil && l.Progress.Bytes > 0 {
			frozen()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	frozen()
	if oidOf(t, back) != oid {
		t.Error("other bytes came back")
	}
}
