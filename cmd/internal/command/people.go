package command

import (
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
	"radswarm/radicle"
)

func (e *env) listFriends(c *cli.Context) error {
	if err := none(c); err != nil {
		return err
	}
	var f control.Friends
	if err := e.get(c.Context, to("friends"), &f); err != nil {
		return err
	}
	return e.ui.Result(f, func() error { return showFriends(e.ui, &f, time.Now()) })
}

func showFriends(u *ui.UI, f *control.Friends, now time.Time) error {
	if len(f.Friends) == 0 {
		if err := u.Say("no friends yet: %s invite --give 50GB", u.Program()); err != nil {
			return err
		}
	}
	var rows [][]string
	for _, p := range f.Friends {
		rows = append(rows, []string{
			called(p.Name, p.DID), presence(&p, now), ui.Percent(p.Uptime),
			ui.Size(p.Given), ui.Size(p.Used), ui.Size(p.Room), ui.Size(p.Give), ui.Size(p.Holds),
		})
	}
	err := u.Table([]string{"FRIEND", "SEEN", "UPTIME", "GIVES", "YOU USE", "FREE", "YOU GIVE", "THEY USE"}, rows)
	if err != nil {
		return err
	}
	return showInvitations(u, f.Invitations, now)
}

func showInvitations(u *ui.UI, list []control.Invitation, now time.Time) error {
	var rows [][]string
	for _, i := range list {
		rows = append(rows, []string{i.ID, i.Name, ui.Size(i.Give), invitationState(&i, now)})
	}
	return u.Table([]string{"INVITATION", "FOR", "YOU GIVE", "STATE"}, rows)
}

func invitationState(i *control.Invitation, now time.Time) string {
	switch {
	case i.UsedBy != nil:
		return "accepted by " + i.UsedBy.String()
	case !now.Before(i.Ends):
		return "ended " + ui.Ago(now, i.Ends)
	}
	return "open, ends " + ui.Ago(now, i.Ends)
}

// oneFriend shows all of a friend.
func (e *env) oneFriend(f *control.Friend) error {
	now := time.Now()
	rows := [][]string{
		{"friend", called(f.Name, f.DID)},
		{"did", f.DID.String()},
		{"now", presence(f, now)},
		{"uptime", ui.Percent(f.Uptime)},
		{"gives you", fmt.Sprintf("%s, %s used, %s free", ui.Size(f.Given), ui.Size(f.Used), ui.Size(f.Room))},
		{"you give", fmt.Sprintf("%s, %s used", ui.Size(f.Give), ui.Size(f.Holds))},
		{"bounds", fmt.Sprintf("up %s, down %s", ui.Rate(f.Up), ui.Rate(f.Down))},
		{"since", ui.Ago(now, f.Added)},
		{"if silent", f.Silence},
	}
	for _, extra := range [][]string{{"household", f.Household}, {"address", f.Address}, {"problem", f.Problem}} {
		if extra[1] != "" {
			rows = append(rows, extra)
		}
	}
	return e.ui.Columns(rows)
}

// presence says whether somebody is there, or since when not.
func presence(f *control.Friend, now time.Time) string {
	state := "never"
	switch {
	case f.Online:
		state = "online"
	case f.Seen != nil:
		state = ui.Ago(now, *f.Seen)
	}
	if f.Draining != nil {
		state += ", draining"
	}
	return state
}

// called is what somebody is called here.
func called(name string, did radicle.DID) string {
	if name != "" {
		return name
	}
	return did.String()
}

func yesNo(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

// quote makes a word of a command line of any text, for hints.
func quote(text string) string {
	plain := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+,=", r))
	}
	if text != "" && !strings.ContainsFunc(text, plain) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
