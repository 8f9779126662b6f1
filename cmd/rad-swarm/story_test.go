package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/daemon"
)

// Stories of testdata/script/swarm: rad-swarm as people type it, with real daemons in homes of their own. Beside testscript's
// own commands there are
//
//	home NAME                   makes a home that listens on a free port of this machine alone, and goes there
//	as NAME                     goes to a home
//	until REGEXP ARGUMENTS…     runs rad-swarm until its output matches
//	exits N ARGUMENTS…          runs rad-swarm, which must end with this exit code
//	keep NAME REGEXP            keeps what the first group matched in the last output as $NAME
//	flip HOME                   turns a byte round in every share that a home holds
func TestStories(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   filepath.Join("..", "..", "testdata", "script", "swarm"),
		Setup: setup,
		// testscript leaves an own one over.
		WorkdirRoot: t.TempDir(),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"home": makeHome, "as": goHome, "until": until, "exits": exits, "keep": keep, "flip": flip,
		},
	})
}

// setup makes a folder for homes that is short enough for sockets, and ends all daemons in it with the story.
func setup(e *testscript.Env) error {
	dir, err := os.MkdirTemp("", "rs")
	if err != nil {
		return err
	}
	e.Defer(func() {
		if err := errors.Join(endDaemons(dir), os.RemoveAll(dir)); err != nil {
			e.T().Log(err)
			e.T().Fatal("homes are left over")
		}
	})
	e.Vars = append(
		e.Vars, "HOMES="+dir, "HOME="+dir, "RAD_HOME="+filepath.Join(dir, "nobody"), "GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL="+os.DevNull, "TMPDIR="+os.TempDir(),
	)
	return nil
}

// patience is for what hangs: on a busy machine friends are left alone for a while and asked again.
const patience = 3 * time.Minute

// endDaemons ends the daemons of all homes below a folder, and waits until they have.
func endDaemons(dir string) error {
	places, err := filepath.Glob(filepath.Join(dir, "*", "swarm"))
	if err != nil {
		return err
	}
	inLabs, err := filepath.Glob(filepath.Join(dir, "*", "*", "swarm"))
	if err != nil {
		return err
	}
	places = append(places, inLabs...)
	for _, p := range places {
		err = errors.Join(err, endDaemon(control.Place{Dir: p}))
	}
	return err
}

func endDaemon(p control.Place) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if c, _, err := control.Connect(ctx, p); err == nil {
		err = c.Call(ctx, "POST", "/v1/stop", nil, nil)
		c.Close()
		if err != nil && !errors.Is(err, control.ErrEnded) {
			return err
		}
	}
	return poll(ctx, func() (bool, error) {
		lock, err := daemon.Lock(p.Lock())
		if errors.Is(err, daemon.ErrRunning) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		return true, lock.Close()
	})
}

// poll asks until something is so.
func poll(ctx context.Context, so func() (bool, error)) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if done, err := so(); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

const settings = `{"listen":["127.0.0.1:0"],"guess":false,"upnp":false,"floor":-1}` + "\n"

func makeHome(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: home NAME")
	}
	dir := filepath.Join(ts.Getenv("HOMES"), args[0])
	swarm := filepath.Join(dir, "swarm")
	ts.Setenv("RAD_HOME", dir)
	ts.Check(ts.Exec("rad-swarm", "auth", "--alias", args[0], "--no-passphrase"))
	ts.Check(os.Mkdir(swarm, 0o700))
	ts.Check(os.WriteFile(filepath.Join(swarm, "config.json"), []byte(settings), 0o600))
}

func goHome(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: as NAME")
	}
	ts.Setenv("RAD_HOME", filepath.Join(ts.Getenv("HOMES"), args[0]))
}

func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until REGEXP ARGUMENTS…")
	}
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err = poll(ctx, func() (bool, error) {
		return ts.Exec("rad-swarm", args[1:]...) == nil && want.MatchString(ts.ReadFile("stdout")), nil
	})
	if err != nil {
		ts.Fatalf("rad-swarm %s never printed %q, at last:\n%s%s", args[1:], args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N ARGUMENTS…")
	}
	err := ts.Exec("rad-swarm", args[1:]...)
	code := 0
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		code = e.ExitCode()
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("rad-swarm %s: %v, not exit code %s", strings.Join(args[1:], " "), err, args[0])
	}
}

func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keep NAME REGEXP")
	}
	found := regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) < 2 {
		ts.Fatalf("%q is not in:\n%s", args[1], ts.ReadFile("stdout"))
	}
	ts.Setenv(args[0], found[1])
}

func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: flip HOME")
	}
	n := 0
	root := filepath.Join(ts.Getenv("HOMES"), args[0], "swarm", "shares")
	ts.Check(filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !strings.HasSuffix(filepath.Base(path), ".share") {
			return err
		}
		n++
		return turn(path)
	}))
	if n == 0 {
		ts.Fatalf("%s holds no shares", args[0])
	}
}

// turn turns the first byte of a file round.
func turn(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	b := make([]byte, 1)
	if _, err = f.ReadAt(b, 0); err == nil {
		_, err = f.WriteAt([]byte{^b[0]}, 0)
	}
	return errors.Join(err, f.Close())
}
