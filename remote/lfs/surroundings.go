package lfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Surroundings are the repository in which somebody started a program: what git says of it, and what it carries.
type Surroundings struct {
	GitDir string // what all its worktrees share, absolute
	Top    string // of the working tree, absolute; "" where there is none
	// Git is all configuration that git knows, "git -c" included, and Carried that of the .lfsconfig of the repository, which
	// anybody may have written: both as "git config --list -z" prints it.
	Git, Carried []byte
}

// Branch returns the branch that is checked out in a directory, refs/heads/…, empty where there is none.
func Branch(ctx context.Context, dir string, env []string) string {
	name, err := ask(ctx, dir, env, nil, "symbolic-ref", "-q", "HEAD")
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(name), "\n")
}

// Surround finds the repository of a directory, the working one for "", in an environment, that of the process for nil. It takes a few git processes; [Repo] takes fewer, but has
// to be told where the repository is. Outside of one the error is [ErrNoRepository].
func Surround(ctx context.Context, dir string, env []string) (Surroundings, error) {
	s := Surroundings{}
	err := s.find(ctx, dir, env)
	if err != nil {
		return s, noRepository(err)
	}
	if s.Git, err = ask(ctx, dir, env, nil, "config", "--list", "-z"); err != nil {
		return s, err
	}
	text, err := s.lfsConfig(ctx, dir, env)
	if err == nil && len(text) > 0 {
		s.Carried, err = ask(ctx, dir, env, text, "config", "--list", "-z", "--no-includes", "--file", "-")
	}
	return s, err
}

// find asks where the repository is: at once, since many agents begin at the same time, and one after the other where there is no
// working tree, or a path has a line break.
func (s *Surroundings) find(ctx context.Context, dir string, env []string) error {
	const common, top = "--git-common-dir", "--show-toplevel"
	where := func(what ...string) (string, error) {
		text, err := ask(ctx, dir, env, nil, append([]string{"rev-parse", "--path-format=absolute"}, what...)...)
		return strings.TrimSuffix(string(text), "\n"), err
	}
	both, err := where(common, top)
	if err == nil && strings.Count(both, "\n") == 1 {
		s.GitDir, s.Top, _ = strings.Cut(both, "\n")
		return nil
	}
	if s.GitDir, err = where(common); err != nil {
		return err
	}
	s.Top, _ = where(top) // none
	return ctx.Err()
}

// lfsConfig reads .lfsconfig as git-lfs does: from the working tree, the index or HEAD.
func (s Surroundings) lfsConfig(ctx context.Context, dir string, env []string) ([]byte, error) {
	if s.Top != "" {
		text, err := readFile(filepath.Join(s.Top, ".lfsconfig"), maxLFSConfig)
		if !errors.Is(err, fs.ErrNotExist) {
			return text, err
		}
	}
	text, err := ask(ctx, dir, env, []byte(":.lfsconfig\nHEAD:.lfsconfig\n"), "cat-file", "--batch")
	switch {
	case errors.Is(err, ErrTooLarge):
		return nil, fmt.Errorf(".lfsconfig: %w", err)
	case err != nil:
		return nil, ctx.Err()
	}
	text = firstBlob(text)
	if len(text) > maxLFSConfig {
		return nil, fmt.Errorf(".lfsconfig: %w: more than %d bytes", ErrTooLarge, maxLFSConfig)
	}
	return text, nil
}

// firstBlob is the first blob in what "git cat-file --batch" prints; nil where there is none.
func firstBlob(text []byte) []byte {
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte{'\n'})
		fields := bytes.Fields(line)
		if len(fields) != 3 { // missing
			text = rest
			continue
		}
		size, err := strconv.Atoi(string(fields[2]))
		switch {
		case err != nil || size < 0 || size > len(rest):
			return nil
		case string(fields[1]) == "blob":
			return rest[:size]
		}
		text = bytes.TrimPrefix(rest[size:], []byte{'\n'})
	}
	return nil
}

// ask runs git. Its environment may say where the repository is, as that of hooks and of programs that git-lfs runs does.
func ask(ctx context.Context, dir string, env []string, in []byte, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Stdin, cmd.WaitDelay = dir, bytes.NewReader(in), waitDelay
	if env == nil {
		env = os.Environ()
	}
	cmd.Env = append(slices.Clone(env), "LC_ALL=C", "GIT_TERMINAL_PROMPT=0")
	return output(ctx, cmd, maxListing)
}

// noRepository makes git's refusal the error that says so.
func noRepository(err error) error {
	if e, ok := errors.AsType[*GitError](err); ok && strings.Contains(e.Stderr, "not a git repository") {
		return ErrNoRepository
	}
	return err
}
