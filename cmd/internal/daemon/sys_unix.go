//go:build unix

package daemon

import (
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// closeUp keeps what this process has in memory and writes to itself.
func closeUp() {
	syscall.Umask(0o077)
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) // it is as it was where that is not allowed
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
