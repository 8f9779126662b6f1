package command

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"radswarm/blobstore"
	"radswarm/cmd/internal/ui"
	"radswarm/lfsagent/gitlfs"
)

func pruneCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "prune", Category: objects,
		Usage: "delete copies of big files that no working tree has, once friends have shown that they hold them",
		Description: `Looks at the objects that git-lfs keeps for this repository. Those that a working tree has now stay, unless --all is given:
then the files stay and their second copy goes. Nothing goes unless each friend who holds a share has answered for every byte of it,
which meets the requirement safe, with at least two people of whom one may vanish. Only who was not seen for 14 days neither counts nor
is waited for.

Examples:

    rad swarm prune
    rad swarm prune --all --dry-run
    rad swarm prune --force`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "also the second copies of files that a working tree has"},
			&cli.BoolFlag{Name: "dry-run", Usage: "ask, and delete nothing"},
			&cli.BoolFlag{Name: "force", Usage: "delete without asking anybody, and say what may be lost"},
		},
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			done, err := e.prune(c.Context, pruning{all: c.Bool("all"), dry: c.Bool("dry-run"), force: c.Bool("force")})
			return e.freedResult(done, err)
		},
	}
}

// pruning is how to prune.
type pruning struct{ all, dry, force bool }

func (e *env) prune(ctx context.Context, how pruning) (*freed, error) {
	c, err := gitlfs.Open(ctx, "", nil)
	if err != nil {
		return nil, err
	}
	stored, err := c.Stored(ctx)
	if err != nil {
		return nil, err
	}
	names, err := inTrees(ctx, c)
	if err != nil {
		return nil, err
	}
	done := &freed{}
	for _, o := range stored {
		if names[o.OID] != "" && !how.all {
			continue
		}
		path, here := c.Local(o)
		if !here {
			continue
		}
		one, err := e.mayGo(ctx, o, path, how.force)
		if err == nil && !how.dry {
			err = c.Remove(o)
		}
		switch {
		case ctx.Err() != nil:
			return done, &ui.InterruptedError{GoesOn: "say the same again: what is deleted stays deleted"}
		case err != nil:
			done.Kept++
			e.stays(o, names[o.OID], err)
		default:
			one.Name = names[o.OID]
			done.add(*one)
		}
	}
	return done, nil
}

// stays says why a copy is not deleted.
func (e *env) stays(o blobstore.Pointer, name string, err error) {
	if name == "" {
		name = o.OID.String()
	}
	p := ui.Explain(err)
	e.ui.Warn(strings.Join([]string{name, "stays:", p.Line}, " "), p.Hint)
}

// inTrees names the objects that the working trees of a repository have.
func inTrees(ctx context.Context, c *gitlfs.Copy) (map[blobstore.OID]string, error) {
	names := make(map[blobstore.OID]string)
	trees, err := c.Worktrees(ctx)
	if err != nil {
		return nil, err
	}
	for _, tree := range trees {
		files, err := tree.Files(ctx, tree.Top)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			names[f.Object.OID] = f.Path
		}
	}
	return names, nil
}
