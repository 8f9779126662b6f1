package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"radswarm/cmd/internal/control"
)

// How long things may take before they are given up: a daemon's answer, where dozens of daemons share a few cores, and the end of
// a process.
const (
	answerTime = 10 * time.Second
	endTime    = 30 * time.Second
)

// ProcessError is something that a process of the lab did not do.
type ProcessError struct {
	Home string
	PID  int
	Err  error
}

func (e *ProcessError) Error() string {
	return fmt.Sprintf("%s (process %d): %v", e.Home, e.PID, e.Err)
}

// Unwrap returns the cause.
func (e *ProcessError) Unwrap() error { return e.Err }

// pid is the process that listens at the socket of a home, whether it answers or not; 0 if none does.
func (l *Lab) pid(ctx context.Context, name string) int {
	socket, err := l.Place(name).Socket()
	if err != nil {
		return 0
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, "unix", socket)
	if err != nil {
		return 0
	}
	defer c.Close()
	if pid := listener(c.(*net.UnixConn)); pid > 0 {
		return pid
	}
	client, hello, err := control.Connect(ctx, l.Place(name)) // where the system does not say
	if err != nil {
		return 0
	}
	client.Close()
	return hello.PID
}

// signal sends a signal to the daemon of a home, and says which process it was; 0 if none runs.
func (l *Lab) signal(ctx context.Context, name string, s os.Signal) (int, error) {
	pid := l.pid(ctx, name)
	if pid <= 1 || pid == os.Getpid() {
		return 0, nil
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = p.Release() }()
	if l.pid(ctx, name) != pid { // now p is a handle of it, whoever gets the number next
		return 0, nil
	}
	if err := p.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return pid, &ProcessError{Home: name, PID: pid, Err: err}
	}
	return pid, nil
}

// kill ends the daemon of a home at once, as a loss of power would, and returns when it is gone.
func (l *Lab) kill(ctx context.Context, name string) (int, error) {
	pid, err := l.signal(ctx, name, killSignal)
	if pid == 0 || err != nil {
		return pid, err
	}
	late := &ProcessError{Home: name, PID: pid, Err: errors.New("does not end")}
	return pid, await(ctx, endTime, late, func(ctx context.Context) bool { return l.pid(ctx, name) != pid })
}

// freeze stops the daemon of a home in the middle of what it does, and returns when the system has done so.
func (l *Lab) freeze(ctx context.Context, name string) (int, error) {
	pid, err := l.signal(ctx, name, freezeSignal)
	if pid == 0 || err != nil {
		return pid, err
	}
	late := &ProcessError{Home: name, PID: pid, Err: errors.New("does not freeze")}
	return pid, await(ctx, endTime, late, func(context.Context) bool {
		_, state := usage(pid)
		return state == Frozen
	})
}

// start starts the daemon of a home, or lets a frozen one go on, and returns when it answers. It reports whether there was
// anything to do.
func (l *Lab) start(ctx context.Context, name string) (bool, error) {
	pid := l.pid(ctx, name)
	if pid == 0 {
		if err := control.Start(ctx, l.Place(name), l.program, "daemon", "--detached"); err != nil {
			return false, fmt.Errorf("%s: %w", name, err)
		}
		return true, nil
	}
	if _, state := usage(pid); state != Frozen && l.answers(ctx, name) {
		return false, nil
	}
	if _, err := l.signal(ctx, name, thawSignal); err != nil {
		return false, err
	}
	late := &ProcessError{Home: name, PID: pid, Err: errors.New("does not answer")}
	return true, await(ctx, endTime, late, func(ctx context.Context) bool { return l.answers(ctx, name) })
}

// answers reports whether the daemon of a home answers soon.
func (l *Lab) answers(ctx context.Context, name string) bool {
	c, _, err := l.connect(ctx, name)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// connect is control.Connect that does not wait long.
func (l *Lab) connect(ctx context.Context, name string) (*control.Client, control.Hello, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return control.Connect(ctx, l.Place(name))
}
