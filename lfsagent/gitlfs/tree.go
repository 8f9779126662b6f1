package gitlfs

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"radswarm/blobstore"
)

// ErrNoFilter is a working copy in which git does not run git-lfs: content in place of a pointer would count as a change.
var ErrNoFilter = errors.New("git-lfs is not set up for this repository")

// Filtered is nil where git runs git-lfs on the files that attributes name.
func (c *Copy) Filtered() error {
	for _, key := range []string{"filter.lfs.process", "filter.lfs.clean"} {
		if value, ok := c.setting(key); ok && value != "" {
			return nil
		}
	}
	return ErrNoFilter
}

// ChangedError is a file that is not what it was taken for: somebody works on it.
type ChangedError struct{ Path string }

func (e *ChangedError) Error() string {
	return fmt.Sprintf("%s was changed, and stays as it is", e.Path)
}

// CheckOut puts the content of an object, which lies at from, where the working tree has its pointer or nothing.
func (c *Copy) CheckOut(ctx context.Context, f File, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return c.replace(ctx, f, in, f.Object.Size, Pointer, Gone)
}

// PutPointer puts the pointer of a file where the working tree has its content. Who calls it knows that this is the content, from
// [Copy.Unchanged].
func (c *Copy) PutPointer(ctx context.Context, f File) error {
	return c.replace(ctx, f, strings.NewReader(string(f.text)), int64(len(f.text)), Content)
}

// replace writes a file beside the old one, and renames it if that is still in one of the states.
func (c *Copy) replace(ctx context.Context, f File, in io.Reader, size int64, states ...State) (err error) {
	root, err := os.OpenRoot(c.Top)
	if err != nil {
		return err
	}
	defer root.Close()
	path := filepath.FromSlash(f.Path)
	if err := root.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	temp := filepath.Join(filepath.Dir(path), ".radswarm-"+rand.Text())
	out, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = root.Remove(temp)
		}
	}()
	n, err := io.Copy(out, in)
	if err == nil && n != size {
		err = fmt.Errorf("%s: %d bytes of %d", f.Path, n, size)
	}
	err = errors.Join(err, sameMode(root, path, out), out.Close())
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if slices.Contains(states, f.look(root)) {
		return root.Rename(temp, path)
	}
	return &ChangedError{Path: f.Path}
}

// sameMode gives a file the permissions of the one that it replaces.
func sameMode(root *os.Root, path string, out *os.File) error {
	info, err := root.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return out.Chmod(info.Mode().Perm())
}

// Unchanged reads a file of the working tree and reports whether it is the object.
func (c *Copy) Unchanged(ctx context.Context, f File) (bool, error) {
	root, err := os.OpenRoot(c.Top)
	if err != nil {
		return false, err
	}
	defer root.Close()
	in, err := root.Open(filepath.FromSlash(f.Path))
	if err != nil {
		return false, err
	}
	defer in.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, &checked{ctx: ctx, r: in}); err != nil {
		return false, err
	}
	var oid blobstore.OID
	copy(oid[:], sum.Sum(nil))
	return oid == f.Object.OID, nil
}

// checked is a reader that ends with a context.
type checked struct {
	ctx context.Context
	r   io.Reader
}

func (c *checked) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// Absolute is where a file of the working tree lies.
func (c *Copy) Absolute(f File) string { return filepath.Join(c.Top, filepath.FromSlash(f.Path)) }

// Refresh lets git look at files that were replaced, so that it sees no change. git-lfs reads what is content.
//
// git takes a file of another length for changed without a look. So the entries of the index are written anew, as they were, without
// what git knew of the files; then it looks. Nothing is staged.
func (c *Copy) Refresh(ctx context.Context, files []File) error {
	if len(files) == 0 {
		return nil
	}
	list, err := c.git(ctx, nil, "ls-files", "-s", "-z")
	if err != nil {
		return err
	}
	if err := c.forgetStat(ctx, parseIndex(list), files); err != nil {
		return err
	}
	_, err = c.git(ctx, nil, "update-index", "-q", "--refresh")
	var failed *GitError
	if errors.As(err, &failed) && failed.Said == "" {
		return nil // files that a person has changed
	}
	return err
}

// forgetStat writes the entries of files anew, unless somebody has changed them.
func (c *Copy) forgetStat(ctx context.Context, entries []entry, files []File) error {
	known := make(map[string]string, len(files))
	for _, f := range files {
		known[f.Path] = f.blob
	}
	var text strings.Builder
	for _, e := range entries {
		if known[e.path] == e.blob {
			fmt.Fprintf(&text, "%s %s\t%s\x00", e.mode, e.blob, e.path)
		}
	}
	_, err := c.git(ctx, strings.NewReader(text.String()), "update-index", "-z", "--index-info")
	return err
}
