package peers

import (
	"errors"
	"fmt"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/holder"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/wire"
	"radswarm/cmd/internal/control"
)

const (
	// silentAfter is after how long nothing was heard of a friend the person has to choose.
	silentAfter = 90 * 24 * time.Hour
	// unreachedAfter is how long nobody connects to us, although we connect to others, before that is said.
	unreachedAfter = 24 * time.Hour
	// unreachedDials is how often we must have connected to others meanwhile.
	unreachedDials = 3
)

// Twins is part of [holder.Control].
func (p *Peers) Twins(t holder.Twins) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.twins[t.DID] = time.Now()
}

// Warnings returns what a person should do about people and connections.
func (p *Peers) Warnings() (all []control.Warning) {
	all = append(all, p.warnTwins()...)
	for _, f := range p.state.Friends() {
		all = append(all, p.warnFriend(f)...)
	}
	return append(all, p.warnUnreached()...)
}

func (p *Peers) warnTwins() (all []control.Warning) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for did := range p.twins {
		w := control.Warning{
			Text: "your radicle key is in use on another machine too: what both sign will fork. Give that one a key of its own",
			Hint: "rad swarm auth --alias NAME",
		}
		if did != p.o.Self {
			f, _ := p.state.Friend(did)
			w = control.Warning{Text: label(friend.Friend{DID: did, Name: f.Name}) + " uses one radicle key on two machines: tell them"}
		}
		all = append(all, w)
	}
	return all
}

// warnFriend says what is wrong with one friend.
func (p *Peers) warnFriend(f friend.Friend) (all []control.Warning) {
	p.mu.Lock()
	var problem error
	if c, ok := p.contacts[f.DID]; ok && c.best() == nil {
		problem = c.said
	}
	p.mu.Unlock()
	if skew, ok := errors.AsType[*keyring.ClockError](problem); ok {
		all = append(all, control.Warning{Hint: "timedatectl status", Text: fmt.Sprintf(
			"the certificate of %s is dated %s, and the clock here says %s: check both clocks", label(f), stamp(skew.Dated), stamp(skew.Clock))})
	} else if said, ok := errors.AsType[*wire.RemoteError](problem); ok && said.Code == wire.CodeDenied {
		all = append(all, control.Warning{Text: label(f) + " refuses this machine: " + said.Text, Hint: "rad swarm net dial " + label(f)})
	} else if errors.Is(problem, ErrNotAdmitted) {
		all = append(all, control.Warning{
			Text: label(f) + " does not let you in: they have not added you, have removed you, or know a newer machine with your key", Hint: "rad swarm invite --give 50GB",
		})
	}
	return append(all, p.warnSilent(f)...)
}

// warnSilent asks what is to become of a friend of whom nothing is heard.
func (p *Peers) warnSilent(f friend.Friend) []control.Warning {
	since := f.Seen
	if since.IsZero() {
		since = f.Added
	}
	silent := p.o.Now().Sub(since)
	if silent < silentAfter || !f.ChosenAt.Before(since.Add(silentAfter)) {
		return nil
	}
	return []control.Warning{{
		Text: fmt.Sprintf("nothing was heard of %s for %d days, and %d bytes of theirs are here: keep them, free them in 30 days, or ask common friends",
			label(f), silent/(24*time.Hour), p.o.Store.Charged(f.DID)),
		Hint: "rad swarm friend set " + label(f) + " --silence keep|free|ask",
	}}
}

// warnUnreached says that nobody connects to this machine.
func (p *Peers) warnUnreached() []control.Warning {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.started.IsZero() || p.outward < unreachedDials {
		return nil
	}
	since := p.started
	if p.reached.After(since) {
		since = p.reached
	}
	if time.Since(since) < unreachedAfter {
		return nil
	}
	return []control.Warning{{
		Text: fmt.Sprintf("nobody has connected to this machine for %d hours: forward a port of your router to it, by tcp and udp",
			time.Since(since)/time.Hour),
		Hint: "rad swarm net",
	}}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
