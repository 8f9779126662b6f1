package peers

import (
	"context"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/radicle"
)

// How often what is due is looked for.
const (
	sampleTick = 10 * time.Minute // who is there (FRIEND.md §9)
	drainTick  = time.Minute      // friendships that are being wound up
	renewTick  = time.Hour        // introductions, the daily copy, silent friends
	idleTick   = 30 * time.Second // lines that nobody uses
	// idleAfter is how long a line with somebody who is no friend lasts without a stream of ours.
	idleAfter = 2 * time.Minute
	// minSamples is how often somebody must have looked for a friend before their uptime says anything: an hour.
	minSamples = 6
)

// freeAfter is how long the shares of a silent friend stay after it was chosen to free them.
const freeAfter = 30 * 24 * time.Hour

// housekeep begins what is done from time to time.
func (p *Peers) housekeep() {
	p.readUptime(p.life)
	p.every(addressTick, true, p.attend("address record", p.Readdress))
	p.every(pledgeTick, false, func(ctx context.Context) { p.tellPledges(ctx) })
	p.every(pledgeTick, false, p.tellKeepers)
	p.every(sampleTick, false, p.attend("uptime", p.sample))
	p.every(renewTick, true, p.attend("introductions", p.renew))
	p.every(renewTick, true, p.attend("copy of the database", p.backup))
	p.every(renewTick, true, p.attend("silent friends", p.freeSilent))
	p.every(idleTick, false, func(context.Context) { p.dropIdle() })
	p.every(drainTick, true, p.attend("friends to be removed", p.drainAll))
}

// every calls f at intervals until Close, and at once if it is said.
func (p *Peers) every(d time.Duration, now bool, f func(context.Context)) {
	p.spawn(func() {
		if now {
			f(p.life)
		}
		ticker := time.NewTicker(d)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				f(p.life)
			case <-p.life.Done():
				return
			}
		}
	})
}

// attend is f with a place for its error.
func (p *Peers) attend(what string, f func(context.Context) error) func(context.Context) {
	return func(ctx context.Context) {
		if err := f(ctx); err != nil && ctx.Err() == nil {
			p.o.Log.Warn(what+": not done", "error", err)
		}
	}
}

// sample notes who is there.
func (p *Peers) sample(ctx context.Context) error {
	for _, l := range p.lines() {
		p.saw(l.DID)
	}
	err := p.state.Sample(ctx, p.Online)
	p.readUptime(ctx)
	return err
}

// saw notes that a friend is here.
func (p *Peers) saw(did radicle.DID) {
	if err := p.state.Saw(did); err != nil {
		p.o.Log.Warn("last contact is not noted", "friend", did, "error", err)
	}
}

func (p *Peers) readUptime(ctx context.Context) {
	all, err := p.state.Uptime(ctx)
	if err != nil {
		p.o.Log.Warn("uptime is not known", "error", err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.uptime = all
}

// uptimeOf is the part of the time that a friend was there, -1 where that is not known yet.
func (p *Peers) uptimeOf(did radicle.DID) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.uptime[did]
	if u.Samples < minSamples {
		return -1
	}
	return float64(u.Present) / float64(u.Samples)
}

func (p *Peers) backup(ctx context.Context) error {
	_, err := p.state.BackupDaily(ctx)
	return err
}

// freeSilent frees the shares of friends who stayed silent for 30 days after that was chosen.
func (p *Peers) freeSilent(ctx context.Context) error {
	for _, f := range p.state.Friends() {
		due := f.Silence == friend.SilenceFree && p.o.Now().Sub(f.ChosenAt) >= freeAfter
		if !due || f.Seen.After(f.ChosenAt) || p.o.Store.Charged(f.DID) == 0 {
			continue
		}
		p.o.Log.Info("shares of a silent friend are freed", "friend", f.DID)
		if err := p.o.Store.Drop(ctx, f.DID); err != nil {
			return err
		}
	}
	return nil
}

// dropIdle ends lines with others than friends that nobody uses, and forgets with whom there is nothing any more.
func (p *Peers) dropIdle() {
	p.mu.Lock()
	for _, c := range p.contacts {
		p.prune(c)
	}
	p.mu.Unlock()
	for _, l := range p.lines() {
		p.mu.Lock()
		idle := !l.Conn.Inbound() && l.streams == 0 && time.Since(l.used) >= idleAfter
		p.mu.Unlock()
		if idle && !p.isFriend(l.DID) {
			p.drop(l.Session)
		}
	}
}
