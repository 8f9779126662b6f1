package app

import (
	"context"
	"errors"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/daemon"
	"radswarm/cmd/internal/objects"
	"radswarm/radicle"
)

// tell is told of lines.
type tell = func(control.Line)

// ask returns what a request asks. Where nothing has to be said, nothing may be.
func ask[In any](in *daemon.Request) (v In, err error) {
	if in.Empty() {
		return v, nil
	}
	err = in.Decode(&v)
	return v, err
}

// answer answers a pattern.
func answer[In, Out any](r *daemon.Routes, pattern string, f func(context.Context, *daemon.Request, In) (Out, error)) {
	r.Handle(pattern, func(ctx context.Context, in *daemon.Request) (any, error) {
		v, err := ask[In](in)
		if err != nil {
			return nil, err
		}
		return f(ctx, in, v)
	})
}

// stream answers a pattern with lines.
func stream[In, Out any](
	r *daemon.Routes, pattern string, f func(context.Context, *daemon.Request, In, tell) (Out, error),
) {
	r.Stream(pattern, func(ctx context.Context, in *daemon.Request, t func(control.Line)) (any, error) {
		v, err := ask[In](in)
		if err != nil {
			return nil, err
		}
		return f(ctx, in, v, t)
	})
}

// nothing is what a request asks that only says what it is about, and an answer that only says that it is done.
type nothing = struct{}

// answers returns all that the daemon answers.
func (a *App) answers() *daemon.Routes {
	r := &daemon.Routes{Explain: Explain}
	a.homeAnswers(r)
	a.peopleAnswers(r)
	a.friendAnswers(r)
	a.objectAnswers(r)
	a.repositoryObjectAnswers(r)
	a.repositoryAnswers(r)
	a.pushAnswers(r)
	return r
}

func (a *App) homeAnswers(r *daemon.Routes) {
	answer(r, "GET /v1/status", func(ctx context.Context, _ *daemon.Request, _ nothing) (control.Status, error) {
		return a.Status(ctx)
	})
	answer(r, "POST /v1/unlock", func(ctx context.Context, _ *daemon.Request, in control.Unlock) (control.Status, error) {
		if err := a.keys.Unlock(ctx, in); err != nil {
			return control.Status{}, err
		}
		a.repos.Unlocked() // what has waited for the key
		return a.Status(ctx)
	})
	answer(r, "GET /v1/config", func(context.Context, *daemon.Request, nothing) (control.Config, error) {
		return a.settings()
	})
	answer(r, "PATCH /v1/config", func(_ context.Context, _ *daemon.Request, in control.SetConfig) (control.Config, error) {
		return a.set(in)
	})
	answer(r, "POST /v1/config/reload", func(context.Context, *daemon.Request, nothing) (control.Config, error) {
		if err := a.Reload(); err != nil {
			return control.Config{}, err
		}
		return a.settings()
	})
}

func (a *App) peopleAnswers(r *daemon.Routes) {
	p := a.peers
	answer(r, "GET /v1/suggestions", func(ctx context.Context, _ *daemon.Request, _ nothing) (control.Suggestions, error) {
		return p.Suggestions(ctx)
	})
	answer(r, "POST /v1/invitations", func(ctx context.Context, _ *daemon.Request, in control.Invite) (control.Invitation, error) {
		return p.Invite(ctx, in)
	})
	answer(r, "DELETE /v1/invitations/{id}", func(ctx context.Context, r *daemon.Request, _ nothing) (nothing, error) {
		return nothing{}, p.Uninvite(ctx, r.Value("id"))
	})
	stream(r, "POST /v1/accept", func(ctx context.Context, _ *daemon.Request, in control.Accept, t tell) (control.Accepted, error) {
		return p.Accept(ctx, in, t)
	})
	answer(r, "GET /v1/devices", func(ctx context.Context, _ *daemon.Request, _ nothing) (control.Devices, error) {
		return p.Devices(ctx)
	})
	answer(r, "POST /v1/devices", func(ctx context.Context, _ *daemon.Request, in control.Device) (control.Devices, error) {
		return p.AddDevice(ctx, in)
	})
	answer(r, "DELETE /v1/devices/{did}", func(ctx context.Context, r *daemon.Request, _ nothing) (control.Devices, error) {
		did, err := didIn(r)
		if err != nil {
			return control.Devices{}, err
		}
		return p.RemoveDevice(ctx, did)
	})
	answer(r, "GET /v1/net", func(ctx context.Context, _ *daemon.Request, _ nothing) (control.Net, error) {
		return p.Net(ctx)
	})
	stream(r, "POST /v1/net/dial", func(ctx context.Context, _ *daemon.Request, in control.Dial, t tell) (control.Dialled, error) {
		return p.Dial(ctx, in, t)
	})
}

