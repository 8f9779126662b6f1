package storage

import (
	"bytes"
	"compress/zlib"
	"crypto/rand"
	"errors"
	"os"
	"path"
	"time"

	"radswarm/radicle/gitobj"
)

// writeLoose stores each object as a file, objects/xx/yyyy (gitrepository-layout(5)): temporary names that git knows to
// clean up, sync, rename, sync of the directories.
func (r *Repo) writeLoose(objects []newObject) error {
	type pending struct{ temporary, final string }
	var files []pending
	dirs := make(map[string]bool)
	for _, o := range objects {
		hex := o.id.String()
		dir := path.Join("objects", hex[:2])
		final := path.Join(dir, hex[2:])
		if r.freshen(final) {
			continue
		}
		made, err := r.makeDir(dir)
		if err != nil {
			return err
		}
		if made {
			dirs["objects"] = true
		}
		dirs[dir] = true
		content, err := deflate(gitobj.AppendHeader(nil, o.kind, int64(len(o.data))), o.data)
		if err != nil {
			return err
		}
		temporary := path.Join(dir, "tmp_obj_"+rand.Text())
		if err := r.writeFile(temporary, content); err != nil {
			return err
		}
		files = append(files, pending{temporary, final})
	}
	for _, f := range files {
		r.writing("rename " + f.final)
		if err := r.root.Rename(f.temporary, f.final); err != nil {
			return err
		}
	}
	return r.syncDirs(dirs)
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

// syncDirs makes the names in the directories durable.
func (r *Repo) syncDirs(dirs map[string]bool) error {
	for dir := range dirs {
		f, err := r.root.Open(dir)
		if err != nil {
			return err
		}
		if err := errors.Join(syncDir(f), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// deflate compresses the parts as one stream.
func deflate(parts ...[]byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, zlib.BestSpeed)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		if _, err := w.Write(part); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
