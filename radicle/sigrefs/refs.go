package sigrefs

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// Names of refs, below a namespace, that Radicle gives a meaning.
const (
	RefID      = "refs/rad/id"      // the identity of the repository, as its initial author sees it
	RefRoot    = "refs/rad/root"    // the first commit of the identity
	RefSigrefs = "refs/rad/sigrefs" // the head of the signed refs; never signed itself

	parentLine = "refs/rad/sigrefs-parent" // in the text only: the parent of the commit that holds it
	stagingDir = "refs/tmp/heads"          // where a patch's head lies while the patch is being opened; never signed
)

// Ref is a ref and the object it points to.
type Ref struct {
	Name string
	ID   radicle.Oid
}

// Refs are the refs of a namespace: sorted by name as bytes, no name twice, no null id, and neither of the two lines
// that are not refs (refs/rad/sigrefs, refs/rad/sigrefs-parent).
type Refs []Ref

// Get returns the object that name points to.
func (r Refs) Get(name string) (radicle.Oid, bool) {
	i, ok := slices.BinarySearchFunc(r, name, func(a Ref, name string) int { return strings.Compare(a.Name, name) })
	if !ok {
		return radicle.Oid{}, false
	}
	return r[i].ID, true
}

// Select makes Refs of all that lies in a namespace, in any order: it leaves out what is not signed (null ids,
// refs/rad/sigrefs, the staging refs below refs/tmp/heads) and sorts the rest. A name that Radicle would not read,
// so that it would refuse the whole list, is a [*gitobj.RefNameError]; a name that comes twice is [ErrDuplicate].
func Select(all iter.Seq2[string, radicle.Oid]) (Refs, error) {
	var refs Refs
	for name, id := range all {
		if !id.IsZero() && Signed(name) {
			refs = append(refs, Ref{Name: name, ID: id})
		}
	}
	slices.SortFunc(refs, func(a, b Ref) int { return strings.Compare(a.Name, b.Name) })
	for i, ref := range refs {
		if err := gitobj.CheckQualified(ref.Name); err != nil {
			return nil, err
		}
		if i > 0 && refs[i-1].Name == ref.Name {
			return nil, fmt.Errorf("%s: %w", ref.Name, ErrDuplicate)
		}
	}
	return refs, nil
}

// Signed reports whether a ref of that name, below a namespace, belongs into the signed list.
func Signed(name string) bool {
	staging := name == stagingDir || strings.HasPrefix(name, stagingDir+"/")
	return name != RefSigrefs && name != parentLine && !staging
}

// encode returns the text that is signed. parent is the null id for a first commit.
func (r Refs) encode(parent radicle.Oid) []byte {
	text := make([]byte, 0, len(r)*(2*radicle.SHA1Size+32))
	done := parent.IsZero()
	for _, ref := range r {
		if !done && ref.Name > parentLine {
			text, done = appendLine(text, parentLine, parent), true
		}
		text = appendLine(text, ref.Name, ref.ID)
	}
	if !done {
		text = appendLine(text, parentLine, parent)
	}
	return text
}

func appendLine(dst []byte, name string, id radicle.Oid) []byte {
	dst, err := id.AppendText(dst)
	if err != nil {
		panic("sigrefs: a ref without an object: " + name) // Refs has none
	}
	dst = append(dst, ' ')
	dst = append(dst, name...)
	return append(dst, '\n')
}
