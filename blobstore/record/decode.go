package record

import (
	"bytes"
	"fmt"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/manifest"
	"radswarm/radicle"
)

const (
	minManifest = 148 // bytes of the shortest
	sealing     = manifest.MaxSealed - manifest.MaxLen
)

// Parse reads a record. What it says of the object is not verified before it is opened. Errors are a [*blobstore.FieldError]
// of class encoding, or wrap [ErrVersion]. The bytes are copied.
func Parse(b []byte) (*Record, error) {
	if len(b) > MaxNewer {
		return nil, malformed("length")
	}
	r := &Record{raw: bytes.Clone(b)}
	c := &cursor{rest: r.raw}
	if err := r.parse(c); err != nil && !c.short {
		return nil, err
	}
	if c.short || len(c.rest) > 0 {
		return nil, malformed("length")
	}
	return r, nil
}

// ParseNamed is [Parse] for the record that is kept under a key; that of another object is of class mismatch.
func ParseNamed(key radicle.Oid, b []byte) (*Record, error) {
	r, err := Parse(b)
	if err != nil {
		return nil, err
	}
	if is, err := r.pointer.BlobID(key.Len()); err != nil || is != key {
		return nil, mismatch("name")
	}
	return r, nil
}

func newer(what string, n byte) error { return fmt.Errorf("%s %d: %w", what, n, ErrVersion) }

// parse reads all fields. What it says of those after a missing one means nothing.
func (r *Record) parse(c *cursor) error {
	if err := r.head(c); err != nil {
		return err
	}
	parts := []func(*cursor) error{r.sealedManifest, r.parseWraps, r.parseHints, r.extensions}
	if r.open {
		parts = []func(*cursor) error{r.openManifest, r.extensions}
	}
	for _, part := range parts {
		if err := part(c); err != nil || c.short {
			return err
		}
	}
	return nil
}

// head reads what both forms begin with.
func (r *Record) head(c *cursor) error {
	for _, f := range []struct {
		name string
		most byte
	}{{"version", version}, {"form", formOpen}, {"suite", byte(blobstore.SuiteV1)}, {"code", byte(blobstore.CodeV1)}} {
		n := c.u8()
		if n == 0 || n > lastVersion { // a note that a person wrote begins with a letter
			return malformed(f.name)
		}
		if n > f.most {
			return newer(f.name, n)
		}
	}
	r.open = r.raw[1] == formOpen
	r.k, r.gen = int(c.u8()), c.u32()
	r.pointer.OID = blobstore.OID(c.take(len(r.pointer.OID)))
	size := c.u64()
	r.salt = keyring.SaltID(c.take(len(r.salt)))
	switch {
	case r.k == 0 || r.k > blobstore.MaxK:
		return malformed("K")
	case size > blobstore.MaxSize:
		return malformed("size")
	case !r.open && r.salt.IsZero():
		return malformed("salt id")
	}
	r.pointer.Size = int64(size)
	return nil
}

func (r *Record) openManifest(c *cursor) error {
	if !r.salt.IsZero() {
		r.key = [32]byte(c.take(len(r.key)))
	}
	r.manifest = c.long()
	return within("manifest", len(r.manifest), minManifest, manifest.MaxLen)
}

func (r *Record) sealedManifest(c *cursor) error {
	r.manifest = c.long()
	return within("manifest", len(r.manifest), minManifest+sealing, manifest.MaxSealed)
}

// within refuses a field of a length that it cannot have.
func within(field string, n, low, high int) error {
	if n < low || n > high {
		return malformed(field)
	}
	return nil
}

func (r *Record) parseWraps(c *cursor) error {
	n := int(c.u8())
	if n > MaxWraps {
		return malformed("wraps")
	}
	for range n {
		r.wraps = append(r.wraps, c.wrap())
	}
	if n > 0 && r.wraps[0].Kind == 0 || !ascending(r.wraps, compareWraps) {
		return malformed("wraps")
	}
	return nil
}

func (r *Record) parseHints(c *cursor) error {
	r.hints = c.long()
	if len(r.hints) == 0 {
		return nil
	}
	entries := len(r.hints) - hintsHead
	if entries%radicle.KeySize != 0 {
		return malformed("hints")
	}
	return within("hints", entries, radicle.KeySize, radicle.KeySize*blobstore.MaxN)
}

func (r *Record) extensions(c *cursor) error {
	n := int(c.u8())
	if n > MaxExtensions {
		return malformed("extensions")
	}
	for range n {
		e := extension{kind: c.u8(), data: c.long()}
		if c.short {
			return nil
		}
		if e.kind == 0 || len(e.data) == 0 || len(e.data) > MaxExtension {
			return malformed("extensions")
		}
		r.ext = append(r.ext, e)
	}
	if !ascending(r.ext, func(a, b extension) int { return int(a.kind) - int(b.kind) }) {
		return malformed("extensions")
	}
	if n > 0 && r.ext[n-1].kind >= firstCritical {
		return newer("extension", r.ext[n-1].kind)
	}
	return nil
}

// ascending reports whether each is greater than the one before.
func ascending[T any](list []T, compare func(a, b T) int) bool {
	for i := range max(0, len(list)-1) {
		if compare(list[i], list[i+1]) >= 0 {
			return false
		}
	}
	return true
}
