package command

import (
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/ui"
)

// helpCommand says what there is, what a command does, or what exit codes mean.
func helpCommand(app *cli.App) func(*env) *cli.Command {
	return func(e *env) *cli.Command {
		return &cli.Command{
			Name: "help", ArgsUsage: "[COMMAND…|exit-codes]", Category: toLearn,
			Usage: "say what there is, what a command does, or what exit codes mean",
			Description: `Examples:

    rad swarm help friend add
    rad swarm help exit-codes --json`,
			Action: func(c *cli.Context) error {
				args := c.Args().Slice()
				if len(args) == 1 && args[0] == "exit-codes" {
					return exitCodes(e.ui)
				}
				line, err := arrange(app.Commands, append(args, "--help"))
				switch {
				case err != nil:
					return err
				case len(line.args) > 0:
					return ui.Usagef("rad swarm help", "there is no command %q", strings.Join(args, " "))
				case line.command() == nil:
					return overview(e.ui, app)
				}
				return commandHelp(e.ui, line)
			},
		}
	}
}

func exitCodes(u *ui.UI) error {
	return u.Result(ui.Exits(), func() error {
		var rows [][]string
		for _, e := range ui.Exits() {
			rows = append(rows, []string{strconv.Itoa(e.Number), string(e.Code), u.Localize(e.Meaning)})
		}
		return u.Table([]string{"EXIT", "CODE", "MEANING"}, rows)
	})
}

// overview lists the commands.
func overview(u *ui.UI, app *cli.App) error {
	p := u.Program()
	lines := []string{
		p + ": the big files of Radicle repositories, on the disks of friends", "",
		p + " [COMMAND] [ARGUMENTS] [--FLAGS]        flags may stand anywhere; alone it shows the state",
	}
	var rows [][]string
	for _, category := range []string{thisMachine, people, repositories, objects, toLearn} {
		rows = append(rows, []string{""}, []string{category})
		for _, c := range app.Commands {
			if c.Category == category {
				rows = append(rows, []string{"  " + c.Name, c.Usage})
			}
		}
	}
	if err := say(u, lines); err != nil {
		return err
	}
	if err := u.Columns(rows); err != nil {
		return err
	}
	return say(u, []string{"", p + " help COMMAND says more; " + p + " help exit-codes lists the exit codes"})
}

// commandHelp says what one command does.
func commandHelp(u *ui.UI, line *commandLine) error {
	c, name := line.command(), u.Program()+" "+line.name()
	lines := []string{name + ": " + c.Usage, "", usageLine(c, name)}
	if c.Description != "" {
		lines = append(lines, "")
		lines = append(lines, strings.Split(u.Localize(c.Description), "\n")...)
	}
	if err := say(u, lines); err != nil {
		return err
	}
	var rows [][]string
	if len(c.Subcommands) > 0 {
		rows = append(rows, []string{""}, []string{"Commands:"})
	}
	for _, sub := range c.Subcommands {
		rows = append(rows, []string{"  " + sub.Name + " " + sub.ArgsUsage, sub.Usage})
	}
	if len(c.Flags) > 0 {
		rows = append(rows, []string{""}, []string{"Flags:"})
	}
	for _, f := range c.Flags {
		rows = append(rows, flagRow(f))
	}
	return u.Columns(rows)
}

func usageLine(c *cli.Command, name string) string {
	switch {
	case c.Action == nil:
		return name + " COMMAND"
	case c.ArgsUsage == "":
		return name + " [--FLAGS]"
	}
	return name + " " + c.ArgsUsage + " [--FLAGS]"
}

// flagRow says what a flag is. Its usage has the name of its value in backquotes.
func flagRow(f cli.Flag) []string {
	d, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return nil
	}
	var names []string
	for _, n := range f.Names() {
		names = append(names, dashes(n)+n)
	}
	usage, value := d.GetUsage(), "VALUE"
	if before, rest, ok := strings.Cut(usage, "`"); ok {
		name, after, _ := strings.Cut(rest, "`")
		usage, value = before+name+after, name
	}
	text := strings.Join(names, ", ")
	if d.TakesValue() {
		text += " " + value
	}
	return []string{"  " + text, usage}
}

func dashes(name string) string {
	if len(name) == 1 {
		return "-"
	}
	return "--"
}

func say(u *ui.UI, lines []string) error {
	for _, line := range lines {
		if err := u.Say("%s", line); err != nil {
			return err
		}
	}
	return nil
}

// trimProgram takes the name of the program from what urfave/cli calls a command.
func trimProgram(name string) string { return strings.TrimPrefix(name, "rad-swarm ") }
