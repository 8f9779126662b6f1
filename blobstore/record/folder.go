package record

import (
	"bytes"
	"context"
	"slices"
	"sort"
	"sync"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// folder is one of the 256 folders of records: names and blob ids, packed, for they are many. It never changes but for the
// pointers, which are read when somebody asks for an object without its size.
type folder struct {
	tree   radicle.Oid
	first  byte
	size   int    // bytes of an id
	packed []byte // sorted entries: the key without its first byte, then the blob id

	mu       sync.Mutex          // guards pointers
	pointers []blobstore.Pointer // of each entry, zero where it cannot be read; nil: not read
}

// newFolder keeps the entries that are records.
func newFolder(tree radicle.Oid, first byte, entries []Entry) *folder {
	f := &folder{tree: tree, first: first, size: tree.Len()}
	rows := make([][]byte, 0, len(entries))
	for _, e := range entries {
		row := make([]byte, f.size-1, f.stride())
		if e.Mode == ModeFile && e.ID.Len() == f.size && lowerHex(row, e.Name) {
			rows = append(rows, e.ID.AppendBytes(row))
		}
	}
	name := func(row []byte) []byte { return row[:f.size-1] }
	slices.SortStableFunc(rows, func(a, b []byte) int { return bytes.Compare(name(a), name(b)) })
	rows = slices.CompactFunc(rows, func(a, b []byte) bool { return bytes.Equal(name(a), name(b)) })
	f.packed = bytes.Join(rows, nil)
	return f
}

func (f *folder) stride() int { return 2*f.size - 1 }

func (f *folder) len() int { return len(f.packed) / f.stride() }

// at returns key and blob of an entry.
func (f *folder) at(i int) (key, blob radicle.Oid) {
	row := f.packed[i*f.stride() : (i+1)*f.stride()]
	key, _ = radicle.OidFromBytes(append([]byte{f.first}, row[:f.size-1]...)) // of a size that ids have
	blob, _ = radicle.OidFromBytes(row[f.size-1:])
	return key, blob
}

// find returns the blob that is kept under a key.
func (f *folder) find(key radicle.Oid) (radicle.Oid, bool) {
	want := key.Bytes()[1:]
	i := sort.Search(f.len(), func(i int) bool {
		start := i * f.stride()
		return bytes.Compare(f.packed[start:start+f.size-1], want) >= 0
	})
	if i == f.len() {
		return radicle.Oid{}, false
	}
	is, blob := f.at(i)
	return blob, is == key
}

// objects returns the pointers of all entries, in order; the first call reads every record. An error is that of the context.
func (f *folder) objects(ctx context.Context, o Objects) ([]blobstore.Pointer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pointers != nil {
		return f.pointers, nil
	}
	pointers := make([]blobstore.Pointer, f.len())
	for i := range pointers {
		if r, err := readRecord(ctx, o, f, i); err == nil {
			pointers[i] = r.pointer
		} else if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	f.pointers = pointers
	return pointers, nil
}

// readRecord reads the record of an entry.
func readRecord(ctx context.Context, o Objects, f *folder, i int) (*Record, error) {
	key, blob := f.at(i)
	return readNamed(ctx, o, key, blob)
}

func readNamed(ctx context.Context, o Objects, key, blob radicle.Oid) (*Record, error) {
	b, err := o.Blob(ctx, blob, MaxNewer)
	if err != nil {
		return nil, err
	}
	return ParseNamed(key, b)
}
