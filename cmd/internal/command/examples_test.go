package command

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"
)

// example is a line that people are told to type.
type example struct{ where, line string }

// exampleLine is a line of a help text or of the README that is a command of ours, perhaps behind a prompt.
var exampleLine = regexp.MustCompile(`^(?:    |\$ )?(?:\$ )?(?:rad swarm|rad-swarm)((?: .*)?)$`)

// commandExamples finds the examples in the help of all commands.
func commandExamples(commands []*cli.Command) []example {
	var found []example
	for _, c := range commands {
		for line := range strings.Lines(c.Description) {
			if m := exampleLine.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil && strings.HasPrefix(line, "    ") {
				found = append(found, example{"help of " + c.Name, m[1]})
			}
		}
		found = append(found, commandExamples(c.Subcommands)...)
	}
	return found
}

// readmeExamples finds the commands in the README's blocks of shell.
func readmeExamples(t *testing.T) []example {
	t.Helper()
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []example
	inside := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "```") {
			inside = !inside && strings.HasPrefix(line, "```sh")
			continue
		}
		if m := exampleLine.FindStringSubmatch(line); inside && m != nil {
			found = append(found, example{"README", m[1]})
		}
	}
	return found
}

// words splits a line as a shell would, up to a comment or a pipe.
func words(line string) []string {
	var out []string
	word, quoted, some := "", rune(0), false
	flush := func() {
		if some {
			out = append(out, word)
		}
		word, some = "", false
	}
	for _, r := range line + " " {
		switch {
		case quoted == 0 && (r == '\'' || r == '"'):
			quoted, some = r, true
		case r == quoted:
			quoted = 0
		case quoted == 0 && r == ' ':
			flush()
		case quoted == 0 && !some && strings.ContainsRune("#|&;>", r):
			return out
		default:
			word, some = word+string(r), true
		}
	}
	return out
}

// ran is what a command got to see.
type ran struct {
	Name  string
	Flags map[string]string
	Args  []string
}

// record runs a line in an application whose commands only note what they got.
func record(t *testing.T, args []string) (ran, error) {
	t.Helper()
	app := testApp(t)
	var got ran
	listen(app.Commands, "", &got)
	line, err := arrange(app.Commands, args)
	if err != nil || line.help || line.command() == nil {
		return ran{Name: fmt.Sprint("help ", line.name())}, err
	}
	return got, app.RunContext(context.Background(), line.argv())
}

func listen(commands []*cli.Command, above string, got *ran) {
	for _, c := range commands {
		name := above + c.Name
		if c.Action != nil {
			c.Action = func(cc *cli.Context) error {
				got.Name, got.Args, got.Flags = name, cc.Args().Slice(), map[string]string{}
				for _, f := range cc.Command.Flags {
					if n := f.Names()[0]; cc.IsSet(n) {
						got.Flags[n] = fmt.Sprint(cc.Value(n))
					}
				}
				return nil
			}
		}
		listen(c.Subcommands, name+" ", got)
	}
}

// flagsLast moves the flags of an example behind everything else, and flagsFirst before it.
func moved(t *testing.T, args []string) (last, first []string) {
	t.Helper()
	line, err := arrange(testApp(t).Commands, args)
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	path := strings.Fields(line.name())
	if line.help {
		line.flags = append(line.flags, "--help")
	}
	flags := split(line.flags)
	last = append(append(append(last, path...), line.args...), flags...)
	first = append(append(append(first, flags...), path...), line.args...)
	return last, first
}

// split writes flags as two words where they have a value, as people do.
func split(flags []string) []string {
	var out []string
	for _, f := range flags {
		out = append(out, strings.SplitN(f, "=", 2)...)
	}
	return out
}

// Every line that the help or the README has people type means the same with its flags first and last.
func TestExamples(t *testing.T) {
	commands := commandExamples(testApp(t).Commands)
	if len(commands) < 40 {
		t.Errorf("only %d examples found in the help", len(commands))
	}
	for _, e := range append(commands, readmeExamples(t)...) {
		args := words(e.line)
		want, err := record(t, args)
		if err != nil {
			t.Errorf("%s: rad swarm%s: %v", e.where, e.line, err)
			continue
		}
		last, first := moved(t, args)
		for _, order := range [][]string{last, first} {
			got, err := record(t, order)
			if err != nil {
				t.Errorf("%s: rad swarm%s as %q: %v", e.where, e.line, order, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: rad swarm%s as %q:\n%s", e.where, e.line, order, diff)
			}
		}
	}
}

// Every command says how it is used, and its flags have the form that all have.
func TestHelpIsWhole(t *testing.T) {
	app := testApp(t)
	seen := map[string]bool{}
	for _, c := range app.Commands {
		seen[c.Category] = true
		if !strings.Contains(c.Description, "Examples:\n\n    rad swarm "+c.Name) {
			t.Errorf("%s has no example", c.Name)
		}
		checkHelp(t, c, c.Name)
	}
	for _, category := range []string{thisMachine, people, repositories, objects, toLearn} {
		if !seen[category] {
			t.Errorf("nothing in %q", category)
		}
		delete(seen, category)
	}
	for category := range seen {
		t.Errorf("category %q is not in the overview", category)
	}
}

func checkHelp(t *testing.T, c *cli.Command, name string) {
	t.Helper()
	if c.Usage == "" || strings.HasSuffix(c.Usage, ".") || c.Usage[0] < 'a' || c.Usage[0] > 'z' {
		t.Errorf("%s: usage %q", name, c.Usage)
	}
	for _, f := range c.Flags {
		d, ok := f.(cli.DocGenerationFlag)
		if !ok || d.GetUsage() == "" {
			t.Errorf("%s: flag %v has no usage", name, f.Names())
		}
		if ok && d.TakesValue() && strings.Count(d.GetUsage(), "`") != 2 {
			t.Errorf("%s: flag %v does not name its value", name, f.Names())
		}
	}
	for _, sub := range c.Subcommands {
		checkHelp(t, sub, name+" "+sub.Name)
	}
}

// Every hint in our code that is a command of ours is one: its command and flags exist.
func TestHintsAreCommands(t *testing.T) {
	app := testApp(t)
	n := 0
	for _, root := range []string{"../..", "../../../lfsagent", "../../../remote", "../../../blobstore"} {
		for _, literal := range literals(t, root) {
			_, line, ok := strings.Cut(literal.line, "rad swarm ")
			if !ok || strings.Contains(line, "…") || !strings.HasPrefix(literal.line, "rad swarm ") {
				continue
			}
			if n++; strings.HasSuffix(line, " ") {
				line += "VALUE" // that is put there when it runs
			}
			if _, err := arrange(app.Commands, words(strings.SplitN(line, "\n", 2)[0])); err != nil {
				t.Errorf("%s: %q: %v", literal.where, literal.line, err)
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d hints found", n)
	}
}

// literals returns the texts in the code below a folder, tests left out.
func literals(t *testing.T, root string) []example {
	t.Helper()
	var found []example
	files := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				if text, err := strconv.Unquote(l.Value); err == nil {
					found = append(found, example{path, text})
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
