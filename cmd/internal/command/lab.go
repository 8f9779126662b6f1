package command

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/lab"
	"radswarm/cmd/internal/ui"
)

func labCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "lab", Category: toLearn,
		Usage: "many homes on this machine, to try things out",
		Description: `A lab is a folder with complete homes of its own, never yours: you, and friends of you, each with a daemon.

Examples:

    rad swarm lab up --friends 10
    rad swarm lab status
    rad swarm lab kill 7
    rad swarm lab down`,
		Subcommands: []*cli.Command{
			e.labUp(), e.labEnv(), e.labStatus(), e.labKill(), e.labFreeze(), e.labStart(), e.labAdd(), e.labSearch(), e.labDown(),
		},
	}
}

// labFlags are flags of a subcommand, with the one that all have.
func labFlags(more ...cli.Flag) []cli.Flag {
	return append(more, &cli.StringFlag{
		Name: "dir", Usage: "the folder of the lab: `FOLDER`; else RADSWARM_LAB, or one in the cache or temporary directory",
	})
}

func (e *env) labOptions(c *cli.Context) lab.Options {
	return lab.Options{Dir: c.String("dir"), Env: e.lookup}
}

// openLab returns the lab that is meant.
func (e *env) openLab(c *cli.Context) (*lab.Lab, error) {
	l, err := lab.Open(e.labOptions(c))
	return l, labError(err)
}

// labError adds what helps.
func labError(err error) error {
	_, none := errors.AsType[*lab.NoLabError](err)
	_, real := errors.AsType[*lab.RealHomeError](err)
	_, foreign := errors.AsType[*lab.ForeignError](err)
	_, unknown := errors.AsType[*lab.UnknownHomeError](err)
	_, few := errors.AsType[*lab.TooFewError](err)
	_, exists := errors.AsType[*lab.ExistsError](err)
	_, name := errors.AsType[*lab.NameError](err)
	switch {
	case none:
		return &ui.HintError{Err: err, Hint: "rad swarm lab up", Exit: ui.NotFound}
	case real || foreign:
		return &ui.HintError{Err: err, Hint: "rad swarm lab up --dir FOLDER, with a folder that is not there yet", Exit: ui.Conflict}
	case unknown || few || exists:
		return &ui.HintError{Err: err, Hint: "rad swarm lab status"}
	case name:
		return &ui.HintError{Err: err, Hint: "rad swarm lab add reader", Exit: ui.Usage}
	case errors.Is(err, lab.ErrBusy):
		return &ui.HintError{Err: err, Exit: ui.Busy}
	}
	return err
}

func (e *env) labUp() *cli.Command {
	return &cli.Command{
		Name: "up", Usage: "make a lab, or what is missing of one, and start all of it",
		Description: `Examples:

    rad swarm lab up --friends 10
    rad swarm lab up --friends 3 --dir /tmp/lab3`,
		Flags: labFlags(
			&cli.IntFlag{Name: "friends", Value: 10, Usage: "how many friends you has: `N`"},
			&cli.StringFlag{Name: "give", Usage: "what each pledges to the other: `SIZE`; else 20 GB"},
		),
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			o := e.labOptions(c)
			o.Friends = c.Int("friends")
			if o.Friends < 0 || o.Friends >= lab.MaxHomes {
				return ui.Usagef(helpHint(c.Command), "--friends %d: from 0 to %d are possible", o.Friends, lab.MaxHomes-1)
			}
			var err error
			if o.Give, _, err = sizeFlag(c, "give"); err != nil {
				return err
			}
			_, risen, err := lab.Up(c.Context, o)
			if err != nil {
				return labError(err)
			}
			return e.ui.Result(risen, func() error { return e.showRisen(c, risen) })
		},
	}
}

func (e *env) showRisen(c *cli.Context, r lab.Risen) error {
	dir := labDir(c)
	return say(e.ui, []string{
		fmt.Sprintf("%s, %d online, up in %.1f s: %s", ui.Count(r.Friends, "friend", "friends"), r.Online, r.Seconds, r.Dir),
		e.ui.Localize(`eval "$(rad swarm lab env` + dir + `)"   to look through the eyes of you`),
		e.ui.Localize("rad swarm lab down" + dir + "            to end it"),
	})
}

// labDir repeats the flag that was given, as it is pasted.
func labDir(c *cli.Context) string {
	if dir := c.String("dir"); dir != "" {
		return " --dir " + quote(dir)
	}
	return ""
}

