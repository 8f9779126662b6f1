package peers

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/radicle"
)

// target is where to dial.
type target struct {
	device keyring.Device
	addrs  []net.Addr
}

// target returns the device of somebody and where it may be: as its address record says, then as people said, then as a
// record says that ran out, then as is guessed.
func (p *Peers) target(ctx context.Context, did radicle.DID) (t target, err error) {
	record, err := p.state.Address(ctx, did)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return t, err
	}
	if t.device, err = p.deviceOf(did, record); err != nil {
		return t, err
	}
	if record != nil && record.Device() != t.device {
		record = nil
	}
	hints, err := p.state.Hints(ctx, did)
	if err != nil {
		return t, err
	}
	told := order(record, record != nil && record.Check(p.o.Now()) == nil, hints)
	t.addrs = addrs(slices.Concat(told, p.o.Guess(ctx, did)))
	return t, nil
}

// deviceOf returns the device to dial: that of the newest certificate, or else of the record.
func (p *Peers) deviceOf(did radicle.DID, record *friend.AddressRecord) (keyring.Device, error) {
	if known, ok := p.state.Certificate(did); ok {
		return known.Certificate.Device(), nil
	}
	if record != nil {
		return record.Device(), nil
	}
	return keyring.Device{}, ErrNoDevice
}

// order puts the addresses of a record that holds before hints, and those of another after them.
func order(record *friend.AddressRecord, holds bool, hints []string) []string {
	if record == nil {
		return hints
	}
	if holds {
		return slices.Concat(record.Addresses(), hints)
	}
	return slices.Concat(hints, record.Addresses())
}

// addrs reads addresses, and leaves out what is none, comes twice or is too many.
func addrs(all []string) (to []net.Addr) {
	for _, s := range all {
		a, err := net.ParseAddr(s)
		if err == nil && !slices.Contains(to, a) && len(to) < net.MaxAddrs {
			to = append(to, a)
		}
	}
	return to
}
