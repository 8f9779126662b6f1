package command

import (
	"net/http"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
)

func friendCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "friend", Category: people,
		Usage: "list friends, and change what they may use",
		Description: `Alone it lists them. WHO is a DID or the name you gave.

Examples:

    rad swarm friend
    rad swarm friend add did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK --name bo --give 50GB
    rad swarm friend set bo --give 100GB --up 2MB/s
    rad swarm friend remove bo --drain`,
		Action: e.listFriends,
		Subcommands: []*cli.Command{
			{Name: "list", Aliases: []string{"ls"}, Usage: "list friends and invitations", Action: e.listFriends},
			e.friendAdd(), e.friendSet(), e.friendRemove(),
			{Name: "suggest", Usage: "list people who might be asked: followed by you, and delegates beside you", Action: e.suggest},
			{Name: "show", ArgsUsage: "WHO", Usage: "show one friend", Action: e.showFriend},
		},
	}
}

func (e *env) friendAdd() *cli.Command {
	return &cli.Command{
		Name: "add", ArgsUsage: "DID", Usage: "make a friend of somebody whose device is known; they do the same",
		Description: `The device is known where a repository that both of you have carries it. Otherwise: rad swarm invite.

Examples:

    rad swarm friend add did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK --name bo --give 50GB
    rad swarm friend add did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK --give 50GB --addr 192.0.2.7:8777`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "give", Usage: "how much of your disk they may use: `SIZE`"},
			&cli.StringFlag{Name: "name", Usage: "what you call them: `NAME`"},
			&cli.StringSliceFlag{Name: "addr", Usage: "where they are, if that is not known: `HOST:PORT`; may stand several times"},
		},
		Action: func(c *cli.Context) error {
			who, err := argument(c)
			if err != nil {
				return err
			}
			did, err := parseDID(c, who)
			if err != nil {
				return err
			}
			give, err := needSize(c, "give", "how much of your disk they may use")
			if err != nil {
				return err
			}
			in := control.AddFriend{DID: did, Name: c.String("name"), Give: give, Addresses: c.StringSlice("addr")}
			return e.friendAnswer(c, http.MethodPost, to("friends"), in)
		},
	}
}

func (e *env) friendSet() *cli.Command {
	return &cli.Command{
		Name: "set", ArgsUsage: "WHO", Usage: "change what a friend may use",
		Description: `What is not named stays. Less room than they use deletes nothing: it takes nothing new.

Examples:

    rad swarm friend set bo --give 100GB --up 2MB/s --down none
    rad swarm friend set bo --name bobby --household attic
    rad swarm friend set bo --silence free`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "give", Usage: "how much of your disk they may use: `SIZE`"},
			&cli.StringFlag{Name: "name", Usage: "what you call them: `NAME`"},
			&cli.StringFlag{Name: "up", Usage: "bytes a second to them at most: `RATE`, or none"},
			&cli.StringFlag{Name: "down", Usage: "bytes a second from them at most: `RATE`, or none"},
			&cli.StringFlag{Name: "household", Usage: "who is in one of the same name counts as one with them: `NAME`"},
			&cli.StringFlag{Name: "silence", Usage: "after 90 silent days what is theirs is to be kept, freed, or asked about: `keep|free|ask`"},
		},
		Action: func(c *cli.Context) error {
			who, err := argument(c)
			if err != nil {
				return err
			}
			in := control.SetFriend{Name: shown(c, "name"), Household: shown(c, "household"), Silence: shown(c, "silence")}
			if in.Give, err = optional(sizeFlag(c, "give")); err != nil {
				return err
			}
			if in.Up, err = optional(rateFlag(c, "up")); err != nil {
				return err
			}
			if in.Down, err = optional(rateFlag(c, "down")); err != nil {
				return err
			}
			if in == (control.SetFriend{}) {
				return ui.Usagef(helpHint(c.Command), "friend set: nothing to change")
			}
			return e.friendAnswer(c, http.MethodPatch, to("friends", who), in)
		},
	}
}

func optional(n int64, set bool, err error) (*int64, error) {
	if err != nil || !set {
		return nil, err
	}
	return &n, nil
}

func (e *env) friendRemove() *cli.Command {
	return &cli.Command{
		Name: "remove", ArgsUsage: "WHO", Usage: "end a friendship",
		Description: `With --drain what is yours there is placed with others first, and what is theirs here stays until they have
taken it elsewhere.

Examples:

    rad swarm friend remove bo --drain
    rad swarm friend remove bo --force`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "drain", Usage: "bring everything to others first"},
			&cli.BoolFlag{Name: "force", Usage: "at once, although shares that nobody else has are lost"},
		},
		Action: func(c *cli.Context) error {
			who, err := argument(c)
			if err != nil {
				return err
			}
			in := control.RemoveFriend{Drain: c.Bool("drain"), Force: c.Bool("force")}
			if in.Drain && in.Force {
				return ui.Usagef(helpHint(c.Command), "--drain and --force do not go together")
			}
			var out control.RemovedFriend
			goesOn := "rad swarm friend show " + quote(who)
			if err := e.watch(c.Context, http.MethodDelete, to("friends", who), in, &out, goesOn); err != nil {
				return err
			}
			return e.ui.Result(out, func() error { return e.ui.Say("%s", removed(who, out)) })
		},
	}
}

func removed(who string, r control.RemovedFriend) string {
	if r.Done {
		return who + " is no friend any more: " + ui.Count(r.Moved, "share", "shares") + " moved to others"
	}
	return who + " drains: " + ui.Count(r.Moved, "share", "shares") + " moved, " +
		ui.Count(r.Left, "share", "shares") + " left there, " + ui.Size(r.Holds) + " of theirs here"
}

// friendAnswer asks for something that answers with a friend, and shows that.
func (e *env) friendAnswer(c *cli.Context, method, path string, in any) error {
	var f control.Friend
	if err := e.call(c.Context, method, path, in, &f); err != nil {
		return err
	}
	return e.ui.Result(f, func() error { return e.oneFriend(&f) })
}

func (e *env) showFriend(c *cli.Context) error {
	who, err := argument(c)
	if err != nil {
		return err
	}
	return e.friendAnswer(c, http.MethodGet, to("friends", who), nil)
}

func (e *env) suggest(c *cli.Context) error {
	if err := none(c); err != nil {
		return err
	}
	var s control.Suggestions
	if err := e.get(c.Context, to("suggestions"), &s); err != nil {
		return err
	}
	return e.ui.Result(s, func() error {
		if len(s.People) == 0 {
			return e.ui.Say("nobody: follow people with rad follow, or share a repository with them")
		}
		var rows [][]string
		for _, p := range s.People {
			rows = append(rows, []string{p.Alias, p.DID.String(), p.Why, yesNo(p.Device, "friend add", "invite")})
		}
		return e.ui.Table([]string{"NAME", "DID", "WHY", "BY"}, rows)
	})
}
