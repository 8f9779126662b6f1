// Command git-remote-rad lets git push to, fetch from and clone rad:// URLs. git runs it; people see it only as
//
//	git-remote-rad --version
//	git-remote-rad --help
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"radswarm/cmd/internal/bigfiles"
	"radswarm/cmd/internal/build"
	"radswarm/remote"
)

const help = `git-remote-rad lets git push to, fetch from and clone rad:// URLs.

git runs it, as a drop-in for Radicle's own helper of that name: put it before
that one in PATH to use it, take it away to go back. Nothing else changes.

	git clone rad://<repository id>
	git push rad
	git push -o no-sync rad            do not wait for seeds
	git push rad HEAD:refs/patches     open a patch

Push options: no-sync, sync, sync.debug, hints, patch.message=TEXT, patch.draft,
patch.base=REVISION, patch.branch[=NAME], patch.target=BRANCH.
`

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "--version":
		fmt.Println("git-remote-rad", build.Software())
		return
	case len(os.Args) == 2 && os.Args[1] == "--help":
		fmt.Print(help)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := remote.Main(ctx, remote.Config{
		Args: os.Args[1:], Env: os.LookupEnv,
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Terminal: remote.IsTerminal(os.Stderr),
		BigFiles: bigfiles.New(os.LookupEnv),
	})
	stop()
	os.Exit(code)
}
