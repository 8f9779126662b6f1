package command

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
)

func getCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "get", ArgsUsage: "OID[:SIZE]", Category: objects,
		Usage: "bring an object back to a file",
		Description: `Without a size, this home or a record of a repository must know it.

Examples:

    rad swarm get 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 -o film.mp4
    rad swarm get 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08:1048576 -o film.mp4 --force`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "where it goes: `FILE`"},
			&cli.BoolFlag{Name: "force", Usage: "replace a file that is there"},
		},
		Action: func(c *cli.Context) error {
			text, err := argument(c)
			if err != nil {
				return err
			}
			object, err := parseNamed(c, text)
			if err != nil {
				return err
			}
			if c.String("output") == "" {
				return ui.Usagef("rad swarm get "+text+" -o FILE", "get: -o is missing: where it goes")
			}
			return e.bring(c, object)
		},
	}
}

func (e *env) bring(c *cli.Context, object named) error {
	dest, err := filepath.Abs(c.String("output"))
	if err != nil {
		return err
	}
	oid, err := e.oid(c.Context, object)
	if err != nil {
		return err
	}
	in := control.Get{OID: oid, Size: object.size, To: dest, Replace: c.Bool("force")}
	var out control.Fetched
	goesOn := "say the same again: what has arrived is kept"
	err = e.watch(c.Context, http.MethodPost, to("get"), in, &out, goesOn)
	if hasCode(err, control.CodeConflict) && !in.Replace {
		return &ui.HintError{Err: err, Hint: fmt.Sprintf("rad swarm get %s -o %s --force", oid, quote(dest))}
	}
	if err != nil {
		return err
	}
	return e.ui.Result(out, func() error {
		if err := e.ui.Say("%s  %s", dest, ui.Size(out.Object.Size)); err != nil {
			return err
		}
		e.ui.Note("%s", fetchedText(&out))
		return nil
	})
}

func fetchedText(f *control.Fetched) string {
	people := map[string]bool{}
	for _, s := range f.Sources {
		if s.Bytes > 0 {
			people[s.DID.String()] = true
		}
	}
	parts := []string{fmt.Sprintf("from %s in %.1f s", ui.Count(len(people), "person", "people"), f.Seconds)}
	if f.Resumed > 0 {
		parts = append(parts, ui.Size(f.Resumed)+" were here")
	}
	for _, s := range f.Sources {
		if s.Error != "" {
			parts = append(parts, called(s.Name, s.DID)+": "+s.Error)
		}
	}
	return strings.Join(parts, "; ")
}
