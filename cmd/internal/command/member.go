package command

import (
	"net/http"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
	"radswarm/radicle"
)

func memberCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "member", Category: repositories,
		Usage: "list who may have a repository and read its big files, let somebody in, or take somebody out",
		Description: `Examples:

    rad swarm member
    rad swarm member add did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK
    rad swarm member remove did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK --repo rad:z3gqcJUoA1n9HaHKufZs5FCSGazv5`,
		Flags:  []cli.Flag{repoFlag()},
		Action: e.listMembers,
		Subcommands: []*cli.Command{
			{Name: "list", Aliases: []string{"ls"}, Usage: "list them", Flags: []cli.Flag{repoFlag()}, Action: e.listMembers},
			e.memberAdd(), e.memberRemove(),
		},
	}
}

func (e *env) memberAdd() *cli.Command {
	return &cli.Command{
		Name: "add", ArgsUsage: "DID", Usage: "let somebody in, and print the line that they accept",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "no-read", Usage: "they may have the repository, not read its big files"},
			&cli.BoolFlag{Name: "delegate", Usage: "they decide with us"},
			repoFlag(),
		},
		Action: func(c *cli.Context) error {
			did, rid, err := memberArgs(c)
			if err != nil {
				return err
			}
			in := control.AddMember{DID: did, NoRead: c.Bool("no-read"), Delegate: c.Bool("delegate")}
			var out control.AddedMember
			path := to("repositories", rid.String(), "members")
			if err := e.watch(c.Context, http.MethodPost, path, in, &out, "rad swarm member"); err != nil {
				return err
			}
			return e.ui.Result(out, func() error {
				e.ui.Note("they say: rad swarm accept LINE, then git clone %s; the line:", cloneURL(rid))
				if err := e.ui.Say("%s", out.Line); err != nil {
					return err
				}
				return showWarnings(e.ui, out.Repository.Warnings, false)
			})
		},
	}
}

func (e *env) memberRemove() *cli.Command {
	return &cli.Command{
		Name: "remove", ArgsUsage: "DID", Usage: "take somebody out: they cannot read what is added from now on",
		Flags: []cli.Flag{repoFlag()},
		Action: func(c *cli.Context) error {
			did, rid, err := memberArgs(c)
			if err != nil {
				return err
			}
			var out control.Repository
			path := to("repositories", rid.String(), "members", did.String())
			if err := e.watch(c.Context, http.MethodDelete, path, nil, &out, "rad swarm member"); err != nil {
				return err
			}
			return e.ui.Result(out, func() error { return showRepository(e.ui, &out) })
		},
	}
}

func memberArgs(c *cli.Context) (radicle.DID, radicle.RID, error) {
	text, err := argument(c)
	if err != nil {
		return radicle.DID{}, radicle.RID{}, err
	}
	did, err := parseDID(c, text)
	if err != nil {
		return did, radicle.RID{}, err
	}
	rid, err := theRepo(c)
	return did, rid, err
}

func (e *env) listMembers(c *cli.Context) error {
	if err := none(c); err != nil {
		return err
	}
	rid, err := theRepo(c)
	if err != nil {
		return err
	}
	return e.repository(c, rid)
}

// repository shows one repository.
func (e *env) repository(c *cli.Context, rid radicle.RID) error {
	var out control.Repository
	if err := e.get(c.Context, to("repositories", rid.String()), &out); err != nil {
		return err
	}
	return e.ui.Result(out, func() error { return showRepository(e.ui, &out) })
}

func showRepository(u *ui.UI, r *control.Repository) error {
	err := u.Columns([][]string{
		{"repository", r.Name + ", " + r.RID.String()},
		{"is", yesNo(r.Public, "public: everybody may have it", "private")},
		{"zone", r.Default + ", where no attribute says otherwise"},
		{"records", ui.Count(r.Records, "object", "objects") + ", " + ui.Count(r.Own, "record of ours", "records of ours")},
	})
	if err != nil {
		return err
	}
	if r.Pending > 0 {
		if err := u.Say("%s still to be recorded", ui.Count(r.Pending, "object is", "objects are")); err != nil {
			return err
		}
	}
	if err := u.Table([]string{"DID", "IS", "READS"}, memberRows(r)); err != nil {
		return err
	}
	return showWarnings(u, r.Warnings, false)
}

// memberRows lists everybody that a repository names, once.
func memberRows(r *control.Repository) [][]string {
	is, reads := map[radicle.DID]string{}, map[radicle.DID]bool{}
	var order []radicle.DID
	note := func(list []radicle.DID, what string) {
		for _, did := range list {
			if is[did] == "" {
				order, is[did] = append(order, did), what
			}
		}
	}
	note(r.Delegates, "delegate")
	note(r.Readers, "member")
	note(r.NoRead, "member")
	for _, did := range r.Readers {
		reads[did] = true
	}
	var rows [][]string
	for _, did := range order {
		rows = append(rows, []string{did.String(), is[did], yesNo(reads[did], "yes", "no")})
	}
	return rows
}