func (a *App) friendAnswers(r *daemon.Routes) {
	p := a.peers
	answer(r, "GET /v1/friends", func(ctx context.Context, _ *daemon.Request, _ nothing) (control.Friends, error) {
		return p.Friends(ctx)
	})
	answer(r, "POST /v1/friends", func(ctx context.Context, _ *daemon.Request, in control.AddFriend) (control.Friend, error) {
		return p.AddFriend(ctx, in)
	})
	answer(r, "GET /v1/friends/{who}", func(ctx context.Context, r *daemon.Request, _ nothing) (control.Friend, error) {
		return p.Friend(ctx, r.Value("who"))
	})
	answer(r, "PATCH /v1/friends/{who}", func(ctx context.Context, r *daemon.Request, in control.SetFriend) (control.Friend, error) {
		return p.SetFriend(ctx, r.Value("who"), in)
	})
	stream(r, "DELETE /v1/friends/{who}", func(
		ctx context.Context, r *daemon.Request, in control.RemoveFriend, t tell,
	) (control.RemovedFriend, error) {
		did, err := p.Resolve(r.Value("who"))
		if err != nil {
			return control.RemovedFriend{}, err
		}
		out, err := p.RemoveFriend(ctx, did.String(), in, t)
		if out.Done {
			err = errors.Join(err, a.objects.Removed(ctx, did)) // what they have counts no longer
		}
		return out, err
	})
}

func (a *App) objectAnswers(r *daemon.Routes) {
	o := a.objects
	stream(r, "POST /v1/put", func(ctx context.Context, _ *daemon.Request, in control.Put, t tell) (control.Stored, error) {
		return o.Put(ctx, in, t)
	})
	stream(r, "POST /v1/get", func(ctx context.Context, _ *daemon.Request, in control.Get, t tell) (control.Fetched, error) {
		return o.Get(ctx, in, t)
	})
	answer(r, "GET /v1/objects", func(context.Context, *daemon.Request, nothing) (control.Objects, error) {
		return o.List(), nil
	})
	answer(r, "GET /v1/objects/{oid}", func(ctx context.Context, r *daemon.Request, _ nothing) (control.Holding, error) {
		oid, size, err := objects.ParseName(r.Value("oid"))
		if err != nil {
			return control.Holding{}, err
		}
		return o.Holding(ctx, oid, size)
	})
	stream(r, "DELETE /v1/objects/{oid}", func(
		ctx context.Context, r *daemon.Request, in control.Forget, t tell,
	) (control.Forgotten, error) {
		oid, size, err := objects.ParseName(r.Value("oid"))
		if err != nil {
			return control.Forgotten{}, err
		}
		return o.Forget(ctx, oid, size, in, t)
	})
	stream(r, "POST /v1/verify", func(ctx context.Context, _ *daemon.Request, in control.Verify, t tell) (control.Verified, error) {
		return o.Verify(ctx, in, t)
	})
}

func (a *App) repositoryObjectAnswers(r *daemon.Routes) {
	o := a.objects
	answer(r, "POST /v1/repositories/{rid}/look", func(
		ctx context.Context, r *daemon.Request, in control.Look,
	) (out control.Looked, err error) {
		return inRepository(r, func(rid radicle.RID) (control.Looked, error) { return o.Look(ctx, rid, in) })
	})
	stream(r, "POST /v1/repositories/{rid}/store", func(
		ctx context.Context, r *daemon.Request, in control.Store, t tell,
	) (control.Looked, error) {
		return inRepository(r, func(rid radicle.RID) (control.Looked, error) { return o.Store(ctx, rid, in, t) })
	})
	stream(r, "POST /v1/repositories/{rid}/fetch", func(
		ctx context.Context, r *daemon.Request, in control.Get, t tell,
	) (control.Fetched, error) {
		return inRepository(r, func(rid radicle.RID) (control.Fetched, error) { return o.Fetch(ctx, rid, in, t) })
	})
	answer(r, "POST /v1/repositories/{rid}/ended", func(_ context.Context, r *daemon.Request, _ nothing) (nothing, error) {
		return inRepository(r, func(rid radicle.RID) (nothing, error) {
			a.repos.Ended(rid)
			return nothing{}, nil
		})
	})
}

