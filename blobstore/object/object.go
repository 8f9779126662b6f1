package object

import (
	"runtime"

	"radswarm/blobstore"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/seal"
)

// Object is one object, with the key that reads it, in one coding.
type Object struct {
	params blobstore.Params
	ck     blobstore.ContentKey
	coding blobstore.Coding
	sealer *seal.Sealer
}

// New returns the object that ck reads, coded with K = needed or with the number of its chunks if that is less. The key
// must have been derived with these parameters: nothing here can tell.
func New(ck blobstore.ContentKey, p blobstore.Params, needed int) (*Object, error) {
	l, err := p.Layout()
	if err != nil {
		return nil, err
	}
	c, err := l.Coding(needed)
	if err != nil {
		return nil, err
	}
	s, err := seal.New(ck, l)
	if err != nil {
		return nil, err
	}
	return &Object{params: p, ck: ck, coding: c, sealer: s}, nil
}

// FromManifest returns the object that ck reads in the coding of m, after [manifest.Manifest.CheckObject].
func FromManifest(ck blobstore.ContentKey, p blobstore.Params, m *manifest.Manifest) (*Object, error) {
	if err := m.CheckObject(ck, p); err != nil {
		return nil, err
	}
	return New(ck, p, m.Coding().K())
}

// Coding returns how the object becomes shares.
func (o *Object) Coding() blobstore.Coding { return o.coding }

// Params returns what the object is.
func (o *Object) Params() blobstore.Params { return o.params }

// Sealer returns what seals and opens its chunks.
func (o *Object) Sealer() *seal.Sealer { return o.sealer }

// Options are the same for all that reads or writes whole objects.
type Options struct {
	// Workers is how many stripes are worked on at once. Default: GOMAXPROCS, since the work is all computation.
	Workers int
	// SkipOID leaves comparing the SHA-256 with the OID to the caller, who computes it anyway: git-lfs does after
	// every download. Never for bytes that nobody checks.
	SkipOID bool
}

func (o Options) withDefaults() Options {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return o
}
