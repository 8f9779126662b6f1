package command

import (
	"net/http"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
)

func configCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "config", Category: thisMachine,
		Usage: "show or change the bounds of this home: room and speed",
		Description: `Examples:

    rad swarm config
    rad swarm config set --limit 500GB --up 2MB/s
    rad swarm config reload`,
		Action: e.showConfig,
		Subcommands: []*cli.Command{
			e.configSet(),
			{Name: "reload", Usage: "have the daemon read config.json again", Action: e.reloadConfig},
		},
	}
}

func (e *env) configSet() *cli.Command {
	return &cli.Command{
		Name: "set", Usage: "change what is named, now and in the file",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "limit", Usage: "kept for everybody together: `SIZE`, or none for what the pledges come to"},
			&cli.StringFlag{Name: "floor", Usage: "of the disk that always stays free: `SIZE`"},
			&cli.StringFlag{Name: "up", Usage: "bytes a second to all: `RATE`, or none"},
			&cli.StringFlag{Name: "down", Usage: "bytes a second from all: `RATE`, or none"},
			&cli.StringFlag{Name: "guest-up", Usage: "bytes a second to guests: `RATE`, or none"},
			&cli.StringFlag{Name: "open-up", Usage: "bytes a second of open shares: `RATE`, or none"},
			&cli.StringFlag{Name: "accept-public", Usage: "whether open shares are kept for others: `yes|no|named`"},
		},
		Action: func(c *cli.Context) (err error) {
			if err := none(c); err != nil {
				return err
			}
			var in control.SetConfig
			in.AcceptPublic = shown(c, "accept-public")
			for name, to := range map[string]**int64{
				"limit": &in.Limit, "up": &in.Up, "down": &in.Down, "guest-up": &in.GuestUp, "open-up": &in.OpenUp,
			} {
				if *to, err = optional(rateFlag(c, name)); err != nil {
					return err
				}
			}
			if in.Floor, err = optional(sizeFlag(c, "floor")); err != nil {
				return err
			}
			if in == (control.SetConfig{}) {
				return ui.Usagef(helpHint(c.Command), "config set: nothing to change")
			}
			return e.config(c, http.MethodPatch, to("config"), in)
		},
	}
}

func (e *env) showConfig(c *cli.Context) error {
	if err := none(c); err != nil {
		return err
	}
	return e.config(c, http.MethodGet, to("config"), nil)
}

func (e *env) reloadConfig(c *cli.Context) error {
	if err := none(c); err != nil {
		return err
	}
	return e.config(c, http.MethodPost, to("config", "reload"), nil)
}

func (e *env) config(c *cli.Context, method, path string, in any) error {
	var out control.Config
	if err := e.call(c.Context, method, path, in, &out); err != nil {
		return err
	}
	return e.ui.Result(out, func() error {
		err := e.ui.Columns([][]string{
			{"file", out.Path},
			{"shares", out.Shares},
			{"limit", limitText(out.Limit)},
			{"floor", floorText(out.Floor)},
			{"up", ui.Rate(out.Up)},
			{"down", ui.Rate(out.Down)},
			{"guest-up", ui.Rate(out.GuestUp)},
			{"open-up", ui.Rate(out.OpenUp)},
			{"accept-public", out.AcceptPublic},
		})
		if out.Restart {
			e.ui.Warn("some of it is taken up by a new daemon only", "rad swarm daemon --restart")
		}
		return err
	})
}

func limitText(n int64) string {
	if n == 0 {
		return "what the pledges come to"
	}
	return ui.Size(n)
}

func floorText(n int64) string {
	switch {
	case n < 0:
		return "none"
	case n == 0:
		return "5 % of the disk, 2 GiB at least"
	}
	return ui.Size(n)
}
