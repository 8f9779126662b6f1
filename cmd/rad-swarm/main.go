// Command rad-swarm is `rad swarm`: the big files of Radicle repositories, on the disks of friends. rad runs it for that
// verb where it is on PATH. It is the daemon too.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"radswarm/cmd/internal/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command.Main(ctx, command.Config{
		Args: os.Args[1:], Env: os.LookupEnv, UI: command.Terminal(), Software: version(),
	})
	stop()
	os.Exit(code)
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
