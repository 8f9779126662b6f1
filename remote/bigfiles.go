package remote

import (
	"context"
	"io"

	"radswarm/blobstore"
	"radswarm/radicle"
	"radswarm/radicle/storage"
)

// BigFiles keeps what Git LFS pointers stand for. The helper asks it only about pushes that bring pointers, in one goroutine, and
// before any ref moves. Without one (nil) pointers are files like all others: nothing is looked for, configured or printed.
type BigFiles interface {
	// Look says how safe each of the objects is, in their order. It does not wait for anything to become safer.
	Look(ctx context.Context, rid radicle.RID, objects []blobstore.Pointer) ([]Safety, error)
	// Store stores objects that lie on this disk until they are as safe as require wants, and says how safe each is then, in their
	// order. Progress goes to w, which people read. An error says that not all came that far; what was stored is kept, and the next
	// call goes on from there.
	Store(ctx context.Context, rid radicle.RID, files []File, require Requirement, w io.Writer) ([]Safety, error)
}

// Recorder is what BigFiles may be in addition: it has something to commit with a push, such as where objects can be found.
type Recorder interface {
	// Sighted says what a push brings, once and after Look and Store, but for a push without pointers. Lines that the person must
	// read go to say. An error ends the push before any ref moves.
	Sighted(ctx context.Context, rid radicle.RID, sightings []Sighting, say func(text, hint string)) error
	// Record adds to a push what is pending, in the namespace of the person who pushes: [storage.Tx.Commit] to refs/notes/swarm, for
	// example. It is signed with everything else. It may be called several times, each time on the refs as they are then, and
	// must do nothing but use tx. An error ends the push.
	Record(ctx context.Context, rid radicle.RID, tx *storage.Tx) error
	// Recorded says that what the last call of Record added is signed and stored.
	Recorded(ctx context.Context, rid radicle.RID)
}

// Carrier is what BigFiles may be in addition: repositories come and go through it without a Radicle node. What it cannot do is as if
// it were not there.
type Carrier interface {
	// Clone fetches a repository that is not in storage from whoever has it and lets us have it. Progress goes to w.
	Clone(ctx context.Context, rid radicle.RID, w io.Writer) error
	// Refresh fetches what members who are there have newer. It starts nothing.
	Refresh(ctx context.Context, rid radicle.RID) error
	// Wrote says that refs of ours have moved, to be told to members. With wait it gives them a moment to fetch, and returns the names
	// of those who have all of it.
	Wrote(ctx context.Context, rid radicle.RID, wait bool) []string
}

// File is an object that lies on this disk.
type File struct {
	Object blobstore.Pointer
	Path   string // of its content, which nobody has verified
	Name   string // where the pushed commits have it; for people
}

// Sighting is an object in the pushed commits.
type Sighting struct {
	Object blobstore.Pointer
	Paths  []string // where they have it, any bytes but NUL
	// Asked is what the attribute [ZoneAttribute] says for each path in the words of "git check-attr", nil if nothing speaks of it.
	Asked []string
}

// ZoneAttribute is the attribute by which a repository says who may read a big file.
const ZoneAttribute = "swarm-zone"

// Safety is how safe an object is.
type Safety struct {
	Stored bool // it can be brought back without this disk
	People int  // who hold parts of it, each counted once
	Spare  int  // how many of them may vanish before it is lost
	// By is the collaborator who stored it, and whose friends these are; empty for the person who pushes.
	By string
}

// Requirement is how safe an object must be before a push succeeds: git's configuration swarm.require. Where nobody says it is empty,
// which is safe for a person with friends, and local for one without.
type Requirement string

const (
	// Local asks for nothing: the object may be nowhere but here, or nowhere.
	Local Requirement = "local"
	// Safe lets some people vanish.
	Safe Requirement = "safe"
	// Full is every share placed.
	Full Requirement = "full"
)

// requireKey is where a person says otherwise.
const requireKey = "swarm.require"

// parseRequirement reads the setting.
func parseRequirement(s string) (Requirement, error) {
	switch r := Requirement(s); r {
	case "", Local, Safe, Full:
		return r, nil
	}
	return "", fail(hintRequire, "%s is `%s`: it is local, safe or full", requireKey, brief(s))
}
