//go:build unix

package lfsagent

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"radswarm/remote/lfs/lfstest"
)

// Nobody who ends git-lfs leaves agents or files behind.
func TestRealCancel(t *testing.T) {
	for name, end := range map[string]struct {
		signal syscall.Signal
		group  bool // the terminal tells all processes
	}{
		"interrupt": {syscall.SIGINT, false}, "ctrl-c": {syscall.SIGINT, true}, "kill": {syscall.SIGKILL, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ana := w.ana(w.folder("ana"))
			oid := ana.commit(map[string]string{"film.bin": "a film\n"})["film.bin"]
			ana.git("push", "-q", "origin", "main")
			bo := w.clone(filepath.Join(w.top, "bo"))
			w.shelf.fault(t, oid, faultHang)
			cmd, agents := bo.watched("fetch")
			if line, err := agents.ReadString('\n'); line != "hung\n" {
				t.Fatalf("%q, %v", line, err)
			}
			pid := cmd.Process.Pid
			if end.group {
				pid = -pid
			}
			if err := syscall.Kill(pid, end.signal); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err == nil {
				t.Error("git-lfs succeeds")
			}
			if rest, err := io.ReadAll(agents); err != nil || len(rest) > 0 { // until the last agent is gone
				t.Errorf("%q, %v", rest, err)
			}
			w.wantTidy(filepath.Join(bo.dir, ".git", "lfs"))
		})
	}
}

// watched starts git-lfs in a process group of its own. What is read ends when its last agent has ended.
func (s *seat) watched(args ...string) (*exec.Cmd, *bufio.Reader) {
	s.t.Helper()
	alive := filepath.Join(s.top, "alive")
	if err := syscall.Mkfifo(alive, 0o600); err != nil {
		s.t.Fatal(err)
	}
	tools, err := lfstest.Tool()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := s.command(filepath.Join(tools, "git-lfs"), args...)
	cmd.Env = append(slices.Clone(s.env), envAlive+"="+alive)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	pipe, err := os.Open(alive) // when the first agent opens it
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { pipe.Close() })
	if err := pipe.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		s.t.Fatal(err)
	}
	return cmd, bufio.NewReader(pipe)
}

// The early byte lets all workers begin, although the first object does not come.
func TestRealWorkersBegin(t *testing.T) {
	w := newWorld(t)
	ana := w.ana(w.folder("ana"))
	files := map[string]string{}
	for i := range 8 {
		files[fmt.Sprintf("%d.bin", i)] = fmt.Sprint("film ", i)
	}
	oids := ana.commit(files)
	ana.git("push", "-q", "origin", "main")
	for _, oid := range oids {
		w.shelf.fault(t, oid, faultHang)
	}
	cmd, agents := w.clone(filepath.Join(w.top, "bo")).watched("fetch")
	for i := range 8 {
		if line, err := agents.ReadString('\n'); line != "hung\n" {
			t.Fatalf("worker %d: %q, %v", i, line, err)
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was interrupted
	if rest, err := io.ReadAll(agents); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
}
