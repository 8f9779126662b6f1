package command

import (
	"errors"
	"io/fs"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/app"
	"radswarm/cmd/internal/ui"
	"radswarm/radicle"
	"radswarm/radicle/profile"
)

func authCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "auth", Category: thisMachine,
		Usage: "make a Radicle home where there is none",
		Description: `The home is at RAD_HOME, or ~/.radicle, and rad and radicle-node take it for their own. One that is there
is left alone. The passphrase of the key is RAD_PASSPHRASE, or what standard input or a person says.

Examples:

    rad swarm auth --alias ana
    rad swarm auth --alias ana --no-passphrase
    rad swarm auth --alias ana --stdin`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "alias", Usage: "what others are told you are called: `NAME`"},
			&cli.BoolFlag{Name: "no-passphrase", Usage: "leave the key file in clear"},
			&cli.BoolFlag{Name: "stdin", Usage: "read the passphrase from standard input: its first line"},
		},
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			return e.auth(c)
		},
	}
}

// made is a home that was made.
type made struct {
	Home  string      `json:"home"`
	DID   radicle.DID `json:"did"`
	Alias string      `json:"alias"`
}

func (e *env) auth(c *cli.Context) error {
	home, err := profile.Find(e.lookup)
	if err != nil {
		return err
	}
	if p, err := profile.Load(home); err == nil {
		return ui.HintErrorf("rad swarm status", ui.Conflict, "there is a home already: %s, of %s", home.Dir(), p.DID())
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if c.String("alias") == "" {
		return ui.Usagef("rad swarm auth --alias NAME", "auth: --alias is missing")
	}
	alias, err := radicle.ParseAlias(c.String("alias"))
	if err != nil {
		return ui.Usagef("rad swarm auth --alias NAME", "alias: %v", err)
	}
	passphrase, err := e.newPassphrase(c.Bool("no-passphrase"), c.Bool("stdin"))
	if err != nil {
		return err
	}
	p, err := app.CreateHome(c.Context, home, alias, []byte(passphrase))
	if err != nil {
		return err
	}
	m := made{home.Dir(), p.DID(), alias.String()}
	return e.ui.Result(m, func() error { return e.ui.Say("%s is %s, at %s", m.Alias, m.DID, m.Home) })
}

// newPassphrase returns the passphrase of a key to be made. Nobody gets a key in clear without having said so.
func (e *env) newPassphrase(without, stdin bool) (string, error) {
	const hint = "rad swarm auth --alias NAME --no-passphrase"
	fromEnv, set := e.lookup("RAD_PASSPHRASE")
	switch {
	case without && stdin:
		return "", ui.Usagef(hint, "--no-passphrase and --stdin do not go together")
	case without:
		return "", nil
	case stdin:
		return readPassphrase(e.ui.In())
	case set:
		return fromEnv, nil
	}
	first, err := e.ui.Passphrase("new passphrase")
	if errors.Is(err, ui.ErrNoTerminal) {
		return "", ui.Usagef(hint, "a passphrase is missing: set RAD_PASSPHRASE, or say --stdin or --no-passphrase")
	}
	if err != nil {
		return "", err
	}
	again, err := e.ui.Passphrase("the same again")
	switch {
	case err != nil:
		return "", err
	case first == "":
		return "", ui.Usagef(hint, "the passphrase is empty")
	case first != again:
		return "", ui.Usagef("", "the two passphrases differ")
	}
	return first, nil
}
