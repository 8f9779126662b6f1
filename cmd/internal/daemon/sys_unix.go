//go:build unix

package daemon

import (
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// closeUp keeps what this process has in memory and writes to itself.
func closeUp() {
	syscall.Umask(0o077)
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) // it is as it was where that is not allowed
}

// dropInherited closes what this process was started with beside the three streams: whoever waits for the end of a pipe would
// wait for the daemon's. What this process has opened itself is marked to be closed at exec, and stays.
func dropInherited() {
	fds, err := os.ReadDir("/dev/fd")
	if err != nil {
		return
	}
	for _, entry := range fds {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil || fd <= 2 {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd)
		}
	}
}

// reloads has settings read again at each SIGHUP, until the function that it returns is called.
func reloads(r Reloader, log *slog.Logger) (stop func()) {
	hup, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hup, syscall.SIGHUP)
	var listening sync.WaitGroup
	listening.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-hup:
				if err := r.Reload(); err != nil {
					log.Warn("settings are not read again", "err", err)
				}
			}
		}
	})
	return func() {
		signal.Stop(hup)
		close(done)
		listening.Wait()
	}
}
