//go:build unix

package replicate

import (
	"os/exec"
	"syscall"
)

// withChildren makes a command end together with the processes that it starts, which go on computing otherwise.
func withChildren(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
