package gitlfs

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"

	"radswarm/lfsagent"
	"radswarm/radicle"
	"radswarm/remote/lfs"
)

// global are the settings that stand in where no helper of ours came first (git-lfs.md §2.4): after a clone by rad, or with git-lfs
// as the first command. They start our agent for rad endpoints only.
var global = []lfsagent.Setting{
	{Key: "lfs.customtransfer.rad.path", Value: lfs.Agent},
	{Key: "lfs.rad::.standalonetransferagent", Value: "rad"},
	{Key: "lfs.https://rad.standalonetransferagent", Value: "rad"},
	{Key: "lfs.ssh://rad.sshtransfer", Value: "never"},
	{Key: "protocol.rad.allow", Value: "always"},
}

// keyWrote notes what of the person's own file we wrote: key=value.
const keyWrote = "swarm.wrote"

// Change is a setting that was written or taken back. Kept is another value that somebody had set, which stays.
type Change struct{ Key, Value, Kept string }

// SetUp writes the settings that are missing into the person's own configuration.
func SetUp(ctx context.Context, env []string) ([]Change, error) {
	have, err := ownSettings(ctx, env)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, s := range global {
		switch value, ok := last(have, s.Key); {
		case ok && value == s.Value:
			continue
		case ok:
			changes = append(changes, Change{s.Key, s.Value, value})
			continue
		}
		if err := configure(ctx, env, s.Key, s.Value); err != nil {
			return changes, err
		}
		if err := configure(ctx, env, "--add", keyWrote, s.Key+"="+s.Value); err != nil {
			return changes, err
		}
		changes = append(changes, Change{Key: s.Key, Value: s.Value})
	}
	return changes, nil
}

// TakeBack removes what [SetUp] wrote and nobody has changed since.
func TakeBack(ctx context.Context, env []string) ([]Change, error) {
	have, err := ownSettings(ctx, env)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, s := range global {
		mark := lfsagent.Setting{Key: keyWrote, Value: s.Key + "=" + s.Value}
		if !slices.Contains(have, mark) {
			continue
		}
		if slices.Contains(have, s) {
			if err := configure(ctx, env, "--fixed-value", "--unset-all", s.Key, s.Value); err != nil {
				return changes, err
			}
			changes = append(changes, Change{Key: s.Key, Value: s.Value})
		}
		if err := configure(ctx, env, "--fixed-value", "--unset-all", mark.Key, mark.Value); err != nil {
			return changes, err
		}
	}
	return changes, nil
}

// ownSettings is the person's own configuration. No file has none.
func ownSettings(ctx context.Context, env []string) ([]lfsagent.Setting, error) {
	list, err := run(ctx, os.TempDir(), elsewhere(env), nil, "config", "--global", "--list", "-z")
	if e, ok := errors.AsType[*GitError](err); ok && exitCode(e) == 128 && strings.Contains(e.Said, "unable to read config file") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return lfsagent.ParseSettings(list)
}

func configure(ctx context.Context, env []string, args ...string) error {
	_, err := run(ctx, os.TempDir(), elsewhere(env), nil, append([]string{"config", "--global"}, args...)...)
	return err
}

func exitCode(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return -1
}

// Carried is the repository that the .lfsconfig of a working copy wants its objects in.
func (c *Copy) Carried() (radicle.RID, bool) {
	url, ok := last(c.Settings.Carried, "lfs.url")
	if !ok {
		return radicle.RID{}, false
	}
	return lfsagent.ParseEndpoint(url)
}

// Agreed reports whether the person agreed to a repository by [Copy.Agree].
func (c *Copy) Agreed(rid radicle.RID) bool {
	return slices.ContainsFunc(c.Settings.Git, func(s lfsagent.Setting) bool {
		got, err := radicle.ParseRID(s.Value)
		return s.Key == lfsagent.SetupKey && err == nil && got == rid
	})
}

// Agree notes that the person wants the objects of this working copy in a repository.
func (c *Copy) Agree(ctx context.Context, rid radicle.RID) error {
	if c.Agreed(rid) {
		return nil
	}
	if _, err := c.git(ctx, nil, "config", "--local", "--add", lfsagent.SetupKey, rid.String()); err != nil {
		return err
	}
	c.Settings.Git = append(c.Settings.Git, lfsagent.Setting{Key: lfsagent.SetupKey, Value: rid.String()})
	return nil
}

// Carry makes the working copy's .lfsconfig name a repository, for everybody who clones it once it is committed.
func (c *Copy) Carry(ctx context.Context, rid radicle.RID) error {
	if c.Top == "" {
		return ErrBare
	}
	_, err := c.git(ctx, nil, "config", "--file", ".lfsconfig", "lfs.url", "rad::"+rid.Canonical())
	return err
}

// Forget takes back what was written into the repository: by [Copy.Agree], and by the remote helper.
func (c *Copy) Forget(ctx context.Context) error {
	if _, ok := c.setting(lfsagent.SetupKey); ok {
		_, err := c.git(ctx, nil, "config", "--local", "--unset-all", lfsagent.SetupKey)
		if e, ok := errors.AsType[*GitError](err); err != nil && (!ok || exitCode(e) != 5) {
			return err
		}
	}
	return lfs.Repo{Dir: c.GitDir, Env: c.env}.Unconfigure(ctx)
}
