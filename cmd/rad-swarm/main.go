// Command rad-swarm is `rad swarm`: the big files of Radicle repositories, on the disks of friends. rad runs it for that
// verb where it is on PATH. It is the daemon too.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"radswarm/cmd/internal/build"
	"radswarm/cmd/internal/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command.Main(ctx, command.Config{
		Args: os.Args[1:], Env: os.LookupEnv, UI: command.Terminal(), Software: build.Software(),
	})
	stop()
	os.Exit(code)
}
