package command

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"radswarm/blobstore"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
	"radswarm/lfsagent"
	"radswarm/lfsagent/gitlfs"
)

// fetchers is how many objects are fetched at a time: small ones wait for friends.
const fetchers = 8

// copies opens the working copy in which a command is called, and its submodules.
func copies(ctx context.Context) ([]*gitlfs.Copy, error) {
	top, err := gitlfs.Open(ctx, "", nil)
	if err != nil {
		return nil, err
	}
	if top.Top == "" {
		return nil, gitlfs.ErrBare
	}
	below, err := top.Modules(ctx)
	return append([]*gitlfs.Copy{top}, below...), err
}

// selection is files of one working copy.
type selection struct {
	copy  *gitlfs.Copy
	files []gitlfs.File
}

// choose finds the LFS files at paths that were typed in the working directory; none: all. A path reaches into submodules.
func choose(ctx context.Context, all []*gitlfs.Copy, paths []string) ([]selection, error) {
	from, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		paths = []string{all[0].Top}
	}
	typed := make(map[*gitlfs.Copy][]string)
	for _, path := range paths {
		if !filepath.IsAbs(path) {
			path = filepath.Join(from, path)
		}
		owner := ownerOf(all, path)
		if owner == nil {
			return nil, ui.Usagef("", "%s is not in the working tree %s", path, all[0].Top)
		}
		typed[owner] = append(typed[owner], path)
		for _, c := range all {
			if c != owner && isWithin(path, c.Top) {
				typed[c] = append(typed[c], c.Top)
			}
		}
	}
	var chosen []selection
	for _, c := range all {
		if typed[c] == nil {
			continue
		}
		files, err := c.Files(ctx, from, typed[c]...)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, selection{c, files})
	}
	return chosen, nil
}

// ownerOf is the innermost working copy that a path lies in.
func ownerOf(all []*gitlfs.Copy, path string) (owner *gitlfs.Copy) {
	for _, c := range all {
		if isWithin(c.Top, realPath(path)) && (owner == nil || len(c.Top) > len(owner.Top)) {
			owner = c
		}
	}
	return owner
}

// realPath is a path without links in its folder, as git names the top of a working copy.
func realPath(path string) string {
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, filepath.Base(path))
}

func isWithin(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// download fetches objects into the LFS storage of working copies.
type download struct {
	caller *control.Caller
	watch  *ui.Watcher
	mu     sync.Mutex
	done   map[blobstore.OID]int64
	sum    int64
	total  int64
	failed []error
}

// wanted is an object and where it is wanted.
type wanted struct {
	copy   *gitlfs.Copy
	object blobstore.Pointer
	name   string
}

// fetch fetches what the LFS storages lack, each object once, and returns how many that were. It goes on after one that fails.
func (e *env) fetch(ctx context.Context, chosen []selection) (int, []error, error) {
	missing := lacking(chosen)
	if len(missing) == 0 {
		return 0, nil, nil
	}
	place, err := e.place()
	if err != nil {
		return 0, nil, err
	}
	d := &download{caller: control.NewCaller(place, e.lookup), watch: e.ui.Watch(), done: make(map[blobstore.OID]int64)}
	defer d.caller.Close()
	defer d.watch.Done()
	jobs := make(chan wanted)
	var workers sync.WaitGroup
	for range min(fetchers, len(missing)) {
		workers.Go(func() {
			for w := range jobs {
				d.note(d.one(ctx, w))
			}
		})
	}
	for _, w := range missing {
		d.total += w.object.Size // before the first worker starts on it
	}
	for _, w := range missing {
		if ctx.Err() != nil {
			break
		}
		jobs <- w
	}
	close(jobs)
	workers.Wait()
	if ctx.Err() != nil {
		return 0, nil, &ui.InterruptedError{GoesOn: "say the same again: what has arrived is used"}
	}
	return len(missing) - len(d.failed), d.failed, nil
}

// lacking lists the objects that are not here, each once a storage.
func lacking(chosen []selection) []wanted {
	type key struct {
		storage string
		object  blobstore.Pointer
	}
	seen := make(map[key]bool)
	var missing []wanted
	for _, s := range chosen {
		for _, f := range s.files {
			k := key{s.copy.Storage(), f.Object}
			if _, here := s.copy.Local(f.Object); here || seen[k] {
				continue
			}
			seen[k] = true
			missing = append(missing, wanted{s.copy, f.Object, f.Path})
		}
	}
	return missing
}

// one fetches an object, which the daemon verifies.
func (d *download) one(ctx context.Context, w wanted) error {
	rid, err := w.copy.Repository(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", w.name, failure(err))
	}
	landing, err := lfsagent.OpenLanding(w.copy.Storage(), w.copy.Settings.Shared())
	if err != nil {
		return err
	}
	defer landing.Close()
	size := w.object.Size
	in := control.Get{OID: w.object.OID, Size: &size, To: landing.Next(w.object.OID)}
	err = d.caller.Watch(ctx, http.MethodPost, to("repositories", rid.String(), "fetch"), in, nil, func(l control.Line) error {
		if l.Progress == nil {
			return nil
		}
		return d.moved(w.object.OID, l.Progress.Bytes)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", w.name, err)
	}
	_, err = landing.Keep(w.object)
	return err
}

// failure makes an agent's failure an error of ours.
func failure(err error) error {
	if f, ok := errors.AsType[*lfsagent.Failure](err); ok {
		return &ui.HintError{Err: err, Hint: f.Hint}
	}
	return err
}

// moved shows how far all of it is.
func (d *download) moved(oid blobstore.OID, bytes int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sum += bytes - d.done[oid]
	d.done[oid] = bytes
	return d.watch.Line(control.Line{Progress: &control.Progress{What: "fetching", Bytes: d.sum, Total: d.total}})
}

func (d *download) note(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		d.failed = append(d.failed, err)
	}
}
