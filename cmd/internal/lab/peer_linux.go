package lab

import (
	"net"

	"golang.org/x/sys/unix"
)

// listener is the process that listens at the other end of a connection, as the system knows it; 0 if it does not.
func listener(c *net.UnixConn) int {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	pid := 0
	_ = raw.Control(func(fd uintptr) {
		if cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			pid = int(cred.Pid)
		}
	})
	return pid
}
