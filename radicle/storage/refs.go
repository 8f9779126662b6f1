package storage

import (
	"iter"
	"slices"
	"strings"

	"radswarm/radicle"
)

// MaxRefs bounds the refs of a repository, in all namespaces together.
const MaxRefs = 1_000_000

// namespaces is where the namespaces of all peers lie; see [NamespacePrefix].
const namespaces = "refs/namespaces/"

// NamespacePrefix is what stands before the name of a ref in the namespace of nid, with the slash.
func NamespacePrefix(nid radicle.NID) string { return namespaces + nid.String() + "/" }

// Ref is a ref of a repository.
type Ref struct {
	Name   string
	ID     radicle.Oid // the object; for a symbolic ref, that of its target
	Target string      // the ref that a symbolic one stands for in the end; "" for others
}

// Snapshot is the refs of a repository as they were when they were read: sorted by name, without HEAD. While somebody
// writes, each ref is as it was at some moment of the reading, not all at the same.
type Snapshot struct {
	Refs   []Ref
	Broken []RefError // what git, too, leaves out: symbolic refs to nothing, names or contents that cannot be
}

// Get returns the object that a ref points to; false if there is no such ref.
func (s *Snapshot) Get(name string) (radicle.Oid, bool) {
	i, ok := slices.BinarySearchFunc(s.Refs, name, func(r Ref, name string) int { return strings.Compare(r.Name, name) })
	if !ok {
		return radicle.Oid{}, false
	}
	return s.Refs[i].ID, true
}

// Prefix returns the refs whose names start with prefix. The slice belongs to s.
func (s *Snapshot) Prefix(prefix string) []Ref {
	compare := func(r Ref, prefix string) int { return strings.Compare(r.Name, prefix) }
	from, _ := slices.BinarySearchFunc(s.Refs, prefix, compare)
	n := slices.IndexFunc(s.Refs[from:], func(r Ref) bool { return !strings.HasPrefix(r.Name, prefix) })
	if n < 0 {
		return s.Refs[from:]
	}
	return s.Refs[from : from+n]
}

// Namespace returns name, below the namespace, and object of each ref of nid.
func (s *Snapshot) Namespace(nid radicle.NID) iter.Seq2[string, radicle.Oid] {
	prefix := NamespacePrefix(nid)
	return func(yield func(string, radicle.Oid) bool) {
		for _, ref := range s.Prefix(prefix) {
			if !yield(ref.Name[len(prefix):], ref.ID) {
				return
			}
		}
	}
}

// Peers returns those whose namespace has signed refs, as Radicle sees them: without, a peer does not exist. Sorted.
func (s *Snapshot) Peers() []radicle.NID {
	var peers []radicle.NID
	for _, ref := range s.Prefix(namespaces) {
		text, ok := strings.CutSuffix(ref.Name[len(namespaces):], "/refs/rad/sigrefs")
		if !ok {
			continue
		}
		if nid, err := radicle.ParseNID(text); err == nil && nid.String() == text {
			peers = append(peers, nid)
		}
	}
	slices.SortFunc(peers, radicle.NID.Compare)
	return peers
}
