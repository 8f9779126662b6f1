package storage

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"sync"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

const (
	// maxLoose is how many new objects are stored as files of their own; more become a pack. BenchmarkWrite has the
	// figures: a pack is the faster from a handful of objects on, but packs slow everybody down until they are joined.
	maxLoose = 4
	// maxBuffered bounds the new objects of one update, in bytes.
	maxBuffered = 256 << 20
)

// Write implements [gitobj.Writer]: the object is on disk, durably, when Write returns. Let a ref reach it soon: a
// node deletes what none reaches after an hour. For several objects, [Repo.Update] is the faster way.
func (r *Repo) Write(ctx context.Context, kind gitobj.Kind, data []byte) (radicle.Oid, error) {
	b := newBuffer(r)
	id, err := b.Write(ctx, kind, data)
	if err != nil {
		return radicle.Oid{}, err
	}
	return id, b.flush(ctx)
}

// hashSize is the length of the repository's object ids.
func (r *Repo) hashSize() int { return r.rid.Oid().Len() }

// buffer is the objects of a repository and new ones, which are not stored before flush. Safe for concurrent use.
type buffer struct {
	repo *Repo
	new  *gitobj.Memory

	mu   sync.Mutex
	size int64 // guarded by mu
}

func newBuffer(r *Repo) *buffer { return &buffer{repo: r, new: gitobj.NewMemory(r.hashSize())} }

// Read implements [gitobj.Reader].
func (b *buffer) Read(ctx context.Context, id radicle.Oid, max int64) (gitobj.Kind, []byte, error) {
	kind, data, err := b.new.Read(ctx, id, max)
	if errors.Is(err, fs.ErrNotExist) {
		return b.repo.Read(ctx, id, max)
	}
	return kind, data, err
}

// Write implements [gitobj.Writer].
func (b *buffer) Write(ctx context.Context, kind gitobj.Kind, data []byte) (radicle.Oid, error) {
	b.mu.Lock()
	b.size += int64(len(data))
	size := b.size
	b.mu.Unlock()
	if size > maxBuffered {
		return radicle.Oid{}, &gitobj.TooLargeError{Size: size, Max: maxBuffered}
	}
	return b.new.Write(ctx, kind, data)
}

// newObject is an object that is not stored yet.
type newObject struct {
	id   radicle.Oid
	kind gitobj.Kind
	data []byte
}

// flush stores the new objects. They are on disk, durably, when it returns.
func (b *buffer) flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	switch objects := b.objects(); {
	case len(objects) == 0:
		return nil
	case len(objects) <= maxLoose:
		return b.repo.writeLoose(objects)
	default:
		return b.repo.writePack(objects)
	}
}

// objects returns the new objects, sorted by id.
func (b *buffer) objects() []newObject {
	var objects []newObject
	b.new.All(func(id radicle.Oid, kind gitobj.Kind, data []byte) bool {
		objects = append(objects, newObject{id, kind, data})
		return true
	})
	slices.SortFunc(objects, func(a, b newObject) int { return a.id.Compare(b.id) })
	return objects
}

// writing tells a test what comes next. Files are written at once, so it may run in several goroutines.
func (r *Repo) writing(what string) {
	if r.onWrite != nil {
		r.onWrite(what)
	}
}
