package command

import (
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
)

func statusCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "status", Category: thisMachine,
		Usage: "show the state of this home: daemon, friends, objects, room, warnings",
		Description: `Examples:

    rad swarm status
    rad swarm status --json
    rad swarm`,
		Flags: []cli.Flag{&cli.BoolFlag{Name: "short", Usage: "ten lines at most"}},
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			var s control.Status
			if err := e.get(c.Context, to("status"), &s); err != nil {
				return err
			}
			return e.ui.Result(s, func() error { return showStatus(e.ui, &s, c.Bool("short"), time.Now()) })
		},
	}
}

func showStatus(u *ui.UI, s *control.Status, short bool, now time.Time) error {
	rows := [][]string{
		{"home", fmt.Sprintf("%s, %s", s.Alias, s.DID)},
		{"daemon", daemonLine(s, now)},
		{"friends", u.Localize(friendsLine(s.Friends))},
		{"objects", objectsLine(s.Objects)},
		{"holding", storeLine(s.Store)},
		{"listening", listOr(s.Addresses, "nowhere")},
	}
	rows = append(rows, jobRows(s.Jobs, short, now)...)
	if !short {
		rows = append(rows, []string{"folder", s.Home}, []string{"device", s.Device}, []string{"software", s.Software})
	}
	if err := u.Columns(rows); err != nil {
		return err
	}
	return showWarnings(u, s.Warnings, short)
}

func daemonLine(s *control.Status, now time.Time) string {
	line := fmt.Sprintf("pid %d, started %s", s.PID, ui.Ago(now, s.Started))
	if s.Locked != "" {
		line += ", locked: " + s.Locked
	}
	if s.Certificate == nil {
		return line + ", no certificate"
	}
	return line + ", certificate ends " + ui.Ago(now, *s.Certificate)
}

func friendsLine(f control.FriendCount) string {
	if f.Total == 0 {
		return "none yet: rad swarm invite --give 50GB"
	}
	return fmt.Sprintf(
		"%d of %d online; they give %s, %s of it free; you give %s",
		f.Online, f.Total, ui.Size(f.Given), ui.Size(f.Room), ui.Size(f.Give),
	)
}

func objectsLine(o control.ObjectCount) string {
	if o.Total == 0 {
		return "none"
	}
	return fmt.Sprintf(
		"%d, %s: %d safe, %d of them with all shares placed, %d still to spread",
		o.Total, ui.Size(o.Bytes), o.Safe, o.Full, o.Pending,
	)
}

func storeLine(s control.StoreStatus) string {
	line := fmt.Sprintf("%s for others, %s", ui.Count(int(s.Shares), "share", "shares"), ui.Size(s.Charged))
	if s.Limit > 0 {
		line += " of " + ui.Size(s.Limit)
	}
	line += fmt.Sprintf("; disk has %s free", ui.Size(s.Free))
	if s.Problem != "" {
		line += "; " + s.Problem
	}
	return line
}

func jobRows(jobs []control.Job, short bool, now time.Time) [][]string {
	if len(jobs) == 0 {
		return nil
	}
	if short && len(jobs) > 1 {
		return [][]string{{"work", fmt.Sprintf("%s, and %d more", jobLine(jobs[0], now), len(jobs)-1)}}
	}
	var rows [][]string
	for _, j := range jobs {
		rows = append(rows, []string{"work", jobLine(j, now)})
	}
	return rows
}

func jobLine(j control.Job, now time.Time) string {
	line := j.What
	if j.Total > 0 {
		line += fmt.Sprintf(", %s of %s", ui.Size(j.Bytes), ui.Size(j.Total))
	}
	line += ", since " + ui.Span(now.Sub(j.Since))
	if j.Why != "" {
		line += ", waits: " + j.Why
	}
	return line
}

// shortWarnings is how many warnings the ten lines have room for, with a line that counts the rest.
const shortWarnings = 2

func showWarnings(u *ui.UI, warnings []control.Warning, short bool) error {
	for i, w := range warnings {
		if short && i == shortWarnings {
			return u.Say("! %d more: %s status", len(warnings)-i, u.Program())
		}
		line := "! " + w.Text
		if w.Hint != "" {
			line += ": " + u.Localize(w.Hint)
		}
		if err := u.Say("%s", line); err != nil {
			return err
		}
	}
	return nil
}

func listOr(items []string, none string) string {
	if len(items) == 0 {
		return none
	}
	return strings.Join(items, ", ")
}
