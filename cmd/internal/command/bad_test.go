package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/cmd/internal/ui"
)

const someDID = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"

// What makes no sense is refused with one line and its exit code, most of it with a hint, before any daemon is started.
func TestBadLines(t *testing.T) {
	w := newWorld(t).with(t)
	oid := strings.Repeat("a", 64)
	for _, test := range []struct {
		line string
		exit int
		want string // begins the line
		hint string // begins the hint
	}{
		{"blub", ui.Usage, `there is no command "blub"`, "rad swarm help"},
		{"status x", ui.Usage, `status: "x" is one argument too many`, "rad swarm status --help"},
		{"status --blub", ui.Usage, "there is no flag --blub", "rad swarm status --help"},
		{"put", ui.Usage, "put: FILE… is missing", "rad swarm put --help"},
		{"put nothing-there", ui.NotFound, "stat nothing-there: no such file", ""},
		{"put .", ui.Usage, ". is not a file", ""},
		{"put command.go --require much", ui.Usage, `--require is local, safe or full, not "much"`, "rad swarm put --help"},
		{"get", ui.Usage, "get: OID[:SIZE] is missing", "rad swarm get --help"},
		{"get 12 -o f", ui.Usage, `"12" is no OID`, "rad swarm get --help"},
		{"get zz" + oid[2:] + " -o f", ui.Usage, `"zz`, "rad swarm get --help"},
		{"get " + oid + "a -o f", ui.Usage, `"aaa`, "rad swarm get --help"},
		{"get " + oid + ":-1 -o f", ui.Usage, `"-1" is no size in bytes`, "rad swarm get --help"},
		{"get " + oid + ":99999999999999999999 -o f", ui.Usage, `"99999999999999999999" is no size`, "rad swarm get --help"},
		{"get " + oid + ": -o f", ui.Usage, `"" is no size in bytes`, "rad swarm get --help"},
		{"get " + oid, ui.Usage, "get: -o is missing", "rad swarm get " + oid + " -o FILE"},
		{"get " + oid + " " + oid + " -o f", ui.Usage, "get: ", "rad swarm get --help"},
		{"who-holds", ui.Usage, "who-holds: OID is missing", "rad swarm who-holds --help"},
		{"forget xyz", ui.Usage, `"xyz" is no OID`, "rad swarm forget --help"},
		{"verify xyz", ui.Usage, `"xyz" is no OID`, "rad swarm verify --help"},
		{"verify --path f", ui.Usage, "--path is a copy of one object", "rad swarm verify --help"},
		{"invite", ui.Usage, "invite: --give is missing", "rad swarm invite --help"},
		{"invite --give much", ui.Usage, `--give: size "much" is not understood`, "rad swarm invite --help"},
		{"invite --give -5GB", ui.Usage, `--give: size "-5GB" is not understood`, "rad swarm invite --help"},
		{"invite --give 5GB --for ever", ui.Usage, `--for: time "ever" is not understood`, "rad swarm invite --help"},
		{"invite cancel", ui.Usage, "invite cancel: ID is missing", "rad swarm invite cancel --help"},
		{"accept", ui.Usage, "accept: LINE is missing", "rad swarm accept --help"},
		{"accept hello --give 5GB", ui.Usage, "accept: ", "ask for a new line: rad swarm invite"},
		{"accept swarminvite1QTKZUAFyjdjq --give 5GB", ui.Usage, "accept: ", "ask for a new line: rad swarm invite"},
		{"accept swarmmember1QTKZUAFyjdjq", ui.Usage, "accept: ", "ask for a new line: rad swarm invite"},
		{"accept - --give 5GB", ui.Usage, "accept: ", "ask for a new line: rad swarm invite"},
		{"friend bo", ui.Usage, `there is no command "friend bo"`, "rad swarm friend --help"},
		{"friend add bo --give 5GB", ui.Usage, "invalid did: ", "rad swarm friend add --help"},
		{"friend add " + someDID, ui.Usage, "friend add: --give is missing", "rad swarm friend add --help"},
		{"friend set bo", ui.Usage, "friend set: nothing to change", "rad swarm friend set --help"},
		{"friend set bo --up fast", ui.Usage, `--up: rate "fast" is not understood`, "rad swarm friend set --help"},
		{"friend remove", ui.Usage, "friend remove: WHO is missing", "rad swarm friend remove --help"},
		{"friend remove bo --drain --force", ui.Usage, "--drain and --force do not go together", "rad swarm friend remove --help"},
		{"device add bo", ui.Usage, "invalid did: ", "rad swarm device add --help"},
		{"net dial", ui.Usage, "net dial: WHO is missing", "rad swarm net dial --help"},
		{"config set", ui.Usage, "config set: nothing to change", "rad swarm config set --help"},
		{"config set --limit x", ui.Usage, `--limit: rate "x" is not understood`, "rad swarm config set --help"},
		{"member add bo", ui.Usage, "invalid did: ", "rad swarm member add --help"},
		{"member list --repo x", ui.Usage, "--repo: ", "rad swarm member list --help"},
		{"zone default secret --repo x", ui.Usage, "", "rad swarm zone default --help"},
		{"zone default private --all --repo rad:z3gqcJUoA1n9HaHKufZs5FCSGazv5", ui.Usage, "zone default: one repository, or --all", "rad swarm zone default --help"},
		{"zone set public", ui.Usage, "zone set: of what?", "rad swarm zone set --help"},
		{"zone set public f --all", ui.Usage, "zone set: of what?", "rad swarm zone set --help"},
		{"init --private --public", ui.Usage, "init: say who may have it", "rad swarm init --private"},
		{"init --private --scope some", ui.Usage, `--scope is all or followed, not "some"`, "rad swarm init --help"},
		{"daemon --stop --log", ui.Usage, "--stop and --log do not go together", "rad swarm daemon --help"},
		{"daemon x", ui.Usage, `daemon: "x" is one argument too many`, "rad swarm daemon --help"},
		{"daemon --log", ui.NotFound, "open ", ""},
		{"auth --alias bo", ui.Conflict, "there is a home already", "rad swarm status"},
		{"math --friends x", ui.Usage, `invalid value "x" for flag -friends`, "rad swarm math --help"},
		{"math --uptime 2", ui.Usage, "--uptime is a part of one", "rad swarm math --help"},
		{"math --friends 300", ui.Usage, "--friends is 0 to 256", "rad swarm math --help"},
		{"math --uptime NaN", ui.Usage, "--uptime is a part of one", "rad swarm math --help"},
		{"math --want 0", ui.Usage, "--want is a part of one", "rad swarm math --help"},
		{"math --size 1e9", ui.Usage, `--size: size "1e9" is not understood`, "rad swarm math --help"},
		{"math --size 100TB", ui.Usage, "--size is 70 TB at most", "rad swarm math --help"},
		{"math --k 0", ui.Usage, "--k and --n are 1 or more", "rad swarm math --help"},
		{"help blub", ui.Usage, `there is no command "blub"`, "rad swarm help"},
		{"help friend blub", ui.Usage, `there is no command "friend blub"`, "rad swarm help"},
	} {
		got := w.line(t, test.line)
		checkRefused(t, test.line, got, test.exit, test.want, test.hint)
	}
	if _, err := os.Stat(filepath.Join(w.home.Dir(), "swarm", "daemon.lock")); err == nil {
		t.Error("a daemon was started")
	}
}

