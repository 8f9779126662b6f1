package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/ui"
	"radswarm/radicle"
	"radswarm/remote"
)

// workcopy is the git repository in a folder, as git sees it from there.
type workcopy struct{ dir string }

// maxGitOutput bounds what is read of git, in bytes.
const maxGitOutput = 1 << 20

// git runs git and returns what it prints, without the last line break.
func (w workcopy) git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Env = w.dir, append(os.Environ(), "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &bounded{to: &out}, &bounded{to: &said}
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", &gitError{Args: args, Said: strings.TrimSpace(said.String()), Err: err}
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// gitError is a git command that did not work.
type gitError struct {
	Args []string
	Said string
	Err  error
}

func (e *gitError) Error() string {
	if e.Said != "" {
		return fmt.Sprintf("git %s: %s", e.Args[0], e.Said)
	}
	return fmt.Sprintf("git %s: %v", e.Args[0], e.Err)
}

func (e *gitError) Unwrap() error { return e.Err }

// exit returns the exit code of git, -1 where it did not run.
func (e *gitError) exit() int {
	if x, ok := errors.AsType[*exec.ExitError](e.Err); ok {
		return x.ExitCode()
	}
	return -1
}

// config returns a value of git's configuration, empty where there is none.
func (w workcopy) config(ctx context.Context, key string) (string, error) {
	value, err := w.git(ctx, "config", "--get", key)
	if e, ok := errors.AsType[*gitError](err); ok && e.exit() == 1 {
		return "", nil
	}
	return value, err
}

// commonDir returns the folder with the objects and the configuration.
func (w workcopy) commonDir(ctx context.Context) (string, error) {
	dir, err := w.git(ctx, "rev-parse", "--path-format=absolute", "--git-common-dir")
	if err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return "", ui.HintErrorf("https://git-scm.com/downloads", ui.Failed, "git is not there")
		}
		return "", ui.HintErrorf("git init", ui.NotFound, "there is no git repository here")
	}
	return dir, nil
}

// rid returns which Radicle repository this is a copy of: as its remote rad says, or else another one, if there is only one.
func (w workcopy) rid(ctx context.Context) (radicle.RID, error) {
	none := ui.HintErrorf("rad swarm init", ui.NotFound, "this is no copy of a Radicle repository: no remote has a rad:// URL")
	if _, err := w.commonDir(ctx); err != nil {
		return radicle.RID{}, err
	}
	list, err := w.git(ctx, "config", "--get-regexp", `^remote\..*\.url$`)
	if e, ok := errors.AsType[*gitError](err); ok && e.exit() == 1 {
		return radicle.RID{}, none
	}
	if err != nil {
		return radicle.RID{}, err
	}
	found := map[radicle.RID]bool{}
	for line := range strings.Lines(list) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		url, err := remote.ParseURL(value)
		if err != nil {
			continue
		}
		if key == "remote.rad.url" {
			return url.RID, nil
		}
		found[url.RID] = true
	}
	if len(found) > 1 {
		return radicle.RID{}, ui.HintErrorf("rad swarm … --repo RID", ui.Usage, "remotes name %d Radicle repositories", len(found))
	}
	for rid := range found {
		return rid, nil
	}
	return radicle.RID{}, none
}

// repoFlag is how commands about a repository are told which, where it is not the one in the working folder.
func repoFlag() cli.Flag {
	return &cli.StringFlag{Name: "repo", Usage: "the repository, if not the one of this folder: `RID`"}
}

// theRepo returns which repository a command is about.
func theRepo(c *cli.Context) (radicle.RID, error) {
	if text := c.String("repo"); text != "" {
		rid, err := radicle.ParseRID(text)
		if err != nil {
			return radicle.RID{}, ui.Usagef(helpHint(c.Command), "--repo: %v", err)
		}
		return rid, nil
	}
	return workcopy{"."}.rid(c.Context)
}

// isFile is whether a file of that name is there.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() || errors.Is(err, fs.ErrPermission)
}

// bounded keeps the beginning of what is written.
type bounded struct{ to *bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if room := maxGitOutput - b.to.Len(); room > 0 {
		b.to.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
