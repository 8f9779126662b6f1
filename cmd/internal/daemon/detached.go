package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"radswarm/cmd/internal/control"
)

// Detached is Run for a process that control.Start has started: it says on out, once, that the daemon can be reached, or why
// not and what helps, and closes it. Where another daemon runs already, that is as good, once it answers.
func Detached(ctx context.Context, o Options, out io.WriteCloser) error {
	signal.Ignore(syscall.SIGPIPE) // who started us may be gone
	dropInherited()
	said := false
	say := func(line string) {
		if !said {
			said = true
			_, _ = fmt.Fprintln(out, line)
			_ = out.Close()
		}
	}
	ready := o.Ready
	o.Ready = func() {
		say(control.ReadyLine)
		if ready != nil {
			ready()
		}
	}
	err := Run(ctx, o)
	if errors.Is(err, ErrRunning) {
		if err = await(ctx, o.Place); err == nil {
			say(control.ReadyLine)
			return nil
		}
	}
	if err != nil {
		say(o.lines(err))
	}
	return err
}

// lines says why a daemon does not start, and on a second line what helps.
func (o Options) lines(err error) string {
	e := &control.Error{Message: err.Error()}
	if o.Explain != nil {
		if explained := o.Explain(err); explained != nil {
			e = explained
		}
	}
	line := strings.ReplaceAll(e.Message, "\n", "; ")
	if e.Hint != "" {
		line += "\n" + strings.ReplaceAll(e.Hint, "\n", "; ")
	}
	return line
}

// await waits until the daemon that has the lock answers. It may still be starting, or just ending.
func await(ctx context.Context, p control.Place) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 10*time.Second, ErrRunning)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		c, _, err := control.Connect(ctx, p)
		if err == nil {
			c.Close()
			return nil
		}
		if e, ok := errors.AsType[*control.Error](err); ok && e.Code == control.CodeVersion {
			return nil // the client finds out for itself
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
