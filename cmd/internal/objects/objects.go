package objects

import (
	"context"
	"errors"

	"radswarm/blobstore"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// Tell is told what happens meanwhile. It is called by one goroutine at a time, and must not block for long; nil hears nothing.
type Tell func(control.Line)

// Objects are the objects of a home.
type Objects struct {
	opt Options
}

// New reads the index, and goes on with what was under way when the last process ended.
func New(opt Options) (*Objects, error) {
	return &Objects{opt: opt.withDefaults()}, nil
}

// Close ends all work, which goes on when the index is opened again, and returns when everything has been written.
func (o *Objects) Close() error { return nil }

var errNotYet = errors.New("not yet")

// Put stores a file.
func (o *Objects) Put(ctx context.Context, ask control.Put, tell Tell) (control.Stored, error) {
	return control.Stored{}, errNotYet
}

// Get brings an object back to a file.
func (o *Objects) Get(ctx context.Context, ask control.Get, tell Tell) (control.Fetched, error) {
	return control.Fetched{}, errNotYet
}

// List returns all objects, the newest first.
func (o *Objects) List() control.Objects { return control.Objects{} }

// Holding says who holds an object. One that is not known is a *control.Error with CodeNotFound.
func (o *Objects) Holding(oid blobstore.OID, size *int64) (control.Holding, error) {
	return control.Holding{}, errNotYet
}

// Forget gives an object up.
func (o *Objects) Forget(
	ctx context.Context, oid blobstore.OID, size *int64, ask control.Forget, tell Tell,
) (control.Forgotten, error) {
	return control.Forgotten{}, errNotYet
}

// Verify asks holders to show what they have.
func (o *Objects) Verify(ctx context.Context, ask control.Verify, tell Tell) (control.Verified, error) {
	return control.Verified{}, errNotYet
}

// Look says how safe objects of a repository are.
func (o *Objects) Look(ctx context.Context, rid radicle.RID, ask control.Look) (control.Looked, error) {
	return control.Looked{}, errNotYet
}

// Store stores files for a repository.
func (o *Objects) Store(ctx context.Context, rid radicle.RID, ask control.Store, tell Tell) (control.Looked, error) {
	return control.Looked{}, errNotYet
}

// Fetch brings an object of a repository to a file.
func (o *Objects) Fetch(ctx context.Context, rid radicle.RID, ask control.Get, tell Tell) (control.Fetched, error) {
	return control.Fetched{}, errNotYet
}

// Ended says that a program which git ran for a repository has ended.
func (o *Objects) Ended(ctx context.Context, rid radicle.RID) error { return nil }

// Drained is what became of the shares that somebody had.
type Drained struct {
	Moved int // shares that others took
	Left  int // shares that are still there only
}

// Drain places the shares that somebody has with others, then deletes them there.
func (o *Objects) Drain(ctx context.Context, did radicle.DID, tell Tell) (Drained, error) {
	return Drained{}, errNotYet
}

// Removed says that somebody is no friend any more: what they have counts no longer.
func (o *Objects) Removed(ctx context.Context, did radicle.DID) error { return errNotYet }

// Held returns how many shares of ours somebody has.
func (o *Objects) Held(did radicle.DID) int { return 0 }

// Publish makes the shares of an object open ones: whoever has them gives them to anybody from then on.
func (o *Objects) Publish(ctx context.Context, p blobstore.Pointer) error { return errNotYet }

// Counts sums the objects up.
func (o *Objects) Counts() control.ObjectCount { return control.ObjectCount{} }

// Jobs returns what runs or waits.
func (o *Objects) Jobs() []control.Job { return nil }
