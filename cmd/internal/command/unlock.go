package command

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
)

func unlockCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "unlock", Category: thisMachine,
		Usage: "give the daemon the Radicle key until it ends",
		Description: `Takes the passphrase from RAD_PASSPHRASE or standard input, else the key from the ssh-agent at
SSH_AUTH_SOCK, else asks for the passphrase on a terminal. The daemon writes none of it to a disk.

Examples:

    rad swarm unlock
    rad swarm unlock --stdin`,
		Flags: []cli.Flag{&cli.BoolFlag{Name: "stdin", Usage: "read the passphrase from standard input: its first line"}},
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			s, err := e.unlock(c.Context, c.Bool("stdin"))
			if err != nil {
				return err
			}
			return e.ui.Result(s, func() error { return e.ui.Say("unlocked") })
		},
	}
}

// unlock unlocks the daemon with what there is, and asks for a passphrase if that is not enough and somebody is there.
func (e *env) unlock(ctx context.Context, stdin bool) (*control.Status, error) {
	if stdin {
		passphrase, err := readPassphrase(e.ui.In())
		if err != nil {
			return nil, err
		}
		return e.unlockBy(ctx, control.Unlock{Passphrase: passphrase})
	}
	ways := control.Keys(e.lookup)
	if len(ways) == 0 {
		ways = []control.Unlock{{}} // the key file may have no passphrase
	}
	s, err := e.unlockBy(ctx, ways...)
	if !hasCode(err, control.CodeLocked) || !e.ui.CanAsk() {
		return s, err
	}
	passphrase, err := e.ui.Passphrase("passphrase of the Radicle key")
	if err != nil {
		return nil, err
	}
	return e.unlockBy(ctx, control.Unlock{Passphrase: passphrase})
}

// unlockBy tries one way after the other. The error is that of the first: a wrong passphrase says more than a missing agent.
func (e *env) unlockBy(ctx context.Context, ways ...control.Unlock) (s *control.Status, err error) {
	place, err := e.place()
	if err != nil {
		return nil, err
	}
	client, _, err := control.Ensure(ctx, place)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	var first error
	for _, way := range ways {
		s = &control.Status{}
		if err = client.Call(ctx, http.MethodPost, to("unlock"), way, s); err == nil {
			return s, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// maxPassphrase bounds what is read from standard input, in bytes.
const maxPassphrase = 4096

// readPassphrase reads the first line.
func readPassphrase(in io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(in, maxPassphrase+1))
	if err != nil {
		return "", err
	}
	if len(b) > maxPassphrase {
		return "", ui.Usagef("", "passphrase is longer than %d bytes", maxPassphrase)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSuffix(line, "\r"), nil
}
