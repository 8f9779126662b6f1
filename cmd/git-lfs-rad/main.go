// Command git-lfs-rad is the transfer agent by which git-lfs stores and fetches the objects of rad repositories. git-lfs runs it;
// people see it only as
//
//	git-lfs-rad --version
//	git-lfs-rad --help
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"radswarm/cmd/internal/build"
	"radswarm/lfsagent"
)

const help = `git-lfs-rad stores and fetches the big files of Radicle repositories.

git-lfs runs it, as a custom transfer agent. The remote helper git-remote-rad
tells git-lfs about it; "rad swarm setup" does so for all repositories.
`

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "--version":
		fmt.Println("git-lfs-rad", build.Software())
		return
	case len(os.Args) == 2 && os.Args[1] == "--help":
		fmt.Print(help)
		return
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "git-lfs-rad:", err)
		os.Exit(1)
	}
}

// serve serves git-lfs.
func serve() error {
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	d := newLocal(os.LookupEnv)
	defer d.close()
	return lfsagent.Serve(ctx, lfsagent.Config{
		In: os.Stdin, Out: os.Stdout, Locate: locate, Daemon: d,
		Log: slog.New(slog.NewTextHandler(journal{os.LookupEnv}, nil)),
	})
}
