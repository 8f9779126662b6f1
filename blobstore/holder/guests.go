package holder

import (
	"sync"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// maxIntroductions is how many introductions one device may present.
const maxIntroductions = 64

// guests are the introductions that were presented on connections that last. They are in memory only: who comes back
// presents them again.
type guests struct {
	mu  sync.Mutex
	all map[keyring.Device]map[radicle.DID]*friend.Introduction // by issuer
}

// admit notes an introduction that was found to hold. One device has one for each issuer: the one that ends last.
func (g *guests) admit(device keyring.Device, i *friend.Introduction) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all == nil {
		g.all = map[keyring.Device]map[radicle.DID]*friend.Introduction{}
	}
	mine := g.all[device]
	if mine == nil {
		mine = map[radicle.DID]*friend.Introduction{}
		g.all[device] = mine
	}
	old := mine[i.DID()]
	if old == nil && len(mine) == maxIntroductions {
		return false
	}
	if old == nil || old.Guest() != i.Guest() || old.NotAfter().Before(i.NotAfter()) {
		mine[i.DID()] = i
	}
	return true
}

// issuers returns who introduced the guest at a device, by what holds now by itself.
func (g *guests) issuers(device keyring.Device, guest radicle.DID, now time.Time) (all []radicle.DID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for issuer, i := range g.all[device] {
		if i.Guest() == guest && i.Check(now) == nil {
			all = append(all, issuer)
		}
	}
	return all
}

// forget drops a device whose last connection has ended.
func (g *guests) forget(device keyring.Device) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.all, device)
}

// list returns all introductions.
func (g *guests) list() (all []presented) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for device, mine := range g.all {
		for _, i := range mine {
			all = append(all, presented{device, i})
		}
	}
	return all
}

// presented is an introduction and who presented it.
type presented struct {
	device keyring.Device
	*friend.Introduction
}

// drop takes one back.
func (g *guests) drop(p presented) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if mine := g.all[p.device]; mine[p.DID()] == p.Introduction {
		delete(mine, p.DID())
	}
}
