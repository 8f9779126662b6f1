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
	"runtime/debug"
	"syscall"

	"radswarm/lfsagent"
)

const help = `git-lfs-rad stores and fetches the big files of Radicle repositories.

git-lfs runs it, as a custom transfer agent. The remote helper git-remote-rad
tells git-lfs about it; "rad swarm setup" does so for all repositories.
`

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "--version":
		fmt.Println("git-lfs-rad", version())
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

// version is that of radswarm, with the commit it was built from where Go knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "radswarm"
	}
	text := "radswarm " + info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return text + " (" + s.Value[:min(12, len(s.Value))] + ")"
		}
	}
	return text
}