func (a *App) repositoryAnswers(r *daemon.Routes) {
	p := a.repos
	answer(r, "GET /v1/repositories", func(ctx context.Context, _ *daemon.Request, _ nothing) (control.Repositories, error) {
		return p.Repositories(ctx)
	})
	answer(r, "POST /v1/zone", func(ctx context.Context, _ *daemon.Request, in control.SetDefaultZone) (control.DefaultZone, error) {
		return p.SetDefaultZone(ctx, in)
	})
	answer(r, "GET /v1/repositories/{rid}", func(ctx context.Context, r *daemon.Request, _ nothing) (control.Repository, error) {
		return inRepository(r, func(rid radicle.RID) (control.Repository, error) { return p.Repository(ctx, rid) })
	})
	stream(r, "POST /v1/repositories/{rid}/zone", func(
		ctx context.Context, r *daemon.Request, in control.SetZone, t tell,
	) (control.Zoned, error) {
		return inRepository(r, func(rid radicle.RID) (control.Zoned, error) { return p.SetZone(ctx, rid, in, t) })
	})
	stream(r, "POST /v1/repositories/{rid}/members", func(
		ctx context.Context, r *daemon.Request, in control.AddMember, t tell,
	) (control.AddedMember, error) {
		return inRepository(r, func(rid radicle.RID) (control.AddedMember, error) { return p.AddMember(ctx, rid, in, t) })
	})
	stream(r, "DELETE /v1/repositories/{rid}/members/{did}", func(
		ctx context.Context, r *daemon.Request, _ nothing, t tell,
	) (control.Repository, error) {
		did, err := didIn(r)
		if err != nil {
			return control.Repository{}, err
		}
		return inRepository(r, func(rid radicle.RID) (control.Repository, error) { return p.RemoveMember(ctx, rid, did, t) })
	})
	stream(r, "POST /v1/repositories/{rid}/sync", func(
		ctx context.Context, r *daemon.Request, _ nothing, t tell,
	) (control.Synced, error) {
		return inRepository(r, func(rid radicle.RID) (control.Synced, error) { return p.Sync(ctx, rid, t) })
	})
}

func (a *App) pushAnswers(r *daemon.Routes) {
	p := a.repos
	answer(r, "POST /v1/repositories/{rid}/records", func(
		ctx context.Context, r *daemon.Request, in control.Settle,
	) (control.Batch, error) {
		return inRepository(r, func(rid radicle.RID) (control.Batch, error) { return p.Settle(ctx, rid, in) })
	})
	answer(r, "POST /v1/repositories/{rid}/recorded", func(
		ctx context.Context, r *daemon.Request, in control.Recorded,
	) (nothing, error) {
		return inRepository(r, func(rid radicle.RID) (nothing, error) { return nothing{}, p.Recorded(ctx, rid, in) })
	})
	answer(r, "POST /v1/repositories/{rid}/wrote", func(
		ctx context.Context, r *daemon.Request, in control.Wrote,
	) (control.Replicas, error) {
		return inRepository(r, func(rid radicle.RID) (control.Replicas, error) { return p.Wrote(ctx, rid, in) })
	})
}

// inRepository does something with the repository that a path names.
func inRepository[Out any](r *daemon.Request, f func(radicle.RID) (Out, error)) (out Out, err error) {
	rid, err := radicle.ParseRID(r.Value("rid"))
	if err != nil {
		return out, usage(err)
	}
	return f(rid)
}

func didIn(r *daemon.Request) (radicle.DID, error) {
	did, err := radicle.ParseDID(r.Value("did"))
	if err != nil {
		return did, usage(err)
	}
	return did, nil
}

func usage(err error) error {
	return &control.Error{Code: control.CodeUsage, Message: err.Error()}
}
