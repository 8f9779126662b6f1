package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/daemon"
	"radswarm/radicle/profile"
)

// You is the home whose friends the others are.
const You = "you"

// Variable names the environment variable that says which lab is meant.
const Variable = "RADSWARM_LAB"

// MaxHomes is how many homes a lab may have: some 50 MB of memory each.
const MaxHomes = 200

// Options say which lab, and how it is made.
type Options struct {
	// Dir is the folder of the lab. Empty: RADSWARM_LAB, or else a folder in the cache or temporary directory.
	Dir string
	// Program is rad-swarm, the daemon of each home. Empty: the one beside this program, or on PATH.
	Program string
	// Env looks up variables of the environment. Nil: os.LookupEnv.
	Env profile.Env
	// Friends is how many friends you has at least. Up only.
	Friends int
	// Give is how many bytes each pledges to the other. Zero: 20 GB. Up only.
	Give int64
	// Tell is called with every step that was done, from any goroutine, one at a time. Nil: nobody is told. Up only.
	Tell func(Step)
}

// Step is something that Up has done.
type Step struct {
	Home string `json:"home"`
	What string `json:"what"` // made, started, befriended
}

func (o Options) withDefaults() (Options, error) {
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	if o.Give == 0 {
		o.Give = 20e9
	}
	if o.Tell == nil {
		o.Tell = func(Step) {}
	}
	if o.Dir == "" {
		o.Dir = DefaultDir(o.Env)
	}
	var err error
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return o, err
	}
	if o.Program == "" {
		if o.Program, err = control.Program(); err != nil {
			return o, err
		}
	}
	o.Program, err = filepath.Abs(o.Program)
	return o, err
}

// DefaultDir is where a lab is if nobody says otherwise: RADSWARM_LAB, or a folder of XDG_CACHE_HOME, or one in the temporary
// directory with the number of who runs this. Paths are short because those of sockets must be.
func DefaultDir(env profile.Env) string {
	if dir, _ := env(Variable); dir != "" {
		return dir
	}
	if cache, _ := env("XDG_CACHE_HOME"); filepath.IsAbs(cache) {
		return filepath.Join(cache, "radswarm-lab")
	}
	name := "radswarm-lab"
	if uid := os.Getuid(); uid >= 0 {
		name += "-" + strconv.Itoa(uid)
	}
	return filepath.Join(os.TempDir(), name)
}

// Lab is a lab that is there.
type Lab struct {
	dir     string
	program string
	env     profile.Env
}

// NoLabError is a folder without a lab.
type NoLabError struct{ Dir string }

func (e *NoLabError) Error() string { return "no lab at " + e.Dir }

// Unwrap is fs.ErrNotExist.
func (*NoLabError) Unwrap() error { return fs.ErrNotExist }

// ErrBusy is that another command is changing the lab.
var ErrBusy = errors.New("another command is changing the lab: try again when it is done")

// busyTime is how long a command waits for another one.
const busyTime = 3 * time.Second

// UnknownHomeError is a name that no home of the lab has.
type UnknownHomeError struct{ Name string }

func (e *UnknownHomeError) Error() string { return fmt.Sprintf("there is no %q in the lab", e.Name) }

// Unwrap is fs.ErrNotExist.
func (*UnknownHomeError) Unwrap() error { return fs.ErrNotExist }

// Open returns the lab that is in a folder, whether its daemons run or not. No lab is a *NoLabError; what must not be touched
// a *RealHomeError or *ForeignError.
func Open(o Options) (*Lab, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	l := &Lab{dir: o.Dir, program: o.Program, env: o.Env}
	if _, err := l.check(); err != nil {
		return nil, err
	}
	return l, nil
}

// Dir is the folder of the lab.
func (l *Lab) Dir() string { return l.dir }

// Work is the folder for working copies.
func (l *Lab) Work() string { return filepath.Join(l.dir, workDir) }

// Names lists the homes: you, the friends in order, and those that were added.
func (l *Lab) Names() ([]string, error) {
	m, err := l.check()
	if err != nil {
		return nil, err
	}
	return m.names(), nil
}

// Place is where the daemon of a home is reached.
func (l *Lab) Place(name string) control.Place {
	return control.Place{Dir: filepath.Join(l.dir, name, "swarm")}
}

// lock lets one command at a time change the lab. It waits a little: what a command that was killed was about to start may
// have the lock for as long as that takes.
func (l *Lab) lock(ctx context.Context) (io.Closer, error) {
	var f *os.File
	var problem error
	err := await(ctx, busyTime, ErrBusy, func(context.Context) bool {
		f, problem = daemon.Lock(filepath.Join(l.dir, lockFile))
		return !errors.Is(problem, daemon.ErrRunning)
	})
	if err != nil {
		return nil, err
	}
	return own(f, problem)
}

// made lists the homes that are complete.
func (l *Lab) made(m *marker) []string {
	return slices.DeleteFunc(m.names(), func(name string) bool {
		info, err := os.Lstat(filepath.Join(l.dir, name))
		return err != nil || !info.IsDir()
	})
}

// pick returns the homes that are named, or all that are made where none is.
func (l *Lab) pick(m *marker, names []string) ([]string, error) {
	made := l.made(m)
	if len(names) == 0 {
		return made, nil
	}
	for _, name := range names {
		if !slices.Contains(made, name) {
			return nil, &UnknownHomeError{Name: name}
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(names))), nil
}

// await asks until something is so, or ctx is done, or time is up: then it is late.
func await(ctx context.Context, most time.Duration, late error, so func(context.Context) bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, most, late)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !so(ctx) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}
