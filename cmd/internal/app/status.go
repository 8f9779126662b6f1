package app

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/dustin/go-humanize"

	"radswarm/blobstore/disk"
	"radswarm/cmd/internal/control"
)

// Bounds from which on a person is warned.
const (
	warnCertificate = 30 * 24 * time.Hour // before its end
	warnFree        = 1 << 30             // bytes above the floor
)

// agentTime bounds how long status waits for an ssh-agent.
const agentTime = time.Second

// Status is GET /v1/status.
func (a *App) Status(ctx context.Context) (control.Status, error) {
	s := control.Status{
		DID: a.profile.DID(), Alias: a.alias(), Home: a.profile.Home.Dir(), Device: a.keys.Device().Device().String(),
		Software: a.options.Software, PID: os.Getpid(), Started: a.started, Addresses: []string{},
		Friends: a.peers.Count(), Objects: a.objects.Counts(), Jobs: a.objects.Jobs(), Warnings: []control.Warning{},
	}
	if s.Jobs == nil {
		s.Jobs = []control.Job{}
	}
	for _, addr := range a.network.Addrs() {
		s.Addresses = append(s.Addresses, addr.String())
	}
	s.Warnings = append(s.Warnings, a.keyStatus(ctx, &s)...)
	s.Warnings = append(s.Warnings, a.storeStatus(ctx, &s)...)
	s.Warnings = append(s.Warnings, a.peers.Warnings()...)
	s.Warnings = append(s.Warnings, a.repos.Warnings()...)
	return s, ctx.Err()
}

// keyStatus says how the keys stand.
func (a *App) keyStatus(ctx context.Context, s *control.Status) (warnings []control.Warning) {
	ctx, cancel := context.WithTimeout(ctx, agentTime)
	defer cancel()
	if err := a.keys.Locked(ctx); err != nil {
		s.Locked = err.Error()
		warnings = append(warnings, control.Warning{
			Text: s.Locked + "; shares are served, nothing is stored or fetched", Hint: "rad swarm unlock",
		})
	}
	cert := a.keys.Certificate()
	if cert == nil {
		return append(warnings, control.Warning{
			Text: "this machine has no certificate yet: nobody can connect with it", Hint: "rad swarm unlock",
		})
	}
	until := cert.NotAfter()
	s.Certificate = &until
	left := until.Sub(a.options.Now())
	switch {
	case left <= 0:
		warnings = append(warnings, control.Warning{
			Text: "the certificate of this machine has run out: it serves, and nothing new can be placed", Hint: "rad swarm unlock",
		})
	case left < warnCertificate:
		warnings = append(warnings, control.Warning{
			Text: fmt.Sprintf("the certificate of this machine ends in %d days", int(left.Hours()/24)), Hint: "rad swarm unlock",
		})
	}
	return warnings
}

// storeStatus says how the shares stand.
func (a *App) storeStatus(ctx context.Context, s *control.Status) []control.Warning {
	c := a.config.Load()
	s.Store = control.StoreStatus{Dir: c.dir(a.place), Limit: int64(c.Limit)}
	err := a.shares.Problem()
	if err == nil {
		var st disk.Stats
		if st, err = a.shares.Stats(ctx); err == nil {
			s.Store.Shares, s.Store.Charged, s.Store.Free, s.Store.Floor = st.Held, st.Charged, st.Free, st.Floor
			return fullWarnings(st, s.Store)
		}
	}
	s.Store.Problem = err.Error()
	w := control.Warning{Text: s.Store.Problem + "; nothing is kept for others meanwhile"}
	if e := Explain(err); e != nil {
		w.Hint = e.Hint
	}
	return []control.Warning{w}
}

// fullWarnings says that there is no room any more.
func fullWarnings(st disk.Stats, s control.StoreStatus) []control.Warning {
	above := st.Free - st.Floor
	switch {
	case above <= 0:
		return []control.Warning{{
			Text: fmt.Sprintf("the disk of the shares is full: %s free, %s stay so", size(st.Free), size(st.Floor)),
			Hint: "rad swarm friend ls",
		}}
	case above < warnFree:
		return []control.Warning{{
			Text: fmt.Sprintf("the disk of the shares is nearly full: room for %s", size(above)), Hint: "rad swarm friend ls",
		}}
	case s.Limit > 0 && s.Charged >= s.Limit:
		return []control.Warning{{
			Text: fmt.Sprintf("the shares have reached their limit of %s", size(s.Limit)), Hint: "rad swarm friend ls",
		}}
	}
	return nil
}

func size(n int64) string { return humanize.Bytes(uint64(max(0, n))) }
