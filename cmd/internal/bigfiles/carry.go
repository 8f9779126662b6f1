package bigfiles

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/radicle/profile"
	"radswarm/remote"
)

var _ remote.Carrier = (*BigFiles)(nil)

// Clone has the daemon fetch a repository from whoever is there and lets us have it. In a home that never had a daemon nobody is
// there: none is started for it.
func (b *BigFiles) Clone(ctx context.Context, rid radicle.RID, w io.Writer) error {
	home, err := profile.Find(b.env)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(filepath.Join(control.At(home).Dir, "device.key")); err != nil {
		return err
	}
	d, err := b.daemon()
	if err != nil {
		return err
	}
	var out control.Synced
	say := newProgress(w)
	if err := d.Watch(ctx, http.MethodPost, route(rid, "sync"), nil, &out, say.line); err != nil {
		return explain(err)
	}
	if len(out.From) == 0 {
		return fs.ErrNotExist
	}
	return nil
}

// running returns a daemon that runs. None is control.ErrNotRunning.
func (b *BigFiles) running(ctx context.Context) (*control.Client, error) {
	home, err := profile.Find(b.env)
	if err != nil {
		return nil, err
	}
	client, _, err := control.Connect(ctx, control.At(home))
	return client, err
}

// Refresh has a daemon that runs fetch what members who are there have newer.
func (b *BigFiles) Refresh(ctx context.Context, rid radicle.RID) error {
	client, err := b.running(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	var out control.Synced
	return client.Watch(ctx, http.MethodPost, route(rid, "sync"), nil, &out, nil)
}

// Wrote tells a daemon that runs, which finds out by itself where this does not arrive.
func (b *BigFiles) Wrote(ctx context.Context, rid radicle.RID, wait bool) (who []string) {
	client, err := b.running(ctx)
	if err != nil {
		return nil
	}
	defer client.Close()
	var out control.Replicas
	if err := client.Call(ctx, http.MethodPost, route(rid, "wrote"), control.Wrote{Wait: wait}, &out); err != nil {
		return nil
	}
	for _, p := range out.People {
		if p.Name == "" {
			p.Name = p.DID.Short()
		}
		who = append(who, text(p.Name))
	}
	return who
}
