package disk

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// fileSystem is all that the store does to files, its index apart: the seam at which tests let every operation fail, and
// lose what was not synced. Names are relative to the store and have slashes. Absent is fs.ErrNotExist.
type fileSystem interface {
	Open(name string) (file, error)   // to read
	Create(name string) (file, error) // to write; fs.ErrExist if it is there
	Rename(from, to string) error     // within the store; what is at to is replaced
	Remove(name string) error
	Mkdir(name string) error
	ReadDir(name string) ([]string, error) // what is in a folder, in no order
	SyncDir(name string) error             // makes creations, renames and removals in a folder durable
	Free() (free, size int64, err error)   // bytes of the disk that we may use, and that it has
	Close() error
}

// file is an open file.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	// Allocate makes the file size bytes long. It reports whether the disk has put them aside.
	Allocate(size int64) (bool, error)
	Sync() error
}

// rootFS is the real one. Nothing outside its root is ever touched.
type rootFS struct{ root *os.Root }

type rootFile struct{ *os.File }

func (r rootFS) Open(name string) (file, error) {
	f, err := r.root.Open(name)
	if err != nil {
		return nil, err
	}
	return rootFile{f}, nil
}

func (r rootFS) Create(name string) (file, error) {
	f, err := r.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return rootFile{f}, nil
}

func (r rootFS) Rename(from, to string) error { return r.root.Rename(from, to) }
func (r rootFS) Remove(name string) error     { return r.root.Remove(name) }
func (r rootFS) Mkdir(name string) error      { return r.root.Mkdir(name, 0o700) }
func (r rootFS) Close() error                 { return r.root.Close() }

func (r rootFS) ReadDir(name string) ([]string, error) {
	d, err := r.root.Open(name)
	if err != nil {
		return nil, err
	}
	names, err := d.Readdirnames(-1)
	return names, errors.Join(err, d.Close())
}

func (r rootFS) SyncDir(name string) error {
	d, err := r.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(syncDir(d), d.Close())
}

func (r rootFS) Free() (free, size int64, err error) {
	d, err := r.root.Open(".")
	if err != nil {
		return 0, 0, err
	}
	free, size, err = diskSpace(d)
	return free, size, errors.Join(err, d.Close())
}

func (f rootFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f rootFile) Allocate(size int64) (bool, error) { return allocate(f.File, size) }
func (f rootFile) Settle(off, n int64) error         { return settle(f.File, off, n) }

// readFile returns a file of at most limit bytes; a longer one is cut one byte later.
func readFile(fsys fileSystem, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, limit+1))
	return b, errors.Join(err, f.Close())
}

// writeFile makes a file with these bytes at temp, durably but for its name, and moves it to name. Whoever calls syncs the
// folder of name. On error nothing is left at temp.
func writeFile(fsys fileSystem, temp, name string, b []byte) error {
	f, err := fsys.Create(temp)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = fsys.Rename(temp, name)
	}
	if err != nil {
		_ = fsys.Remove(temp) // else the next Open removes it
	}
	return err
}

// remove removes a file that may be absent.
func remove(fsys fileSystem, name string) error {
	if err := fsys.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
