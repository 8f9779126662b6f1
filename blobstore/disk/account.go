package disk

import (
	"math"
	"sync"

	"radswarm/radicle"
)

// NoLimit is a pledge without a ceiling of its own.
const NoLimit = math.MaxInt64

// minFloor is the least that stays free on a disk where nothing else is said.
const minFloor = 2 << 30 // 2 GiB

// Limits bound what a store takes. Lowering them deletes nothing.
type Limits struct {
	Total int64 // most bytes charged in all, the trash included; 0 for none but the disk's
	Floor int64 // bytes that stay free on the disk; 0 for the larger of 5 % and 2 GiB, negative for none
}

// floor returns the bytes that stay free on a disk of this size.
func (l Limits) floor(size int64) int64 {
	if l.Floor == 0 {
		return max(size/20, minFloor)
	}
	return max(0, l.Floor)
}

// account knows what is charged for what lies on the disk, and promised to shares that arrive. All is in bytes.
type account struct {
	mu        sync.Mutex
	limits    Limits
	kept      charges
	promised  charges
	unwritten int64 // promised, and not yet taken from what the disk has free
}

// claim is a promise of room.
type claim struct {
	owner     radicle.DID
	pledge    int64 // most that may be charged to the owner
	total     int64 // charged in all
	toOwner   int64 // charged to the owner
	unwritten int64 // of total
}

// reserve promises room for a claim, or says which bound it would cross. Space tells what the disk has free, and its size. It
// is asked while no promise changes: of bytes that were put aside after it was, nobody would know.
func (a *account) reserve(c *claim, space func() (free, size int64, err error)) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if room := c.pledge - a.charged(c.owner); c.toOwner > room {
		return &FullError{BoundPledge, c.toOwner, max(0, room)}
	}
	if room := a.limits.Total - a.kept.total - a.promised.total; a.limits.Total != 0 && c.total > room {
		return &FullError{BoundTotal, c.total, max(0, room)}
	}
	if c.total > 0 {
		free, size, err := space()
		if err != nil {
			return err
		}
		if room := free - a.unwritten - a.limits.floor(size); c.total > room {
			return &FullError{BoundFloor, c.total, max(0, room)}
		}
	}
	c.unwritten = c.total
	a.unwritten += c.total
	a.promised.total += c.total
	a.promised.add(c.owner, c.toOwner)
	return nil
}

// charged returns what is charged and promised to an owner.
func (a *account) charged(owner radicle.DID) int64 {
	return a.kept.owners[owner] + a.promised.owners[owner]
}

// written says that the disk has put the claim's bytes aside.
func (a *account) written(c *claim) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.unwritten -= c.unwritten
	c.unwritten = 0
}

// settle books what changed, and ends claims in the same moment, so that nothing counts twice or not at all.
func (a *account) settle(change charges, claims ...*claim) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.kept.total += change.total
	for owner, bytes := range change.owners {
		a.kept.add(owner, bytes)
		a.kept.drop(owner)
	}
	for _, c := range claims {
		a.unwritten -= c.unwritten
		a.promised.total -= c.total
		a.promised.add(c.owner, -c.toOwner)
		a.promised.drop(c.owner)
	}
}

// drop forgets an owner to whom nothing is charged.
func (c *charges) drop(owner radicle.DID) {
	if c.owners[owner] == 0 {
		delete(c.owners, owner)
	}
}
