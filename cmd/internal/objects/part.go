package objects

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"radswarm/blobstore"
	"radswarm/cmd/internal/control"
)

// parts are the files that downloads under way are written to. Nobody writes to one that another call has.
type parts struct {
	mu   sync.Mutex
	busy map[string]chan struct{} // closed when it is free again
}

// part is a file that becomes an object.
type part struct {
	*os.File
	path string
	free func()
}

// partName is the name of the file beside the one that an object goes to.
func partName(oid blobstore.OID) string { return ".radswarm-" + oid.String() + ".part" }

// open opens the part at a path, with what an earlier download left, when no other call has it.
func (p *parts) open(ctx context.Context, path string) (*part, error) {
	for {
		p.mu.Lock()
		busy, ok := p.busy[path]
		if !ok {
			if p.busy == nil {
				p.busy = map[string]chan struct{}{}
			}
			p.busy[path] = make(chan struct{})
			p.mu.Unlock()
			break
		}
		p.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		p.free(path)
		return nil, err
	}
	return &part{File: f, path: path, free: func() { p.free(path) }}, nil
}

func (p *parts) free(path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.busy[path])
	delete(p.busy, path)
}

// leave closes a part, and leaves what is in it for a later call. An empty one goes.
func (p *part) leave() {
	defer p.free()
	info, err := p.Stat()
	_ = p.Close() // the next download reads it, and finds out
	if err == nil && info.Size() == 0 {
		_ = os.Remove(p.path)
	}
}

// become makes a part that is complete the file at a path. Without replace a file that is there stays. What is not durable may be
// gone, or other bytes, after a loss of power.
func (p *part) become(path string, replace, durable bool) error {
	defer p.free()
	var err error
	if durable {
		err = p.Sync()
	}
	if err := errors.Join(err, p.Close()); err != nil {
		return err
	}
	if err := moved(p.path, path, replace); err != nil || !durable {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func moved(from, to string, replace bool) error {
	if replace {
		return os.Rename(from, to)
	}
	err := os.Link(from, to) // which fails where a file is there, in one step
	switch {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, fs.ErrExist):
		return exists(to)
	}
	if err := free(to); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// free refuses a path where a file is.
func free(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return exists(path)
	}
	return nil
}

func exists(path string) error {
	return &control.Error{Code: control.CodeConflict, Message: path + ": there is a file already"}
}

// syncDir makes what happened in a folder durable, where the system does that.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close() // it was only read
	if err := d.Sync(); err != nil && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, errors.ErrUnsupported) && !notForFolders(err) {
		return err
	}
	return nil
}
