package command

import (
	"net/http"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
)

func forgetCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "forget", ArgsUsage: "OID", Category: objects,
		Usage: "have an object deleted by all who hold it",
		Description: `Shares lie in the trash of friends for 7 days. Copies on this disk stay as they are.

Examples:

    rad swarm forget 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    rad swarm forget 9f86d0 --force`,
		Flags: []cli.Flag{&cli.BoolFlag{Name: "force", Usage: "also where not everybody can be told now"}},
		Action: func(c *cli.Context) error {
			oid, err := e.theObject(c)
			if err != nil {
				return err
			}
			var out control.Forgotten
			goesOn := "say the same again: rad swarm forget " + oid.String()
			in := control.Forget{Force: c.Bool("force")}
			if err := e.watch(c.Context, http.MethodDelete, to("objects", oid.String()), in, &out, goesOn); err != nil {
				return err
			}
			return e.ui.Result(out, func() error {
				for _, f := range out.Failed {
					e.ui.Note("%s is told later: %s", called(f.Name, f.DID), f.Error)
				}
				return e.ui.Say("forgotten %s: %s deleted", short(oid), ui.Count(out.Deleted, "share", "shares"))
			})
		},
	}
}
