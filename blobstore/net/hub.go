package net

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"radswarm/blobstore/keyring"
)

// Hub is what the networks of all backends have in common: who is connected, what strangers may do, how a device is
// dialled, which of two connections stays. A backend makes links and hands them to it, and is a [Network] by having one.
//
// Locks are taken in this order: Hub.mu, conn.mu, strangers.mu; Handler.Known is called under conn.mu.
type Hub struct {
	device    keyring.Device
	handler   Handler
	dialer    Dialer
	strangers strangers
	wg        sync.WaitGroup // runs of connections and dials

	mu     sync.Mutex
	closed bool
	conns  map[keyring.Device][]*conn // live ones, oldest first
	count  int                        // of all in conns
	dials  map[keyring.Device][]*dialing
}

// NewHub makes the hub of a device.
func NewHub(device keyring.Device, handler Handler, dialer Dialer) *Hub {
	return &Hub{
		device: device, handler: handler, dialer: dialer,
		conns: map[keyring.Device][]*conn{}, dials: map[keyring.Device][]*dialing{},
	}
}

// Device is [Network.Device].
func (h *Hub) Device() keyring.Device { return h.device }

// Arrive is told before anything is done for somebody who comes from an address. The ticket is handed to [Hub.Accept], or
// released where it does not come to that. If somebody else needs the room before, cut is called, without a lock held; it
// ends the handshake.
func (h *Hub) Arrive(from Addr, cut func()) *Ticket { return h.strangers.arrive(from, cut) }

// Crowded says that there are so many handshakes that an address should be proved to be real, where that takes a round
// trip.
func (h *Hub) Crowded(from Addr) bool { return h.strangers.crowded(from) }

// Accept takes an inbound link over, whose handshake is done. Where it is refused the link is closed.
func (h *Hub) Accept(link Link, t *Ticket) {
	if _, err := h.adopt(link, t); err != nil {
		t.Release()
	}
}

// adopt makes a connection of a link: inbound with a ticket, outbound without. It closes a link that it refuses.
func (h *Hub) adopt(link Link, t *Ticket) (*conn, error) {
	c := &conn{hub: h, link: link, ticket: t, inbound: t != nil, since: time.Now(), done: make(chan struct{})}
	if code, err := h.insert(c); err != nil {
		link.Close(code)
		return nil, err
	}
	return c, nil
}

func (h *Hub) insert(c *conn) (code uint32, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	device := c.link.Device()
	switch {
	case h.closed:
		return CodeShutdown, ErrClosed
	case device == h.device:
		return CodeDevice, fmt.Errorf("%w: it is this one", ErrDevice)
	case h.count >= MaxConns+MaxStrangers: // the strangers among them are counted on their own
		return CodeBusy, &LimitError{What: "connections", Limit: MaxConns}
	}
	h.conns[device] = append(h.conns[device], c)
	h.count++
	h.settle(device)
	for _, d := range h.dials[device] {
		d.settle(c, nil)
	}
	h.wg.Go(c.run)
	return 0, nil
}

// remove takes a connection out of the table, if it is there.
func (h *Hub) remove(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	device := c.link.Device()
	i := slices.Index(h.conns[device], c)
	if i < 0 {
		return
	}
	h.conns[device] = slices.Delete(h.conns[device], i, i+1)
	h.count--
	if len(h.conns[device]) == 0 {
		delete(h.conns, device)
		return
	}
	h.settle(device)
}

// settle decides which connection with a device stays, and lets the others run out. The caller holds h.mu.
func (h *Hub) settle(device keyring.Device) {
	all := h.conns[device]
	best := all[0]
	for _, c := range all[1:] {
		best = survivor(best, c)
	}
	for _, c := range all {
		c.setReplaced(c != best)
	}
}

// survivor is the rule for two connections with one device, the older one first. Both sides come to the same result: of
// two that were dialled at the same time from both sides, the one that the smaller key dialled stays; else the newer one,
// because nobody dials beside a connection that they can use. Where the peer has begun anew nobody is at the other end of
// the older one, whoever dialled it.
func survivor(older, newer *conn) *conn {
	if older.link.Process() != newer.link.Process() {
		return newer
	}
	if older.inbound != newer.inbound && newer.since.Sub(older.since) < simultaneous {
		if older.dialledBySmaller() {
			return older
		}
	}
	return newer
}

// simultaneous is how far apart two connections may begin that were dialled at the same time.
const simultaneous = ConnectTimeout

// best is the connection with a device that takes streams, nil without one.
func (h *Hub) best(device keyring.Device) *conn {
	for _, c := range slices.Backward(h.conns[device]) {
		if !c.isReplaced() {
			return c
		}
	}
	return nil
}

// Conns is [Network.Conns].
func (h *Hub) Conns() []Conn {
	var all []Conn
	for _, c := range h.live() {
		all = append(all, c)
	}
	return all
}

func (h *Hub) live() []*conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []*conn
	for _, cs := range h.conns {
		all = append(all, cs...)
	}
	return all
}

// Recheck is [Network.Recheck].
func (h *Hub) Recheck() {
	for _, c := range h.live() {
		c.recheck()
	}
}

// Close is [Network.Close], for the part that is the hub's.
func (h *Hub) Close() error {
	h.mu.Lock()
	h.closed = true
	for _, ds := range h.dials {
		for _, d := range ds {
			d.cancel()
			d.settle(nil, ErrClosed)
		}
	}
	h.mu.Unlock()
	for _, c := range h.live() {
		c.cut(CodeShutdown, "")
	}
	h.wg.Wait()
	return nil
}

// Connect is [Network.Connect].
func (h *Hub) Connect(ctx context.Context, device keyring.Device, addrs []Addr) (Conn, error) {
	if err := device.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDevice, err)
	}
	if device == h.device {
		return nil, fmt.Errorf("%w: it is this one", ErrDevice)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c, d, err := h.join(device, usable(addrs))
	if err != nil {
		return nil, err
	}
	if d != nil {
		select {
		case <-d.done:
		case <-ctx.Done():
		}
		if c, err = h.leave(d); err != nil {
			return nil, cmp.Or(ctx.Err(), err)
		}
	}
	c.Admit() // who is dialled is let in, also where it was quicker
	return c, nil
}
