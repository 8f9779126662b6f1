package command

import (
	"errors"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/control"
)

func (e *env) installDaemon(*cli.Context, control.Place) error {
	return errors.New("daemon --install: not built yet")
}

func (e *env) uninstallDaemon(*cli.Context, control.Place) error {
	return errors.New("daemon --uninstall: not built yet")
}
