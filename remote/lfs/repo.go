package lfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Repo is the repository in which git started the helper.
type Repo struct {
	// Dir is its git directory, as GIT_DIR names it: absolute, or relative to the working directory; that of a linked worktree or
	// of a submodule too.
	Dir string
	// Env is the environment for reading the configuration. Default: that of the process.
	Env []string
	// Git is the path of the git to run. Default: what PATH says.
	Git string
	// Alternates are object directories that [Repo.Scan] reads beside the repository's own, so that it understands what the other
	// side has: that of the repository in storage.
	Alternates []string
}

// ErrNoRepository is the error for a Repo without a directory: git was started outside one.
var ErrNoRepository = errors.New("not in a git repository")

// ErrTooLarge is the error for what is larger than this package reads.
var ErrTooLarge = errors.New("too large")

// GitError is a git command that did not succeed.
type GitError struct {
	Command string // its name: "rev-list"
	Stderr  string // the beginning of what it said; git's words may change
	Err     error  // how it ended
}

func (e *GitError) Error() string {
	text := e.complaint()
	if text == "" {
		return fmt.Sprintf("git %s: %v", e.Command, e.Err)
	}
	return fmt.Sprintf("git %s: %s", e.Command, printable(text))
}

// complaint is the line that says what is wrong: git gives advice before it.
func (e *GitError) complaint() string {
	lines := strings.Split(strings.TrimSpace(e.Stderr), "\n")
	for _, line := range lines {
		if strings.HasPrefix(line, "fatal: ") || strings.HasPrefix(line, "error: ") {
			return line
		}
	}
	return lines[0]
}

// Unwrap returns e.Err.
func (e *GitError) Unwrap() error { return e.Err }

const (
	// maxStderr bounds what is kept of a command's complaints, in bytes.
	maxStderr = 4 << 10
	// waitDelay is how long a killed command may hold its pipes open through children of its own.
	waitDelay = 5 * time.Second
	// maxLink bounds the files in which git names another directory, in bytes.
	maxLink = 4 << 10
)

// layout is where a repository keeps what.
type layout struct {
	git    string // its git directory, absolute
	common string // what all its worktrees share: objects, configuration
}

// layout follows the links of git's files, without running git (gitrepository-layout(5)).
func (r Repo) layout() (layout, error) {
	if r.Dir == "" {
		return layout{}, ErrNoRepository
	}
	dir, err := filepath.Abs(r.Dir)
	if err != nil {
		return layout{}, err
	}
	if info, err := os.Stat(dir); err == nil && info.Mode().IsRegular() { // a worktree's .git
		if dir, err = readLink(dir, "gitdir: "); err != nil {
			return layout{}, err
		}
	}
	common, err := readLink(filepath.Join(dir, "commondir"), "")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		common = dir
	case err != nil:
		return layout{}, err
	}
	return layout{git: dir, common: common}, nil
}

// readLink reads a file that names a path, absolute or relative to the file's folder.
func readLink(name, prefix string) (string, error) {
	text, err := readFile(name, maxLink)
	if err != nil {
		return "", err
	}
	to, ok := strings.CutPrefix(strings.TrimRight(string(text), "\r\n"), prefix)
	if !ok || to == "" || strings.ContainsAny(to, "\x00\n") {
		return "", fmt.Errorf("%s: %w", name, ErrNoRepository)
	}
	if !filepath.IsAbs(to) {
		to = filepath.Join(filepath.Dir(name), to)
	}
	return filepath.Clean(to), nil
}

// readFile reads a regular file of at most max bytes; one that is longer is [ErrTooLarge].
func readFile(name string, max int64) ([]byte, error) {
	info, err := os.Stat(name) // before opening: a pipe would never open
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a file: %w", name, fs.ErrInvalid)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(text)) > max {
		err = fmt.Errorf("%s: %w: more than %d bytes", name, ErrTooLarge, max)
	}
	return text, err
}

func (r Repo) environ() []string {
	if r.Env != nil {
		return r.Env
	}
	return os.Environ()
}

func (r Repo) git(ctx context.Context, env []string, args ...string) *exec.Cmd {
	name := r.Git
	if name == "" {
		name = "git"
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	cmd.WaitDelay = waitDelay
	return cmd
}

// configEnv is the environment in which git reads the configuration of its caller: all files, not the one that GIT_CONFIG names for
// "git config" alone.
func (r Repo) configEnv(l layout) []string {
	env := slices.DeleteFunc(slices.Clone(r.environ()), func(v string) bool { return strings.HasPrefix(v, "GIT_CONFIG=") })
	return append(env, "GIT_DIR="+l.git, "LC_ALL=C")
}

// objectEnv is the environment in which git reads objects: nothing that steers it, but where the objects are.
func (r Repo) objectEnv(l layout) []string {
	var kept, dirs []string
	for _, dir := range r.Alternates {
		dirs = append(dirs, quotePath(dir))
	}
	for _, v := range r.environ() {
		name, value, _ := strings.Cut(v, "=")
		name = strings.ToUpper(name)
		switch {
		case name == "GIT_ALTERNATE_OBJECT_DIRECTORIES":
			dirs = append(dirs, value)
		case name == "GIT_OBJECT_DIRECTORY", !strings.HasPrefix(name, "GIT_") && name != "RAD_PASSPHRASE":
			kept = append(kept, v)
		}
	}
	kept = append(kept,
		"LC_ALL=C", "GIT_DIR="+l.git, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_TERMINAL_PROMPT=0",
		"GIT_NO_REPLACE_OBJECTS=1", "GIT_GRAFT_FILE="+os.DevNull, "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=",
		"GIT_OPTIONAL_LOCKS=0", "GIT_ADVICE=0",
	)
	if len(dirs) > 0 {
		kept = append(kept, "GIT_ALTERNATE_OBJECT_DIRECTORIES="+strings.Join(dirs, string(os.PathListSeparator)))
	}
	return kept
}

// quotePath writes an element of GIT_ALTERNATE_OBJECT_DIRECTORIES, in which a separator would begin the next one.
func quotePath(path string) string {
	if !strings.ContainsAny(path, string(os.PathListSeparator)+"\"\n") {
		return path
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(path) + `"`
}

// output runs cmd and returns what it prints, at most max bytes; more is [ErrTooLarge].
func output(ctx context.Context, cmd *exec.Cmd, max int) ([]byte, error) {
	stdout, stderr := &limitedBuffer{max: max}, &limitedBuffer{max: maxStderr}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := cmd.Run(); err != nil {
		return nil, gitError(ctx, cmd, stderr, err)
	}
	if stdout.over {
		return nil, fmt.Errorf("git %s: %w: more than %d bytes", verb(cmd), ErrTooLarge, max)
	}
	return stdout.buf.Bytes(), nil
}

// gitError says how a command ended; an ended context's error comes bare.
func gitError(ctx context.Context, cmd *exec.Cmd, stderr *limitedBuffer, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return &GitError{Command: verb(cmd), Stderr: stderr.buf.String(), Err: err}
}

// verb is the git command among the arguments: what follows "git" and pairs of "-c" and a setting.
func verb(cmd *exec.Cmd) string {
	args := cmd.Args[1:]
	for len(args) > 2 && args[0] == "-c" {
		args = args[2:]
	}
	return args[0]
}

// limitedBuffer keeps the first max bytes and swallows the rest.
type limitedBuffer struct {
	max  int
	buf  bytes.Buffer
	over bool
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	room := b.max - b.buf.Len()
	if len(p) > room {
		b.over = true
	}
	b.buf.Write(p[:min(len(p), room)])
	return len(p), nil
}
