package command

import (
	"context"
	"os/exec"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/ui"
	"radswarm/radicle/profile"
)

// Config is the process that a command runs in.
type Config struct {
	Args     []string // without the program's name
	Env      profile.Env
	UI       *ui.UI
	Software string // what this program is, with its version
}

// env is what a subcommand works with.
type env struct {
	ui       *ui.UI
	lookup   profile.Env
	software string
}

// constructors makes every subcommand, in the order of the help.
func constructors() []func(*env) *cli.Command {
	return []func(*env) *cli.Command{
		// this machine
		authCommand, statusCommand, unlockCommand, daemonCommand, configCommand, deviceCommand, netCommand, setupCommand, doctorCommand,
		// people
		inviteCommand, acceptCommand, friendCommand,
		// repositories
		initCommand, memberCommand, zoneCommand,
		// objects
		putCommand, getCommand, lsCommand, whoHoldsCommand, verifyCommand, forgetCommand,
		hydrateCommand, openCommand, freeCommand, pruneCommand,
		// to try and to learn
		mathCommand, labCommand,
	}
}

// The categories of the help.
const (
	thisMachine  = "this machine"
	people       = "people"
	repositories = "repositories"
	objects      = "objects"
	toLearn      = "to try and to learn"
)

// Terminal is how this process speaks with people.
func Terminal() *ui.UI { return ui.Standard(ui.ProgramName(exec.LookPath)) }

// Main runs a command line and returns its exit code.
func Main(ctx context.Context, c Config) int {
	if c.Env == nil {
		c.Env = func(string) (string, bool) { return "", false }
	}
	return c.UI.Error(run(ctx, c))
}

func run(ctx context.Context, c Config) error {
	app := newApp(&env{ui: c.UI, lookup: c.Env, software: c.Software})
	line, err := arrange(app.Commands, c.Args)
	if err != nil {
		return err
	}
	switch {
	case line.version:
		return c.UI.Say("rad-swarm %s", c.Software)
	case line.help && line.command() == nil:
		return overview(c.UI, app)
	case line.help:
		return commandHelp(c.UI, line)
	case line.command() == nil:
		line.path = []*cli.Command{app.Command("status")}
		line.flags = append(line.flags, "--short")
	}
	return app.RunContext(ctx, line.argv())
}

// newApp makes the application. It prints nothing and ends no process: what it has to say is in the error it returns.
func newApp(e *env) *cli.App {
	app := &cli.App{
		Name: "rad-swarm", HideHelp: true, HideHelpCommand: true, HideVersion: true,
		Writer: discard{}, ErrWriter: discard{},
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   usageError,
	}
	for _, make := range append(constructors(), helpCommand(app)) {
		c := make(e)
		e.complete(c)
		app.Commands = append(app.Commands, c)
	}
	return app
}

// complete gives a command what all have.
func (e *env) complete(c *cli.Command) {
	c.HideHelp, c.HideHelpCommand, c.OnUsageError = true, true, usageError
	for _, sub := range c.Subcommands {
		e.complete(sub)
	}
	if c.Action == nil {
		return
	}
	c.Flags = append(
		c.Flags,
		&cli.BoolFlag{Name: "json", Usage: "print the result as JSON"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print neither progress nor notes"},
	)
	do := c.Action
	c.Action = func(cc *cli.Context) error {
		e.ui.JSON, e.ui.Quiet = cc.Bool("json"), cc.Bool("quiet")
		return do(cc)
	}
}

// usageError is what the flags of urfave/cli say of a value, as ours.
func usageError(c *cli.Context, err error, _ bool) error {
	return ui.Usagef(helpHint(c.Command), "%v", err)
}

func helpHint(c *cli.Command) string {
	if c == nil || c.HelpName == "" {
		return "rad swarm help"
	}
	return "rad swarm " + trimProgram(c.HelpName) + " --help"
}

// arguments returns the arguments of a command, of which there must be so many; most < 0 is any number.
func arguments(c *cli.Context, least, most int) ([]string, error) {
	args := c.Args().Slice()
	switch {
	case len(args) < least:
		return nil, ui.Usagef(helpHint(c.Command), "%s: %s is missing", trimProgram(c.Command.HelpName), c.Command.ArgsUsage)
	case most >= 0 && len(args) > most:
		return nil, ui.Usagef(helpHint(c.Command), "%s: %q is one argument too many", trimProgram(c.Command.HelpName), args[most])
	}
	return args, nil
}

// argument is arguments for exactly one.
func argument(c *cli.Context) (string, error) {
	args, err := arguments(c, 1, 1)
	if err != nil {
		return "", err
	}
	return args[0], nil
}

// none is arguments for none.
func none(c *cli.Context) error {
	_, err := arguments(c, 0, 0)
	return err
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
