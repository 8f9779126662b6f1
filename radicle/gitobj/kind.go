package gitobj

import (
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"hash"
	"strconv"

	"radswarm/radicle"
)

// Kind is the type of a git object. The zero Kind is none.
type Kind uint8

// The four kinds of git objects.
const (
	KindBlob Kind = iota + 1
	KindTree
	KindCommit
	KindTag
)

// String returns git's word for k: "blob", "tree", "commit" or "tag".
func (k Kind) String() string {
	switch k {
	case KindBlob:
		return "blob"
	case KindTree:
		return "tree"
	case KindCommit:
		return "commit"
	case KindTag:
		return "tag"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// ParseKind is the inverse of [Kind.String] for the four kinds.
func ParseKind(s string) (Kind, bool) {
	for k := KindBlob; k <= KindTag; k++ {
		if s == k.String() {
			return k, true
		}
	}
	return 0, false
}

// The lengths of object ids, in bytes, that choose the hash function of a repository.
const (
	SHA1   = sha1.Size
	SHA256 = sha256.Size
)

// Hash returns the id of the object: the hash over "<kind> <length>\0" and data. size is [SHA1] or [SHA256].
// It panics if size is another number.
func Hash(kind Kind, data []byte, size int) radicle.Oid {
	h := newHash(size)
	h.Write(AppendHeader(nil, kind, int64(len(data))))
	h.Write(data)
	id, err := radicle.OidFromBytes(h.Sum(nil))
	if err != nil {
		panic(err) // both sizes are lengths of ids
	}
	return id
}

func newHash(size int) hash.Hash {
	switch size {
	case SHA1:
		return sha1.New()
	case SHA256:
		return sha256.New()
	}
	panic(fmt.Sprintf("gitobj: no hash of %d bytes", size))
}

// AppendHeader appends what precedes the bytes of an object where git hashes or stores it: "<kind> <length>\0".
func AppendHeader(dst []byte, kind Kind, length int64) []byte {
	dst = append(dst, kind.String()...)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, length, 10)
	return append(dst, 0)
}
