package main

import (
	"os"
	"path/filepath"

	"radswarm/cmd/internal/control"
	"radswarm/radicle/profile"
)

// maxLog is how long the log of all agents together may be, in bytes. Then it begins anew.
const maxLog = 1 << 20

// journal is where an agent writes what went wrong: to standard error, which git-lfs shows with GIT_TRACE, and into a file in the
// swarm folder of the home, if there is one. It opens nothing before there is something to say.
type journal struct{ env profile.Env }

func (j journal) Write(p []byte) (int, error) {
	if f, err := j.open(); err == nil {
		_, _ = f.Write(p)
		_ = f.Close()
	}
	return os.Stderr.Write(p)
}

func (j journal) open() (*os.File, error) {
	home, err := profile.Find(j.env)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(filepath.Dir(control.At(home).Log()), "agent.log")
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		flags |= os.O_TRUNC
	}
	return os.OpenFile(path, flags, 0o600)
}
