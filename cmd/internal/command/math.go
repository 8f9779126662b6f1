package command

import (
	"context"
	"fmt"
	"strconv"

	"github.com/urfave/cli/v2"

	"radswarm/blobstore"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
)

func mathCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "math", Category: toLearn,
		Usage: "what friends can and cannot do for a file: room, losses, chances",
		Description: `Reckons with your friends as the running daemon has measured them, else with --friends who are there --uptime
of the time, each by himself. Friends of one time zone sleep together: take the worst hour of the week.

Examples:

    rad swarm math
    rad swarm math --friends 10 --size 1GB --uptime 0.3
    rad swarm math --friends 30 --uptime 0.5 --want 0.999
    rad swarm math --friends 100 --vanish 70 --size 1GB
    rad swarm math --friends 10 --k 5 --n 10 --json`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "friends", Usage: "how many `FRIENDS` have room"},
			&cli.StringFlag{Name: "size", Value: "1GB", Usage: "of the file: `SIZE`"},
			&cli.Float64Flag{Name: "uptime", Usage: "part of the time that a friend is there, 0 to 1: `PART`"},
			&cli.IntFlag{Name: "k", Usage: "shares that bring it back: `K`"},
			&cli.IntFlag{Name: "n", Usage: "shares in all: `N`"},
			&cli.Float64Flag{Name: "want", Usage: "wished: the chance that it opens, 0 to 1: `CHANCE`"},
			&cli.IntFlag{Name: "vanish", Usage: "wished: how many friends may vanish: `FRIENDS`"},
			&cli.StringFlag{Name: "each", Usage: "wished: what a friend stores at most: `SIZE`"},
		},
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			w, measured, err := e.wish(c)
			if err != nil {
				return err
			}
			s, err := w.calculate()
			if err != nil {
				return err
			}
			s.Measured = measured
			return e.ui.Result(s, func() error { return showSum(e.ui, &s) })
		},
	}
}

// Without friends and measurements, what is reckoned with.
const (
	assumedFriends = 10
	assumedUptime  = 0.5
)

// wish reads the flags, and asks the daemon where they leave it open.
func (e *env) wish(c *cli.Context) (w wish, measured bool, err error) {
	w = wish{k: c.Int("k"), n: c.Int("n"), want: c.Float64("want"), vanish: c.Int("vanish")}
	if w.size, err = ui.ParseSize(c.String("size")); err != nil {
		return w, false, ui.Usagef(helpHint(c.Command), "--size: %v", err)
	}
	if w.each, _, err = sizeFlag(c, "each"); err != nil {
		return w, false, err
	}
	if err := checkWish(c, w); err != nil {
		return w, false, err
	}
	if !c.IsSet("friends") && !c.IsSet("uptime") {
		w.uptimes = e.measured(c.Context)
	}
	if measured = len(w.uptimes) > 0; !measured {
		friends, uptime := assumedFriends, assumedUptime
		if c.IsSet("friends") {
			friends = c.Int("friends")
		}
		if c.IsSet("uptime") {
			uptime = c.Float64("uptime")
		}
		w.uptimes = same(friends, uptime)
	}
	return w, measured, nil
}

// checkWish refuses numbers that mean nothing.
func checkWish(c *cli.Context, w wish) error {
	bad := func(format string, args ...any) error { return ui.Usagef(helpHint(c.Command), format, args...) }
	part := func(p float64) bool { return p >= 0 && p <= 1 }
	switch {
	case c.Int("friends") < 0 || c.Int("friends") > blobstore.MaxN:
		return bad("--friends is 0 to %d", blobstore.MaxN)
	case !part(c.Float64("uptime")):
		return bad("--uptime is a part of one, 0 to 1")
	case !part(w.want) || c.IsSet("want") && w.want == 0:
		return bad("--want is a part of one, more than 0 to 1")
	case w.vanish < 0:
		return bad("--vanish is 0 or more")
	case c.IsSet("k") && w.k < 1 || c.IsSet("n") && w.n < 1:
		return bad("--k and --n are 1 or more")
	case w.size > blobstore.MaxSize:
		return bad("--size is %s at most", ui.Size(blobstore.MaxSize))
	}
	return nil
}

// measured returns the uptimes of our friends, if a daemon runs that knows them. None is started for that.
func (e *env) measured(ctx context.Context) []float64 {
	place, err := e.place()
	if err != nil {
		return nil
	}
	client, _, err := control.Connect(ctx, place)
	if err != nil {
		return nil
	}
	defer client.Close()
	var f control.Friends
	if client.Call(ctx, "GET", to("friends"), nil, &f) != nil {
		return nil
	}
	var uptimes []float64
	for _, p := range f.Friends {
		switch {
		case p.Draining != nil || p.Room <= 0 || len(uptimes) == blobstore.MaxN:
		case p.Uptime < 0:
			uptimes = append(uptimes, assumedUptime)
		default:
			uptimes = append(uptimes, p.Uptime)
		}
	}
	return uptimes
}

func showSum(u *ui.UI, s *sum) error {
	from := "assumed"
	if s.Measured {
		from = "as measured"
	}
	scheme, vanishing := fmt.Sprintf("%d of %d", s.K, s.N), "none"
	if s.Spare > 0 {
		vanishing = fmt.Sprintf("any %d of %d", s.Spare, s.N)
	}
	err := u.Columns([][]string{
		{"friends", fmt.Sprintf("%d, there %s of the time on average, %s", s.Friends, ui.Percent(s.Uptime), from)},
		{"shares", fmt.Sprintf("any %s bring back %s", scheme, ui.Size(s.Size))},
		{"each stores", fmt.Sprintf("%s; %s in all, %.2f times the file", ui.Size(s.Each), ui.Size(s.Total), s.Expansion)},
		{"may vanish", fmt.Sprintf("%s; a push waits until %s", vanishing, ui.Count(s.SafeAt, "has its share", "have their share"))},
		{"opens now", chance(s.Opens)},
		{"lost in a year", chance(s.Lost) + " if one friend in five left for good and nothing were repaired"},
	})
	if err != nil {
		return err
	}
	if err := u.Say(""); err != nil {
		return err
	}
	var rows [][]string
	for _, a := range s.At {
		rows = append(rows, []string{ui.Percent(a.Uptime), chance(a.Opens), chance(a.Copies)})
	}
	return u.Table([]string{"UPTIME", scheme + " OPENS", "1 of " + strconv.Itoa(s.N) + " WOULD"}, rows)
}
