package app

import (
	"errors"
	"testing"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/holder"
	"radswarm/cmd/internal/control"
	"radswarm/radicle/profile"
)

// opened is an App in this process, that listens on a free port of this machine.
func opened(t *testing.T) (*App, Options) {
	t.Helper()
	h, err := profile.NewHome(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := CreateHome(t.Context(), h, "ana", nil); err != nil {
		t.Fatal(err)
	}
	c := DefaultConfig()
	c.Listen, c.Guess, c.UPnP, c.Floor = []string{"127.0.0.1:0"}, false, false, -1
	if err := c.Save(control.At(h)); err != nil {
		t.Fatal(err)
	}
	o := Options{Home: h, Software: "test"}
	a, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return a, o
}

// What is changed while the daemon runs counts at once, where it is kept to.
func TestSettingsReachTheRooms(t *testing.T) {
	a, _ := opened(t)
	defer a.Close()
	limit, public := int64(1e6), "no"
	if _, err := a.set(control.SetConfig{Limit: &limit, AcceptPublic: &public}); err != nil {
		t.Fatal(err)
	}
	if a.service.Public() != holder.PublicNo {
		t.Error("open shares are kept on")
	}
	if room, err := a.shares.Room(t.Context()); err != nil || room != limit {
		t.Errorf("room for %d bytes, %v", room, err)
	}
}

// Two processes never have one home open, and a home that was closed can be opened again, as often as one likes.
func TestOneAtATime(t *testing.T) {
	a, o := opened(t)
	if _, err := Open(t.Context(), o); !errors.Is(err, friend.ErrLocked) {
		t.Errorf("opened twice: %v", err)
	}
	for range 3 {
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		var err error
		if a, err = Open(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}
