package command

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"radswarm/blobstore/friend"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
)

func inviteCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "invite", Category: people,
		Usage: "print a line that makes a friend of whoever accepts it",
		Description: `Give the line to one person, by any way that others do not read: who has it first is your friend.

Examples:

    rad swarm invite --give 50GB --name bo --for 7d
    rad swarm invite list
    rad swarm invite cancel 1f2e3d4c5b6a7988`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "give", Usage: "how much of your disk they may use: `SIZE`"},
			&cli.StringFlag{Name: "name", Usage: "what you call them: `NAME`"},
			&cli.StringFlag{Name: "for", Usage: "how long it can be accepted: `TIME`, as 7d or 12h"},
		},
		Action: e.invite,
		Subcommands: []*cli.Command{
			{Name: "list", Aliases: []string{"ls"}, Usage: "list invitations", Action: e.listInvitations},
			{Name: "cancel", ArgsUsage: "ID", Usage: "take an invitation back", Action: e.cancelInvitation},
		},
	}
}

func (e *env) invite(c *cli.Context) error {
	if err := none(c); err != nil {
		return err
	}
	give, err := needSize(c, "give", "how much of your disk they may use")
	if err != nil {
		return err
	}
	in := control.Invite{Give: give, Name: c.String("name")}
	if c.IsSet("for") {
		if in.Life, err = ui.ParseSpan(c.String("for")); err != nil {
			return ui.Usagef(helpHint(c.Command), "--for: %v", err)
		}
	}
	var out control.Invitation
	if err := e.call(c.Context, http.MethodPost, to("invitations"), in, &out); err != nil {
		return err
	}
	return e.ui.Result(out, func() error {
		e.ui.Note("one person can accept this, and it ends %s:", ui.Ago(time.Now(), out.Ends))
		if err := e.ui.Say("%s", out.Line); err != nil {
			return err
		}
		e.ui.Note("they say: rad swarm accept LINE --give SIZE")
		return nil
	})
}

func (e *env) listInvitations(c *cli.Context) error {
	if err := none(c); err != nil {
		return err
	}
	var f control.Friends
	if err := e.get(c.Context, to("friends"), &f); err != nil {
		return err
	}
	list := struct {
		Invitations []control.Invitation `json:"invitations"`
	}{f.Invitations}
	return e.ui.Result(list, func() error {
		if len(f.Invitations) == 0 {
			return e.ui.Say("no invitations")
		}
		return showInvitations(e.ui, f.Invitations, time.Now())
	})
}

func (e *env) cancelInvitation(c *cli.Context) error {
	id, err := argument(c)
	if err != nil {
		return err
	}
	if err := e.call(c.Context, http.MethodDelete, to("invitations", id), nil, nil); err != nil {
		return err
	}
	return e.ui.Result(struct{}{}, func() error { return e.ui.Say("nobody can accept %s any more", id) })
}

func acceptCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "accept", ArgsUsage: "LINE", Category: people,
		Usage: "accept an invitation, or the line that lets you into a repository",
		Description: `LINE is - to read it from standard input, where other people on this machine do not see it.

Examples:

    rad swarm accept LINE --give 50GB --name ana
    rad swarm accept - --give 50GB`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "give", Usage: "how much of your disk who invited you may use: `SIZE`"},
			&cli.StringFlag{Name: "name", Usage: "what you call them: `NAME`"},
		},
		Action: e.accept,
	}
}

func (e *env) accept(c *cli.Context) error {
	args, err := arguments(c, 1, -1) // a line that was broken is several
	if err != nil {
		return err
	}
	line := strings.Join(args, "")
	if line == "-" {
		b, err := io.ReadAll(io.LimitReader(e.ui.In(), control.MaxLine))
		if err != nil {
			return err
		}
		line = string(b)
	}
	give, given, err := sizeFlag(c, "give")
	if err != nil {
		return err
	}
	if err := checkLine(c, line, given); err != nil {
		return err
	}
	in := control.Accept{Line: line, Give: give, Name: c.String("name")}
	var out control.Accepted
	if err := e.watch(c.Context, http.MethodPost, to("accept"), in, &out, "say the same again: the line is still good"); err != nil {
		return err
	}
	return e.ui.Result(out, func() error { return e.accepted(&out) })
}

// checkLine looks whether a line is one of those that can be accepted, before anybody is asked.
func checkLine(c *cli.Context, line string, given bool) error {
	_, err := friend.ParseMemberLine(line)
	if err == nil {
		return nil
	}
	if errors.Is(err, friend.ErrLine) {
		_, err = friend.ParseInvitationLine(line)
	}
	switch {
	case err != nil:
		return ui.Usagef("ask for a new line: rad swarm invite --give 50GB", "accept: %v", err)
	case !given:
		return ui.Usagef("rad swarm accept LINE --give 50GB", "accept: --give is missing: how much of your disk they may use in turn")
	}
	return nil
}

func (e *env) accepted(a *control.Accepted) error {
	var err error
	switch {
	case a.Friend != nil:
		err = e.ui.Say("%s is a friend: gives you %s, you give %s",
			called(a.Friend.Name, a.Friend.DID), ui.Size(a.Friend.Given), ui.Size(a.Friend.Give))
	case a.Repository != nil:
		err = e.ui.Say("%s lets you into %s: git clone %s", a.By, a.Repository, cloneURL(*a.Repository))
	}
	if err == nil && a.Friend != nil && !e.isInstalled() {
		e.ui.Note("%s", e.ui.Localize("friends rely on you: rad swarm daemon --install lets it run also when nobody is logged in"))
	}
	return err
}
