package remote

import (
	"io"
	"time"

	"radswarm/radicle/profile"
)

// Config is what the helper gets from the program that it is.
type Config struct {
	// Args are what git gives on the command line: the name of the remote, which is the URL again if it has none, and the URL.
	Args []string
	// Env looks up environment variables; os.LookupEnv.
	Env profile.Env
	// In is where git writes; Out is where it reads.
	In  io.Reader
	Out io.Writer
	// Err is what people read. Terminal says that it is one, which may show colours and lines that go away.
	Err      io.Writer
	Terminal bool
	// Now is the clock for what is written. Default: time.Now. GIT_COMMITTER_DATE outranks it, as in Radicle's tools.
	Now func() time.Time
	// BigFiles keeps what LFS pointers stand for. nil: nobody does, and nothing is said about it.
	BigFiles BigFiles
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
