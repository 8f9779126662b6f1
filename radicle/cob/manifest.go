package cob

import (
	"fmt"
	"math"

	"radswarm/radicle/cjson"
)

// maxManifest is the longest manifest that is read, in bytes.
const maxManifest = 4 << 10

// A Manifest says what type of object an operation belongs to.
type Manifest struct {
	Type    TypeName // as it is written there: possibly no valid name
	Version uint64   // 1 or more
}

// encode returns the bytes of the blob. It is not canonical JSON: the order of the keys is fixed.
func (m Manifest) encode() []byte {
	return fmt.Appendf(nil, `{"typeName":"%s","version":%d}`, m.Type, m.Version)
}

// parseManifest also accepts the old name typename, and no version. Errors wrap [ErrManifest].
func parseManifest(data []byte) (Manifest, error) {
	v, err := cjson.Parse(data)
	if err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	key := "typeName"
	f := cjson.ReadFields(v, key, "typename", "version")
	if f.Has("typename") && !f.Has(key) {
		key = "typename"
	} else if f.Has("typename") {
		f.Fail("typename", "is there twice")
	}
	m := Manifest{Type: TypeName(f.Text(key)), Version: 1}
	if f.Has("version") {
		m.Version = f.Uint("version")
	}
	if m.Version == 0 || m.Version > math.MaxInt64 {
		f.Fail("version", "is 0 or too large")
	}
	if err := f.Err(); err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	return m, nil
}
