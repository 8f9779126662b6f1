package command

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/ui"
)

// testApp is the real application, speaking to nobody.
func testApp(t *testing.T) *cli.App {
	t.Helper()
	return newApp(&env{ui: ui.New(ui.Options{Program: "rad swarm"}), lookup: func(string) (string, bool) { return "", false }})
}

func TestArrange(t *testing.T) {
	commands := testApp(t).Commands
	for _, test := range []struct{ line, want string }{
		{"put film", "put -- film"},
		{"put film --require full", "put --require=full -- film"},
		{"put --require full film", "put --require=full -- film"},
		{"put --require=full film", "put --require=full -- film"},
		{"--json put film", "put --json -- film"},
		{"put film other -q --json", "put -q --json -- film other"},
		{"put -- --require", "put -- --require"},
		{"put film -- -x", "put -- film -x"},
		{"get 9f86d0 -o film", "get -o=film -- 9f86d0"},
		{"get -o film 9f86d0", "get -o=film -- 9f86d0"},
		{"get 9f86d0 --o film", "get --o=film -- 9f86d0"},
		{"get 9f86d0 -o --force", "get -o=--force -- 9f86d0"}, // a value is what stands there
		{"accept - --give 5GB", "accept --give=5GB -- -"},
		{"friend", "friend"},
		{"friend --json", "friend --json"},
		{"friend list --json", "friend list --json"},
		{"friend --json list", "friend list --json"},
		{"friend set bo --give 1GB --up none", "friend set --give=1GB --up=none -- bo"},
		{"friend --give 1GB set bo", "friend set --give=1GB -- bo"},
		{"--give 1GB friend set bo", "friend set --give=1GB -- bo"},
		{"friend set set --name friend", "friend set --name=friend -- set"},
		{"friend add D --addr h:1 --give 5 --addr h:2", "friend add --addr=h:1 --give=5 --addr=h:2 -- D"},
		{"math --uptime 0.3 --k 3", "math --uptime=0.3 --k=3"},
		{"status -h", "status HELP"},
		{"--help", "HELP"},
		{"friend bo --help", "friend HELP -- bo"},
		{"--version", "VERSION"},
		{"--json", "--json"},
		{"", ""},
	} {
		l, err := arrange(commands, strings.Fields(test.line))
		if err != nil {
			t.Errorf("%s: %v", test.line, err)
			continue
		}
		if got := describeLine(l); got != test.want {
			t.Errorf("%s: %q, want %q", test.line, got, test.want)
		}
	}
}

// describeLine writes a line without the program.
func describeLine(l *commandLine) string {
	words := l.argv()[1:]
	switch {
	case l.help && len(l.args) > 0:
		words = append(strings.Fields(l.name()), append([]string{"HELP", "--"}, l.args...)...)
	case l.help:
		words = append(words, "HELP")
	case l.version:
		words = append(words, "VERSION")
	}
	return strings.Join(words, " ")
}

func TestArrangeRefuses(t *testing.T) {
	commands := testApp(t).Commands
	for _, test := range []struct{ line, want, hint string }{
		{"blub", `there is no command "blub"`, "rad swarm help"},
		{"-x", "there is no flag -x", "rad swarm help"},
		{"--blub put film", "there is no flag --blub", "rad swarm put --help"},
		{"put film --blub", "there is no flag --blub", "rad swarm put --help"},
		{"put film --give 5GB", "there is no flag --give", "rad swarm put --help"},
		{"put film --require", "flag --require needs a value", "rad swarm put --help"},
		{"friend bo", `there is no command "friend bo"`, "rad swarm friend --help"},
		{"friend list --give 5GB", "there is no flag --give", "rad swarm friend list --help"},
		{"friend -- list", `there is no command "friend list"`, "rad swarm friend --help"},
		{"lab", "lab: which? " + strings.Join(names(testApp(t).Command("lab").Subcommands), ", "), "rad swarm lab --help"},
		{"put film --version", "there is no flag --version", "rad swarm put --help"},
		{"---", "there is no flag ---", "rad swarm help"},
		{"--=x", "there is no flag --", "rad swarm help"},
	} {
		_, err := arrange(commands, strings.Fields(test.line))
		got := ui.Problem{}
		if err != nil {
			got = ui.Explain(err)
		}
		if diff := cmp.Diff(ui.Problem{Line: test.want, Hint: test.hint, Exit: ui.Usage}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.line, diff)
		}
	}
}

// Nothing that stands on a command line makes it panic, and what is arranged is arranged.
func FuzzArrange(f *testing.F) {
	for _, seed := range []string{"put film --require full", "friend set bo --give 1GB -- -x", "-", "--", "-=", "get -o", "\xff --\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		commands := testApp(t).Commands
		l, err := arrange(commands, strings.Split(line, " "))
		if err != nil || l.help || l.version {
			return
		}
		again, err := arrange(commands, l.argv()[1:])
		if err != nil {
			t.Fatalf("%q becomes %q: %v", line, l.argv(), err)
		}
		if diff := cmp.Diff(l.argv(), again.argv()); diff != "" {
			t.Errorf("%q:\n%s", line, diff)
		}
	})
}
