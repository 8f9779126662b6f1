package objects

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// How long somebody is asked for nothing after trouble with them. Whoever is gone comes back as a change of People.
const (
	restFull   = time.Minute
	restSilent = 30 * time.Second
	restOther  = 10 * time.Second
)

// errSilent is somebody who does nothing at the moment.
var errSilent = errors.New("does not answer")

// troubles are what holders did wrong lately, of all objects together: a thousand small objects find out once that somebody is
// frozen.
type troubles struct {
	mu    sync.Mutex
	of    map[radicle.DID]trouble
	heard map[radicle.DID]time.Time // when somebody did something last
	asked map[radicle.DID]<-chan struct{}
}

type trouble struct {
	err   error
	until time.Time // zero: it does nothing, but has not failed yet
}

// failed remembers that somebody failed.
func (t *troubles) failed(did radicle.DID, err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	rest := restOther
	switch {
	case errors.Is(err, blobstore.ErrFull):
		rest = restFull
	case errors.Is(err, swarm.ErrSilent):
		rest, err = restSilent, errSilent
	}
	t.set(did, trouble{err, time.Now().Add(rest)})
}

// owes remembers that somebody keeps us waiting, or does not any more.
func (t *troubles) owes(did radicle.DID, yes bool) {
	if yes {
		t.set(did, trouble{err: errSilent})
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of[did].until.IsZero() {
		delete(t.of, did)
	}
}

func (t *troubles) set(did radicle.DID, one trouble) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = map[radicle.DID]trouble{}
	}
	t.of[did] = one
}

// forgive forgets the trouble with somebody, who came back.
func (t *troubles) forgive(did radicle.DID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.of, did)
}

// with returns what is wrong with somebody just now, or nil.
func (t *troubles) with(did radicle.DID) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	one, ok := t.of[did]
	if !ok || !one.until.IsZero() && time.Now().After(one.until) {
		return nil
	}
	return one.err
}

// all returns everybody there is trouble with just now.
func (t *troubles) all() []radicle.DID {
	t.mu.Lock()
	dids := slices.SortedFunc(maps.Keys(t.of), radicle.DID.Compare)
	t.mu.Unlock()
	return slices.DeleteFunc(dids, func(did radicle.DID) bool { return t.with(did) == nil })
}

// alive remembers that somebody did something.
func (t *troubles) alive(did radicle.DID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.heard == nil {
		t.heard = map[radicle.DID]time.Time{}
	}
	t.heard[did] = time.Now()
}

// quiet returns for how long somebody did nothing.
func (t *troubles) quiet(did radicle.DID) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Since(t.heard[did])
}

// before returns what somebody has failed of, or nil: merely to owe us something is no failure.
func (t *troubles) before(did radicle.DID) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if one := t.of[did]; time.Now().Before(one.until) {
		return one.err
	}
	return nil
}

// inWords says in a few words what is wrong with somebody.
func inWords(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, blobstore.ErrFull):
		return "has no room"
	case errors.Is(err, errSilent), errors.Is(err, swarm.ErrSilent), errors.Is(err, os.ErrDeadlineExceeded),
		errors.Is(err, context.DeadlineExceeded):
		return "does not answer"
	case errors.Is(err, blobstore.ErrDenied):
		return "refuses"
	case errors.Is(err, blobstore.ErrBusy):
		return "is busy"
	case errors.Is(err, swarm.ErrNobody):
		return "is away"
	case errors.Is(err, fs.ErrNotExist):
		return "does not have it"
	}
	return err.Error()
}
