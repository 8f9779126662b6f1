package repos

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"radswarm/blobstore/zone"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// Repositories returns what is in storage.
func (r *Repos) Repositories(ctx context.Context) (control.Repositories, error) {
	out := control.Repositories{Repositories: []control.Repository{}, Default: r.settings.consent(radicle.RID{}).Ceiling(true).String()}
	all, err := r.Storage.Repositories(ctx)
	if err != nil {
		return out, err
	}
	for _, rid := range all {
		one, err := r.Repository(ctx, rid)
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		if err != nil {
			one = control.Repository{RID: rid, Warnings: []control.Warning{{Text: "cannot be read: " + err.Error()}}}
		}
		out.Repositories = append(out.Repositories, one)
	}
	return out, nil
}

// Repository returns one repository.
func (r *Repos) Repository(ctx context.Context, rid radicle.RID) (out control.Repository, err error) {
	err = r.with(ctx, rid, func(e *repository, v *view) error {
		out = r.describe(e, v)
		return nil
	})
	return out, r.notThere(rid, err)
}

// notThere says that a repository is not in storage, for people.
func (r *Repos) notThere(rid radicle.RID, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, is := os.Lstat(r.Storage.Path(rid)); is == nil {
		return err // it is something else that is missing
	}
	return &control.Error{
		Code: control.CodeNotFound, Message: rid.String() + " is not in storage", Hint: "rad clone " + rid.String(),
	}
}

// describe is a repository as the daemon sees it.
func (r *Repos) describe(e *repository, v *view) control.Repository {
	private := v.doc.Visibility().Private
	out := control.Repository{
		RID: e.rid, Public: !private, Delegates: v.doc.Delegates(), Readers: r.readers(e.rid, v), NoRead: r.settings.noRead(e.rid),
		Default: r.ceiling(e, v).String(), Pending: r.queue.count(e.rid), Warnings: []control.Warning{},
	}
	if p, err := v.doc.Project(); err == nil {
		out.Name = p.Name
	}
	for _, writer := range e.index.Writers() {
		n := e.index.Branch(writer).Len()
		out.Records += n
		if writer == r.self {
			out.Own = n
		}
	}
	if out.Readers == nil {
		out.Readers = []radicle.DID{}
	}
	if out.NoRead == nil {
		out.NoRead = []radicle.DID{}
	}
	out.Warnings = append(out.Warnings, r.warnings(e, v)...)
	return out
}

// ceiling is the zone of what is stored from now on where no path says otherwise.
func (r *Repos) ceiling(e *repository, v *view) zone.Zone {
	return r.settings.consent(e.rid).Ceiling(!v.doc.Visibility().Private)
}

// warnings are what a person should know of a repository.
func (r *Repos) warnings(e *repository, _ *view) (all []control.Warning) {
	if r.queue.count(e.rid) > 0 {
		w := control.Warning{Text: "stored, not yet findable by others"}
		if _, err := r.Keys.Signer(r.rounds.ctx); err != nil {
			w.Hint = "rad swarm unlock"
		}
		all = append(all, w)
	}
	return all
}
