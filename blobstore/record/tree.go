package record

import (
	"context"

	"radswarm/radicle"
)

// Modes of tree entries that are looked at, as git numbers them.
const (
	ModeFile = 0o100644
	ModeTree = 0o040000
)

// Entry is one name in a git tree.
type Entry struct {
	Mode uint32
	Name string
	ID   radicle.Oid
}

// Objects reads the git objects of one repository. What is not there is an error that wraps [io/fs.ErrNotExist]. Methods are
// called from many goroutines; what they return is the caller's.
type Objects interface {
	// Tree returns the entries of a tree, or of the tree of a commit. One with more than most entries may be refused before
	// it is read; the caller counts again.
	Tree(ctx context.Context, id radicle.Oid, most int) ([]Entry, error)
	// Blob returns a blob of at most most bytes, and refuses a longer one.
	Blob(ctx context.Context, id radicle.Oid, most int64) ([]byte, error)
}

// Editor is the files of the commit in the making: those of the commit before, and what was changed since. Paths have
// slashes. What is not there is an error that wraps [io/fs.ErrNotExist]. It is called from one goroutine and keeps no slice.
// Any other error ends the batch, which may be applied again to another Editor.
type Editor interface {
	// List returns the names in a folder; those of folders end in a slash.
	List(ctx context.Context, dir string) ([]string, error)
	// Read returns a file of at most most bytes, and refuses a longer one.
	Read(ctx context.Context, path string, most int64) ([]byte, error)
	// Write makes data the content of a file, and makes the folders above it.
	Write(ctx context.Context, path string, data []byte) error
	// Remove deletes a file, and folders that are empty then.
	Remove(ctx context.Context, path string) error
}

// Bounds of trees (RECORD.md §2, §6).
const (
	MaxInFolder = 1024    // records in one of the 256 folders
	MaxNames    = 600_000 // of all branches of an [Index]: about 27 MB

	maxTop       = 1024
	maxKeys      = 4096
	maxCards     = 64
	maxForks     = 8 // epochs of one number that are tried
	maxProblems  = 64
	fanOut       = 256
	maxCandidate = 64 // records of one object that are opened
)
