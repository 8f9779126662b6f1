package record

import (
	"radswarm/blobstore"
	"radswarm/radicle"
)

// Merge is merge.
func Merge(a, b *Record) (*Record, error) { return merge(a, b) }

// SealHints and OpenHints are those of a record at a place.
func (p Place) SealHints(rk blobstore.RepairKey, k int, holders []radicle.DID) ([]byte, error) {
	return p.sealHints(rk, k, holders)
}

func (p Place) OpenHints(rk blobstore.RepairKey, k int, sealed []byte) ([]radicle.DID, error) {
	return p.openHints(rk, k, sealed)
}

// ParseEpochName reports whether a name is that of an epoch's folder, and its one spelling.
func ParseEpochName(s string) (string, bool) {
	e, ok := parseEpochName(s)
	return e.String(), ok
}

// Remembered is how many envelopes an opener remembers, opened or not.
func (o *Opener) Remembered() int { return len(o.opened) }
