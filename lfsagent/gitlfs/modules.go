package gitlfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// maxDepth bounds how deep submodules may lie in each other.
const maxDepth = 32

// Modules lists the submodules that are checked out, and those in them, each after the one that has it.
func (c *Copy) Modules(ctx context.Context) ([]*Copy, error) { return c.modules(ctx, maxDepth) }

func (c *Copy) modules(ctx context.Context, depth int) ([]*Copy, error) {
	if c.Top == "" || depth == 0 {
		return nil, nil
	}
	list, err := c.git(ctx, nil, "ls-files", "-s", "-z")
	if err != nil {
		return nil, err
	}
	var all []*Copy
	for _, e := range parseIndex(list) {
		dir := filepath.Join(c.Top, filepath.FromSlash(e.path))
		if e.mode != "160000" || !isTop(dir) {
			continue
		}
		sub, err := Open(ctx, dir, elsewhere(c.env))
		if err != nil {
			return nil, fmt.Errorf("submodule %s: %w", e.path, err)
		}
		below, err := sub.modules(ctx, depth-1)
		if err != nil {
			return nil, err
		}
		all = append(append(all, sub), below...)
	}
	return all, nil
}

// isTop reports whether a folder is the top of a working copy of its own.
func isTop(dir string) bool {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() {
		return false
	}
	_, err = os.Lstat(filepath.Join(dir, ".git"))
	return err == nil
}

// maxUDD bounds a .udd file, in bytes.
const maxUDD = 1 << 20

// Poster is the path, from the top, of the medium that the .udd of a Dream names for its face; "" where there is none. The file is
// only read.
func (c *Copy) Poster() (string, error) {
	if c.Top == "" {
		return "", nil
	}
	f, err := os.Open(filepath.Join(c.Top, ".udd"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxUDD))
	if err != nil {
		return "", err
	}
	var dream struct {
		DreamTalk string `json:"dreamTalk"`
	}
	if err := json.Unmarshal(text, &dream); err != nil {
		return "", fmt.Errorf("%s: %w", filepath.Join(c.Top, ".udd"), err)
	}
	if dream.DreamTalk == "" {
		return "", nil
	}
	clean := path.Clean(strings.ReplaceAll(dream.DreamTalk, `\`, "/"))
	if !filepath.IsLocal(filepath.FromSlash(clean)) {
		return "", fmt.Errorf("%s: dreamTalk leads out of the working tree", filepath.Join(c.Top, ".udd"))
	}
	return clean, nil
}
