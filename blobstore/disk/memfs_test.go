package disk

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"sync"
	"syscall"
)

// memFS is a disk that forgets. What was not synced is lost in a crash, or not, or in part: each name and each sector for
// itself, as the worst disk may.
type memFS struct {
	mu   sync.Mutex
	dirs map[string]*memDir
	room int64 // bytes that files may take
}

// memDir has the names in a folder as they are, and as they were when it was last synced.
type memDir struct{ now, synced map[string]*memNode }

// memNode is a file, or a folder: then it has no bytes.
type memNode struct {
	folder      bool
	now, synced []byte
}

func newMemFS() *memFS {
	m := &memFS{room: 1 << 40, dirs: map[string]*memDir{}}
	m.dirs["."] = newMemDir()
	return m
}

func newMemDir() *memDir { return &memDir{map[string]*memNode{}, map[string]*memNode{}} }

func memError(op, name string, err error) error { return &fs.PathError{Op: op, Path: name, Err: err} }

// at returns a folder and a name in it.
func (m *memFS) at(op, name string) (*memDir, string, error) {
	d, ok := m.dirs[path.Dir(name)]
	if !ok {
		return nil, "", memError(op, name, fs.ErrNotExist)
	}
	return d, path.Base(name), nil
}

func (m *memFS) find(op, name string) (*memDir, string, *memNode, error) {
	d, base, err := m.at(op, name)
	if err != nil {
		return nil, "", nil, err
	}
	n, ok := d.now[base]
	if !ok {
		return nil, "", nil, memError(op, name, fs.ErrNotExist)
	}
	return d, base, n, nil
}

func (m *memFS) Open(name string) (file, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, _, n, err := m.find("open", name)
	if err != nil {
		return nil, err
	}
	return &memFile{m, n}, nil
}

func (m *memFS) Create(name string) (file, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, base, err := m.at("create", name)
	if err != nil {
		return nil, err
	}
	if d.now[base] != nil {
		return nil, memError("create", name, fs.ErrExist)
	}
	n := &memNode{}
	d.now[base] = n
	return &memFile{m, n}, nil
}

func (m *memFS) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, base, n, err := m.find("rename", from)
	if err != nil {
		return err
	}
	e, newBase, err := m.at("rename", to)
	if err != nil {
		return err
	}
	delete(d.now, base)
	e.now[newBase] = n
	return nil
}

func (m *memFS) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, base, _, err := m.find("remove", name)
	if err == nil {
		delete(d.now, base)
	}
	return err
}

func (m *memFS) Mkdir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, base, err := m.at("mkdir", name)
	if err != nil {
		return err
	}
	if d.now[base] != nil {
		return memError("mkdir", name, fs.ErrExist)
	}
	d.now[base] = &memNode{folder: true}
	m.dirs[name] = newMemDir()
	return nil
}

func (m *memFS) ReadDir(name string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.dirs[name]
	if !ok {
		return nil, memError("readdir", name, fs.ErrNotExist)
	}
	return slices.Sorted(maps.Keys(d.now)), nil
}

func (m *memFS) SyncDir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.dirs[name]
	if !ok {
		return memError("syncdir", name, fs.ErrNotExist)
	}
	d.synced = maps.Clone(d.now)
	return nil
}

func (m *memFS) Free() (free, size int64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.room - m.used(), m.room, nil
}

func (m *memFS) used() (n int64) {
	for _, d := range m.dirs {
		for _, node := range d.now {
			n += int64(len(node.now))
		}
	}
	return n
}

func (m *memFS) Close() error { return nil }

// crash returns what is on the disk after the power came back.
func (m *memFS) crash(random *rand.Rand) *memFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	after := newMemFS()
	after.room = m.room
	m.crashDir(after, ".", random)
	return after
}

func (m *memFS) crashDir(after *memFS, dir string, random *rand.Rand) {
	d := m.dirs[dir]
	names := maps.Clone(d.now)
	maps.Copy(names, d.synced)
	for _, base := range slices.Sorted(maps.Keys(names)) {
		n := d.synced[base]
		if random.IntN(2) == 0 {
			n = d.now[base]
		}
		if n == nil {
			continue
		}
		name := path.Join(dir, base)
		lived := &memNode{folder: n.folder, now: torn(n, random)}
		lived.synced = bytes.Clone(lived.now)
		after.dirs[dir].now[base], after.dirs[dir].synced[base] = lived, lived
		if n.folder {
			after.dirs[name] = newMemDir()
			m.crashDir(after, name, random)
		}
	}
}

// torn returns the bytes of a file after a crash.
func torn(n *memNode, random *rand.Rand) []byte {
	switch random.IntN(3) {
	case 0:
		return bytes.Clone(n.synced)
	case 1:
		return bytes.Clone(n.now)
	}
	b := make([]byte, len(n.now))
	copy(b, n.synced)
	for off := 0; off < len(b); off += 512 {
		if random.IntN(2) == 0 {
			copy(b[off:min(off+512, len(b))], n.now[off:])
		}
	}
	return b
}

type memFile struct {
	m *memFS
	n *memNode
}

func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	return bytes.NewReader(f.n.now).ReadAt(p, off)
}

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.grow(off + int64(len(p))); err != nil {
		return 0, err
	}
	return copy(f.n.now[off:], p), nil
}

// grow makes the file at least size bytes long. What was synced stays what it was: the bytes are copied.
func (f *memFile) grow(size int64) error {
	more := size - int64(len(f.n.now))
	if more > f.m.room-f.m.used() {
		return memError("write", "", syscall.ENOSPC)
	}
	f.n.now = append(bytes.Clone(f.n.now), make([]byte, max(0, more))...)
	return nil
}

func (f *memFile) Size() (int64, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	return int64(len(f.n.now)), nil
}

func (f *memFile) Allocate(size int64) (bool, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	return true, f.grow(size)
}

func (f *memFile) Sync() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.n.synced = f.n.now
	return nil
}

func (f *memFile) Close() error { return nil }

var _ io.ReaderAt = (*memFile)(nil)
