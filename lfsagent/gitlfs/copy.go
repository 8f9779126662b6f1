package gitlfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"radswarm/lfsagent"
	"radswarm/radicle"
	"radswarm/remote/lfs"
)

// ErrNoRepository is a folder outside of any repository.
var ErrNoRepository = lfs.ErrNoRepository

// ErrBare is a repository without a working tree.
var ErrBare = errors.New("repository has no working tree")

// Copy is a working copy. It is for one goroutine.
type Copy struct {
	Top      string // of the working tree, absolute; "" where there is none
	GitDir   string // what all its worktrees share, absolute
	Settings lfsagent.Settings

	env []string
	dir string // where git runs
}

// Open finds the working copy of a folder, "" for the working one, in an environment, nil for that of the process.
func Open(ctx context.Context, dir string, env []string) (*Copy, error) {
	if env == nil {
		env = os.Environ()
	}
	around, err := lfs.Surround(ctx, dir, env)
	if err != nil {
		return nil, err
	}
	c := &Copy{Top: around.Top, GitDir: around.GitDir, env: env, dir: around.Top}
	if c.dir == "" {
		c.dir = around.GitDir
	}
	if c.Settings.Git, err = lfsagent.ParseSettings(around.Git); err != nil {
		return nil, err
	}
	c.Settings.Carried, err = lfsagent.ParseSettings(around.Carried)
	return c, err
}

// Storage is the folder of the LFS storage. It may not exist.
func (c *Copy) Storage() string { return c.Settings.Storage(c.GitDir) }

// Repository is the Radicle repository that the objects of this working copy belong to.
func (c *Copy) Repository(ctx context.Context) (radicle.RID, error) {
	return c.Settings.Resolve(lfsagent.Download, c.remote(ctx))
}

// remote is the remote that git-lfs would take: that of the branch, the default one, the only one, or origin.
func (c *Copy) remote(ctx context.Context) string {
	if head, err := c.git(ctx, nil, "symbolic-ref", "-q", "--short", "HEAD"); err == nil {
		if name, ok := c.setting("branch." + strings.TrimSpace(string(head)) + ".remote"); ok && name != "." {
			return name
		}
	}
	if name, ok := c.setting("remote.lfsdefault"); ok {
		return name
	}
	if names := c.remotes(); len(names) == 1 {
		return names[0]
	}
	return "origin"
}

// remotes are the names of all remotes.
func (c *Copy) remotes() []string {
	var names []string
	for _, s := range c.Settings.Git {
		name, ok := strings.CutPrefix(s.Key, "remote.")
		if name, url := strings.CutSuffix(name, ".url"); ok && url && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// setting is the value that counts.
func (c *Copy) setting(key string) (value string, ok bool) { return last(c.Settings.Git, key) }

func last(settings []lfsagent.Setting, key string) (value string, ok bool) {
	for _, s := range settings {
		if s.Key == key {
			value, ok = s.Value, true
		}
	}
	return value, ok
}

const (
	// maxOutput bounds what git may say, in bytes.
	maxOutput = 512 << 20
	// maxStderr bounds what is kept of its complaints.
	maxStderr = 4 << 10
	// waitDelay is how long a killed git may hold its pipes open through children of its own.
	waitDelay = 5 * time.Second
)

// GitError is a git command that did not succeed.
type GitError struct {
	Command string
	Said    string // a line
	Err     error
}

func (e *GitError) Error() string {
	if e.Said == "" {
		return fmt.Sprintf("git %s: %v", e.Command, e.Err)
	}
	return fmt.Sprintf("git %s: %s", e.Command, e.Said)
}

// Unwrap returns e.Err.
func (e *GitError) Unwrap() error { return e.Err }

// git runs git at the top of the working copy.
func (c *Copy) git(ctx context.Context, in io.Reader, args ...string) ([]byte, error) {
	return run(ctx, c.dir, c.env, in, args...)
}

func run(ctx context.Context, dir string, env []string, in io.Reader, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Stdin, cmd.WaitDelay = dir, in, waitDelay
	cmd.Env = append(slices.Clone(env), "LC_ALL=C", "GIT_TERMINAL_PROMPT=0")
	out, said := &limited{max: maxOutput}, &limited{max: maxStderr}
	cmd.Stdout, cmd.Stderr = out, said
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, &GitError{Command: args[0], Said: complaint(said.String()), Err: err}
	case out.over:
		return nil, fmt.Errorf("git %s says more than %d bytes", args[0], maxOutput)
	}
	return out.Bytes(), nil
}

// complaint is the line that says what is wrong: git gives advice before it.
func complaint(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for _, line := range lines {
		if strings.HasPrefix(line, "fatal: ") || strings.HasPrefix(line, "error: ") {
			return line
		}
	}
	return lines[0]
}

// limited keeps the first bytes and swallows the rest.
type limited struct {
	bytes.Buffer
	max  int
	over bool
}

func (l *limited) Write(p []byte) (int, error) {
	room := l.max - l.Len()
	l.over = l.over || len(p) > room
	l.Buffer.Write(p[:min(len(p), room)])
	return len(p), nil
}

// elsewhere is an environment for git in another repository: without what says where this one is. nil is that of the process.
func elsewhere(env []string) []string {
	if env == nil {
		env = os.Environ()
	}
	return slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		switch name {
		case "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
			"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE":
			return true
		}
		return false
	})
}

// within makes a path that a person typed, in a folder of the working tree, one from its top.
func (c *Copy) within(from, path string) (string, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(from, path)
	}
	rel, err := filepath.Rel(c.Top, real(path))
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", fmt.Errorf("%s is not in the working tree %s", path, c.Top)
	}
	return filepath.ToSlash(rel), nil
}

// real is a path whose folder has no links in it: git names the top that way.
func real(path string) string {
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return path
	}
	return filepath.Join(dir, filepath.Base(path))
}
