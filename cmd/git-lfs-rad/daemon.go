package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"radswarm/blobstore"
	"radswarm/cmd/internal/control"
	"radswarm/lfsagent"
	"radswarm/radicle/profile"
	"radswarm/remote/lfs"
)

// locate asks git where git-lfs started us.
func locate(ctx context.Context) (lfsagent.Place, error) {
	around, err := lfs.Surround(ctx, "", nil)
	if err != nil {
		return lfsagent.Place{}, err
	}
	p := lfsagent.Place{GitDir: around.GitDir}
	if p.Settings.Git, err = lfsagent.ParseSettings(around.Git); err != nil {
		return p, err
	}
	if p.Settings.NamesPatches() {
		p.Branch = lfs.Branch(ctx, "", nil)
	}
	p.Settings.Carried, err = lfsagent.ParseSettings(around.Carried)
	return p, err
}

// local is the daemon of this home, which is found and started with the first object.
type local struct {
	env    profile.Env
	fresh  time.Duration
	grace  time.Duration
	mu     sync.Mutex
	caller *control.Caller
}

func newLocal(env profile.Env) *local { return &local{env: env, fresh: fresh, grace: grace} }

func (d *local) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.caller != nil {
		d.caller.Close()
	}
}

// Begin finds the home. Whether a daemon can be reached is seen with the first object.
func (d *local) Begin(_ context.Context, r lfsagent.Repository, _ lfsagent.Operation) (lfsagent.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.caller == nil {
		home, err := profile.Find(d.env)
		if err != nil {
			return nil, &lfsagent.Failure{Text: err.Error(), Hint: "rad swarm auth"}
		}
		d.caller = control.NewCaller(control.At(home), d.env)
	}
	return &session{caller: d.caller, fresh: d.fresh, grace: d.grace, repository: r, path: "/v1/repositories/" + r.RID.String()}, nil
}

// session carries the objects of one worker.
type session struct {
	caller     *control.Caller
	fresh      time.Duration
	grace      time.Duration
	hopeless   atomic.Bool // who is away stays away
	repository lfsagent.Repository
	path       string
}

// pulse is how often a daemon that says nothing is taken to work: the request is open, and ends with the daemon.
const pulse = 20 * time.Second

// Store hands the file over. For an object that is safe already the daemon answers at once.
func (s *session) Store(ctx context.Context, object blobstore.Pointer, path string, moved func(int64)) error {
	ask := control.Store{
		Files:   []control.File{{Pointer: control.Pointer{OID: object.OID, Size: object.Size}, Path: path}},
		Require: control.Requirement(s.repository.Require), Storage: s.repository.Storage,
	}
	return s.watch(ctx, "/store", ask, moved)
}

const (
	// fresh is how long a daemon may take to find friends after its start.
	fresh = 20 * time.Second
	// grace is for how long any other one is asked for the first object that too few have who are there: some of them may
	// have begun anew a moment ago.
	grace = 3 * time.Second
	// pause is after how long it is asked again. Each time it dials whom it misses, but for those who have failed it just now.
	pause = time.Second
)

// Fetch lets the daemon write the object to path. git-lfs compares the OID before it takes the file.
func (s *session) Fetch(ctx context.Context, object blobstore.Pointer, path string, moved func(int64)) error {
	size := object.Size
	ask := control.Get{OID: object.OID, Size: &size, To: path, SkipOID: true}
	ask.From = control.From{Namespace: s.repository.Namespace, Patch: s.repository.Patch}
	for began := time.Now(); ; {
		err := s.watch(ctx, "/fetch", ask, moved)
		f, ok := errors.AsType[*lfsagent.Failure](err)
		if !ok || f.Code != lfsagent.Code(control.CodeMissing.Status()) {
			return err
		}
		if !s.caller.Fresh(s.fresh) && (s.hopeless.Load() || time.Since(began) >= s.grace) {
			s.hopeless.Store(true)
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// End tells the daemon, if one was asked, that there is nothing more to come.
func (s *session) End(ctx context.Context) error {
	if !s.caller.Running() {
		return nil
	}
	return s.caller.Call(ctx, http.MethodPost, s.path+"/ended", nil, nil)
}

// watch asks for something that takes long.
func (s *session) watch(ctx context.Context, route string, in any, moved func(int64)) error {
	var beat heart
	beat.start(moved)
	defer beat.stop()
	err := s.caller.Watch(ctx, http.MethodPost, s.path+route, in, nil, func(l control.Line) error {
		if l.Progress != nil {
			beat.move(l.Progress.Bytes)
		}
		return nil
	})
	return failure(err)
}

// heart repeats how far something is while the daemon has nothing new to say: it may wait for friends for minutes, and says itself
// when it gives up.
type heart struct {
	mu    sync.Mutex
	moved func(int64)
	bytes int64
	timer *time.Timer
}

func (h *heart) start(moved func(int64)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.moved = moved
	h.timer = time.AfterFunc(pulse, h.beat)
}

func (h *heart) beat() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.timer == nil {
		return
	}
	h.moved(h.bytes)
	h.timer.Reset(pulse)
}

func (h *heart) move(bytes int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bytes = bytes
	h.moved(bytes)
}

func (h *heart) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.timer.Stop()
	h.timer = nil
}

// failure is an error as git-lfs shows it.
func failure(err error) error {
	var said *control.Error
	var start *control.StartError
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &said):
		return &lfsagent.Failure{Code: lfsagent.Code(said.Code.Status()), Text: said.Message, Hint: said.Hint}
	case errors.As(err, &start):
		return &lfsagent.Failure{Text: err.Error(), Hint: "rad swarm doctor"}
	case errors.Is(err, control.ErrEnded), errors.Is(err, control.ErrNotRunning):
		return &lfsagent.Failure{Code: lfsagent.Code(http.StatusServiceUnavailable), Text: err.Error(), Hint: "rad swarm daemon --restart"}
	}
	return err
}
