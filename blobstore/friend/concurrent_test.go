package friend_test

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// Everything at once: readers always see what some finished write has left, and what is in memory is in the file.
func TestManyAtOnce(t *testing.T) {
	h := newHome(t, time.Now)
	const rounds = 20
	h.befriend(t, bo(), cy())
	certs := make([]*keyring.Certificate, rounds) // Bo changes machines all the time
	for i := range certs {
		certs[i] = bo().on(byte(0x20+i)).certificate(t, time.Now().Add(time.Duration(i-rounds)*time.Minute))
	}
	words := certs[0].NotBefore()
	introduction, revocation := cy().introduces(t, bo(), words), revokeGuest(t, cy(), bo(), words, words)
	records := make([]*friend.AddressRecord, rounds)
	for i := range records {
		records[i] = cy().record(t, words.Add(time.Duration(i)*time.Second), "192.0.2.1:8777")
	}
	var all sync.WaitGroup
	do := func(f func(i int) error) {
		all.Go(func() {
			for i := range rounds {
				if err := f(i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	give := func(p person) func(int) error {
		return func(int) error {
			return h.SetFriend(t.Context(), p.did(), func(f *friend.Friend) error { f.Give++; return nil })
		}
	}
	do(give(bo()))
	do(give(bo()))
	do(give(cy()))
	do(func(int) error { return h.Saw(bo().did()) })
	do(func(i int) error { _, err := h.AddCertificate(t.Context(), certs[i]); return err })
	do(func(i int) error { return h.AddAddress(t.Context(), records[i], cy().did()) })
	do(func(int) error { return h.AddRevocation(t.Context(), revocation) })
	do(func(int) error { return h.CheckIntroduction(t.Context(), introduction, bo().did()) })
	do(func(i int) error {
		if err := h.AddFriend(t.Context(), friend.Friend{DID: somebody(i).did(), Name: fmt.Sprint("n", i)}); err != nil {
			return err
		}
		return h.RemoveFriend(t.Context(), somebody(i).did())
	})
	do(func(i int) error {
		if i%10 > 0 {
			return nil
		}
		return h.Backup(t.Context(), filepath.Join(filepath.Dir(h.path), "copy"))
	})
	do(func(i int) error { return h.readers(certs[i].Device()) })
	all.Wait()
	for range 2 {
		b, _ := h.Friend(bo().did())
		c, _ := h.Friend(cy().did())
		if b.Give != 2*rounds || c.Give != rounds || len(h.Friends()) != 2 {
			t.Errorf("gives %d and %d", b.Give, c.Give)
		}
		if did, _, err := h.ByDevice(certs[rounds-1].Device()); did != bo().did() || err != nil {
			t.Error(did, err)
		}
		if r := must[*friend.AddressRecord](t)(h.Address(t.Context(), cy().did())); r.Seq() != records[rounds-1].Seq() {
			t.Error("an older record")
		}
		h.again(t)
	}
}

// readers asks what connections ask.
func (h *home) readers(device keyring.Device) error {
	for range 50 {
		did, _, err := h.ByDevice(device)
		if err == nil && did != bo().did() || err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, keyring.ErrRetired) {
			return fmt.Errorf("device of %v: %w", did, err)
		}
		if f, ok := h.Friend(bo().did()); !ok || f.DID != bo().did() {
			return errors.New("bo is no friend")
		}
		for _, f := range h.Friends() {
			if f.DID == (radicle.DID{}) {
				return errors.New("nobody is a friend")
			}
		}
		if f, ok := h.Named("n1"); ok && f.Name != "n1" {
			return fmt.Errorf("n1 is %q", f.Name)
		}
		_ = h.IsMine(bo().did())
		_ = h.Mine()
		_ = h.Card(bo().did())
	}
	return nil
}
