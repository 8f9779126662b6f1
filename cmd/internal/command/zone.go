package command

import (
	"context"
	"net/http"
	"strconv"

	"github.com/urfave/cli/v2"

	"radswarm/blobstore"
	"radswarm/blobstore/zone"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
	"radswarm/radicle"
	"radswarm/remote"
)

func zoneCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "zone", Category: repositories,
		Usage: "show or change who may read the big files of a repository",
		Description: `A zone is private (only you), follow (the members of the repository), shared:DID,DID or public. Paths get theirs in
.gitattributes, as in: *.psd swarm-zone=private

Examples:

    rad swarm zone
    rad swarm zone --all
    rad swarm zone default private
    rad swarm zone default public --all --sure
    rad swarm zone set public film.mp4 --sure
    rad swarm zone set shared:did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK --all`,
		Flags:  []cli.Flag{repoFlag(), &cli.BoolFlag{Name: "all", Usage: "list all repositories with their zones"}},
		Action: e.showZones,
		Subcommands: []*cli.Command{
			{
				Name: "default", ArgsUsage: "ZONE", Usage: "set who may read what is added from now on",
				Flags: []cli.Flag{
					&cli.BoolFlag{Name: "all", Usage: "in all repositories for which nothing else is set"}, repoFlag(), sureFlag(),
				},
				Action: e.zoneDefault,
			},
			{
				Name: "set", ArgsUsage: "ZONE [OID|PATH]", Usage: "set who may read an object that is there, or with --all every one",
				Flags:  []cli.Flag{&cli.BoolFlag{Name: "all", Usage: "every object of yours in the repository"}, repoFlag(), sureFlag()},
				Action: e.zoneSet,
			},
		},
	}
}

// showZones shows the zone of one repository with who reads by it, or of all repositories.
func (e *env) showZones(c *cli.Context) error {
	if !c.Bool("all") {
		return e.listMembers(c)
	}
	if err := none(c); err != nil {
		return err
	}
	var out control.Repositories
	if err := e.get(c.Context, to("repositories"), &out); err != nil {
		return err
	}
	return e.ui.Result(out, func() error {
		if err := e.ui.Say("%s is the zone where nothing else is set", out.Default); err != nil {
			return err
		}
		if len(out.Repositories) == 0 {
			return e.ui.Say("no repositories yet: %s init", e.ui.Program())
		}
		var rows [][]string
		for _, r := range out.Repositories {
			rows = append(rows, []string{
				r.Name, r.RID.String(), yesNo(r.Public, "public", "private"), r.Default, strconv.Itoa(len(r.Readers)), strconv.Itoa(r.Records),
			})
		}
		return e.ui.Table([]string{"NAME", "REPOSITORY", "IS", "ZONE", "READERS", "OBJECTS"}, rows)
	})
}

func sureFlag() cli.Flag {
	return &cli.BoolFlag{Name: "sure", Usage: "agree to what cannot be taken back: who could read once may have kept it"}
}

// parseZone reads a zone of the command line, in the spelling of .gitattributes.
func parseZone(c *cli.Context, text string) (string, error) {
	z, err := zone.Parse(text)
	if err == nil && z.IsZero() {
		err = zone.ErrZone
	}
	if err != nil {
		return "", ui.Usagef(helpHint(c.Command), "%v: private, follow, shared:DID,DID or public", err)
	}
	return z.String(), nil
}

func (e *env) zoneDefault(c *cli.Context) error {
	text, err := argument(c)
	if err != nil {
		return err
	}
	z, err := parseZone(c, text)
	if err != nil {
		return err
	}
	if c.Bool("all") {
		return e.zoneOfAll(c, control.SetDefaultZone{Zone: z, Sure: c.Bool("sure")})
	}
	return e.setZone(c, control.SetZone{Default: z, Sure: c.Bool("sure")})
}

// zoneOfAll sets the zone of all repositories that have none of their own.
func (e *env) zoneOfAll(c *cli.Context, in control.SetDefaultZone) error {
	if c.IsSet("repo") {
		return ui.Usagef(helpHint(c.Command), "zone default: one repository, or --all")
	}
	var out control.DefaultZone
	if err := e.call(c.Context, http.MethodPost, to("zone"), in, &out); err != nil {
		return err
	}
	return e.ui.Result(out, func() error {
		if err := e.ui.Say("objects stored from now on are %s where nothing else is set", out.Zone); err != nil {
			return err
		}
		return showWarnings(e.ui, out.Truths, false)
	})
}

func (e *env) zoneSet(c *cli.Context) error {
	args, err := arguments(c, 1, 2)
	if err != nil {
		return err
	}
	z, err := parseZone(c, args[0])
	if err != nil {
		return err
	}
	in := control.SetZone{Zone: z, All: c.Bool("all"), Sure: c.Bool("sure")}
	if in.All == (len(args) == 2) {
		return ui.Usagef(helpHint(c.Command), "zone set: of what? one object, or --all")
	}
	if !in.All {
		if in.Object, err = e.pointer(c, args[1]); err != nil {
			return err
		}
	}
	return e.setZone(c, in)
}

// pointer returns the object that a path of the working copy stands for, or that is named by its OID.
func (e *env) pointer(c *cli.Context, text string) (*control.Pointer, error) {
	if p, err := indexed(c.Context, text); err == nil {
		return p, nil
	} else if isFile(text) {
		return nil, ui.HintErrorf("git lfs track "+quote(text), ui.Usage, "%s is not in git as a big file", text)
	}
	n, err := parseNamed(c, text)
	if err != nil {
		return nil, err
	}
	oid, err := e.oid(c.Context, n)
	if err != nil {
		return nil, err
	}
	if n.size != nil {
		return &control.Pointer{OID: oid, Size: *n.size}, nil
	}
	var h control.Holding
	if err := e.get(c.Context, to("objects", oid.String()), &h); err != nil {
		return nil, err
	}
	return &h.Object.Pointer, nil
}

// indexed reads the pointer of a path in git's index.
func indexed(ctx context.Context, path string) (*control.Pointer, error) {
	text, err := workcopy{"."}.git(ctx, "cat-file", "blob", ":./"+path)
	if err != nil {
		return nil, err
	}
	p, err := blobstore.ParsePointer([]byte(text + "\n"))
	if err != nil {
		return nil, err
	}
	return &control.Pointer{OID: p.OID, Size: p.Size}, nil
}

func (e *env) setZone(c *cli.Context, in control.SetZone) error {
	rid, err := theRepo(c)
	if err != nil {
		return err
	}
	var out control.Zoned
	path := to("repositories", rid.String(), "zone")
	if err := e.watch(c.Context, http.MethodPost, path, in, &out, "say the same again: what was changed stays changed"); err != nil {
		return err
	}
	return e.ui.Result(out, func() error {
		if err := e.ui.Say("%s changed", ui.Count(out.Changed, "record", "records")); err != nil {
			return err
		}
		if err := showWarnings(e.ui, out.Truths, false); err != nil {
			return err
		}
		return showRepository(e.ui, &out.Repository)
	})
}

// cloneURL is what git clones.
func cloneURL(rid radicle.RID) string { return remote.URL{RID: rid}.String() }
