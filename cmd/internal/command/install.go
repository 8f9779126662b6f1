package command

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/daemon"
	"radswarm/cmd/internal/ui"
)

// service is the daemon of a home as the system runs it.
func (e *env) service(place control.Place) (daemon.Service, error) {
	program, err := os.Executable()
	if err != nil {
		return daemon.Service{}, err
	}
	user, err := os.UserHomeDir()
	if err != nil {
		return daemon.Service{}, err
	}
	path, _ := e.lookup("PATH")
	config, _ := e.lookup("XDG_CONFIG_HOME")
	return daemon.Service{Program: program, Home: filepath.Dir(place.Dir), User: user, Path: path, Config: config}, nil
}

// installDaemon has the system run the daemon from now on.
func (e *env) installDaemon(c *cli.Context, place control.Place) error {
	s, err := e.service(place)
	if err != nil {
		return err
	}
	if _, err := stop(c.Context, place); err != nil {
		return err
	}
	in, err := s.Install(c.Context)
	if errors.Is(err, daemon.ErrNoService) {
		return &ui.HintError{Err: err, Hint: "nohup rad-swarm daemon &"}
	}
	if err != nil {
		return err
	}
	return e.ui.Result(in, func() error {
		if err := e.ui.Say("daemon runs from login on: %s", in.Path); err != nil || in.Linger == "" {
			return err
		}
		return e.ui.Say("so that it also runs while you are not logged in: %s", in.Linger)
	})
}

func (e *env) uninstallDaemon(c *cli.Context, place control.Place) error {
	s, err := e.service(place)
	if err != nil {
		return err
	}
	err = s.Uninstall(c.Context)
	if errors.Is(err, fs.ErrNotExist) {
		return ui.HintErrorf("rad swarm daemon --install", ui.NotFound, "no service is installed for this home")
	}
	if err != nil {
		return err
	}
	return e.ui.Result(ended{}, func() error {
		return e.ui.Say("the system does not run the daemon any more: whoever needs it starts it")
	})
}

// isInstalled is whether the system runs the daemon of this home.
func (e *env) isInstalled() bool {
	place, err := e.place()
	if err != nil {
		return false
	}
	s, err := e.service(place)
	return err == nil && installed(s)
}

// installed is whether the system runs the daemon.
func installed(s daemon.Service) bool { return isFile(s.UnitPath()) || isFile(s.AgentPath()) }
