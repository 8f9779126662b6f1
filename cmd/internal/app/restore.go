package app

import (
	"context"
	"errors"
	"path/filepath"

	"radswarm/blobstore/friend"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/daemon"
	"radswarm/radicle/profile"
)

// Restore puts a copy of the database of friends and objects in the place of the one of a home, whose daemon must not run:
// daemon.ErrRunning. What was there is kept beside it. Other errors are those of friend.Restore.
func Restore(ctx context.Context, h profile.Home, from string) (err error) {
	p, err := profile.Load(h)
	if err != nil {
		return err
	}
	place := control.At(h)
	if err := place.Make(); err != nil {
		return err
	}
	lock, err := daemon.Lock(place.Lock())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	return friend.Restore(ctx, filepath.Join(place.Dir, friend.FileName), from, friend.Options{Self: p.DID()})
}
