package command

import (
	"fmt"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/lab"
	"radswarm/cmd/internal/ui"
)

func (e *env) labStatus() *cli.Command {
	return &cli.Command{
		Name: "status", Usage: "show all homes: who, process, address, memory, processor time, bytes held",
		Description: `With --measure it looks once a second for that long, asks nobody anything meanwhile, and shows the most memory and the
part of one processor that each process used.

Examples:

    rad swarm lab status
    rad swarm lab status --measure 300s`,
		Flags: labFlags(&cli.StringFlag{Name: "measure", Usage: "measure for `TIME`, as 300s"}),
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			l, err := e.openLab(c)
			if err != nil {
				return err
			}
			if c.IsSet("measure") {
				return e.measureLab(c, l)
			}
			homes, err := l.Status(c.Context)
			if err != nil {
				return labError(err)
			}
			return e.ui.Result(homes, func() error { return e.showLab(homes) })
		},
	}
}

func (e *env) showLab(homes []lab.Home) error {
	var rows [][]string
	for _, h := range homes {
		rows = append(rows, append(labRow(h), friendsOnline(h), h.Address, megabytes(h.RSS), seconds(h.CPU), ui.Size(h.Held), didOf(h)))
	}
	return e.ui.Table([]string{"NAME", "STATE", "PID", "FRIENDS", "ADDRESS", "RSS", "CPU", "HELD", "DID"}, rows)
}

func labRow(h lab.Home) []string {
	pid := ""
	if h.PID > 0 {
		pid = strconv.Itoa(h.PID)
	}
	return []string{h.Name, string(h.State), pid}
}

func friendsOnline(h lab.Home) string {
	if h.State != lab.Awake {
		return ""
	}
	return fmt.Sprintf("%d of %d", h.Online, h.Friends)
}

func didOf(h lab.Home) string {
	if h.DID == nil {
		return ""
	}
	return h.DID.String()
}

func megabytes(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

func seconds(ms int64) string {
	if ms == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f s", float64(ms)/1000)
}

func (e *env) measureLab(c *cli.Context, l *lab.Lab) error {
	long, err := ui.ParseSpan(c.String("measure"))
	if err != nil || long < time.Second {
		return ui.Usagef(helpHint(c.Command), "--measure %q: a time of at least 1s, as 300s", c.String("measure"))
	}
	e.ui.Note("measuring for %v", long)
	measured, err := l.Measure(c.Context, long)
	if err != nil {
		return err
	}
	return e.ui.Result(measured, func() error {
		var rows [][]string
		for _, m := range measured {
			cpu := fmt.Sprintf("%.2f %%", m.Percent)
			if !m.Same {
				cpu = "ended or started meanwhile"
			}
			rows = append(rows, append(labRow(m.Home), friendsOnline(m.Home), megabytes(m.MaxRSS), cpu))
		}
		return e.ui.Table([]string{"NAME", "STATE", "PID", "FRIENDS", "RSS AT MOST", "CPU"}, rows)
	})
}

func (e *env) labSearch() *cli.Command {
	return &cli.Command{
		Name: "search", ArgsUsage: "NAME FILE", Usage: "look for pieces of a file, its hash and its name in all that a home has on its disk",
		Description: `That it finds what there is, it shows with the file itself. The exit code is 1 if anything was found.

Examples:

    rad swarm lab search ana film.mp4`,
		Flags: labFlags(),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 2, 2)
			if err != nil {
				return err
			}
			l, err := e.openLab(c)
			if err != nil {
				return err
			}
			s, err := l.Search(c.Context, args[0], args[1])
			if err != nil {
				return labError(err)
			}
			if err := e.ui.Result(s, func() error { return e.ui.Columns(searchedRows(s)) }); err != nil || s.Clean() {
				return err
			}
			return &ui.SilentError{Exit: ui.Failed}
		},
	}
}

func searchedRows(s lab.Searched) [][]string {
	return [][]string{
		{s.Home + " has", fmt.Sprintf(
			"%s in %s; %s", ui.Size(s.Bytes), ui.Count(s.Files, "file", "files"),
			ui.Count(s.Shares, "share", "shares")+" among them",
		)},
		{"searched for", fmt.Sprintf("%s of the file, of %d bytes each, at every place: %s found",
			ui.Count(s.Pieces, "piece", "pieces"), lab.PieceSize, ui.Count(s.Found, "is", "are"))},
		{"its SHA-256", inFiles(s.SHA256)},
		{"its name", inFiles(s.Name)},
		{"as a control", fmt.Sprintf("of %s in the beginning of the file itself %s found there",
			ui.Count(s.Control, "piece", "pieces"), ui.Count(s.ControlFound, "is", "are"))},
	}
}

func inFiles(n int) string {
	if n == 0 {
		return "nowhere"
	}
	return "in " + ui.Count(n, "file", "files")
}
