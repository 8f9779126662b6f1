package sigrefs

import (
	"errors"
	"fmt"
	"strings"

	"radswarm/radicle"
)

// What can be wrong with a commit; see [CommitError].
var (
	ErrSignature     = errors.New("the signature is not of this key over these refs")
	ErrSignatureSize = errors.New("the signature is not 64 bytes")
	ErrMissingBlob   = errors.New("the tree lacks refs or signature")
	ErrParents       = errors.New("more than one parent")
	ErrText          = errors.New("the commit is not UTF-8")
	ErrObjectFormat  = errors.New("the refs have ids of another hash")
	ErrNoIdentity    = errors.New("refs/rad/root has no identity document")
	ErrNoRoot        = errors.New("a parent line without refs/rad/root")
	ErrHistory       = errors.New("the history is too long")
	ErrLoop          = errors.New("the history runs in a circle")
	ErrReplayed      = errors.New("every commit of the history is a replay")
)

// CommitError is an error in one commit of the history: one of the sentinels above, an [*IdentityError], a
// [*ParentError], a [*LineError], or what gitobj and the store say about its objects.
type CommitError struct {
	Commit radicle.Oid
	Err    error
}

func (e *CommitError) Error() string { return fmt.Sprintf("signed refs %v: %v", e.Commit, e.Err) }

// Unwrap returns e.Err.
func (e *CommitError) Unwrap() error { return e.Err }

// IdentityError says that refs/rad/root belongs to another repository: the list was grafted.
type IdentityError struct {
	Root      radicle.Oid
	Want, Got radicle.RID
}

func (e *IdentityError) Error() string {
	return fmt.Sprintf("refs/rad/root %v is of %v, want %v", e.Root, e.Got, e.Want)
}

// ParentError says that the parent line is not the commit's parent: the list was signed for another place.
type ParentError struct {
	Parent radicle.Oid // of the commit; null for a first one
	Line   radicle.Oid
}

func (e *ParentError) Error() string {
	if e.Parent.IsZero() {
		return fmt.Sprintf("the parent line names %v, the commit has no parent", e.Line)
	}
	return fmt.Sprintf("the parent line names %v, the parent is %v", e.Line, e.Parent)
}

// DowngradeError says that the head ties itself to less than a commit before it.
type DowngradeError struct {
	Commit  radicle.Oid // the head
	Level   Level       // of the head
	History []LevelAt   // the levels that were reached, ascending
}

// LevelAt names the latest commit of a level.
type LevelAt struct {
	Level  Level
	Commit radicle.Oid
}

// Error says it in Radicle's words.
func (e *DowngradeError) Error() string {
	levels := make([]string, len(e.History))
	for i, at := range e.History {
		levels[i] = fmt.Sprintf("%v@%v", at.Level, at.Commit)
	}
	return fmt.Sprintf("refusing to downgrade from history '%s' to '%v' at commit %v",
		strings.Join(levels, ", "), e.Level, e.Commit)
}
