package gitobj

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"radswarm/radicle"
)

// MaxTree bounds a tree, in bytes: some hundred thousand entries.
const MaxTree = 8 << 20

// Mode is the mode of a tree entry, one of the five that git writes.
type Mode uint32

// The modes of tree entries.
const (
	ModeFile       Mode = 0o100644
	ModeExecutable Mode = 0o100755
	ModeSymlink    Mode = 0o120000
	ModeTree       Mode = 0o040000
	ModeCommit     Mode = 0o160000 // a submodule: the commit lies in another repository
)

// String returns the mode as git writes it into a tree: octal, without leading zeros.
func (m Mode) String() string { return fmt.Sprintf("%o", uint32(m)) }

func (m Mode) valid() bool {
	return m == ModeFile || m == ModeExecutable || m == ModeSymlink || m == ModeTree || m == ModeCommit
}

func parseMode(s string) (Mode, bool) {
	for _, m := range []Mode{ModeFile, ModeExecutable, ModeSymlink, ModeTree, ModeCommit} {
		if s == m.String() {
			return m, true
		}
	}
	return 0, false
}

// TreeEntry is one name in a tree.
type TreeEntry struct {
	Mode Mode
	Name string // no slash, no NUL, not "", ".", ".." or ".git"
	ID   radicle.Oid
}

// Tree is a tree object: entries in git's order, which compares names as bytes, those of trees as if a slash
// followed. Encode and [ParseTree] are exact inverses.
type Tree []TreeEntry

// Sort puts the entries into git's order.
func (t Tree) Sort() { slices.SortFunc(t, compareEntries) }

func compareEntries(a, b TreeEntry) int { return strings.Compare(a.sortKey(), b.sortKey()) }

func (e TreeEntry) sortKey() string {
	if e.Mode == ModeTree {
		return e.Name + "/"
	}
	return e.Name
}

// Find returns the entry with the name.
func (t Tree) Find(name string) (TreeEntry, bool) {
	i := slices.IndexFunc(t, func(e TreeEntry) bool { return e.Name == name })
	if i < 0 {
		return TreeEntry{}, false
	}
	return t[i], true
}

// Encode returns the bytes of the object. Like [ParseTree] it refuses wrong order, two entries with one name,
// unknown modes, forbidden names and mixed hashes, with a [*ParseError].
func (t Tree) Encode() ([]byte, error) {
	var b []byte
	for _, e := range t {
		b = append(b, e.Mode.String()...)
		b = append(b, ' ')
		b = append(b, e.Name...)
		b = append(b, 0)
		b = e.ID.AppendBytes(b)
	}
	if len(b) > MaxTree {
		return nil, &TooLargeError{Size: int64(len(b)), Max: MaxTree}
	}
	var c treeChecker
	for _, e := range t {
		if reason := c.check(e); reason != "" {
			return nil, &ParseError{Kind: KindTree, Reason: reason}
		}
	}
	return b, nil
}

// ParseTree parses the bytes of a tree object whose ids have size bytes. data is not retained.
func ParseTree(data []byte, size int) (Tree, error) {
	if len(data) > MaxTree {
		return nil, &TooLargeError{Size: int64(len(data)), Max: MaxTree}
	}
	var t Tree
	var c treeChecker
	for rest := data; len(rest) > 0; {
		e, n, reason := parseEntry(rest, size)
		if reason == "" {
			reason = c.check(e)
		}
		if reason != "" {
			return nil, &ParseError{Kind: KindTree, Offset: len(data) - len(rest), Reason: reason}
		}
		t = append(t, e)
		rest = rest[n:]
	}
	return t, nil
}

// parseEntry reads the first entry of data and returns its length, or what is wrong with it.
func parseEntry(data []byte, size int) (e TreeEntry, length int, reason string) {
	head, id, ok := bytes.Cut(data, []byte{0})
	if !ok || len(id) < size {
		return e, 0, "an entry ends early"
	}
	modeText, name, _ := strings.Cut(string(head), " ")
	mode, ok := parseMode(modeText)
	if !ok {
		return e, 0, fmt.Sprintf("a mode cannot be %q", clip(modeText))
	}
	oid, err := radicle.OidFromBytes(id[:size])
	if err != nil {
		return e, 0, err.Error()
	}
	return TreeEntry{Mode: mode, Name: name, ID: oid}, len(head) + 1 + size, ""
}

// treeChecker holds what has been seen of a tree. Two entries of one name need not be neighbours: "a", "a.b" and the
// tree "a" are in order.
type treeChecker struct {
	last  TreeEntry
	files map[string]bool // names of entries that are not trees
}

// check returns what is wrong with the next entry, or "".
func (c *treeChecker) check(e TreeEntry) string {
	first := c.last.Name == ""
	switch {
	case !e.Mode.valid():
		return fmt.Sprintf("a mode cannot be %v", e.Mode)
	case !validName(e.Name):
		return fmt.Sprintf("an entry cannot be named %q", clip(e.Name))
	case e.ID.IsZero():
		return fmt.Sprintf("%q has no id", clip(e.Name))
	case !first && e.ID.Len() != c.last.ID.Len():
		return fmt.Sprintf("%q has another hash than %q", clip(e.Name), clip(c.last.Name))
	case !first && e.Name == c.last.Name || e.Mode == ModeTree && c.files[e.Name]:
		return fmt.Sprintf("%q is there twice", clip(e.Name))
	case !first && compareEntries(c.last, e) >= 0:
		return fmt.Sprintf("%q comes after %q", clip(e.Name), clip(c.last.Name))
	}
	if e.Mode != ModeTree {
		if c.files == nil {
			c.files = make(map[string]bool)
		}
		c.files[e.Name] = true
	}
	c.last = e
	return ""
}

func validName(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.EqualFold(name, ".git") &&
		!strings.ContainsAny(name, "/\x00")
}
