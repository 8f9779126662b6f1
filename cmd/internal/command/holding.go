package command

import (
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
)

func whoHoldsCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "who-holds", ArgsUsage: "OID", Category: objects,
		Usage: "show who holds the shares of an object",
		Description: `What friends keep for a collaborator alone is shown as held for them: their shares are not yours, and do not count.

Examples:

    rad swarm who-holds 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    rad swarm who-holds 9f86d0 --json`,
		Action: func(c *cli.Context) error {
			oid, err := e.theObject(c)
			if err != nil {
				return err
			}
			var h control.Holding
			if err := e.get(c.Context, to("objects", oid.String()), &h); err != nil {
				return err
			}
			return e.ui.Result(h, func() error { return showHolding(e.ui, &h, time.Now()) })
		},
	}
}

func showHolding(u *ui.UI, h *control.Holding, now time.Time) error {
	if err := u.Say("%s  %s  %s", h.Object.OID, ui.Size(h.Object.Size), safetyText(h.Object.Safety)); err != nil {
		return err
	}
	return showShares(u, h.Shares, now)
}

// showShares lists shares, and what a verification has found where there was one.
func showShares(u *ui.UI, shares []control.Share, now time.Time) error {
	var rows [][]string
	for _, s := range shares {
		rows = append(rows, []string{strconv.Itoa(s.Index), shareHolder(&s), shareSeen(&s, now), shareShown(&s, now), shareState(&s)})
	}
	return u.Table([]string{"SHARE", "HOLDER", "SEEN", "SHOWN", "STATE"}, rows)
}

func shareHolder(s *control.Share) string {
	if s.DID == nil {
		return ""
	}
	return called(s.Name, *s.DID)
}

func shareSeen(s *control.Share, now time.Time) string {
	switch {
	case s.Online:
		return "online"
	case s.Seen != nil:
		return ui.Ago(now, *s.Seen)
	}
	return ""
}

func shareShown(s *control.Share, now time.Time) string {
	if s.Verified == nil {
		return ""
	}
	return ui.Ago(now, *s.Verified)
}

func shareState(s *control.Share) string {
	state := s.State
	if s.For != nil {
		return "held for " + called(s.ForName, *s.For) + ", does not count"
	}
	if state == "" {
		state = yesNo(s.DID == nil, "not placed", "placed")
	}
	if s.Healed {
		state += ", healed"
	}
	if s.Error != "" {
		state += ": " + s.Error
	}
	return state
}
