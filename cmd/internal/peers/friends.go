package peers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// Resolve finds somebody by DID or by the name of a friend.
func (p *Peers) Resolve(who string) (radicle.DID, error) {
	if f, ok := p.state.Named(who); ok && who != "" {
		return f.DID, nil
	}
	did, err := radicle.ParseDID(who)
	if err != nil {
		return did, &control.Error{
			Code: control.CodeNotFound, Message: fmt.Sprintf("%q is neither a friend nor a did", who), Hint: "rad swarm friend list",
		}
	}
	return did, nil
}

// friendNamed finds a friend.
func (p *Peers) friendNamed(who string) (friend.Friend, error) {
	did, err := p.Resolve(who)
	if err != nil {
		return friend.Friend{}, err
	}
	f, ok := p.state.Friend(did)
	if !ok {
		return f, notFriend(did)
	}
	return f, nil
}

func notFriend(did radicle.DID) error {
	return &control.Error{
		Code: control.CodeNotFound, Message: did.String() + " is no friend", Hint: "rad swarm friend list",
	}
}

// label is what a person here calls somebody.
func label(f friend.Friend) string { return cmp.Or(f.Name, f.DID.String()) }

// Friends is GET /v1/friends.
func (p *Peers) Friends(ctx context.Context) (control.Friends, error) {
	out := control.Friends{Friends: []control.Friend{}, Invitations: []control.Invitation{}}
	for _, f := range p.state.Friends() {
		out.Friends = append(out.Friends, p.shown(f))
	}
	all, err := p.state.Invitations(ctx)
	for _, i := range all {
		out.Invitations = append(out.Invitations, invitation(i))
	}
	return out, err
}

// Friend is GET /v1/friends/{who}.
func (p *Peers) Friend(_ context.Context, who string) (control.Friend, error) {
	f, err := p.friendNamed(who)
	if err != nil {
		return control.Friend{}, err
	}
	return p.shown(f), nil
}

