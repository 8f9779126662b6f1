package peers

import (
	"context"

	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// Devices is GET /v1/devices.
func (p *Peers) Devices(context.Context) (control.Devices, error) {
	return control.Devices{Self: p.o.Self, Device: p.o.Key.Device().String(), Further: p.state.Mine()}, nil
}

// AddDevice is POST /v1/devices.
func (p *Peers) AddDevice(ctx context.Context, in control.Device) (control.Devices, error) {
	if err := p.state.AddMine(ctx, in.DID); err != nil {
		return control.Devices{}, explain(err)
	}
	p.welcome(in.DID)
	return p.Devices(ctx)
}

// RemoveDevice is DELETE /v1/devices/{did}.
func (p *Peers) RemoveDevice(ctx context.Context, did radicle.DID) (control.Devices, error) {
	if err := p.state.RemoveMine(ctx, did); err != nil {
		return control.Devices{}, explain(err)
	}
	if !p.isFriend(did) {
		p.release(did)
	}
	p.recheck()
	p.changes.tell()
	return p.Devices(ctx)
}
