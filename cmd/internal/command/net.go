package command

import (
	"fmt"
	"net/http"
	"time"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
)

func netCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "net", Category: thisMachine,
		Usage: "show how this machine is connected, or try to reach somebody",
		Description: `Examples:

    rad swarm net
    rad swarm net dial bo`,
		Action: e.showNet,
		Subcommands: []*cli.Command{
			{Name: "dial", ArgsUsage: "WHO", Usage: "try to reach somebody now", Action: e.dial},
		},
	}
}

func (e *env) showNet(c *cli.Context) error {
	if err := none(c); err != nil {
		return err
	}
	var n control.Net
	if err := e.get(c.Context, to("net"), &n); err != nil {
		return err
	}
	return e.ui.Result(n, func() error { return showNet(e.ui, &n, time.Now()) })
}

func showNet(u *ui.UI, n *control.Net, now time.Time) error {
	reached := "nobody has connected to us yet"
	if n.Reached != nil {
		reached = "somebody connected to us " + ui.Ago(now, *n.Reached)
	}
	err := u.Columns([][]string{
		{"device", n.Device},
		{"listening", listOr(n.Listen, "nowhere")},
		{"told to friends", listOr(n.Announced, "nothing")},
		{"reachable", reached},
		{"bounds", fmt.Sprintf("up %s, down %s", ui.Rate(n.Up), ui.Rate(n.Down))},
	})
	if err != nil || len(n.Peers) == 0 {
		return err
	}
	var rows [][]string
	for _, p := range n.Peers {
		rows = append(rows, peerRow(&p, now))
	}
	return u.Table([]string{"PEER", "IS", "STATE", "ADDRESS", "ROUND TRIP", "SOFTWARE"}, rows)
}

func peerRow(p *control.NetPeer, now time.Time) []string {
	var rtt string
	if p.RTT > 0 {
		rtt = (time.Duration(p.RTT) * time.Microsecond).Round(10 * time.Microsecond).String()
	}
	return []string{called(p.Name, p.DID), p.Access, peerState(p, now), p.Address, rtt, p.Software}
}

func peerState(p *control.NetPeer, now time.Time) string {
	if p.Online {
		state := yesNo(p.Inbound, "they connected", "connected")
		if p.Since != nil {
			state += " " + ui.Ago(now, *p.Since)
		}
		return state
	}
	state := "offline"
	if p.Problem != "" {
		state += ": " + p.Problem
	}
	if p.NextDial != nil {
		state += ", next try " + ui.Ago(now, *p.NextDial)
	}
	return state
}

func (e *env) dial(c *cli.Context) error {
	who, err := argument(c)
	if err != nil {
		return err
	}
	var out control.Dialled
	if err := e.watch(c.Context, http.MethodPost, to("net", "dial"), control.Dial{Who: who}, &out, "rad swarm net"); err != nil {
		return err
	}
	return e.ui.Result(out, func() error {
		return e.ui.Say("%s: %s", called(out.Peer.Name, out.Peer.DID), peerState(&out.Peer, time.Now()))
	})
}