// shown is a friend as clients see it.
func (p *Peers) shown(f friend.Friend) control.Friend {
	out := control.Friend{
		DID: f.DID, Name: f.Name, Give: f.Give, Given: f.Given.Give, Used: f.Given.Used, Room: f.Given.Room,
		Holds: p.o.Store.Charged(f.DID), Up: f.Up, Down: f.Down, Household: f.Household, Added: f.Added,
		Seen: moment(f.Seen), Uptime: p.uptimeOf(f.DID), Draining: moment(f.Draining), Silence: f.Silence.String(),
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.contacts[f.DID]
	if !ok {
		return out
	}
	if l := c.best(); l != nil {
		out.Online, out.Address = true, l.Conn.RemoteAddr().String()
	} else if c.problem != nil {
		out.Problem = c.problem.Error()
	}
	return out
}

// moment is a time that may be none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Count sums up the friends.
func (p *Peers) Count() (n control.FriendCount) {
	for _, one := range p.People() {
		n.Total++
		if one.Online {
			n.Online++
		}
		n.Give += one.Give
		n.Given += one.Given
		n.Room += one.Room
	}
	return n
}

// AddFriend is POST /v1/friends. The other side has to do the same.
func (p *Peers) AddFriend(ctx context.Context, in control.AddFriend) (control.Friend, error) {
	if err := p.learnDevice(ctx, in.DID); err != nil {
		return control.Friend{}, err
	}
	if err := checkAddresses(in.Addresses); err != nil {
		return control.Friend{}, err
	}
	if err := p.state.AddFriend(ctx, friend.Friend{DID: in.DID, Name: in.Name, Give: in.Give}); err != nil {
		return control.Friend{}, explain(err)
	}
	if len(in.Addresses) > 0 {
		if err := p.state.SetHints(ctx, in.DID, in.Addresses); err != nil {
			return control.Friend{}, explain(err)
		}
	}
	p.welcome(in.DID)
	return p.Friend(ctx, in.DID.String())
}

func checkAddresses(all []string) error {
	for _, a := range all {
		if !friend.ValidAddress(a) {
			return &control.Error{Code: control.CodeUsage, Message: fmt.Sprintf("%q is not an address: host:port is", a)}
		}
	}
	if len(all) > friend.MaxAddresses {
		return &control.Error{Code: control.CodeUsage, Message: fmt.Sprintf("%d addresses: at most %d", len(all), friend.MaxAddresses)}
	}
	return nil
}

// learnDevice makes sure that a device of somebody is known, if need be from what was published.
func (p *Peers) learnDevice(ctx context.Context, did radicle.DID) error {
	if did == p.o.Self {
		return explain(friend.ErrSelf)
	}
	if err := did.Validate(); err != nil {
		return &control.Error{Code: control.CodeUsage, Message: "not the did of anybody"}
	}
	if err := p.learnPublished(ctx, did); err != nil {
		return err
	}
	if _, ok := p.state.Certificate(did); ok {
		return nil
	}
	if _, err := p.state.Address(ctx, did); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return &control.Error{
		Code: control.CodeNotFound, Message: "no device of " + did.String() + " is known: invite them",
		Hint: "rad swarm invite --give 50GB",
	}
}

// learnPublished keeps the certificates of somebody that repositories carry.
func (p *Peers) learnPublished(ctx context.Context, did radicle.DID) error {
	all, err := p.repositories().Published(ctx, did)
	if err != nil {
		return err
	}
	for _, cert := range all {
		if cert.DID() != did {
			continue
		}
		if _, err := p.state.AddPublished(ctx, cert); err != nil {
			p.o.Log.Info("published certificate is left out", "of", did, "reason", err)
		}
	}
	return nil
}

// learnAfter is after how many attempts in vain it is looked whether somebody has published another device.
const learnAfter = 3

// learnAnew is learnPublished for a friend who was dialled in vain.
func (p *Peers) learnAnew(ctx context.Context, did radicle.DID) error {
	p.mu.Lock()
	failures := p.contact(did).failures
	p.mu.Unlock()
	if failures < learnAfter || !p.isFriend(did) {
		return nil
	}
	return p.learnPublished(ctx, did)
}

// welcome begins what follows from a new or changed friend.
func (p *Peers) welcome(did radicle.DID) {
	p.keep(did)
	p.hurry(did)
	p.changes.tell()
}

// SetFriend is PATCH /v1/friends/{who}. What it changes is in force when it returns.
func (p *Peers) SetFriend(ctx context.Context, who string, in control.SetFriend) (control.Friend, error) {
	f, err := p.friendNamed(who)
	if err != nil {
		return control.Friend{}, err
	}
	if err := p.state.SetFriend(ctx, f.DID, func(f *friend.Friend) error { return p.edit(f, in) }); err != nil {
		return control.Friend{}, explain(err)
	}
	p.recheck()
	if l := p.lineWith(f.DID); l != nil && in.Give != nil {
		if err := p.tellPledge(ctx, l); err != nil {
			p.o.Log.Debug("pledge is told later", "to", f.DID, "error", err)
		}
	}
	p.changes.tell()
	return p.Friend(ctx, f.DID.String())
}

// edit changes what is said.
func (p *Peers) edit(f *friend.Friend, in control.SetFriend) error {
	set(&f.Name, in.Name)
	set(&f.Give, in.Give)
	set(&f.Up, in.Up)
	set(&f.Down, in.Down)
	set(&f.Household, in.Household)
	if in.Silence == nil {
		return nil
	}
	for _, s := range []friend.Silence{friend.SilenceKeep, friend.SilenceFree, friend.SilenceAsk} {
		if s.String() == *in.Silence {
			f.Silence, f.ChosenAt = s, p.o.Now()
			return nil
		}
	}
	return &control.Error{Code: control.CodeUsage, Message: fmt.Sprintf("%q is not a choice: keep, free and ask are", *in.Silence)}
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// explain gives errors of the database the code that they have for clients.
func explain(err error) error {
	code := control.CodeFailed
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist), errors.Is(err, friend.ErrNameTaken), errors.Is(err, friend.ErrLimit):
		code = control.CodeConflict
	case errors.Is(err, friend.ErrName), errors.Is(err, friend.ErrSelf), errors.Is(err, blobstore.ErrBounds),
		errors.Is(err, radicle.ErrWeakKey), errors.Is(err, blobstore.ErrEncoding):
		code = control.CodeUsage
	case errors.Is(err, fs.ErrNotExist):
		code = control.CodeNotFound
	default:
		return err
	}
	return &control.Error{Code: code, Message: err.Error()}
}
