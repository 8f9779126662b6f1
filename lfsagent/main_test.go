package lfsagent

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"radswarm/remote/lfs"
)

// The test binary is also the agent that git-lfs starts, over a shelf in a folder that the environment names.
const (
	agentName = "git-lfs-rad"
	envShelf  = "LFSAGENT_TEST_SHELF"
	envAlive  = "LFSAGENT_TEST_ALIVE" // a pipe that stays open as long as an agent lives; may be empty
)

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) != agentName {
		os.Exit(m.Run())
	}
	if err := agent(); err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
}

// agent is what the program has to do.
func agent() error {
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s := shelf{dir: os.Getenv(envShelf)}
	if name := os.Getenv(envAlive); name != "" {
		alive, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer alive.Close()
		s.hung = make(chan struct{})
		go func() {
			for range s.hung {
				fmt.Fprintln(alive, "hung")
			}
		}()
	}
	return Serve(ctx, Config{In: os.Stdin, Out: os.Stdout, Locate: locate, Daemon: s})
}

// locate asks git where we are.
func locate(ctx context.Context) (Place, error) {
	around, err := lfs.Surround(ctx, "", nil)
	if err != nil {
		return Place{}, err
	}
	p := Place{GitDir: around.GitDir}
	if p.Settings.Git, err = ParseSettings(around.Git); err != nil {
		return p, err
	}
	p.Settings.Carried, err = ParseSettings(around.Carried)
	return p, err
}
