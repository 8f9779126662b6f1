package disk

import (
	"path"
	"sync"
)

// hookFS asks before every operation whether it fails. Reads are operations too.
type hookFS struct {
	fileSystem
	hook func(op, name string) error
}

// hooking lets hooks be called one at a time.
var hooking sync.Mutex

func (h hookFS) ask(op, name string) error {
	hooking.Lock()
	defer hooking.Unlock()
	return h.hook(op, name)
}

func (h hookFS) Open(name string) (file, error) {
	if err := h.ask("open", name); err != nil {
		return nil, err
	}
	f, err := h.fileSystem.Open(name)
	return hookFile{f, h.ask, name}, err
}

func (h hookFS) Create(name string) (file, error) {
	if err := h.ask("create", name); err != nil {
		return nil, err
	}
	f, err := h.fileSystem.Create(name)
	return hookFile{f, h.ask, name}, err
}

func (h hookFS) Rename(from, to string) error {
	if err := h.ask("rename", from+" "+to); err != nil {
		return err
	}
	return h.fileSystem.Rename(from, to)
}

func (h hookFS) Remove(name string) error {
	if err := h.ask("remove", name); err != nil {
		return err
	}
	return h.fileSystem.Remove(name)
}

func (h hookFS) Mkdir(name string) error {
	if err := h.ask("mkdir", name); err != nil {
		return err
	}
	return h.fileSystem.Mkdir(name)
}

func (h hookFS) ReadDir(name string) ([]string, error) {
	if err := h.ask("readdir", name); err != nil {
		return nil, err
	}
	return h.fileSystem.ReadDir(name)
}

func (h hookFS) SyncDir(name string) error {
	if err := h.ask("syncdir", name); err != nil {
		return err
	}
	return h.fileSystem.SyncDir(name)
}

func (h hookFS) Free() (free, size int64, err error) {
	if err := h.ask("free", "."); err != nil {
		return 0, 0, err
	}
	return h.fileSystem.Free()
}

type hookFile struct {
	file
	ask  func(op, name string) error
	name string
}

func (f hookFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.ask("read", f.name); err != nil {
		return 0, err
	}
	return f.file.ReadAt(p, off)
}

func (f hookFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.ask("write", f.name); err != nil {
		return 0, err
	}
	return f.file.WriteAt(p, off)
}

func (f hookFile) Size() (int64, error) {
	if err := f.ask("size", f.name); err != nil {
		return 0, err
	}
	return f.file.Size()
}

func (f hookFile) Allocate(size int64) (bool, error) {
	if err := f.ask("allocate", f.name); err != nil {
		return false, err
	}
	return f.file.Allocate(size)
}

func (f hookFile) Settle(off, n int64) error {
	if err := f.ask("settle", f.name); err != nil {
		return err
	}
	if s, ok := f.file.(settler); ok {
		return s.Settle(off, n)
	}
	return nil
}

func (f hookFile) Sync() error {
	if err := f.ask("sync", f.name); err != nil {
		return err
	}
	return f.file.Sync()
}

// Close closes the file even if it fails, as close(2) does.
func (f hookFile) Close() error {
	err := f.ask("close", f.name)
	if closeErr := f.file.Close(); err == nil {
		err = closeErr
	}
	return err
}

// walk calls f for every file below a folder.
func walk(fsys fileSystem, dir string, f func(name string)) {
	names, err := fsys.ReadDir(dir)
	if err != nil {
		f(dir)
		return
	}
	for _, base := range names {
		walk(fsys, path.Join(dir, base), f)
	}
}
