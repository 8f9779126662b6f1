package storage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// rawRef is a ref as it is stored: with an object, or with the name of another ref.
type rawRef struct {
	name, target string
	id           radicle.Oid
}

// whitespace is what C's isspace knows.
const whitespace = " \t\n\v\f\r"

// parseLoose reads the content of a ref's file: an id, or "ref: " and a name. Errors are a [*RefError].
func parseLoose(name, text string) (rawRef, error) {
	if len(text) > maxLooseRef {
		return rawRef{}, &RefError{Name: name, Reason: fmt.Sprintf("more than %d bytes", maxLooseRef)}
	}
	text = strings.TrimRight(text, whitespace)
	if target, ok := strings.CutPrefix(text, "ref:"); ok {
		target = strings.TrimLeft(target, whitespace)
		if !gitobj.GitTakesRefName(target) {
			return rawRef{}, &RefError{Name: name, Reason: "symbolic for what is not the name of a ref"}
		}
		return rawRef{name: name, target: target}, nil
	}
	hex := text
	if i := strings.IndexAny(text, whitespace); i >= 0 {
		hex = text[:i] // git lets anything follow
	}
	id, err := radicle.ParseOid(hex)
	if err != nil || id.IsZero() {
		return rawRef{}, &RefError{Name: name, Reason: "not an object id"}
	}
	return rawRef{name: name, id: id}, nil
}

// resolve follows a symbolic ref through all, which is sorted, or through files for what is not there. reason is why
// it cannot be resolved.
func (r *refReader) resolve(raw rawRef, all []rawRef) (ref Ref, reason string, err error) {
	ref.Name = raw.name
	for range maxSymrefs {
		if raw.target == "" {
			ref.ID = raw.id
			return ref, "", nil
		}
		ref.Target = raw.target
		next, ok := find(all, raw.target)
		if !ok {
			next, err = readRaw(r.root, raw.target)
		}
		if errors.As(err, new(*RefError)) || absent(err) {
			return ref, "symbolic for a ref that is not there", nil
		}
		if err != nil {
			return ref, "", err
		}
		raw = next
	}
	return ref, "symbolic for itself, or for too many", nil
}

func find(sorted []rawRef, name string) (rawRef, bool) {
	i, ok := slices.BinarySearchFunc(sorted, name, func(r rawRef, name string) int { return strings.Compare(r.name, name) })
	if !ok {
		return rawRef{}, false
	}
	return sorted[i], true
}

// readRaw reads one ref by its whole name. Errors are fs.ErrNotExist, a [*RefError], or the system's.
func readRaw(root *os.Root, name string) (rawRef, error) {
	if !gitobj.GitTakesRefName(name) {
		return rawRef{}, &RefError{Name: name, Reason: "not the name of a ref"}
	}
	info, err := root.Lstat(name)
	if err == nil && !info.IsDir() {
		raw, err := newRefReader(root).file(root, namedEntry{fs.FileInfoToDirEntry(info), name}, name)
		if !absent(err) {
			return raw, err
		}
	} else if err != nil && !absent(err) {
		return rawRef{}, err
	}
	return readPackedOne(root, name)
}

// namedEntry is a directory entry under its path from the repository.
type namedEntry struct {
	fs.DirEntry
	name string
}

func (e namedEntry) Name() string { return e.name }

func readPackedOne(root *os.Root, name string) (rawRef, error) {
	packed, err := readPacked(root, name, make(map[string]string))
	if err != nil {
		return rawRef{}, err
	}
	if raw, ok := find(packed, name); ok {
		return raw, nil
	}
	return rawRef{}, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}

// readPacked reads those lines of packed-refs whose names start with prefix, sorted, and notes the broken ones.
func readPacked(root *os.Root, prefix string, broken map[string]string) ([]rawRef, error) {
	f, err := root.Open("packed-refs")
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close() // read only
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxPackedRefs {
		return nil, &RefError{Name: "packed-refs", Reason: fmt.Sprintf("%d bytes, at most %d", info.Size(), maxPackedRefs)}
	}
	text := make([]byte, info.Size()) // the file is never changed, only replaced
	if _, err := io.ReadFull(f, text); err != nil {
		return nil, err
	}
	return parsePacked(string(text), prefix, broken)
}

// parsePacked reads packed-refs: a header and peeled tags are passed over. A line that is none of these is an error,
// as it is for git.
func parsePacked(text, prefix string, broken map[string]string) ([]rawRef, error) {
	var refs []rawRef
	sorted := true
	for n := 1; text != ""; n++ {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "^") {
			continue
		}
		hex, name, ok := strings.Cut(line, " ")
		if ok && !strings.HasPrefix(name, prefix) {
			continue
		}
		id, err := radicle.ParseOid(hex)
		if !ok || err != nil {
			return nil, &RefError{Name: "packed-refs", Reason: fmt.Sprintf("line %d is not an object id and a name", n)}
		}
		if id.IsZero() || !gitobj.GitTakesRefName(name) {
			broken[name] = "packed with a null id or under what is not the name of a ref"
			continue
		}
		sorted = sorted && (len(refs) == 0 || refs[len(refs)-1].name < name)
		refs = append(refs, rawRef{name: name, id: id})
		if len(refs) > MaxRefs {
			return nil, ErrTooManyRefs
		}
	}
	if !sorted {
		slices.SortStableFunc(refs, func(a, b rawRef) int { return strings.Compare(a.name, b.name) })
		refs = slices.CompactFunc(refs, func(a, b rawRef) bool { return a.name == b.name })
	}
	return refs, nil
}
