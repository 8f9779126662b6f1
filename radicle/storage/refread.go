package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"radswarm/radicle/gitobj"
)

// Bounds of what is read from the files of refs.
const (
	maxPackedRefs = 256 << 20 // bytes of packed-refs
	maxLooseRef   = 4 << 10   // bytes of a file below refs/
	maxRefDepth   = 64        // directories below refs/
	maxSymrefs    = 5         // refs that are looked at to resolve a symbolic one, as in git
)

// refReader reads refs from the files that git keeps them in (gitrepository-layout(5)): a file for each below refs/,
// and packed-refs for those without one. What is broken is left out and noted, as git leaves it out. That is as fast
// as "git for-each-ref", without a process; BenchmarkRefs compares them.
//
// Loose files are read before packed-refs: who packs refs writes packed-refs first and then deletes the files, so a
// ref that is gone from where it was is found where it went.
type refReader struct {
	root   *os.Root // the repository
	loose  []rawRef
	broken map[string]string // reason by name
	buf    []byte
}

func newRefReader(root *os.Root) *refReader {
	return &refReader{root: root, broken: make(map[string]string), buf: make([]byte, maxLooseRef+1)}
}

// readRefs reads all refs below dir: "refs", or a directory under it.
func readRefs(ctx context.Context, root *os.Root, dir string) (*Snapshot, error) {
	r := newRefReader(root)
	if err := r.directory(ctx, root, dir, dir, strings.Count(dir, "/")); err != nil {
		return nil, err
	}
	slices.SortFunc(r.loose, func(a, b rawRef) int { return strings.Compare(a.name, b.name) })
	// A directory that changes while it is listed may show a name twice.
	r.loose = slices.CompactFunc(r.loose, func(a, b rawRef) bool { return a.name == b.name })
	packed, err := readPacked(root, dir+"/", r.broken)
	if err != nil {
		return nil, err
	}
	return r.snapshot(merge(r.loose, packed, r.broken))
}

// directory reads the files below one directory: base in parent, name in the repository.
func (r *refReader) directory(ctx context.Context, parent *os.Root, base, name string, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	dir, err := parent.OpenRoot(base)
	if absent(err) {
		return nil // removed meanwhile
	}
	if err != nil {
		return err
	}
	defer dir.Close() // read only
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer f.Close() // read only
	for {
		entries, err := f.ReadDir(512)
		for _, e := range entries {
			if err := r.entry(ctx, dir, name+"/"+e.Name(), e, depth); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || absent(err) { // absent: the directory was removed after its last file
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *refReader) entry(ctx context.Context, dir *os.Root, name string, e fs.DirEntry, depth int) error {
	switch base := e.Name(); {
	case strings.HasPrefix(base, ".") || strings.HasSuffix(base, ".lock"):
		return nil // git's temporary files
	case e.IsDir() && depth == maxRefDepth:
		r.broken[name] = fmt.Sprintf("more than %d directories deep", maxRefDepth)
		return nil
	case e.IsDir():
		return r.directory(ctx, dir, base, name, depth+1)
	case len(r.loose) == MaxRefs:
		return ErrTooManyRefs
	}
	raw, err := r.file(dir, e, name)
	if bad, ok := errors.AsType[*RefError](err); ok {
		r.broken[name] = bad.Reason
		return nil
	}
	if absent(err) {
		return nil // packed or deleted meanwhile
	}
	if err != nil {
		return err
	}
	r.loose = append(r.loose, raw)
	return nil
}

// absent reports whether a file is gone, or has become a directory, or its directory a file.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR)
}

// file reads the ref in one file. If there is something wrong with it, the error is a [*RefError].
func (r *refReader) file(dir *os.Root, e fs.DirEntry, name string) (rawRef, error) {
	if !gitobj.GitTakesRefName(name) {
		return rawRef{}, &RefError{Name: name, Reason: "not the name of a ref"}
	}
	if e.Type()&fs.ModeSymlink != 0 {
		target, err := dir.Readlink(e.Name())
		if err == nil && !strings.HasPrefix(target, "refs/") {
			err = &RefError{Name: name, Reason: "a link to outside"}
		}
		return rawRef{name: name, target: target}, err
	}
	text, err := r.read(dir, e.Name())
	if err != nil {
		return rawRef{}, err
	}
	return parseLoose(name, text)
}

// read returns the beginning of a file, enough to see that it is too long.
func (r *refReader) read(dir *os.Root, base string) (string, error) {
	f, err := dir.Open(base)
	if err != nil {
		return "", err
	}
	defer f.Close() // read only
	n, err := io.ReadFull(f, r.buf)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	return string(r.buf[:n]), nil
}

// merge joins two sorted lists; loose files hide what is packed, broken ones too.
func merge(loose, packed []rawRef, broken map[string]string) []rawRef {
	if len(packed) == 0 {
		return loose
	}
	all := make([]rawRef, 0, len(loose)+len(packed))
	for _, p := range packed {
		for len(loose) > 0 && loose[0].name < p.name {
			all, loose = append(all, loose[0]), loose[1:]
		}
		if _, hidden := broken[p.name]; !hidden && (len(loose) == 0 || loose[0].name != p.name) {
			all = append(all, p)
		}
	}
	return append(all, loose...)
}

// snapshot resolves the symbolic refs among all, which is sorted.
func (r *refReader) snapshot(all []rawRef) (*Snapshot, error) {
	s := &Snapshot{Refs: make([]Ref, 0, len(all))}
	for _, raw := range all {
		ref, reason, err := r.resolve(raw, all)
		if err != nil {
			return nil, err
		}
		if reason != "" {
			r.broken[raw.name] = reason
			continue
		}
		s.Refs = append(s.Refs, ref)
	}
	if len(s.Refs) > MaxRefs {
		return nil, ErrTooManyRefs
	}
	for name, reason := range r.broken {
		s.Broken = append(s.Broken, RefError{Name: name, Reason: reason})
	}
	slices.SortFunc(s.Broken, func(a, b RefError) int { return strings.Compare(a.Name, b.Name) })
	return s, nil
}
