package lab

import (
	"context"
	"io/fs"
	"net/http"
	"path/filepath"
	"time"

	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/radicle/profile"
)

// State is how a home is.
type State string

// The states.
const (
	Awake  State = "up"        // its daemon answers
	Frozen State = "frozen"    // its daemon is stopped in the middle
	Silent State = "silent"    // its daemon runs and does not answer
	Dead   State = "dead"      // no daemon runs
	Half   State = "half-made" // there is no home yet
)

// Home is one home of a lab.
type Home struct {
	Name    string       `json:"name"`
	DID     *radicle.DID `json:"did,omitempty"`
	Dir     string       `json:"dir"`
	Friend  bool         `json:"friend"` // of you
	State   State        `json:"state"`
	PID     int          `json:"pid,omitempty"`
	Address string       `json:"address"`
	Online  int          `json:"online"`  // friends that it is connected with
	Friends int          `json:"friends"` // that it has
	Held    int64        `json:"held"`    // bytes of share files on its disk
	Usage
}

// Usage is what a process uses.
type Usage struct {
	RSS int64 `json:"rss"`    // bytes resident
	CPU int64 `json:"cpu_ms"` // milliseconds of processor that it has had
}

// Status says how the homes are.
func (l *Lab) Status(ctx context.Context) ([]Home, error) {
	m, err := l.check()
	if err != nil {
		return nil, err
	}
	homes := make([]Home, len(m.Homes))
	err = each(ctx, m.names(), func(ctx context.Context, i int) error {
		homes[i] = l.status(ctx, m.Homes[i])
		return ctx.Err()
	})
	return homes, err
}

func (l *Lab) status(ctx context.Context, h listed) Home {
	s := Home{Name: h.Name, Dir: filepath.Join(l.dir, h.Name), Friend: h.Friend, State: Half, Address: address(h.Port)}
	did, err := l.did(h.Name)
	if err != nil {
		return s
	}
	s.DID, s.State, s.Held = &did, Dead, held(s.Dir)
	if s.PID = l.pid(ctx, h.Name); s.PID == 0 {
		return s
	}
	s.Usage, s.State = usage(s.PID)
	if s.State == Frozen {
		return s
	}
	s.State = Silent
	if c, _, err := l.connect(ctx, h.Name); err == nil {
		defer c.Close()
		s.State = Awake
		var of control.Status
		ctx, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		if c.Call(ctx, http.MethodGet, "/v1/status", nil, &of) == nil {
			s.Online, s.Friends = of.Friends.Online, of.Friends.Total
		}
	}
	return s
}

// did is who a home is.
func (l *Lab) did(name string) (radicle.DID, error) {
	home, err := profile.NewHome(filepath.Join(l.dir, name))
	if err != nil {
		return radicle.DID{}, err
	}
	p, err := profile.Load(home)
	if err != nil {
		return radicle.DID{}, err
	}
	return p.DID(), nil
}

// held adds up the share files of a home. What cannot be read counts nothing.
func held(home string) int64 {
	var sum int64
	_ = filepath.WalkDir(filepath.Join(home, "swarm", "shares"), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Ext(d.Name()) != ".share" {
			return nil //nolint:nilerr // it comes and goes
		}
		if info, err := d.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

// Measured is what a home used over some time.
type Measured struct {
	Home
	MaxRSS  int64   `json:"max_rss"`     // bytes, of one look a second
	Percent float64 `json:"cpu_percent"` // of one processor
	Same    bool    `json:"same"`        // the process was the same all the time
}

// Measure looks once a second for some time, and says what the processes that ran throughout have used. Nothing is asked of
// them meanwhile.
func (l *Lab) Measure(ctx context.Context, long time.Duration) ([]Measured, error) {
	homes, err := l.Status(ctx)
	if err != nil {
		return nil, err
	}
	measured := make([]Measured, len(homes))
	began := time.Now()
	for i, h := range homes {
		u, _ := usage(h.PID)
		h.Usage = u
		measured[i] = Measured{Home: h, MaxRSS: u.RSS, Same: h.PID > 0}
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	end := time.After(long)
	for over := false; !over; {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-end:
			over = true
		case <-tick.C:
		}
		look(measured, time.Since(began))
	}
	for i := range measured {
		m := &measured[i]
		m.Same = m.Same && l.pid(ctx, m.Name) == m.PID
	}
	return measured, nil
}

// look notes what the processes have used since the beginning.
func look(measured []Measured, passed time.Duration) {
	for i := range measured {
		m := &measured[i]
		if m.PID == 0 {
			continue
		}
		u, _ := usage(m.PID)
		m.RSS, m.MaxRSS = u.RSS, max(m.MaxRSS, u.RSS)
		m.Percent = float64(u.CPU-m.CPU) / float64(passed.Milliseconds()) * 100
	}
}
