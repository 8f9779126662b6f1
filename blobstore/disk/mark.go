package disk

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"radswarm/blobstore"
)

// ID names a store. It is drawn at random when the store is made, and goes where the store goes.
type ID [16]byte

// ParseID reads 32 lower-case hexadecimal digits.
func ParseID(s string) (ID, error) {
	var id ID
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) || s != hex.EncodeToString(b) {
		return ID{}, fmt.Errorf("store id %.40q: %w", s, blobstore.ErrEncoding)
	}
	return ID(b), nil
}

// newID draws an ID.
func newID() (id ID) {
	_, _ = rand.Read(id[:]) // never fails
	return id
}

// String returns 32 lower-case hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether id is the zero value, which names no store.
func (id ID) IsZero() bool { return id == ID{} }

// AppendText appends the form of [ID.String].
func (id ID) AppendText(b []byte) ([]byte, error) { return hex.AppendEncode(b, id[:]), nil }

// MarshalText returns the form of [ID.String].
func (id ID) MarshalText() ([]byte, error) { return id.AppendText(nil) }

// UnmarshalText is [ParseID].
func (id *ID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseID(string(b))
	return err
}

// markStart begins the mark of a store (DISK.md §1).
const markStart = "radswarm store 1 "

func formatMark(id ID) []byte { return []byte(markStart + id.String() + "\n") }

// parseMark reads a mark; it is refused with [blobstore.ErrEncoding].
func parseMark(b []byte) (ID, error) {
	s, ok := strings.CutPrefix(string(b), markStart)
	s, end := strings.CutSuffix(s, "\n")
	if !ok || !end {
		return ID{}, fmt.Errorf("mark of a store: %w", blobstore.ErrEncoding)
	}
	return ParseID(s)
}

// readMark returns the id of the store, or [ErrNotMounted].
func readMark(fsys fileSystem) (ID, error) {
	b, err := readFile(fsys, markFile, 100)
	if errors.Is(err, fs.ErrNotExist) {
		return ID{}, ErrNotMounted
	}
	if err != nil {
		return ID{}, err
	}
	return parseMark(b)
}

// newMarkFile is a mark that is not yet one.
const newMarkFile = markFile + ".new"

// checkEmpty refuses a folder with anything in it but what an unfinished writeMark left, or a new disk has.
func checkEmpty(fsys fileSystem) error {
	names, err := fsys.ReadDir(".")
	if err != nil {
		return err
	}
	if slices.Contains(names, markFile) {
		return fs.ErrExist
	}
	for _, name := range names {
		if name != lockName && name != newMarkFile && name != "lost+found" {
			return ErrNotEmpty
		}
	}
	return nil
}

// writeMark makes an empty folder a store, durably.
func writeMark(fsys fileSystem) error {
	if err := checkEmpty(fsys); err != nil {
		return err
	}
	if err := remove(fsys, newMarkFile); err != nil {
		return err
	}
	if err := writeFile(fsys, newMarkFile, markFile, formatMark(newID())); err != nil {
		return err
	}
	return fsys.SyncDir(".")
}
