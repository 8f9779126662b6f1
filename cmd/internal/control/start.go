package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// startTime is how long a daemon may take until it listens: one that dies is noticed at once, and a busy machine takes long.
const startTime = time.Minute

// ReadyLine is the line that a daemon which was started with --detached writes to its standard output when it can be reached,
// before it closes it. Any other line is why it could not, and the line after that what helps.
const ReadyLine = "ready"

// kept are the variables that a daemon is started with (DESIGN.md §10). Everything else of a shell, git or a hook is not
// its business, and would only be true for whoever came first.
var kept = []string{
	"HOME", "RAD_HOME", "PATH", "LANG", "TMPDIR", "XDG_RUNTIME_DIR", "CREDENTIALS_DIRECTORY", "SSH_AUTH_SOCK",
	"SYSTEMROOT", "USERPROFILE", "LOCALAPPDATA", "TEMP", "TMP", // without which nothing runs on Windows
}

// Ensure returns a client of the daemon at a place, and starts one if none runs.
func Ensure(ctx context.Context, p Place) (*Client, Hello, error) {
	c, h, err := Connect(ctx, p)
	if !errors.Is(err, ErrNotRunning) {
		return c, h, err
	}
	program, err := Program()
	if err != nil {
		return nil, Hello{}, &StartError{Err: err}
	}
	if err := Start(ctx, p, program, "daemon", "--detached"); err != nil {
		return nil, Hello{}, err
	}
	return Connect(ctx, p)
}

// Program returns the path of rad-swarm: beside this program, or else on PATH.
func Program() (string, error) {
	name := "rad-swarm"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if self, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
		beside := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside, nil
		}
	}
	return exec.LookPath(name)
}

// Start starts a program as the daemon of a place and returns when it can be reached, be it that this one listens or that
// another one did first. The program is in a session of its own, in the swarm folder, with all its streams redirected and
// [kept] of the environment, and outlives the caller. The error is a *StartError or ctx's.
func Start(ctx context.Context, p Place, program string, args ...string) error {
	if err := p.Make(); err != nil {
		return &StartError{Err: err}
	}
	log, err := openLog(p.Log())
	if err != nil {
		return &StartError{Err: err}
	}
	defer log.Close()
	ready, tell, err := os.Pipe()
	if err != nil {
		return &StartError{Err: err}
	}
	defer ready.Close()
	defer tell.Close()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = p.Dir, reduced(os.Environ(), filepath.Dir(p.Dir))
	cmd.Stdout, cmd.Stderr = tell, log
	cmd.SysProcAttr = detached()
	if err := cmd.Start(); err != nil {
		return &StartError{Err: err}
	}
	_ = tell.Close()
	return awaitReady(ctx, ready, cmd)
}

// awaitReady reads what a daemon says of its start. The file ends at once with a process that dies.
func awaitReady(ctx context.Context, ready *os.File, cmd *exec.Cmd) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTime, &StartError{Err: fmt.Errorf("it does not listen after %v", startTime)})
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = ready.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	said := bufio.NewReader(io.LimitReader(ready, 4096))
	line, err := said.ReadString('\n')
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if line == ReadyLine+"\n" {
		_, _ = io.Copy(io.Discard, said) // until it has let go of the last that is ours
		return cmd.Process.Release()
	}
	hint, _ := said.ReadString('\n')
	end := cmd.Wait()
	if end == nil {
		end = err
	}
	return &StartError{Said: strings.TrimSpace(line), Hint: strings.TrimSpace(hint), Err: end}
}

// maxLog is how long a log may be when a daemon starts. A longer one is kept once, beside it.
const maxLog = 4 << 20

func openLog(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
}

// reduced returns the variables a daemon is started with. The home is always named: what it defaults to may differ there.
func reduced(env []string, home string) []string {
	out := slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return name == "RAD_HOME" || !slices.Contains(kept, strings.ToUpper(name))
	})
	return append(out, "RAD_HOME="+home)
}
