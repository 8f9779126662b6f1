package command

import (
	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/ui"
	"radswarm/radicle"
)

// sizeFlag reads a number of bytes; missing says that the flag must be there. Set is whether it is.
func sizeFlag(c *cli.Context, name string) (n int64, set bool, err error) {
	return quantityFlag(c, name, ui.ParseSize)
}

// rateFlag reads bytes a second.
func rateFlag(c *cli.Context, name string) (n int64, set bool, err error) {
	return quantityFlag(c, name, ui.ParseRate)
}

func quantityFlag(c *cli.Context, name string, parse func(string) (int64, error)) (n int64, set bool, err error) {
	if !c.IsSet(name) {
		return 0, false, nil
	}
	n, err = parse(c.String(name))
	if err != nil {
		return 0, true, ui.Usagef(helpHint(c.Command), "--%s: %v", name, err)
	}
	return n, true, nil
}

// needSize is sizeFlag for one that must be there; why says what it is.
func needSize(c *cli.Context, name, why string) (int64, error) {
	n, set, err := sizeFlag(c, name)
	if err == nil && !set {
		err = ui.Usagef(helpHint(c.Command), "%s: --%s is missing: %s", trimProgram(c.Command.HelpName), name, why)
	}
	return n, err
}

// parseDID reads a DID that stands on the command line.
func parseDID(c *cli.Context, text string) (radicle.DID, error) {
	did, err := radicle.ParseDID(text)
	if err != nil {
		return radicle.DID{}, ui.Usagef(helpHint(c.Command), "%v", err)
	}
	return did, nil
}

// shown returns a flag's text if it is there.
func shown(c *cli.Context, name string) *string {
	if !c.IsSet(name) {
		return nil
	}
	text := c.String(name)
	return &text
}
