package sigrefs

import "fmt"

// Level says what the text of a commit ties itself to. A higher level has all that the lower ones have.
type Level uint8

const (
	// None is a list that names neither its repository nor its parent: it can be grafted onto another repository.
	None Level = iota
	// Root is a list that names the root of its repository's identity: it can still be replayed.
	Root
	// Parent is a list that names its parent commit too. A first commit that names the root has it without.
	Parent
)

// String returns Radicle's word for l: "none", "root" or "parent".
func (l Level) String() string {
	switch l {
	case None:
		return "none"
	case Root:
		return "root"
	case Parent:
		return "parent"
	}
	return fmt.Sprintf("level(%d)", uint8(l))
}
