package holder

import (
	"context"
	"sync"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
	"radswarm/radicle"
)

// Limits bound the bytes that go in and out. The bounds of single friends are in the state database.
type Limits struct {
	Up, Down int64 // bytes a second of all peers; 0 for no bound
	GuestUp  int64 // bytes a second to all guests of one issuer; 0 for no bound but Up
	OpenUp   int64 // bytes a second to all who read open shares without being more; 0 for no bound but Up
}

// Bytes a second that the disk reads beyond what is sent, for one friend, all guests of one issuer, all others (HOLDER.md §5).
const (
	friendDisk = 64 << 20
	guestDisk  = 16 << 20
	openDisk   = 4 << 20
)

const (
	bytesBurst = time.Second      // what is saved up of bytes to send and take
	diskBurst  = 8 * time.Second  // what is saved up of bytes to read
	patience   = 10 * time.Second // for the disk; longer is BUSY
)

// meter is what one friend, all guests of one issuer, or all readers of open shares use up.
type meter struct {
	up, down *gate
	disk     *gate // for what is read beyond what is sent
	hash     *gate // for whole shares: they do not stand in the way of small questions
}

// meterKey says whose meter it is: of class open there is one, for the zero DID.
type meterKey struct {
	class class
	did   radicle.DID
}

// meters has the meters of whoever was here. They stay when a peer goes, so that coming back pays nothing off.
type meters struct {
	mu     sync.Mutex
	limits Limits
	all    map[meterKey]*meter
	total  meter // has no disk and hash
}

func newMeters(l Limits) *meters {
	m := &meters{all: map[meterKey]*meter{}}
	m.total = meter{up: newGate(l.Up, bytesBurst), down: newGate(l.Down, bytesBurst)}
	m.limits = l
	return m
}

// of returns a meter, with the bounds of now. Up and down are those of a friend.
func (m *meters) of(key meterKey, up, down int64) *meter {
	m.mu.Lock()
	defer m.mu.Unlock()
	disk := int64(friendDisk)
	switch key.class {
	case classGuest:
		up, down, disk = m.limits.GuestUp, 0, guestDisk
	case classOpen:
		up, down, disk = m.limits.OpenUp, 0, openDisk
	}
	one := m.all[key]
	if one == nil {
		one = &meter{newGate(up, bytesBurst), newGate(down, bytesBurst), newGate(disk, diskBurst), newGate(disk, diskBurst)}
		m.all[key] = one
	}
	one.up.setRate(up)
	one.down.setRate(down)
	return one
}

// set changes the limits for whoever waits now, too.
func (m *meters) set(l Limits) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.limits = l
	m.total.up.setRate(l.Up)
	m.total.down.setRate(l.Down)
	for key, one := range m.all {
		switch key.class {
		case classGuest:
			one.up.setRate(l.GuestUp)
		case classOpen:
			one.up.setRate(l.OpenUp)
		}
	}
}

// keep forgets the meters of all for whom stays says no.
func (m *meters) keep(stays func(meterKey) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range m.all {
		if !stays(key) {
			delete(m.all, key)
		}
	}
}

// use is what one operation may use.
type use struct {
	*meter
	total *meter
	class class
}

// send waits until n bytes may be sent.
func (u *use) send(ctx context.Context, n int) error {
	if err := u.up.pass(ctx, u.class, int64(n)); err != nil {
		return err
	}
	return u.total.up.pass(ctx, u.class, int64(n))
}

// take waits until n bytes may have been taken.
func (u *use) take(ctx context.Context, n int) error {
	if err := u.down.pass(ctx, u.class, int64(n)); err != nil {
		return err
	}
	return u.total.down.pass(ctx, u.class, int64(n))
}

// read waits until n bytes may be read that are not sent. It returns a *[wire.BusyError] where that takes too long.
func (u *use) read(ctx context.Context, n int64) error {
	if n <= 0 {
		return ctx.Err()
	}
	return u.disk.passWithin(ctx, patience, n)
}

// readWhole is read for a share of n bytes.
func (u *use) readWhole(ctx context.Context, n int64) error {
	return u.hash.passWithin(ctx, patience, n)
}

// beyond returns the bytes that the disk reads for ranges, but for the ranges themselves.
func beyond(ranges []blobstore.Range) (n int64) {
	last := int64(-1) // the group that is in memory
	for _, r := range ranges {
		if r.Off < 0 || r.Len < 1 || r.Len > blobstore.MaxChunk {
			continue // is refused
		}
		for g := r.Off / share.GroupSize; g <= (r.Off+int64(r.Len)-1)/share.GroupSize; g++ {
			if g != last {
				n += share.GroupSize
			}
			last = g
		}
		n -= int64(r.Len)
	}
	return n
}
