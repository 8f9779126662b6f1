package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/sigrefs"
)

// Repo is one repository in storage. Reading is safe while a Radicle node, git or another process of ours writes,
// packs or collects garbage: what vanishes meanwhile is fs.ErrNotExist, and a new [Repo.Refs] has what came instead.
// Safe for concurrent use.
type Repo struct {
	storage  *Storage
	rid      radicle.RID
	dir      string
	root     *os.Root
	cat      *catFile
	reftable bool
	onWrite  func(what string) // called before each write, by tests that stop there
}

var (
	_ gitobj.Reader = (*Repo)(nil)
	_ gitobj.Writer = (*Repo)(nil)
)

// RID returns the repository's id.
func (r *Repo) RID() radicle.RID { return r.rid }

// Dir returns the path of the bare repository.
func (r *Repo) Dir() string { return r.dir }

// Close ends the process that reads objects.
func (r *Repo) Close() error {
	r.cat.close()
	return r.root.Close()
}

// Git prepares a git command in the repository, as this package runs them itself: no configuration but the
// repository's own, no hooks, no prompts, no network. Give names through standard input, or after "--end-of-options".
func (r *Repo) Git(ctx context.Context, args ...string) *exec.Cmd {
	return r.storage.git.command(ctx, r.dir, args...)
}

func (r *Repo) catCommand() *exec.Cmd {
	// The process outlives the call that starts it. Blobs above the threshold are not read into its memory.
	return r.Git(context.Background(), "-c", "core.bigFileThreshold=1m", "cat-file", "--batch")
}

// Read implements [gitobj.Reader] over all objects of the repository.
func (r *Repo) Read(ctx context.Context, id radicle.Oid, max int64) (gitobj.Kind, []byte, error) {
	return r.cat.read(ctx, id, max)
}

// Refs reads all refs, of all namespaces, without HEAD.
func (r *Repo) Refs(ctx context.Context) (*Snapshot, error) { return r.refs(ctx, "refs") }

// NamespaceRefs reads the refs of one namespace. Their names are whole.
func (r *Repo) NamespaceRefs(ctx context.Context, nid radicle.NID) (*Snapshot, error) {
	return r.refs(ctx, strings.TrimSuffix(NamespacePrefix(nid), "/"))
}

// RefsIn reads the refs below a directory such as "refs/heads", and no others: a repository has far more of them in the
// namespaces of its peers than at the top. Their names are whole. A directory outside refs/ is a [*gitobj.RefNameError].
func (r *Repo) RefsIn(ctx context.Context, dir string) (*Snapshot, error) {
	if err := gitobj.CheckRefName(dir); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(dir, "refs/") {
		return nil, &gitobj.RefNameError{Name: dir, Reason: "not below refs/"}
	}
	return r.refs(ctx, dir)
}

func (r *Repo) refs(ctx context.Context, dir string) (*Snapshot, error) {
	if r.reftable {
		return r.refsByGit(ctx, dir)
	}
	return readRefs(ctx, r.root, dir)
}

// Ref returns the object that a ref points to, symbolic refs resolved. name is whole, or HEAD. No ref is an error that
// wraps [fs.ErrNotExist]; one that is broken is a [*RefError].
func (r *Repo) Ref(ctx context.Context, name string) (radicle.Oid, error) {
	if err := ctx.Err(); err != nil {
		return radicle.Oid{}, err
	}
	if r.reftable {
		return r.refByGit(ctx, name)
	}
	raw, err := readRaw(r.root, name)
	if err != nil {
		return radicle.Oid{}, err
	}
	ref, reason, err := newRefReader(r.root).resolve(raw, nil)
	if reason != "" {
		err = &RefError{Name: name, Reason: reason}
	}
	return ref.ID, err
}

// Sigrefs returns what the namespace of nid says, verified: the newest list that stands. A peer without signed refs is
// an error that wraps [fs.ErrNotExist], one whose objects are not all there [ErrIncomplete]; others are those of
// [sigrefs.Read].
func (r *Repo) Sigrefs(ctx context.Context, nid radicle.NID) (*sigrefs.List, error) {
	name := NamespacePrefix(nid) + sigrefs.RefSigrefs
	head, err := r.Ref(ctx, name)
	for err == nil {
		list, readErr := sigrefs.Read(ctx, r, r.rid, nid, head)
		if !errors.Is(readErr, fs.ErrNotExist) {
			return list, readErr
		}
		// An object is missing. If the ref has moved meanwhile, it may be of a head that nobody needs any more.
		before := head
		if head, err = r.Ref(ctx, name); err == nil && head == before {
			return nil, fmt.Errorf("%w: %v", ErrIncomplete, readErr)
		}
	}
	return nil, err
}
