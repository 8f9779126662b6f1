//go:build unix

package replicate_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/radtest"
	"radswarm/radicle/replicate"
)

// lazy is a git whose upload-pack starts a process that goes on computing, and waits for it.
const lazy = `#!/bin/sh
case "$*" in *upload-pack*)
	sleep 300 & echo $! > "$0.pid"
	wait;;
esac
exec git "$@"
`

// A stream that is cut takes all processes with it that were started for it.
func TestProcessesEndWithTheStream(t *testing.T) {
	s := newScene(t)
	tool := filepath.Join(t.TempDir(), "git")
	if err := os.WriteFile(tool, []byte(lazy), 0o755); err != nil {
		t.Fatal(err)
	}
	lazyHome := openHome(t, ana, s.a.dir, tool)
	asker, answerer := net.Pipe()
	defer asker.Close()
	go func() {
		_, _ = asker.Write(append(replicate.AppendRefs(s.rid), replicate.AppendWant([]radicle.Oid{s.rid.Oid()}, nil)...))
	}()
	go func() { _, _ = io.Copy(io.Discard, asker) }()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- lazyHome.server(replicate.ServerOptions{}).Serve(ctx, answerer, radicle.DID{}) }()
	var pid int
	radtest.Eventually(t, "a process computes", func() bool {
		text, err := os.ReadFile(tool + ".pid")
		_, scanErr := fmt.Sscan(string(text), &pid)
		return err == nil && scanErr == nil
	})
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	radtest.Eventually(t, "it ends", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || err == nil && strings.Contains(string(stat), ") Z ")
	})
	s.a.checkNothingLeft(t)
}
