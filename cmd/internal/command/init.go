package command

import (
	"path/filepath"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/ui"
	"radswarm/radicle"
	"radswarm/radicle/identity"
	"radswarm/radicle/node"
)

func initCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "init", ArgsUsage: "[PATH]", Category: repositories,
		Usage: "make a Radicle repository of the git repository here",
		Description: `Like rad init, without questions: a name that is not given is that of the folder, a branch the one that is checked
out. Who may have the repository must be said.

Examples:

    rad swarm init --private
    rad swarm init film --name film --description 'all takes' --default-branch main --public`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "name", Usage: "what it is called: `NAME`"},
			&cli.StringFlag{Name: "description", Usage: "what it is, in a few words: `TEXT`"},
			&cli.StringFlag{Name: "default-branch", Usage: "the branch that counts: `BRANCH`"},
			&cli.BoolFlag{Name: "public", Usage: "everybody may have it"},
			&cli.BoolFlag{Name: "private", Usage: "only who is let in may have it"},
			&cli.StringFlag{Name: "scope", Value: string(node.ScopeAll), Usage: "whose branches a Radicle node fetches: `all|followed`"},
			&cli.BoolFlag{Name: "no-seed", Usage: "do not have the Radicle node offer it"},
			&cli.BoolFlag{Name: "set-upstream", Aliases: []string{"u"}, Usage: "let the branch follow it, even if it follows another one"},
			&cli.BoolFlag{Name: "no-confirm", Usage: "for who is used to rad init: nothing is ever asked"},
		},
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 0, 1)
			if err != nil {
				return err
			}
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			p, err := e.planFounding(c, dir)
			if err != nil {
				return err
			}
			return e.found(c, p)
		},
	}
}

// founding is what is to be made of a working copy.
type founding struct {
	work      workcopy
	commonDir string
	project   identity.Project
	private   bool
	scope     node.Scope
	head      radicle.Oid
	upstream  bool // also if the branch has another one
	seed      bool
}

// planFounding reads the flags and the working copy.
func (e *env) planFounding(c *cli.Context, dir string) (p founding, err error) {
	p = founding{
		work: workcopy{dir}, private: c.Bool("private"), scope: node.Scope(c.String("scope")),
		upstream: c.Bool("set-upstream"), seed: !c.Bool("no-seed"),
	}
	switch {
	case c.Bool("private") == c.Bool("public"):
		return p, ui.Usagef("rad swarm init --private", "init: say who may have it: --private or --public")
	case p.scope != node.ScopeAll && p.scope != node.ScopeFollowed:
		return p, ui.Usagef(helpHint(c.Command), "--scope is all or followed, not %q", c.String("scope"))
	}
	if p.commonDir, err = p.work.commonDir(c.Context); err != nil {
		return p, err
	}
	if url, err := p.work.config(c.Context, "remote.rad.url"); err != nil || url != "" {
		if err == nil {
			err = ui.HintErrorf("git remote -v", ui.Conflict, "there is a remote rad already: %s", url)
		}
		return p, err
	}
	if p.project, err = p.describe(c); err != nil {
		return p, err
	}
	commit, err := p.work.git(c.Context, "rev-parse", "--verify", "--quiet", "--end-of-options", p.project.Branch()+"^{commit}")
	if err != nil {
		return p, ui.HintErrorf("git commit", ui.NotFound, "branch %s has no commit yet", p.project.DefaultBranch)
	}
	p.head, err = radicle.ParseOid(commit)
	return p, err
}

// describe finds name, description and branch.
func (p *founding) describe(c *cli.Context) (identity.Project, error) {
	project := identity.Project{
		Name: c.String("name"), Description: c.String("description"), DefaultBranch: c.String("default-branch"),
	}
	if project.Name == "" {
		top, err := p.work.git(c.Context, "rev-parse", "--show-toplevel")
		if err != nil {
			return project, ui.Usagef("rad swarm init --name NAME", "init: --name is missing: there are no files to take it from")
		}
		project.Name = filepath.Base(top)
	}
	if project.DefaultBranch == "" {
		branch, err := p.work.git(c.Context, "symbolic-ref", "--short", "HEAD")
		if err != nil {
			return project, ui.Usagef("rad swarm init --default-branch BRANCH", "init: no branch is checked out")
		}
		project.DefaultBranch = branch
	}
	if err := project.Check(); err != nil {
		return project, ui.Usagef("rad swarm init --name NAME --default-branch BRANCH", "init: %v", err)
	}
	return project, nil
}
