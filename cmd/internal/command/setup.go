package command

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/ui"
	"radswarm/lfsagent/gitlfs"
	"radswarm/radicle"
)

func setupCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "setup", ArgsUsage: "[RID]", Category: thisMachine,
		Usage: "tell git and git-lfs about rad remotes, also where no clone of git's came first",
		Description: `Writes what is missing into git's configuration of this person. In a working copy whose .lfsconfig sends big files to a
Radicle repository it also notes that you agree. With a RID it makes the working copy, whose commits may stay on any forge, keep its
big files in that repository: commit the .lfsconfig that it writes. --remove takes all of that back.

Examples:

    rad swarm setup
    rad swarm setup rad:z3gqcJUoA1n9HaHKufZs5FCSGazv5
    rad swarm setup --remove`,
		Flags: []cli.Flag{&cli.BoolFlag{Name: "remove", Usage: "take back what was written, here and in the working copy"}},
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 0, 1)
			if err != nil {
				return err
			}
			if c.Bool("remove") {
				if len(args) > 0 {
					return ui.Usagef(helpHint(c.Command), "setup --remove takes back everything: no RID")
				}
				return e.setupRemove(c.Context)
			}
			return e.setup(c.Context, args)
		},
	}
}

// settled is what setup did.
type settled struct {
	Wrote      []string     `json:"wrote"`                // keys
	Kept       []string     `json:"kept"`                 // keys that have another value
	Repository *radicle.RID `json:"repository,omitempty"` // that the working copy keeps its big files in
	LFSConfig  bool         `json:"lfsconfig,omitempty"`  // it was written, and is to be committed
	Removed    bool         `json:"removed,omitempty"`
	Copy       bool         `json:"copy,omitempty"` // what was written into the working copy is removed too
}

func (e *env) setup(ctx context.Context, args []string) error {
	done := &settled{Wrote: []string{}, Kept: []string{}}
	if len(args) == 1 {
		rid, err := radicle.ParseRID(args[0])
		if err != nil {
			return ui.Usagef("rad inspect", "%q is no repository id: %v", args[0], err)
		}
		done.Repository, done.LFSConfig = &rid, true
	}
	if err := e.agree(ctx, done); err != nil {
		return err
	}
	changes, err := gitlfs.SetUp(ctx, nil)
	if err != nil {
		return err
	}
	for _, ch := range changes {
		if ch.Kept != "" {
			done.Kept = append(done.Kept, ch.Key)
			e.ui.Warn(ch.Key+" is "+ch.Kept+", and stays", "git config --global "+ch.Key+" "+ch.Value)
			continue
		}
		done.Wrote = append(done.Wrote, ch.Key)
	}
	return e.ui.Result(done, func() error { return e.showSettled(done) })
}

// agree notes the repository of the working copy, if there is one and it names any.
func (e *env) agree(ctx context.Context, done *settled) error {
	c, err := gitlfs.Open(ctx, "", nil)
	if errors.Is(err, gitlfs.ErrNoRepository) && done.Repository == nil {
		return nil
	}
	if err != nil {
		return err
	}
	if done.Repository != nil {
		if err := c.Carry(ctx, *done.Repository); err != nil {
			return err
		}
	} else if rid, ok := c.Carried(); ok {
		done.Repository = &rid
	}
	if done.Repository == nil {
		return nil
	}
	return c.Agree(ctx, *done.Repository)
}

func (e *env) showSettled(done *settled) error {
	for _, key := range done.Wrote {
		if err := e.ui.Say("%s %s", yesNo(done.Removed, "removed", "wrote"), key); err != nil {
			return err
		}
	}
	if done.Repository != nil {
		if err := e.ui.Say("big files of this working copy go to %v", *done.Repository); err != nil {
			return err
		}
	}
	if done.LFSConfig {
		e.ui.Note("commit it for the others: git add .lfsconfig")
	}
	if len(done.Wrote) == 0 && done.Repository == nil && !done.Copy {
		return e.ui.Say("nothing to do")
	}
	return nil
}

func (e *env) setupRemove(ctx context.Context) error {
	changes, err := gitlfs.TakeBack(ctx, nil)
	if err != nil {
		return err
	}
	done := &settled{Wrote: []string{}, Kept: []string{}, Removed: true}
	for _, ch := range changes {
		done.Wrote = append(done.Wrote, ch.Key)
	}
	c, err := gitlfs.Open(ctx, "", nil)
	switch {
	case err == nil:
		if err := c.Forget(ctx); err != nil {
			return err
		}
		done.Copy = true
		e.ui.Note("what was written into this working copy is taken back; .lfsconfig is yours")
	case !errors.Is(err, gitlfs.ErrNoRepository):
		return err
	}
	return e.ui.Result(done, func() error { return e.showSettled(done) })
}
