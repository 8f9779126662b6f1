package lfs

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1" //nolint:gosec // git's object ids are SHA-1
	"crypto/sha256"
	"io"
	"path/filepath"
	"strconv"

	"radswarm/blobstore"
	"radswarm/radicle"
)

const (
	// maxLooseFile bounds the file of a loose object that is read here, in bytes: a blob of a pointer's length does not get that long.
	maxLooseFile = 2 * blobstore.MaxPointer
	// maxLooseHeader is the length of the longest header of such a blob, in bytes.
	maxLooseHeader = len("blob 1024\x00")
)

// readLoose reads a blob that is short enough to be a pointer from the file in which git keeps it before it packs it. Everything
// else, also a file that is not what its name says, is for git to look at.
func readLoose(common string, id radicle.Oid) (text []byte, ok bool) {
	name := id.String()
	file, err := readFile(filepath.Join(common, "objects", name[:2], name[2:]), maxLooseFile)
	if err != nil {
		return nil, false
	}
	return parseLoose(file, id)
}

// parseLoose inflates a loose blob and compares it with its id.
func parseLoose(file []byte, id radicle.Oid) (text []byte, ok bool) {
	z, err := zlib.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, false
	}
	object, err := io.ReadAll(io.LimitReader(z, int64(maxLooseHeader+blobstore.MaxPointer)))
	if err != nil {
		return nil, false
	}
	header, text, _ := bytes.Cut(object, []byte{0})
	return text, string(header) == blobHeader(text) && hashLike(id, text) == id
}

// blobHeader is what stands before the content of a blob, and a NUL after it.
func blobHeader(text []byte) string { return "blob " + strconv.Itoa(len(text)) }

// hashLike is the id of a blob in a repository that has ids as long as id.
func hashLike(id radicle.Oid, text []byte) radicle.Oid {
	object := append(append(make([]byte, 0, maxLooseHeader+len(text)), blobHeader(text)+"\x00"...), text...)
	var sum []byte
	switch id.Len() {
	case radicle.SHA1Size:
		s := sha1.Sum(object) //nolint:gosec // as above
		sum = s[:]
	case radicle.SHA256Size:
		s := sha256.Sum256(object)
		sum = s[:]
	}
	got, _ := radicle.OidFromBytes(sum)
	return got
}
