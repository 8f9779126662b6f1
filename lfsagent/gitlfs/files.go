package gitlfs

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"radswarm/blobstore"
)

// State is what lies in the working tree where git has a pointer.
type State int

// The states.
const (
	// Pointer: the pointer itself.
	Pointer State = iota
	// Content: a file as long as the object. What is in it was not read.
	Content
	// Gone: nothing.
	Gone
	// Other: something else, that a person made.
	Other
)

// File is an LFS file in the index of a working copy.
type File struct {
	Path    string // from the top, slashes between names
	Object  blobstore.Pointer
	Tracked bool  // attributes say that it is one; else git takes the pointer for a text
	State   State // of the working tree
	text    []byte
	blob    string
}

// maxPointer is how long a pointer may be, by the specification of git-lfs.
const maxPointer = 1024

// Files lists the LFS files of the index, below paths that a person typed in the folder from; none: all.
func (c *Copy) Files(ctx context.Context, from string, paths ...string) ([]File, error) {
	if c.Top == "" {
		return nil, ErrBare
	}
	args := []string{"--literal-pathspecs", "ls-files", "-s", "-z", "--"}
	for _, p := range paths {
		rel, err := c.within(from, p)
		if err != nil {
			return nil, err
		}
		args = append(args, rel)
	}
	list, err := c.git(ctx, nil, args...)
	if err != nil {
		return nil, err
	}
	found, err := c.pointers(ctx, parseIndex(list))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	if err := c.attributes(ctx, found); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(c.Top)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	for i := range found {
		found[i].State = found[i].look(root)
	}
	return found, nil
}

// entry is a file of the index.
type entry struct{ mode, blob, path string }

// parseIndex reads what "git ls-files -s -z" prints: mode SP blob SP stage TAB path NUL. Conflicts are left out.
func parseIndex(list []byte) []entry {
	var all []entry
	for line := range bytes.SplitSeq(list, []byte{0}) {
		head, path, ok := strings.Cut(string(line), "\t")
		fields := strings.Fields(head)
		if ok && len(fields) == 3 && fields[2] == "0" {
			all = append(all, entry{fields[0], fields[1], path})
		}
	}
	return all
}

// pointers returns the files whose blob is a pointer.
func (c *Copy) pointers(ctx context.Context, entries []entry) ([]File, error) {
	small, err := c.small(ctx, entries)
	if err != nil || len(small) == 0 {
		return nil, err
	}
	texts, err := c.read(ctx, small)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, e := range entries {
		text, ok := texts[e.blob]
		if !ok || !strings.HasPrefix(e.mode, "100") {
			continue
		}
		if p, err := blobstore.ParsePointer(text); err == nil && p.Size > 0 {
			files = append(files, File{Path: e.path, Object: p, text: text, blob: e.blob})
		}
	}
	return files, nil
}

// small returns the blobs that are short enough for a pointer.
func (c *Copy) small(ctx context.Context, entries []entry) ([]string, error) {
	var ask strings.Builder
	for _, e := range entries {
		if strings.HasPrefix(e.mode, "100") {
			ask.WriteString(e.blob + "\n")
		}
	}
	if ask.Len() == 0 {
		return nil, nil
	}
	said, err := c.git(ctx, strings.NewReader(ask.String()), "cat-file", "--batch-check=%(objectname) %(objectsize)", "--buffer")
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool)
	var small []string
	for line := range strings.Lines(string(said)) {
		blob, size, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.Atoi(size); err == nil && n <= maxPointer && !seen[blob] {
			seen[blob] = true
			small = append(small, blob)
		}
	}
	return small, nil
}

// read reads blobs, all in one go.
func (c *Copy) read(ctx context.Context, blobs []string) (map[string][]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", "cat-file", "--batch", "--buffer")
	cmd.Dir, cmd.Env, cmd.WaitDelay = c.dir, c.env, waitDelay
	cmd.Stdin = strings.NewReader(strings.Join(blobs, "\n") + "\n")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	texts, err := readBlobs(bufio.NewReaderSize(out, 64<<10), len(blobs))
	if err != nil {
		cancel()
	}
	return texts, errors.Join(err, cmd.Wait())
}

// readBlobs reads what "git cat-file --batch" prints: id SP kind SP size LF content LF.
func readBlobs(r *bufio.Reader, n int) (map[string][]byte, error) {
	texts := make(map[string][]byte, n)
	for range n {
		head, err := r.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("git cat-file: %w", err)
		}
		fields := strings.Fields(head)
		if len(fields) != 3 {
			return nil, fmt.Errorf("git cat-file: %.100s", head)
		}
		size, err := strconv.Atoi(fields[2])
		if err != nil || size < 0 || size > maxPointer {
			return nil, fmt.Errorf("git cat-file: %.100s", head)
		}
		text := make([]byte, size+1)
		if _, err := io.ReadFull(r, text); err != nil {
			return nil, fmt.Errorf("git cat-file: %w", err)
		}
		texts[fields[0]] = text[:size]
	}
	return texts, nil
}

// attributes finds out which of the files git-lfs has a hand in.
func (c *Copy) attributes(ctx context.Context, files []File) error {
	var ask strings.Builder
	for _, f := range files {
		ask.WriteString(f.Path + "\x00")
	}
	said, err := c.git(ctx, strings.NewReader(ask.String()), "check-attr", "--stdin", "-z", "filter")
	if err != nil {
		return err
	}
	fields := bytes.Split(said, []byte{0})
	if len(fields) != 3*len(files)+1 {
		return fmt.Errorf("git check-attr: %d fields about %d files", len(fields)-1, len(files))
	}
	for i := range files {
		files[i].Tracked = string(fields[3*i+2]) == "lfs"
	}
	return nil
}

// look looks at a file in the working tree.
func (f *File) look(root *os.Root) State {
	info, err := root.Lstat(filepath.FromSlash(f.Path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Gone
	case err != nil || !info.Mode().IsRegular():
		return Other
	case info.Size() == int64(len(f.text)):
		text, err := root.ReadFile(filepath.FromSlash(f.Path))
		if err == nil && bytes.Equal(text, f.text) {
			return Pointer
		}
	}
	if info.Size() == f.Object.Size {
		return Content
	}
	return Other
}

// Local is where the LFS storage has an object, as long as it should be.
func (c *Copy) Local(o blobstore.Pointer) (path string, ok bool) {
	name := o.OID.String()
	path = filepath.Join(c.Storage(), "objects", name[:2], name[2:4], name)
	info, err := os.Stat(path)
	return path, err == nil && info.Mode().IsRegular() && info.Size() == o.Size
}
