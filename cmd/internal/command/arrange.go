package command

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/ui"
)

// commandLine is a command line, sorted: urfave/cli stops to look for flags at the first argument.
type commandLine struct {
	path    []*cli.Command // from the top; none: nothing but flags
	flags   []string       // each with its value, as --name=value
	args    []string
	help    bool
	version bool
}

// command is the command that is meant, nil for none.
func (l *commandLine) command() *cli.Command {
	if len(l.path) == 0 {
		return nil
	}
	return l.path[len(l.path)-1]
}

// name is the names of the commands that lead to it.
func (l *commandLine) name() string {
	names := make([]string, len(l.path))
	for i, c := range l.path {
		names[i] = c.Name
	}
	return strings.Join(names, " ")
}

// argv is the line as urfave/cli reads it.
func (l *commandLine) argv() []string {
	argv := []string{"rad-swarm"}
	for _, c := range l.path {
		argv = append(argv, c.Name)
	}
	argv = append(argv, l.flags...)
	if len(l.args) > 0 {
		argv = append(append(argv, "--"), l.args...)
	}
	return argv
}

// arrange sorts a command line: flags, wherever they stand, belong to the last command that is named; behind -- everything is
// an argument. The first words are commands as long as there are any of that name. Flags that the command does not have are
// errors, as are words that a command with nothing but subcommands does not know.
func arrange(commands []*cli.Command, args []string) (*commandLine, error) {
	l := &commandLine{}
	var flags []string // as they stand, values joined; checked when the command is known
	for i := 0; i < len(args); i++ {
		word := args[i]
		switch {
		case word == "--":
			l.args = append(l.args, args[i+1:]...)
			i = len(args)
		case isFlag(word):
			flag, takes, err := l.flag(commands, word, args[i+1:])
			if err != nil {
				return nil, err
			}
			i += takes
			flags = append(flags, flag)
		case len(l.args) > 0 || !l.descend(commands, word):
			l.args = append(l.args, word)
		}
	}
	return l, l.check(flags)
}

// isFlag is whether a word is a flag. A single dash is an argument.
func isFlag(word string) bool { return len(word) > 1 && word[0] == '-' }

// descend takes a word as the name of a command, if it is one.
func (l *commandLine) descend(commands []*cli.Command, word string) bool {
	if c := l.command(); c != nil {
		commands = c.Subcommands
	}
	for _, c := range commands {
		if c.HasName(word) {
			l.path = append(l.path, c)
			return true
		}
	}
	return false
}

// flag reads a flag that stands before rest: itself, joined with its value, and how many words of rest that took.
func (l *commandLine) flag(commands []*cli.Command, word string, rest []string) (flag string, takes int, err error) {
	name, _, joined := strings.Cut(strings.TrimLeft(word, "-"), "=")
	known := find(commands, l.command(), name)
	switch {
	case joined || known == nil || !wantsValue(known):
		return word, 0, nil // what is not known is told when the command is
	case len(rest) == 0:
		return "", 0, l.usage("flag %s needs a value", word)
	}
	return word + "=" + rest[0], 1, nil
}

// find looks for a flag in a command, and in what may still be named below it: with none, in all.
func find(commands []*cli.Command, c *cli.Command, name string) cli.Flag {
	if c != nil {
		if f := flagOf(c, name); f != nil {
			return f
		}
		commands = c.Subcommands
	}
	for _, sub := range commands {
		if f := find(nil, sub, name); f != nil {
			return f
		}
	}
	return nil
}

func flagOf(c *cli.Command, name string) cli.Flag {
	for _, f := range c.Flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func wantsValue(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}

// check takes the flags that the command has, and refuses the others.
func (l *commandLine) check(flags []string) error {
	c := l.command()
	for _, flag := range flags {
		name, _, _ := strings.Cut(strings.TrimLeft(flag, "-"), "=")
		switch {
		case name == "help" || name == "h":
			l.help = true
		case c == nil && name == "version":
			l.version = true
		case c == nil && (name == "json" || name == "quiet" || name == "q"):
			l.flags = append(l.flags, flag)
		case c == nil || flagOf(c, name) == nil:
			return l.usage("there is no flag %s", strings.SplitN(flag, "=", 2)[0])
		default:
			l.flags = append(l.flags, flag)
		}
	}
	return l.checkArgs()
}

// checkArgs refuses words that are no commands where only commands can stand.
func (l *commandLine) checkArgs() error {
	c := l.command()
	switch {
	case l.help:
		return nil
	case c == nil && len(l.args) > 0:
		return l.usage("there is no command %q", l.args[0])
	case c != nil && len(c.Subcommands) > 0 && len(l.args) > 0:
		return l.usage("there is no command %q", l.name()+" "+l.args[0])
	case c != nil && c.Action == nil:
		return l.usage("%s: which? %s", l.name(), strings.Join(names(c.Subcommands), ", "))
	}
	return nil
}

func names(commands []*cli.Command) []string {
	out := make([]string, len(commands))
	for i, c := range commands {
		out[i] = c.Name
	}
	return out
}

func (l *commandLine) usage(format string, args ...any) error {
	hint := "rad swarm help"
	if l.command() != nil {
		hint = "rad swarm " + l.name() + " --help"
	}
	return ui.Usagef(hint, format, args...)
}
