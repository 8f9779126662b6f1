package record

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// Bounds of a record (RECORD.md §3, §4).
const (
	MaxLen        = 25_875  // bytes of the longest record of version 1
	MaxNewer      = 65_536  // bytes of the longest record of a newer version
	MaxWraps      = 16      // in one record
	MaxExtensions = 8       // in one record
	MaxExtension  = 1024    // bytes of one extension
	firstCritical = 128     // extensions from this type on have to be understood
	version       = 1       // of the encoding
	lastVersion   = 31      // that there will ever be: text begins above
	formSealed    = 1       // for those who have a key
	formOpen      = 2       // for everyone
	hintsHead     = 12 + 16 // nonce and tag
)

// Record is what a branch holds of one object, as it is encoded (RECORD.md §3). It never changes.
type Record struct {
	raw []byte
	fields
}

// fields are what a record says. Slices alias the encoding where it was parsed.
type fields struct {
	open     bool
	k        int
	gen      uint32
	pointer  blobstore.Pointer
	salt     keyring.SaltID
	key      [32]byte // open, and not of the public domain; known to everybody
	manifest []byte   // sealed unless open
	wraps    []Wrap
	hints    []byte
	ext      []extension
}

// Wrap is a content key under the key of an epoch (KEYS.md §11).
type Wrap struct {
	Kind  keyring.GroupKind
	Epoch uint32
	Wrap  keyring.Wrap
}

// appendTo appends the encoding, by whose bytes wraps are ordered.
func (w Wrap) appendTo(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(append(b, byte(w.Kind)), w.Epoch)
	return append(b, w.Wrap[:]...)
}

func compareWraps(a, b Wrap) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Epoch, b.Epoch), bytes.Compare(a.Wrap[:], b.Wrap[:]))
}

// extension is a field that a later program added.
type extension struct {
	kind byte
	data []byte
}

// build encodes fields, and refuses those that are no record.
func build(f fields) (*Record, error) { return Parse(f.encode()) }

// Bytes returns a copy of the encoding.
func (r *Record) Bytes() []byte { return bytes.Clone(r.raw) }

// Base returns the SHA-256 of the encoding, by which a [Change] says what it was made from.
func (r *Record) Base() [32]byte { return sha256.Sum256(r.raw) }

// Pointer names the object.
func (r *Record) Pointer() blobstore.Pointer { return r.pointer }

// Gen is the re-encryption counter.
func (r *Record) Gen() uint32 { return r.gen }

// K is how many blocks bring a stripe back.
func (r *Record) K() int { return r.k }

// Salt names the salt of the domain secret; zero is the public domain.
func (r *Record) Salt() keyring.SaltID { return r.salt }

// Wraps returns the wraps, ordered by kind and epoch; none in a record that is open.
func (r *Record) Wraps() []Wrap { return slices.Clone(r.wraps) }

// Params are what the content key of the object depends on.
func (r *Record) Params() blobstore.Params {
	pad := blobstore.PadPadme
	if r.salt.IsZero() {
		pad = blobstore.PadNone
	}
	return blobstore.Params{OID: r.pointer.OID, Size: r.pointer.Size, Pad: pad, Gen: r.gen}
}

// Reach says who can open a record (RECORD.md §10). Greater reaches further.
type Reach uint8

const (
	// Private is for the writer and its further DIDs.
	Private Reach = iota + 1
	// Group is for those with an envelope of an epoch that the record has a wrap of; see [Record.Wraps].
	Group
	// Public is for everyone.
	Public
)

func (r Reach) String() string {
	return [...]string{"unknown", "private", "group", "public"}[min(int(r), 3)]
}

// Reach says who can open the record.
func (r *Record) Reach() Reach {
	if r.open {
		return Public
	}
	if slices.ContainsFunc(r.wraps, func(w Wrap) bool { return w.Kind != keyring.Mine }) {
		return Group
	}
	return Private
}

// Key returns the name that records of an object are kept under in a repository: the git blob id of the pointer.
func Key(rid radicle.RID, p blobstore.Pointer) (radicle.Oid, error) { return p.BlobID(rid.Oid().Len()) }
