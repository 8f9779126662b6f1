package remote

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/profile"
)

// workingCopy is the repository that git was called in: GIT_DIR says where. Commands in it run with the caller's
// environment and configuration, like every git command that a person runs there.
type workingCopy struct {
	dir string // GIT_DIR; "" where there is none, as in git ls-remote outside of repositories
}

// waitDelay is how long a killed command may hold its pipes open through children of its own.
const waitDelay = 5 * time.Second

// maxStderr bounds what is kept of a command's complaints, in bytes.
const maxStderr = 8 << 10

func newWorkingCopy(env profile.Env) workingCopy {
	dir, _ := env("GIT_DIR")
	return workingCopy{dir: dir}
}

// git prepares a command. Names go through standard input or after "--end-of-options".
func (w workingCopy) git(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0") // a partial clone may fetch what it lacks
	cmd.WaitDelay = waitDelay
	return cmd
}

// output runs a command and returns what it prints, at most max bytes.
func output(ctx context.Context, cmd *exec.Cmd, max int) (string, error) {
	stdout := &keep{max: max}
	cmd.Stdout = stdout
	if err := runCommand(ctx, cmd); err != nil {
		return "", err
	}
	if stdout.over {
		return "", fmt.Errorf("git %s prints more than %d bytes", word(cmd), max)
	}
	return strings.TrimSuffix(stdout.buf.String(), "\n"), nil
}

// gitError is a git command that did not succeed.
type gitError struct {
	command string
	stderr  string
	err     error
}

// Error says it in one line: where two processes complained at once, what the other one told ours.
func (e *gitError) Error() string {
	text := oneLine(e.stderr)
	if at := strings.Index(e.stderr, "fatal: remote error: "); at >= 0 {
		line, _, _ := strings.Cut(e.stderr[at:], "\n")
		text = brief(line)
	}
	if text == "" {
		text = e.err.Error()
	}
	return "git " + e.command + ": " + text
}

func (e *gitError) Unwrap() error { return e.err }

// runCommand runs a command; an ended context's error comes bare.
func runCommand(ctx context.Context, cmd *exec.Cmd) error {
	stderr := &keep{max: maxStderr}
	if cmd.Stderr == nil {
		cmd.Stderr = stderr
	}
	err := cmd.Run()
	return commandError(ctx, cmd, stderr, err)
}

func commandError(ctx context.Context, cmd *exec.Cmd, stderr *keep, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return &gitError{command: word(cmd), stderr: stderr.buf.String(), err: err}
}

// word is the command among git's arguments.
func word(cmd *exec.Cmd) string {
	args := cmd.Args[1:]
	for len(args) > 2 && args[0] == "-c" {
		args = args[2:]
	}
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// exited reports whether a command ended with a status.
func exited(err error, status int) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	return ok && exit.ExitCode() == status
}

// keep keeps the first max bytes and swallows the rest.
type keep struct {
	max  int
	buf  bytes.Buffer
	over bool
}

func (k *keep) Write(p []byte) (int, error) {
	room := k.max - k.buf.Len()
	k.over = k.over || len(p) > room
	k.buf.Write(p[:min(len(p), room)])
	return len(p), nil
}

// object is something in the working copy that a push is about.
type object struct {
	id   radicle.Oid
	kind gitobj.Kind
}

// errNoObject is for a name that names nothing in the working copy.
var errNoObject = errors.New("not found in the working copy")

// resolve finds what revisions name (gitrevisions(7)), all in one go. A revision that names nothing has a zero kind.
func (w workingCopy) resolve(ctx context.Context, revisions []string) ([]object, error) {
	if len(revisions) == 0 {
		return nil, nil
	}
	cmd := w.git(ctx, "cat-file", "--batch-check")
	cmd.Stdin = strings.NewReader(strings.Join(revisions, "\n") + "\n")
	var out bytes.Buffer // a line each, of bounded length
	cmd.Stdout = &out
	if err := runCommand(ctx, cmd); err != nil {
		return nil, err
	}
	return parseResolved(&out, len(revisions))
}

// parseResolved reads lines of "<id> <kind> <size>", or anything else for what is not there.
func parseResolved(r io.Reader, count int) ([]object, error) {
	objects := make([]object, 0, count)
	for lines := bufio.NewScanner(r); lines.Scan(); {
		var o object
		if fields := strings.Fields(lines.Text()); len(fields) == 3 {
			kind, known := gitobj.ParseKind(fields[1])
			id, err := radicle.ParseOid(fields[0])
			if known && err == nil {
				o = object{id, kind}
			}
		}
		objects = append(objects, o)
	}
	if len(objects) != count {
		return nil, fmt.Errorf("git cat-file answers %d of %d questions", len(objects), count)
	}
	return objects, nil
}
