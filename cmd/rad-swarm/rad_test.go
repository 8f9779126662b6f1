package main

import (
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/cmd/internal/control"
	"radswarm/radicle/radtest"
)

// rad runs rad-swarm for its own verb, and hints say so.
func TestRadSwarm(t *testing.T) {
	tools := radtest.Tools(t)
	program, err := exec.LookPath("rad-swarm")
	if err != nil {
		t.Fatal(err)
	}
	ana := radtest.NewHome(t, radtest.Ana).With("PATH=" + strings.Join([]string{tools, filepath.Dir(program), "/usr/bin", "/bin"}, ":"))
	t.Cleanup(func() {
		if err := endDaemon(control.At(ana.Home)); err != nil {
			t.Error(err)
		}
	})
	swarm := filepath.Join(ana.Dir(), "swarm")
	if out, err := ana.Try(t, ana.Work, "sh", "-c", `mkdir -m 700 "$1" && printf %s "$2" >"$1/config.json"`, "sh", swarm, settings); err != nil {
		t.Fatal(err, out)
	}
	var s control.Status
	if err := json.Unmarshal([]byte(ana.Rad(t, ana.Work, "swarm", "status", "--json")), &s); err != nil || s.DID != ana.Profile(t).DID() {
		t.Errorf("%v, %+v", err, s)
	}
	out, err := ana.Try(t, ana.Work, "rad", "swarm", "friend", "show", "bo")
	if e, ok := errors.AsType[*exec.ExitError](err); !ok || e.ExitCode() == 0 {
		t.Errorf("rad swarm friend show bo: %v, %s", err, out)
	}
	if out, err := ana.Try(t, ana.Work, "rad", "swarm", "blub"); err == nil || !strings.Contains(out, "hint: rad swarm help") {
		t.Errorf("rad swarm blub: %v, %s", err, out)
	}
}
