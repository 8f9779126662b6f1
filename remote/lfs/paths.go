package lfs

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"radswarm/radicle"
)

// maxEntry bounds an entry of a tree listing, its path included, in bytes.
const maxEntry = 64 << 10

// Place is a path at which a commit has a blob.
type Place struct {
	Path string // from the top, slashes between names; any bytes but NUL
	Blob radicle.Oid
}

// Paths lists where a commit has the blobs that want asks for, with all their paths, exact and in git's order. It is one git process.
// The last element may be an error: a *[GitError], [ErrTooLarge] for a path of more than 64 KiB, or that of the context. want is
// called for every file of the commit.
func (r Repo) Paths(ctx context.Context, commit radicle.Oid, want func(radicle.Oid) bool) iter.Seq2[Place, error] {
	return func(yield func(Place, error) bool) {
		err := r.paths(ctx, commit, want, func(p Place) bool { return yield(p, nil) })
		if err != nil && !errors.Is(err, errStopped) {
			yield(Place{}, err)
		}
	}
}

func (r Repo) paths(ctx context.Context, commit radicle.Oid, want func(radicle.Oid) bool, yield func(Place) bool) error {
	at, err := r.layout()
	if err != nil {
		return err
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	p, err := start(r.git(inner, r.objectEnv(at), append(quietConfig(), "ls-tree", "-r", "-z", "--full-tree", commit.String())...))
	if err != nil {
		return err
	}
	if err := readTree(p.stdout, want, yield); err != nil && err != io.ErrUnexpectedEOF {
		cancel()
		_ = p.wait(ctx)
		return errors.Join(ctx.Err(), err)
	}
	return p.wait(ctx)
}

// readTree reads what "git ls-tree -r -z" prints: mode SP type SP id TAB path NUL.
func readTree(r *bufio.Reader, want func(radicle.Oid) bool, yield func(Place) bool) error {
	for {
		entry, err := r.ReadSlice(0)
		switch {
		case err == io.EOF && len(entry) == 0:
			return nil
		case err == bufio.ErrBufferFull:
			return fmt.Errorf("git ls-tree: path: %w: more than %d bytes", ErrTooLarge, maxEntry)
		case err != nil:
			return unexpected(err)
		}
		head, path, ok := bytes.Cut(entry[:len(entry)-1], []byte{'\t'})
		fields := bytes.Fields(head)
		if !ok || len(fields) != 3 {
			return fmt.Errorf("git ls-tree: entry %s", printable(string(entry)))
		}
		blob, err := radicle.ParseOid(string(fields[2]))
		if err != nil {
			return fmt.Errorf("git ls-tree: %w", err)
		}
		if string(fields[1]) == "blob" && want(blob) && !yield(Place{string(path), blob}) {
			return errStopped
		}
	}
}
