package command

import (
	"net/http"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
)

func verifyCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "verify", ArgsUsage: "[OID…]", Category: objects,
		Usage: "have friends show that they hold what they should",
		Description: `Every byte is compared, or with --quick three random places of each share. Without an OID all objects are looked at.
Ends with exit code 7 where shares are missing or damaged, with 6 where too few friends could be reached.

Examples:

    rad swarm verify
    rad swarm verify 9f86d0 --path film.mp4
    rad swarm verify --quick --heal`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "quick", Usage: "look at three random places of each share"},
			&cli.BoolFlag{Name: "heal", Usage: "put what is missing or damaged there again"},
			&cli.StringFlag{Name: "path", Usage: "compare with this copy of the one object: `FILE`"},
		},
		Action: e.verify,
	}
}

func (e *env) verify(c *cli.Context) error {
	args, err := arguments(c, 0, -1)
	if err != nil {
		return err
	}
	in := control.Verify{Quick: c.Bool("quick"), Heal: c.Bool("heal")}
	if c.IsSet("path") {
		if len(args) != 1 {
			return ui.Usagef(helpHint(c.Command), "--path is a copy of one object: name that one")
		}
		if in.Path, err = filepath.Abs(c.String("path")); err != nil {
			return err
		}
	}
	for _, arg := range args {
		n, err := parseNamed(c, arg)
		if err != nil {
			return err
		}
		oid, err := e.oid(c.Context, n)
		if err != nil {
			return err
		}
		in.OIDs = append(in.OIDs, oid)
	}
	var out control.Verified
	if err := e.watch(c.Context, http.MethodPost, to("verify"), in, &out, "what was shown is noted; say the same again"); err != nil {
		return err
	}
	if err := e.ui.Result(out, func() error { return showVerified(e.ui, &out, time.Now()) }); err != nil {
		return err
	}
	return verdict(&out)
}

func showVerified(u *ui.UI, v *control.Verified, now time.Time) error {
	if len(v.Objects) == 0 {
		return u.Say("no objects yet: %s put FILE", u.Program())
	}
	for _, o := range v.Objects {
		how := yesNo(o.Whole, "every byte compared", "looked at places")
		if err := u.Say("%s  %s  %s; %s", o.Object.OID, ui.Size(o.Object.Size), safetyText(o.Safety), how); err != nil {
			return err
		}
		if err := showShares(u, o.Shares, now); err != nil {
			return err
		}
	}
	return nil
}

// verdict is the error of a verification that has found something. What was found is told already, but for what helps.
func verdict(v *control.Verified) error {
	broken, lost := 0, 0
	for _, o := range v.Objects {
		for _, s := range o.Shares {
			if (s.State == "missing" || s.State == "damaged") && !s.Healed {
				broken++
			}
		}
		if !o.Safety.Stored && o.Safety.K > 0 {
			lost++
		}
	}
	switch {
	case broken > 0:
		return ui.HintErrorf("rad swarm verify --heal", ui.Unsafe, "%s missing or damaged", ui.Count(broken, "share is", "shares are"))
	case lost > 0:
		return ui.HintErrorf("rad swarm friend", ui.Missing, "%s too few shares within reach to bring it back", ui.Count(lost, "object has", "objects have"))
	}
	return nil
}
