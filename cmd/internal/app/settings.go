package app

import (
	"context"
	"path/filepath"
	"reflect"

	"radswarm/cmd/internal/control"
)

// settings is GET /v1/config.
func (a *App) settings() (control.Config, error) {
	c := a.config.Load()
	saved, err := LoadConfig(a.place)
	if err != nil {
		return control.Config{}, err
	}
	return control.Config{
		Path: filepath.Join(a.place.Dir, ConfigFile), Shares: c.dir(a.place), Limit: int64(c.Limit), Floor: int64(c.Floor),
		Up: int64(c.Up), Down: int64(c.Down), GuestUp: int64(c.GuestUp), OpenUp: int64(c.OpenUp), AcceptPublic: c.AcceptPublic,
		Restart: !reflect.DeepEqual(c.cold(), saved.cold()),
	}, nil
}

// cold returns the settings without those that change while the daemon runs.
func (c Config) cold() Config {
	c.Limit, c.Floor, c.Up, c.Down, c.GuestUp, c.OpenUp, c.AcceptPublic, c.Advertise = 0, 0, 0, 0, 0, 0, "", nil
	return c
}

// hot returns the settings with those of another that change while the daemon runs.
func (c Config) hot(from Config) Config {
	c.Limit, c.Floor, c.Up, c.Down, c.GuestUp, c.OpenUp = from.Limit, from.Floor, from.Up, from.Down, from.GuestUp, from.OpenUp
	c.AcceptPublic, c.Advertise = from.AcceptPublic, from.Advertise
	return c
}

// set is PATCH /v1/config: it changes the file, and what follows from it.
func (a *App) set(in control.SetConfig) (control.Config, error) {
	a.setting.Lock()
	defer a.setting.Unlock()
	c, err := LoadConfig(a.place)
	if err != nil {
		return control.Config{}, err
	}
	for _, f := range []struct {
		to   *Size
		from *int64
	}{
		{&c.Limit, in.Limit},
		{&c.Floor, in.Floor},
		{&c.Up, in.Up},
		{&c.Down, in.Down},
		{&c.GuestUp, in.GuestUp},
		{&c.OpenUp, in.OpenUp},
	} {
		if f.from != nil {
			*f.to = Size(*f.from)
		}
	}
	if in.AcceptPublic != nil {
		c.AcceptPublic = *in.AcceptPublic
	}
	if err := c.Save(a.place); err != nil {
		return control.Config{}, err
	}
	a.take(c)
	return a.settings()
}

// Reload reads config.json again, and acts on what can change while the daemon runs. Errors are those of LoadConfig; then
// everything stays as it was.
func (a *App) Reload() error {
	a.setting.Lock()
	defer a.setting.Unlock()
	c, err := LoadConfig(a.place)
	if err != nil {
		return err
	}
	a.take(c)
	return nil
}

func (a *App) take(c Config) {
	next := a.config.Load().hot(c)
	a.config.Store(&next)
	a.shares.SetLimits(next.diskLimits())
	a.service.SetLimits(next.limits())
	a.service.SetPublic(next.public())
	a.background.do(func(ctx context.Context) { // what friends are told follows
		if err := a.peers.Readdress(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("address record is not renewed", "err", err)
		}
	})
	a.log.Info("settings taken")
}
