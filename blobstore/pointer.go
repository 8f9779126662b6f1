package blobstore

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // git's object ids are SHA-1
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"radswarm/radicle"
)

// pointerVersion is the version line that git-lfs writes.
const pointerVersion = "https://git-lfs.github.com/spec/v1"

// MaxPointer is the length of the longest blob that can be a pointer: git-lfs reads no further, and so do we.
const MaxPointer = 1024

// ErrNotPointer is a blob that is not a Git LFS pointer.
var ErrNotPointer = errors.New("not a git lfs pointer")

// Pointer is the small file that stands in a repository for an object (git-lfs docs/spec.md).
type Pointer struct {
	OID  OID
	Size int64 // plaintext bytes, 0 … [MaxSize]
}

// pointerKeys are the lines of a canonical pointer, in order.
var pointerKeys = [...]string{"version", "oid", "size"}

// ParsePointer reads a pointer in its canonical form and in the looser ones that git-lfs still reads: the version
// lines of its early releases, extension lines, and white space at either end. Everything else is
// [ErrNotPointer], which is the ordinary case for a file that is simply a file.
func ParsePointer(b []byte) (Pointer, error) {
	if len(b) >= MaxPointer {
		return Pointer{}, fmt.Errorf("%w: %d bytes or more", ErrNotPointer, MaxPointer)
	}
	values, err := pointerValues(strings.TrimSpace(string(b)))
	if err != nil {
		return Pointer{}, err
	}
	switch values["version"] {
	case pointerVersion, "http://git-media.io/v/2", "https://hawser.github.com/spec/v1":
	default:
		return Pointer{}, fmt.Errorf("%w: version %q", ErrNotPointer, values["version"])
	}
	hexOID, ok := strings.CutPrefix(values["oid"], "sha256:")
	if !ok {
		return Pointer{}, fmt.Errorf("%w: oid %q", ErrNotPointer, values["oid"])
	}
	oid, err := ParseOID(hexOID)
	if err != nil {
		return Pointer{}, fmt.Errorf("%w: %w", ErrNotPointer, err)
	}
	size, err := parseSize(values["size"])
	if err != nil {
		return Pointer{}, err
	}
	return Pointer{OID: oid, Size: size}, nil
}

// pointerValues splits the lines "key value", in the order version, ext-*, oid, size.
func pointerValues(text string) (map[string]string, error) {
	values := make(map[string]string, len(pointerKeys))
	next := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		key, value, ok := strings.Cut(line, " ")
		if !ok {
			return nil, fmt.Errorf("%w: line %q", ErrNotPointer, line)
		}
		if next == 1 && isExtension(key) {
			continue
		}
		if next == len(pointerKeys) || key != pointerKeys[next] {
			return nil, fmt.Errorf("%w: unexpected key %q", ErrNotPointer, key)
		}
		values[key] = value
		next++
	}
	if next != len(pointerKeys) {
		return nil, fmt.Errorf("%w: no %s line", ErrNotPointer, pointerKeys[next])
	}
	return values, nil
}

// isExtension reports whether key is that of a pointer extension, "ext-0-name" to "ext-9-name".
func isExtension(key string) bool {
	rest, ok := strings.CutPrefix(key, "ext-")
	return ok && len(rest) > 2 && '0' <= rest[0] && rest[0] <= '9' && rest[1] == '-'
}

// parseSize reads decimal digits, with no sign, up to [MaxSize].
func parseSize(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%w: size %q", ErrNotPointer, s)
	}
	return int64(n), checkRange("object size", int64(n), 0, MaxSize)
}

// String returns the canonical text, byte for byte what git-lfs writes. The pointer of an empty
// object has the same three lines, though git-lfs leaves an empty file empty.
func (p Pointer) String() string {
	return fmt.Sprintf("version %s\noid sha256:%v\nsize %d\n", pointerVersion, p.OID, p.Size)
}

// Canonical reports whether b is the canonical text of p.
func (p Pointer) Canonical(b []byte) bool { return bytes.Equal(b, []byte(p.String())) }

// BlobID returns the git object id of the canonical text, in a repository whose object ids have size bytes (20 for
// SHA-1, 32 for SHA-256): the key of the object's record. The size must be one of the two.
func (p Pointer) BlobID(size int) (radicle.Oid, error) {
	text := p.String()
	blob := fmt.Appendf(nil, "blob %d\x00%s", len(text), text)
	switch size {
	case sha1.Size:
		sum := sha1.Sum(blob) //nolint:gosec // as above
		return radicle.OidFromBytes(sum[:])
	case sha256.Size:
		sum := sha256.Sum256(blob)
		return radicle.OidFromBytes(sum[:])
	}
	return radicle.Oid{}, &BoundsError{"object id length", int64(size), sha1.Size, sha256.Size}
}
