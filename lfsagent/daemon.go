package lfsagent

import (
	"context"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// Operation is what a worker does: one of the two, for all its life.
type Operation string

// The operations, in the words of git-lfs.
const (
	Upload   Operation = "upload"
	Download Operation = "download"
)

// Repository is what a session is about: the daemon asks neither git nor the environment about it.
type Repository struct {
	RID radicle.RID
	// GitDir is the git directory that all worktrees share, and Storage the LFS storage, which may not exist yet. Both are
	// absolute. <Storage>/radswarm is ours; incoming in there is the agent's, all else the daemon's.
	GitDir, Storage string
	// Require is how safe an object must be before Store returns: local, safe or full. Empty: the repository does not say.
	Require string
	// Namespace and Patch are what the person reads of the repository, where it is not what its delegates have; of uploads both are
	// zero.
	Namespace radicle.NID
	Patch     radicle.Oid
}

// Daemon begins sessions. Errors that people should read are a *[Failure].
type Daemon interface {
	// Begin begins the work on one repository. It is called at the first request and again some seconds after it failed. It may
	// start a daemon, and has two minutes.
	Begin(ctx context.Context, r Repository, op Operation) (Session, error)
}

// Session carries the objects of one worker, one at a time: a method is called when the one before has returned, or never will.
// Methods return soon after ctx has ended, and call moved at least once a minute while they work, from any goroutine, with the plain
// bytes that are done so far, whether that has changed or not: after two minutes of silence the agent gives up. Calls after the
// return do nothing. An object is never empty, and its size and name are what the repository says: nobody has verified them.
type Session interface {
	// Store stores the object that lies at path, a file that must not be written to, until it is as safe as the repository
	// requires. For an object that already is, it answers from durable knowledge, and soon: git-lfs offers whole histories.
	Store(ctx context.Context, object blobstore.Pointer, path string, moved func(plain int64)) error
	// Fetch brings the object, verified, to path: there is no file yet, but its folder, which is on the file system of the LFS
	// storage. A file from elsewhere in the storage may be renamed to it, with one link. Its mode does not matter. What is left
	// there after an error is removed.
	Fetch(ctx context.Context, object blobstore.Pointer, path string, moved func(plain int64)) error
	// End is the last call, where the process lives to make it. It should take no longer than a second.
	End(ctx context.Context) error
}
