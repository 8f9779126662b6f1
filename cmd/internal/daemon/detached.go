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
// not and what helps, and closes it. Where another daemon runs already, that is as good, once it answers; one that is just ending
// is succeeded.
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
	err := runOrFind(ctx, o)
	if err != nil {
		say(o.lines(err))
	} else {
		say(control.ReadyLine) // of another one, if not said yet
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

// handoverTime is how long another daemon may take to answer or to end: less than control.Start waits.
const handoverTime = 30 * time.Second

// runOrFind is Run, or nothing as soon as another daemon answers. Whoever has the lock may still be starting, or just ending: it
// has a while for either.
func runOrFind(ctx context.Context, o Options) error {
	waiting, cancel := context.WithTimeoutCause(ctx, handoverTime, ErrRunning)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := Run(ctx, o)
		if !errors.Is(err, ErrRunning) || answers(waiting, o.Place) {
			return other(err)
		}
		select {
		case <-waiting.Done():
			return context.Cause(waiting)
		case <-tick.C:
		}
	}
}

// other is no error where another daemon runs.
func other(err error) error {
	if errors.Is(err, ErrRunning) {
		return nil
	}
	return err
}

// answers reports whether a daemon can be reached, be it of another version: the client finds that out for itself.
func answers(ctx context.Context, p control.Place) bool {
	c, _, err := control.Connect(ctx, p)
	if err == nil {
		c.Close()
		return true
	}
	e, ok := errors.AsType[*control.Error](err)
	return ok && e.Code == control.CodeVersion
}
