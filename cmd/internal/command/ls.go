package command

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
)

func lsCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "ls", Category: objects,
		Usage: "list the objects of this home, the newest first",
		Description: `Examples:

    rad swarm ls
    rad swarm ls --full --json`,
		Flags: []cli.Flag{&cli.BoolFlag{Name: "full", Usage: "print all digits of OIDs"}},
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			var list control.Objects
			if err := e.get(c.Context, to("objects"), &list); err != nil {
				return err
			}
			return e.ui.Result(list, func() error { return showObjects(e.ui, list.Objects, c.Bool("full"), time.Now()) })
		},
	}
}

func showObjects(u *ui.UI, list []control.Object, full bool, now time.Time) error {
	if len(list) == 0 {
		return u.Say("no objects yet: %s put FILE", u.Program())
	}
	var rows [][]string
	for _, o := range list {
		oid := short(o.OID)
		if full {
			oid = o.OID.String()
		}
		rows = append(rows, []string{oid, ui.Size(o.Size), ui.Ago(now, o.Added), coding(o.Safety), safetyText(o.Safety), objectState(&o)})
	}
	return u.Table([]string{"OID", "SIZE", "ADDED", "CODING", "HELD BY", "STATE"}, rows)
}

// coding says how many shares bring an object back, and how many there are to be.
func coding(s control.Safety) string {
	if s.N == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d", s.K, s.N)
}

func objectState(o *control.Object) string {
	state := "less safe than " + string(control.Safe)
	switch {
	case o.Full:
		state = "full"
	case o.Safe:
		state = "safe"
	}
	if o.Public {
		state += ", public"
	}
	if o.Pending {
		state += ", spreading"
	}
	if o.Waiting != "" {
		state += ", waits for " + o.Waiting
	}
	return state
}
