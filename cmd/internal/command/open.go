package command

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/ui"
)

func openCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "open", ArgsUsage: "PATH", Category: objects,
		Usage: "bring a big file here and open it with the program for its kind",
		Description: `Examples:

    rad swarm open film.mp4`,
		Action: func(c *cli.Context) error {
			path, err := argument(c)
			if err != nil {
				return err
			}
			return e.open(c.Context, path)
		},
	}
}

// opened is what an open did.
type opened struct {
	Path string   `json:"path"`
	By   []string `json:"by"` // the command line
}

// open hydrates a file and hands it to the system.
func (e *env) open(ctx context.Context, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	case !info.Mode().IsRegular():
		return ui.Usagef("", "%s is not a file", path)
	}
	if _, err := e.hydrate(ctx, []string{path}, false); err != nil {
		return err
	}
	by := opener(path)
	cmd := exec.Command(by[0], by[1:]...) // it outlives us
	if err := cmd.Start(); err != nil {
		return ui.HintErrorf("", ui.Failed, "%s is here, but nothing opens it: %w", path, err)
	}
	return e.ui.Result(opened{path, by}, func() error { return e.ui.Say("%s", path) })
}

// opener is the command that opens a file on this system.
func opener(path string) []string {
	switch runtime.GOOS {
	case "darwin":
		return []string{"open", path}
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler", path}
	}
	return []string{"xdg-open", path}
}
