package record

import (
	"bytes"
	"cmp"
	"slices"
	"sync"

	"radswarm/blobstore/manifest"
	"radswarm/radicle"
)

// Trust is how far a reader believes a writer (RECORD.md §8). Greater is more.
type Trust uint8

const (
	// Stranger is everybody else.
	Stranger Trust = iota
	// Asked is the namespace that was asked for: rad://RID/NID, or that of a patch.
	Asked
	// Introducer is the DID of a valid SSH signature on the commit that introduced the pointer.
	Introducer
	// Delegate is a delegate of the accepted identity document.
	Delegate
	// Own is the reader, and further DIDs of the same person.
	Own
)

func (t Trust) String() string {
	return [...]string{"stranger", "asked", "introducer", "delegate", "own", "unknown"}[min(t, Own+1)]
}

// Standing says how a writer stands with the reader of one object. It may be asked for one writer more than once, and must not
// depend on what the writers say.
type Standing func(writer radicle.DID) Trust

// Choice is a record to read an object by.
type Choice struct {
	*Object
	Trust Trust
	// Streams says that reads from the middle may use it. Without, only reads of the whole object, which check its OID.
	Streams bool
	// Contradicted says that somebody who is trusted as much or more names other roots for the same shares: one of the two
	// lies.
	Contradicted bool
}

// Rank puts opened records of one object in order, the best first, without those that are known as lies (RECORD.md §8). It
// depends on nothing else; lies may be nil. No record is believed because its manifest is longer.
func Rank(objects []*Object, standing Standing, lies *Lies) []Choice {
	var choices []Choice
	for _, o := range objects {
		if !lies.Has(o.Manifest) {
			choices = append(choices, Choice{Object: o, Trust: standing(o.Place.Writer)})
		}
	}
	slices.SortFunc(choices, compareChoices)
	for i := range choices {
		c := &choices[i]
		c.Contradicted = slices.ContainsFunc(choices, func(d Choice) bool { return d.Trust >= c.Trust && d.contradicts(c.Object) })
		c.Streams = c.Trust > Stranger && !c.Contradicted
	}
	return choices
}

func compareChoices(a, b Choice) int {
	return cmp.Or(
		cmp.Compare(b.Trust, a.Trust),
		cmp.Compare(b.Record.gen, a.Record.gen),
		cmp.Compare(b.Manifest.Roots(), a.Manifest.Roots()),
		a.Place.Writer.Compare(b.Place.Writer),
		bytes.Compare(a.Record.raw, b.Record.raw),
	)
}

// maxLies bounds what [Lies] remembers; the oldest go first.
const maxLies = 4096

// Lies remembers the manifests that were found out: all their shares were as they say, and the whole was not the object. The
// zero value remembers nothing yet, and a nil one never does.
type Lies struct {
	mu    sync.Mutex
	known map[[32]byte]bool
	order [][32]byte
}

// Add remembers a manifest.
func (l *Lies) Add(m *manifest.Manifest) { l.Restore(m.Hash()) }

// Restore remembers a manifest by its hash, from a database of our own.
func (l *Lies) Restore(hash [32]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known[hash] {
		return
	}
	if l.known == nil {
		l.known = make(map[[32]byte]bool)
	}
	if len(l.order) == maxLies {
		delete(l.known, l.order[0])
		l.order = l.order[1:]
	}
	l.known[hash] = true
	l.order = append(l.order, hash)
}

// Has reports whether a manifest is known as a lie.
func (l *Lies) Has(m *manifest.Manifest) bool {
	if l == nil {
		return false
	}
	hash := m.Hash()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known[hash]
}
