//go:build unix

package app_test

import (
	"crypto/rand"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"radswarm/blobstore/disk"
	"radswarm/cmd/internal/app"
	"radswarm/cmd/internal/control"
)

// befriend makes friends of two homes whose daemons run, and waits until both are there for the other.
func befriend(t *testing.T, ana, bo *home, give int64) {
	t.Helper()
	a, b := ana.client(), bo.client()
	in := call[control.Invitation](ana, a, http.MethodPost, "/v1/invitations", control.Invite{Give: give, Name: bo.Config.Alias.String()})
	got := watch[control.Accepted](bo, b, http.MethodPost, "/v1/accept", control.Accept{
		Line: in.Line, Give: give, Name: ana.Config.Alias.String(),
	})
	if got.Friend == nil || got.Friend.DID != ana.DID() || got.By != ana.DID() {
		t.Fatalf("%+v", got)
	}
	online(t, ana, 1)
	online(t, bo, 1)
}

// online waits until so many friends are there with room, at least.
func online(t *testing.T, h *home, n int) {
	t.Helper()
	c := h.client()
	until(t, "friends are online", func() bool {
		s := h.status(c)
		return s.Friends.Online >= n && s.Friends.Room > 0
	})
}

// Two homes become friends by one line; what one puts, the other keeps, and gives back.
func TestFriendsPutAndGet(t *testing.T) {
	ana, bo := newHome(t, "ana", ""), newHome(t, "bo", "")
	a, b := ana.start(), bo.start()
	befriend(t, ana, bo, 1<<30)
	film := make([]byte, 3<<20)
	_, _ = rand.Read(film)
	stored := watch[control.Stored](ana, a, http.MethodPost, "/v1/put", control.Put{Path: file(t, "film", film)})
	if !stored.Safety.Safe || stored.Safety.People != 1 || stored.Object.Size != int64(len(film)) {
		t.Errorf("%+v", stored)
	}
	if s := bo.status(b); s.Store.Shares == 0 || s.Store.Charged < int64(len(film)) {
		t.Errorf("%+v", s.Store)
	}
	to := filepath.Join(t.TempDir(), "film")
	watch[control.Fetched](ana, a, http.MethodPost, "/v1/get", control.Get{OID: stored.Object.OID, To: to})
	sameFile(t, to, film)

	// After the worst, both go on where they were.
	ana.kill()
	bo.kill()
	a, b = ana.start(), bo.start()
	online(t, ana, 1)
	to += ".again"
	watch[control.Fetched](ana, a, http.MethodPost, "/v1/get", control.Get{OID: stored.Object.OID, To: to})
	sameFile(t, to, film)
	holding := call[control.Holding](ana, a, http.MethodGet, "/v1/objects/"+stored.Object.OID.String(), nil)
	if len(holding.Shares) == 0 || holding.Shares[0].DID == nil || *holding.Shares[0].DID != bo.DID() {
		t.Errorf("%+v", holding)
	}
	if all := call[control.Objects](ana, a, http.MethodGet, "/v1/objects", nil); len(all.Objects) != 1 {
		t.Errorf("%+v", all)
	}
	bo.status(b)
}

// Who is a friend no more counts no more; and a share that rots where nobody reads it is found by scrubbing.
func TestRemovedAndRotten(t *testing.T) {
	ana, bo := newHome(t, "ana", ""), newHome(t, "bo", "")
	a := ana.start()
	bo.start()
	befriend(t, ana, bo, 1<<30)
	film := make([]byte, 1<<20)
	_, _ = rand.Read(film)
	stored := watch[control.Stored](ana, a, http.MethodPost, "/v1/put", control.Put{Path: file(t, "film", film)})
	c, err := app.LoadConfig(bo.Place)
	if err != nil {
		t.Fatal(err)
	}
	bo.stop()
	rot(t, filepath.Join(bo.Place.Dir, c.Shares), len(film))
	st, err := disk.Open(t.Context(), filepath.Join(bo.Place.Dir, c.Shares), disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var rotten []disk.Scrubbed
	err = app.ScrubStore(t.Context(), st, time.Now().Add(time.Hour), func(s disk.Scrubbed) { rotten = append(rotten, s) })
	if err != nil || len(rotten) != 1 {
		t.Errorf("%v, %v", rotten, err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	bo.status(bo.start())

	watch[control.RemovedFriend](ana, a, http.MethodDelete, "/v1/friends/bo", control.RemoveFriend{Force: true})
	holding := call[control.Holding](ana, a, http.MethodGet, "/v1/objects/"+stored.Object.OID.String(), nil)
	if holding.Object.People != 0 || holding.Object.Safe {
		t.Errorf("%+v", holding.Object)
	}
}

// rot changes a byte in the middle of the largest file of a folder.
func rot(t *testing.T, dir string, least int) {
	t.Helper()
	var path string
	var size int64
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() && info.Size() > size {
			path, size = p, info.Size()
		}
		return nil
	})
	if err != nil || size < int64(least) {
		t.Fatalf("%s, %d bytes, %v", path, size, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var one [1]byte
	if _, err := f.ReadAt(one[:], size/2); err != nil {
		t.Fatal(err)
	}
	one[0] ^= 1
	if _, err := f.WriteAt(one[:], size/2); err != nil {
		t.Fatal(err)
	}
}

// A home whose key is locked still keeps and gives what is its friends'.
func TestLockedHomeServes(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	ana, bo := newHome(t, "ana", ""), newHome(t, "bo", "secret")
	a, b := ana.start(), bo.start()
	call[control.Status](bo, b, http.MethodPost, "/v1/unlock", control.Unlock{Passphrase: "secret"})
	befriend(t, ana, bo, 1<<30)
	bo.stop()
	b = bo.start()
	if s := bo.status(b); s.Locked == "" {
		t.Fatalf("%+v", s)
	}
	online(t, ana, 1)
	film := make([]byte, 1<<20)
	_, _ = rand.Read(film)
	stored := watch[control.Stored](ana, a, http.MethodPost, "/v1/put", control.Put{Path: file(t, "film", film)})
	to := filepath.Join(t.TempDir(), "film")
	watch[control.Fetched](ana, a, http.MethodPost, "/v1/get", control.Get{OID: stored.Object.OID, To: to})
	sameFile(t, to, film)
	if e := refuses(bo, b, http.MethodPost, "/v1/put", control.Put{Path: file(t, "film", film)}); e.Code != control.CodeLocked {
		t.Errorf("%+v", e)
	}
}