// checkRefused checks the form of an error: one line, and a hint or none.
func checkRefused(t *testing.T, line string, got said, exit int, want, hint string) {
	t.Helper()
	first, rest, _ := strings.Cut(got.err, "\n")
	switch {
	case got.exit != exit || got.out != "" || !strings.HasPrefix(first, "error: "+want) || strings.HasSuffix(first, "."):
		t.Errorf("%s: %v\nwant exit %d, error: %s…", line, got, exit, want)
	case hint == "" && rest != "" || hint != "" && !strings.HasPrefix(rest, "hint: "+hint) || strings.Count(rest, "\n") > 1:
		t.Errorf("%s: %v\nwant hint: %s", line, got, hint)
	}
}

// Homes that are none.
func TestBadHomes(t *testing.T) {
	for name, test := range map[string]struct {
		ruin func(*world) error
		exit int
		want string
		hint string
	}{
		"none":    {func(*world) error { return nil }, ui.NoHome, "there is no Radicle home at ", "rad swarm auth --alias NAME"},
		"no HOME": {func(w *world) error { clear(w.env); return nil }, ui.NoHome, "RAD_HOME and HOME are both unset", "export RAD_HOME="},
		"config is no JSON": {func(w *world) error {
			return os.WriteFile(w.home.Config(), []byte("{"), 0o600)
		}, ui.NoHome, "", ""},
		"key is no key": {func(w *world) error {
			return os.WriteFile(w.home.PublicKey(), []byte("hello"), 0o600)
		}, ui.NoHome, "", ""},
	} {
		w := newWorld(t)
		if name == "config is no JSON" || name == "key is no key" {
			w.with(t)
		}
		if err := test.ruin(w); err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"status", "ls", "daemon", "invite --give 5GB"} {
			checkRefused(t, name+": "+line, w.line(t, line), test.exit, test.want, test.hint)
		}
	}
}
