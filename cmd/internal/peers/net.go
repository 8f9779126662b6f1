package peers

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/wire"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// Net is GET /v1/net.
func (p *Peers) Net(ctx context.Context) (control.Net, error) {
	limits := p.o.Limits()
	out := control.Net{
		Device: p.o.Key.Device().String(), Listen: []string{}, Announced: []string{}, Peers: p.netPeers(), Up: limits.Up, Down: limits.Down,
	}
	n, _, err := p.house()
	if err != nil {
		return out, err
	}
	for _, a := range n.Addrs() {
		out.Listen = append(out.Listen, a.String())
	}
	if r, err := p.state.Address(ctx, p.o.Self); err == nil {
		out.Announced = r.Addresses()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	out.Reached = moment(p.reached)
	return out, nil
}

// netPeers returns everybody who is there, and friends who are not.
func (p *Peers) netPeers() []control.NetPeer {
	names := map[radicle.DID]string{}
	for _, f := range p.state.Friends() {
		names[f.DID] = f.Name
	}
	all := []control.NetPeer{}
	p.mu.Lock()
	for did := range names {
		all = append(all, p.netPeer(did, names[did]))
	}
	for did := range p.contacts {
		if _, done := names[did]; !done {
			all = append(all, p.netPeer(did, ""))
		}
	}
	p.mu.Unlock()
	slices.SortFunc(all, func(a, b control.NetPeer) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return a.DID.Compare(b.DID)
	})
	return all
}

// netPeer is called with the lock held.
func (p *Peers) netPeer(did radicle.DID, name string) control.NetPeer {
	out := control.NetPeer{DID: did, Name: name, Access: access(wire.AccessFriend)}
	c, ok := p.contacts[did]
	if !ok {
		return out
	}
	l := c.best()
	if l == nil {
		if c.problem != nil {
			out.Problem = c.problem.Error()
		}
		out.NextDial = moment(c.next)
		return out
	}
	out.Access = access(l.Access | l.Granted)
	out.Online, out.Inbound, out.Address = true, l.Conn.Inbound(), l.Conn.RemoteAddr().String()
	out.Since, out.Software = moment(l.since), l.Software
	return out
}

// access is the most that somebody is.
func access(a wire.Access) string {
	switch {
	case a&wire.AccessFriend != 0:
		return "friend"
	case a&wire.AccessMember != 0:
		return "member"
	}
	return "guest"
}

// Dial is POST /v1/net/dial.
func (p *Peers) Dial(ctx context.Context, in control.Dial, tell func(control.Line)) (control.Dialled, error) {
	did, err := p.Resolve(in.Who)
	if err != nil {
		return control.Dialled{}, err
	}
	p.hurry(did)
	if t, err := p.target(ctx, did); err == nil {
		for _, a := range t.addrs {
			tell(control.Line{Note: "dialling " + a.String()})
		}
	}
	began := time.Now()
	if err := p.Reach(ctx, did); err != nil {
		return control.Dialled{}, notReached(err)
	}
	f, _ := p.state.Friend(did)
	p.mu.Lock()
	defer p.mu.Unlock()
	out := control.Dialled{Peer: p.netPeer(did, f.Name)}
	if out.Peer.Since != nil && out.Peer.Since.Before(began) {
		tell(control.Line{Note: label(friend.Friend{DID: did, Name: f.Name}) + " was there already"})
	}
	return out, nil
}

// notReached is an error of Reach as clients see it.
func notReached(err error) error {
	if !errors.Is(err, ErrUnreachable) {
		return err
	}
	hint := "rad swarm net"
	if errors.Is(err, ErrNoDevice) {
		hint = "rad swarm invite --give 50GB"
	}
	return &control.Error{Code: control.CodeMissing, Message: err.Error(), Hint: hint}
}
