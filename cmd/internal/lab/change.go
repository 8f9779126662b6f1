package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// Changed is what a command did to homes.
type Changed struct {
	Dir   string   `json:"dir"`
	Homes []string `json:"homes"`
}

// Kill ends daemons at once, as a loss of power would: of the homes named, or, where the only name is a number, of so many
// friends of you that run, from the last. It returns those that ran and are dead now.
func (l *Lab) Kill(ctx context.Context, who ...string) (Changed, error) {
	return l.change(ctx, who, func(ctx context.Context, name string) (bool, error) {
		pid, err := l.kill(ctx, name)
		return pid > 0, err
	})
}

// Freeze stops processes in the middle of what they do, so that their connections stay open and nothing answers. Start lets
// them go on.
func (l *Lab) Freeze(ctx context.Context, who ...string) (Changed, error) {
	if !canFreeze {
		return Changed{}, errors.New("processes cannot be frozen on this system")
	}
	return l.change(ctx, who, func(ctx context.Context, name string) (bool, error) {
		pid, err := l.freeze(ctx, name)
		return pid > 0, err
	})
}

// Start starts the daemons of the homes named, or of all, that do not run, and lets frozen ones go on.
func (l *Lab) Start(ctx context.Context, names ...string) (Changed, error) {
	lock, err := l.lock(ctx)
	if err != nil {
		return Changed{}, err
	}
	defer lock.Close()
	m, err := l.check()
	if err != nil {
		return Changed{}, err
	}
	if names, err = l.pick(m, names); err != nil {
		return Changed{}, err
	}
	return l.changeAll(ctx, names, func(ctx context.Context, name string) (bool, error) { return l.launch(ctx, m, name) })
}

// Add makes and starts a home that is a friend of nobody.
func (l *Lab) Add(ctx context.Context, name string) (Changed, error) {
	if err := checkName(name); err != nil {
		return Changed{}, err
	}
	lock, err := l.lock(ctx)
	if err != nil {
		return Changed{}, err
	}
	defer lock.Close()
	m, err := l.check()
	if err != nil {
		return Changed{}, err
	}
	if slices.Contains(l.made(m), name) {
		return Changed{}, &ExistsError{Name: name}
	}
	if err := m.add(name, false); err != nil {
		return Changed{}, err
	}
	if err := m.write(l.dir); err != nil {
		return Changed{}, err
	}
	if err := l.clear(filepath.Join(makingDir, name)); err != nil {
		return Changed{}, err
	}
	return Changed{Dir: l.dir, Homes: []string{name}}, l.rise(ctx, m, name, func(string, string) {})
}

// ExistsError is a name that a home of the lab has.
type ExistsError struct{ Name string }

func (e *ExistsError) Error() string { return fmt.Sprintf("there is a %q in the lab already", e.Name) }

// Unwrap is os.ErrExist.
func (*ExistsError) Unwrap() error { return os.ErrExist }

// TooFewError is more friends to stop than there are that run.
type TooFewError struct{ Wanted, Running int }

func (e *TooFewError) Error() string {
	return fmt.Sprintf("%d friends of %s to stop, and %d run", e.Wanted, You, e.Running)
}

// change does something to homes that are named or counted.
func (l *Lab) change(ctx context.Context, who []string, do func(context.Context, string) (bool, error)) (Changed, error) {
	m, err := l.check()
	if err != nil {
		return Changed{}, err
	}
	if n, ok := number(who); ok {
		who, err = l.last(ctx, m, n)
	} else {
		who, err = l.pick(m, who)
	}
	if err != nil {
		return Changed{}, err
	}
	return l.changeAll(ctx, who, do)
}

func (l *Lab) changeAll(ctx context.Context, names []string, do func(context.Context, string) (bool, error)) (Changed, error) {
	did := make([]bool, len(names))
	err := each(ctx, names, func(ctx context.Context, i int) (err error) {
		did[i], err = do(ctx, names[i])
		return err
	})
	c := Changed{Dir: l.dir, Homes: []string{}}
	for i, name := range names {
		if did[i] {
			c.Homes = append(c.Homes, name)
		}
	}
	return c, err
}

func number(who []string) (int, bool) {
	if len(who) != 1 {
		return 0, false
	}
	n, err := strconv.Atoi(who[0])
	return n, err == nil
}

// last are the last n friends of you that run and answer, in the order of the lab.
func (l *Lab) last(ctx context.Context, m *marker, n int) ([]string, error) {
	var run []string
	for _, name := range m.friends() {
		if l.pid(ctx, name) > 0 {
			run = append(run, name)
		}
	}
	if n < 0 || n > len(run) {
		return nil, &TooFewError{Wanted: n, Running: len(run)}
	}
	return run[len(run)-n:], nil
}
