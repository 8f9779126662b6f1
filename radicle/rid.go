package radicle

import (
	"fmt"
	"strings"
)

// ridPrefix begins the URN form of a repository id.
const ridPrefix = "rad:"

// A RID is the id of a repository: the git blob id of its first identity document. The zero value names no repository.
type RID struct {
	oid Oid
}

// NewRID makes the id of the repository whose first identity document is the blob doc.
func NewRID(doc Oid) RID { return RID{doc} }

// ParseRID reads rad:z… and, without the prefix, z…: base58btc of 20 or 32 bytes. Errors wrap [ErrRID].
func ParseRID(s string) (RID, error) {
	data, err := parseMultibase(strings.TrimPrefix(s, ridPrefix), SHA256Size)
	if err != nil {
		return RID{}, fmt.Errorf("%w: %s: %v", ErrRID, excerpt(s), err)
	}
	oid, err := OidFromBytes(data)
	if err != nil {
		return RID{}, fmt.Errorf("%w: %s: %d bytes", ErrRID, excerpt(s), len(data))
	}
	return RID{oid}, nil
}

// Oid is the id of the blob that holds the first identity document.
func (r RID) Oid() Oid { return r.oid }

// IsZero reports whether r names no repository.
func (r RID) IsZero() bool { return r.oid.IsZero() }

// Compare orders ids by their bytes.
func (r RID) Compare(s RID) int { return r.oid.Compare(s.oid) }

// Canonical is the id without rad:, the form of URLs and of folder names in storage. It is empty for the zero value.
func (r RID) Canonical() string { return strings.TrimPrefix(r.String(), ridPrefix) }

// String is rad:z…, and nothing for the zero value.
func (r RID) String() string {
	text, err := r.AppendText(nil)
	if err != nil {
		return ""
	}
	return string(text)
}

// AppendText appends what String returns. The zero value has no text and is an error that wraps [ErrRID].
func (r RID) AppendText(b []byte) ([]byte, error) {
	if r.oid.Len() == 0 {
		return b, fmt.Errorf("%w: no id", ErrRID)
	}
	return appendMultibase(append(b, ridPrefix...), r.oid.Bytes()), nil
}

// MarshalText is AppendText to a new slice.
func (r RID) MarshalText() ([]byte, error) { return r.AppendText(nil) }

// UnmarshalText is [ParseRID].
func (r *RID) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRID(string(text))
	return err
}
