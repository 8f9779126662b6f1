package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"radswarm/cmd/internal/control"
	"radswarm/radicle/profile"
	"radswarm/radicle/radtest"
)

// A daemon in the foreground says that it listens, and ends well when it is told to end, by whichever signal.
func TestForeground(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals here")
	}
	home, err := profile.NewHome(filepath.Join(radtest.ShortDir(t), "h"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := profile.Create(home, profile.CreateOptions{Alias: "ana"}); err != nil {
		t.Fatal(err)
	}
	place := control.At(home)
	if err := place.Make(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(place.Dir, "config.json"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		cmd := exec.CommandContext(t.Context(), "rad-swarm", "daemon")
		cmd.Env = append(os.Environ(), "RAD_HOME="+home.Dir())
		said, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var all []string
		for lines := bufio.NewScanner(said); lines.Scan(); {
			all = append(all, lines.Text())
			if strings.HasPrefix(lines.Text(), "daemon listens") {
				if err := cmd.Process.Signal(signal); err != nil {
					t.Error(err)
				}
			}
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v\n%s", signal, err, strings.Join(all, "\n"))
		}
	}
}
