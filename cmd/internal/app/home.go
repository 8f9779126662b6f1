package app

import (
	"context"
	"errors"
	"io/fs"

	"radswarm/radicle"
	"radswarm/radicle/cobcache"
	"radswarm/radicle/nodedb"
	"radswarm/radicle/profile"
)

// CreateHome makes a Radicle home that rad and radicle-node accept, with the two databases that rad needs before the node
// has run for the first time. An empty passphrase leaves the key file in clear. Errors are those of profile.Create, which
// overwrites nothing; what follows may fail, and the home is there all the same.
func CreateHome(ctx context.Context, h profile.Home, alias radicle.Alias, passphrase []byte) (*profile.Profile, error) {
	p, err := profile.Create(h, profile.CreateOptions{Alias: alias, Passphrase: passphrase})
	if err != nil {
		return nil, err
	}
	err = nodedb.Create(ctx, h.Node(), p.NID, alias)
	if err == nil || errors.Is(err, fs.ErrExist) {
		err = cobcache.Create(ctx, h.Cobs())
	}
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	return p, err
}