func (e *env) labEnv() *cli.Command {
	return &cli.Command{
		Name: "env", ArgsUsage: "[NAME]", Usage: "print what a shell evaluates to look through the eyes of a home: of you, if none is named",
		Description: `Examples:

    eval "$(rad swarm lab env ana)"
    rad swarm lab env ana --shell fish | source`,
		Flags: labFlags(&cli.StringFlag{Name: "shell", Usage: "write for `sh|fish`; else for SHELL"}),
		Action: func(c *cli.Context) error {
			name, err := optionalName(c)
			if err != nil {
				return err
			}
			shell, err := e.shell(c)
			if err != nil {
				return err
			}
			l, err := e.openLab(c)
			if err != nil {
				return err
			}
			eyes, err := l.Env(name)
			if err != nil {
				return labError(err)
			}
			return e.ui.Result(eyes, func() error { return say(e.ui, eyes.Exports(shell)) })
		},
	}
}

func optionalName(c *cli.Context) (string, error) {
	args, err := arguments(c, 0, 1)
	if err != nil || len(args) == 1 {
		return strings.Join(args, ""), err
	}
	return lab.You, nil
}

func (e *env) shell(c *cli.Context) (lab.Shell, error) {
	switch text := c.String("shell"); text {
	case "":
		if path, _ := e.lookup("SHELL"); filepath.Base(path) == "fish" {
			return lab.Fish, nil
		}
		return lab.Sh, nil
	case string(lab.Sh), string(lab.Fish):
		return lab.Shell(text), nil
	default:
		return "", ui.Usagef(helpHint(c.Command), "--shell %q is not sh or fish", text)
	}
}

func (e *env) labKill() *cli.Command {
	return e.labChange("kill", "N|NAME…", "end daemons at once, as a loss of power would: the last N friends of you, or those named",
		`Examples:

    rad swarm lab kill 7
    rad swarm lab kill ana bo`, "ended", 1, (*lab.Lab).Kill)
}

func (e *env) labFreeze() *cli.Command {
	return e.labChange("freeze", "N|NAME…", "stop processes in the middle of what they do: connections stay open, nothing answers",
		`Examples:

    rad swarm lab freeze ana
    rad swarm lab start ana`, "frozen", 1, (*lab.Lab).Freeze)
}

func (e *env) labStart() *cli.Command {
	return e.labChange("start", "[NAME…]", "start what was killed, and let go on what was frozen: those named, or all",
		`Examples:

    rad swarm lab start
    rad swarm lab start ana bo`, "started", 0, (*lab.Lab).Start)
}

// labChange is a command that does something to homes.
func (e *env) labChange(
	name, args, usage, description, done string, least int,
	do func(*lab.Lab, context.Context, ...string) (lab.Changed, error),
) *cli.Command {
	return &cli.Command{
		Name: name, ArgsUsage: args, Usage: usage, Description: description, Flags: labFlags(),
		Action: func(c *cli.Context) error {
			names, err := arguments(c, least, -1)
			if err != nil {
				return err
			}
			l, err := e.openLab(c)
			if err != nil {
				return err
			}
			changed, err := do(l, c.Context, names...)
			if err != nil {
				return labError(err)
			}
			return e.ui.Result(changed, func() error {
				if len(changed.Homes) == 0 {
					return e.ui.Say("nothing to do")
				}
				return e.ui.Say("%s: %s", done, strings.Join(changed.Homes, ", "))
			})
		},
	}
}

func (e *env) labAdd() *cli.Command {
	return &cli.Command{
		Name: "add", ArgsUsage: "NAME", Usage: "add a home that is a friend of nobody", Flags: labFlags(),
		Description: `Examples:

    rad swarm lab add reader`,
		Action: func(c *cli.Context) error {
			name, err := argument(c)
			if err != nil {
				return err
			}
			l, err := e.openLab(c)
			if err != nil {
				return err
			}
			changed, err := l.Add(c.Context, name)
			if err != nil {
				return labError(err)
			}
			return e.ui.Result(changed, func() error { return e.ui.Say("%s is up, a friend of nobody", name) })
		},
	}
}

func (e *env) labDown() *cli.Command {
	return &cli.Command{
		Name: "down", Usage: "end all daemons of the lab and delete its folder", Flags: labFlags(),
		Description: `Only a folder with the marker of a lab is deleted, with nothing at its top that is not of the lab.

Examples:

    rad swarm lab down`,
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			l, err := e.openLab(c)
			if err != nil {
				return err
			}
			changed, err := l.Down(c.Context)
			if err != nil {
				return labError(err)
			}
			return e.ui.Result(changed, func() error {
				return e.ui.Say("%s ended and deleted: %s", ui.Count(len(changed.Homes), "home", "homes"), changed.Dir)
			})
		},
	}
}
