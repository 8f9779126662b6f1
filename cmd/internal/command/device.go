package command

import (
	"net/http"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/control"
)

func deviceCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "device", Category: thisMachine,
		Usage: "list, add or remove further DIDs of yours",
		Description: `Radicle gives each machine a DID. Those that you add here count as one person with this one, and may read what you
may read.

Examples:

    rad swarm device
    rad swarm device add did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK
    rad swarm device remove did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK`,
		Action: e.listDevices,
		Subcommands: []*cli.Command{
			{Name: "list", Aliases: []string{"ls"}, Usage: "list them", Action: e.listDevices},
			{Name: "add", ArgsUsage: "DID", Usage: "add a DID of yours", Action: e.addDevice},
			{Name: "remove", ArgsUsage: "DID", Usage: "take one away", Action: e.removeDevice},
		},
	}
}

func (e *env) listDevices(c *cli.Context) error {
	if err := none(c); err != nil {
		return err
	}
	return e.devices(c, http.MethodGet, to("devices"), nil)
}

func (e *env) addDevice(c *cli.Context) error {
	text, err := argument(c)
	if err != nil {
		return err
	}
	did, err := parseDID(c, text)
	if err != nil {
		return err
	}
	return e.devices(c, http.MethodPost, to("devices"), control.Device{DID: did})
}

func (e *env) removeDevice(c *cli.Context) error {
	text, err := argument(c)
	if err != nil {
		return err
	}
	did, err := parseDID(c, text)
	if err != nil {
		return err
	}
	return e.devices(c, http.MethodDelete, to("devices", did.String()), nil)
}

func (e *env) devices(c *cli.Context, method, path string, in any) error {
	var d control.Devices
	if err := e.call(c.Context, method, path, in, &d); err != nil {
		return err
	}
	return e.ui.Result(d, func() error {
		rows := [][]string{{"this machine", d.Self.String()}, {"its transport key", d.Device}}
		for _, did := range d.Further {
			rows = append(rows, []string{"further", did.String()})
		}
		return e.ui.Columns(rows)
	})
}
