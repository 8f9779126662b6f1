package lfsagent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
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
	dir, err := askGit(ctx, nil, "rev-parse", "--path-format=absolute", "--git-common-dir")
	if err != nil {
		return Place{}, err
	}
	p := Place{GitDir: strings.TrimSuffix(string(dir), "\n")}
	if p.Settings.Git, err = askSettings(ctx, nil); err != nil {
		return Place{}, err
	}
	carried, err := readCarried(ctx)
	if err == nil && len(carried) > 0 {
		p.Settings.Carried, err = askSettings(ctx, carried, "--no-includes", "--file", "-")
	}
	return p, err
}

// readCarried reads .lfsconfig as git-lfs does: from the working tree, the index or HEAD.
func readCarried(ctx context.Context) ([]byte, error) {
	if top, err := askGit(ctx, nil, "rev-parse", "--show-toplevel"); err == nil && len(top) > 1 {
		text, err := os.ReadFile(filepath.Join(strings.TrimSuffix(string(top), "\n"), ".lfsconfig"))
		if !errors.Is(err, fs.ErrNotExist) {
			return text, err
		}
	}
	for _, blob := range []string{":.lfsconfig", "HEAD:.lfsconfig"} {
		if text, err := askGit(ctx, nil, "cat-file", "blob", blob); err == nil {
			return text, nil
		}
	}
	return nil, nil
}

func askSettings(ctx context.Context, file []byte, args ...string) ([]Setting, error) {
	listing, err := askGit(ctx, file, append([]string{"config", "--list", "-z"}, args...)...)
	if err != nil {
		return nil, err
	}
	return ParseSettings(listing)
}

func askGit(ctx context.Context, in []byte, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("git %s: %w", args[0], err)
	}
	return out, err
}
