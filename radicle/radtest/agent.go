package radtest

import (
	"context"
	"net"
	"os/exec"
	"path/filepath"
	"testing"
)

// Agent starts a real ssh-agent without keys and returns its socket, for SSH_AUTH_SOCK. Where OpenSSH is not installed the test
// ends, see [Missing].
func Agent(t testing.TB) (socket string) {
	t.Helper()
	program, err := exec.LookPath("ssh-agent")
	if err != nil {
		Missing(t, "openssh", "needs ssh-agent (OpenSSH)")
	}
	socket = filepath.Join(ShortDir(t), "agent")
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "-D", "-a", socket)
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
	})
	Eventually(t, "ssh-agent", func() bool {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			return false
		}
		_ = conn.Close()
		return true
	})
	return socket
}
