package gitobj

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"sync"

	"radswarm/radicle"
)

// Memory keeps objects in memory: a [Reader] and a [Writer] for what is not to be stored, and for tests.
// Safe for concurrent use.
type Memory struct {
	size    int
	mu      sync.RWMutex
	objects map[radicle.Oid]object // guarded by mu; values are never changed
}

type object struct {
	kind Kind
	data []byte
}

// NewMemory returns an empty store whose ids have size bytes: [SHA1] or [SHA256].
func NewMemory(size int) *Memory {
	return &Memory{size: size, objects: make(map[radicle.Oid]object)}
}

// Read implements [Reader].
func (m *Memory) Read(ctx context.Context, id radicle.Oid, max int64) (Kind, []byte, error) {
	if err := ctx.Err(); err != nil {
		return 0, nil, err
	}
	m.mu.RLock()
	o, ok := m.objects[id]
	m.mu.RUnlock()
	if !ok {
		return 0, nil, fmt.Errorf("object %v: %w", id, fs.ErrNotExist)
	}
	if int64(len(o.data)) > max {
		return 0, nil, &TooLargeError{ID: id, Size: int64(len(o.data)), Max: max}
	}
	return o.kind, bytes.Clone(o.data), nil
}

// Write implements [Writer].
func (m *Memory) Write(ctx context.Context, kind Kind, data []byte) (radicle.Oid, error) {
	if err := ctx.Err(); err != nil {
		return radicle.Oid{}, err
	}
	id := Hash(kind, data, m.size)
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.objects[id]; !ok {
		m.objects[id] = object{kind: kind, data: bytes.Clone(data)}
	}
	return id, nil
}

// Len returns the number of objects.
func (m *Memory) Len() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.objects)
}

// All calls yield with every object, in no order, until it returns false. The bytes must not be changed.
func (m *Memory) All(yield func(id radicle.Oid, kind Kind, data []byte) bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for id, o := range m.objects {
		if !yield(id, o.kind, o.data) {
			return
		}
	}
}
