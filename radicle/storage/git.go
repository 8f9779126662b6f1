package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// The oldest git that will do: the first that reads SSH signatures.
const (
	minMajor, minMinor = 2, 34

	minVersion = "2.34"
)

// maxStderr bounds what is kept of a command's complaints, in bytes.
const maxStderr = 4 << 10

// waitDelay is how long a killed command may hold its pipes open through children of its own.
const waitDelay = 5 * time.Second

// gitTool is a git that is new enough.
type gitTool struct{ path string }

// findGit looks git up in PATH, or takes the path given.
func findGit(path string) (gitTool, error) {
	if path == "" {
		found, err := exec.LookPath("git")
		if err != nil {
			return gitTool{}, fmt.Errorf("git is not installed, or not in PATH: %w", err)
		}
		path = found
	}
	return gitTool{path: path}, nil
}

// checkVersion asks git for its version.
func (g gitTool) checkVersion(ctx context.Context) error {
	out, err := g.output(ctx, g.command(ctx, "", "version"), 1<<10)
	if err != nil {
		return err
	}
	if !newEnough(string(out)) {
		return &VersionError{Got: strings.TrimSpace(string(out)), Want: minVersion}
	}
	return nil
}

// newEnough reads "git version 2.39.5 (Apple Git-154)".
func newEnough(line string) bool {
	rest, ok := strings.CutPrefix(line, "git version ")
	major, rest, ok2 := strings.Cut(rest, ".")
	minor, _, _ := strings.Cut(strings.TrimSpace(rest), ".")
	x, err := strconv.Atoi(major)
	y, err2 := strconv.Atoi(minor)
	if !ok || !ok2 || err != nil || err2 != nil {
		return false
	}
	return x > minMajor || x == minMajor && y >= minMinor
}

// command prepares git in the repository dir, which may be "". It reads no configuration but the repository's own,
// runs no hook, asks nobody, fetches nothing, and sees no replaced objects. Arguments must be constants, options
// before "--end-of-options", or ids; names go through standard input.
func (g gitTool) command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, g.path, append(fixedConfig(), args...)...)
	cmd.Env = environment(os.Environ(), dir)
	cmd.WaitDelay = waitDelay
	if dir != "" {
		cmd.Dir = dir
	}
	return cmd
}

// fixedConfig outranks the repository's configuration.
func fixedConfig() []string {
	var args []string
	for _, setting := range []string{
		"core.hooksPath=" + os.DevNull, "core.fsmonitor=false", "core.useReplaceRefs=false", "core.alternateRefsCommand=",
		"core.filesRefLockTimeout=1000", "core.packedRefsTimeout=5000", // ms
		"gc.auto=0", "maintenance.auto=false", "protocol.allow=never", "credential.helper=", "core.askPass=",
	} {
		args = append(args, "-c", setting)
	}
	return args
}

// environment is env without what steers git, speaks another language or is none of git's business, and with what
// keeps it quiet and inside dir.
func environment(env []string, dir string) []string {
	kept := make([]string, 0, len(env)+8)
	for _, v := range env {
		if !steersGit(v) {
			kept = append(kept, v)
		}
	}
	kept = append(kept,
		"LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_ATTR_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_NO_REPLACE_OBJECTS=1", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=", "GIT_OPTIONAL_LOCKS=0", "GIT_ADVICE=0",
	)
	if dir != "" {
		kept = append(kept, "GIT_DIR="+dir)
	}
	return kept
}

func steersGit(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	switch name = strings.ToUpper(name); name { // Windows does not mind the case
	case "LANG", "LANGUAGE", "RAD_PASSPHRASE", "SSH_ASKPASS", "EDITOR", "VISUAL", "PAGER":
		return true
	}
	return strings.HasPrefix(name, "GIT_") || strings.HasPrefix(name, "LC_")
}

// output runs cmd and returns what it prints, at most max bytes; more is an error.
func (g gitTool) output(ctx context.Context, cmd *exec.Cmd, max int) ([]byte, error) {
	stdout := &limitedBuffer{max: max}
	cmd.Stdout = stdout
	if err := g.run(ctx, cmd); err != nil {
		return nil, err
	}
	if stdout.over {
		return nil, &GitError{Command: verb(cmd), Err: fmt.Errorf("prints more than %d bytes", max)}
	}
	return stdout.buf.Bytes(), nil
}

// run runs cmd; an ended context's error comes bare.
func (g gitTool) run(ctx context.Context, cmd *exec.Cmd) error {
	stderr := &limitedBuffer{max: maxStderr}
	cmd.Stderr = stderr
	err := cmd.Run()
	return commandError(ctx, cmd, stderr, err)
}

func commandError(ctx context.Context, cmd *exec.Cmd, stderr *limitedBuffer, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return &GitError{Command: verb(cmd), Stderr: stderr.buf.String(), Err: err}
}

// exitCode returns how a command ended, -1 if it did not.
func exitCode(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return -1
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

var _ io.Writer = (*limitedBuffer)(nil)

func (b *limitedBuffer) Write(p []byte) (int, error) {
	room := b.max - b.buf.Len()
	if len(p) > room {
		b.over = true
	}
	b.buf.Write(p[:min(len(p), room)])
	return len(p), nil
}
