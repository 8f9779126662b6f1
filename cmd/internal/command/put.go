package command

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
)

func putCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "put", ArgsUsage: "FILE…", Category: objects,
		Usage: "store files with friends",
		Description: `Prints the OID and size of each, by which rad swarm get brings it back.

Examples:

    rad swarm put film.mp4
    rad swarm put a.psd b.psd --require full --json`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "require", Usage: "how safe it must be before this is done: `local|safe|full`; without it safe, where there is a friend"},
		},
		Action: func(c *cli.Context) error {
			files, err := arguments(c, 1, -1)
			if err != nil {
				return err
			}
			require, err := requirement(c)
			if err != nil {
				return err
			}
			paths, err := regular(files)
			if err != nil {
				return err
			}
			for _, path := range paths {
				if err := e.put(c, control.Put{Path: path, Require: require}); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func requirement(c *cli.Context) (control.Requirement, error) {
	r := control.Requirement(c.String("require"))
	if !slices.Contains([]control.Requirement{"", control.Local, control.Safe, control.Full}, r) {
		return "", ui.Usagef(helpHint(c.Command), "--require is local, safe or full, not %q", r)
	}
	return r, nil
}

// regular returns the absolute paths of files, all of which must be there before the first is stored.
func regular(files []string) ([]string, error) {
	paths := make([]string, len(files))
	for i, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, ui.Usagef("", "%s is not a file", file)
		}
		if paths[i], err = filepath.Abs(file); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

func (e *env) put(c *cli.Context, in control.Put) error {
	var out control.Stored
	goesOn := "say the same again: it goes on where it was; rad swarm status shows what spreads by itself"
	if err := e.watch(c.Context, http.MethodPost, to("put"), in, &out, goesOn); err != nil {
		return err
	}
	return e.ui.Result(out, func() error {
		if err := e.ui.Say("%s:%d  %s", out.Object.OID, out.Object.Size, filepath.Base(in.Path)); err != nil {
			return err
		}
		e.ui.Note("%s%s", safetyText(out.Safety), sentText(&out))
		for _, f := range out.Failed {
			e.ui.Note("%s took nothing: %s", called(f.Name, f.DID), f.Error)
		}
		return nil
	})
}

func sentText(s *control.Stored) string {
	if s.Sent == 0 {
		return "; nothing had to be sent"
	}
	return fmt.Sprintf("; sent %s in %.1f s", ui.Size(s.Sent), s.Seconds)
}
