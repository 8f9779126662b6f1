package storage

import (
	"bytes"
	"compress/zlib"
	"crypto/rand"
	"errors"
	"maps"
	"os"
	"path"
	"slices"
	"sync"
	"time"

	"radswarm/radicle/gitobj"
)

// writeLoose stores each object as a file, objects/xx/yyyy (gitrepository-layout(5)): temporary names that git knows to
// clean up, sync, rename, sync of the directories.
func (r *Repo) writeLoose(objects []newObject) error {
	var files []looseFile
	var d deflater
	dirs := make(map[string]bool)
	for _, o := range objects {
		f, err := r.looseFile(&d, o, dirs)
		if err != nil {
			return err
		}
		if f.content != nil {
			files = append(files, f)
		}
	}
	if err := each(files, func(f looseFile) error { return r.writeFile(f.temporary, f.content) }); err != nil {
		return err
	}
	for _, f := range files {
		r.writing("rename " + f.final)
		if err := r.root.Rename(f.temporary, f.final); err != nil {
			return err
		}
	}
	return r.syncDirs(dirs)
}

// looseFile is an object as a file to be written; no content if it is there.
type looseFile struct {
	temporary, final string
	content          []byte
}

// looseFile prepares the file of an object and its directory, and notes the directories that will change.
func (r *Repo) looseFile(d *deflater, o newObject, dirs map[string]bool) (looseFile, error) {
	hex := o.id.String()
	dir := path.Join("objects", hex[:2])
	f := looseFile{temporary: path.Join(dir, "tmp_obj_"+rand.Text()), final: path.Join(dir, hex[2:])}
	if r.freshen(f.final) {
		return f, nil
	}
	made, err := r.makeDir(dir)
	if err != nil {
		return f, err
	}
	dirs[dir], dirs["objects"] = true, dirs["objects"] || made
	f.content, err = d.deflate(gitobj.AppendHeader(nil, o.kind, int64(len(o.data))), o.data)
	return f, err
}

// each calls f with every item, all at once: what waits for the disk waits together. It returns all errors.
func each[T any](items []T, f func(T) error) error {
	var all sync.WaitGroup
	errs := make([]error, len(items))
	for i, item := range items {
		all.Go(func() { errs[i] = f(item) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// freshen makes an object that is there as young as a new one, so that nobody deletes it as old and unused, and
// reports whether it is there.
func (r *Repo) freshen(file string) bool {
	now := time.Now() // of the file system, whatever the clock of signatures is
	return r.root.Chtimes(file, now, now) == nil
}

// makeDir reports whether the directory was not there.
func (r *Repo) makeDir(dir string) (bool, error) {
	r.writing("mkdir " + dir)
	err := r.root.Mkdir(dir, 0o777)
	if errors.Is(err, os.ErrExist) {
		return false, nil
	}
	return err == nil, err
}

// writeFile writes a new file that nobody may change, and syncs it.
func (r *Repo) writeFile(name string, content []byte) error {
	r.writing("write " + name)
	f, err := r.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, r.root.Remove(name))
	}
	return nil
}

// syncDirs makes the names in those directories durable that are marked.
func (r *Repo) syncDirs(dirs map[string]bool) error {
	maps.DeleteFunc(dirs, func(_ string, changed bool) bool { return !changed })
	return each(slices.Collect(maps.Keys(dirs)), func(dir string) error {
		f, err := r.root.Open(dir)
		if err != nil {
			return err
		}
		return errors.Join(syncDir(f), f.Close())
	})
}

// deflater compresses; making one costs more than most objects do.
type deflater struct{ w *zlib.Writer }

// deflate compresses the parts as one stream.
func (d *deflater) deflate(parts ...[]byte) ([]byte, error) {
	var b bytes.Buffer
	if d.w == nil {
		w, err := zlib.NewWriterLevel(&b, zlib.BestSpeed)
		if err != nil {
			return nil, err
		}
		d.w = w
	}
	d.w.Reset(&b)
	for _, part := range parts {
		if _, err := d.w.Write(part); err != nil {
			return nil, err
		}
	}
	if err := d.w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
