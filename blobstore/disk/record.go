package disk

import (
	"slices"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// record is what a store knows of one name.
type record struct {
	name   blobstore.ShareName
	state  state
	since  int64 // when it went to the trash, Unix seconds
	length int64 // of the share; 0 where that cannot be read
	base   int64 // charged for the file, without manifests; out of the index, with the stale one
	leases []lease
	footer lease // the one in the file; zero where that cannot be read
}

// visible reports whether a peer may see a share that is held.
func (r *record) visible(peer radicle.DID) bool {
	return slices.ContainsFunc(r.leases, func(l lease) bool { return l.owner == peer || l.open })
}

// stale returns the bytes of the manifest in the share's file if it is nobody's any more: that of an owner who put another one
// since, or left. Who is alone pays for it; more owners than one have paid for more than that.
func (r *record) stale() int64 {
	if len(r.leases) != 1 || r.footer.owner.IsZero() || r.leases[0].equal(r.footer) {
		return 0
	}
	return int64(len(r.footer.sealed))
}

// size returns what the share takes on the disk, as it is charged.
func (r *record) size() int64 {
	size := r.base + r.stale()
	for _, l := range r.leases {
		size += int64(len(l.sealed))
	}
	return size
}

// chargeTo returns what an owner is charged for the share.
func (r *record) chargeTo(owner radicle.DID) int64 {
	if l, ok := leaseOf(r.leases, owner); ok {
		return r.base + r.stale() + int64(len(l.sealed))
	}
	return 0
}

// charges are bytes charged, or differences of them.
type charges struct {
	total  int64
	owners map[radicle.DID]int64
}

func (c *charges) add(owner radicle.DID, bytes int64) {
	if c.owners == nil {
		c.owners = map[radicle.DID]int64{}
	}
	c.owners[owner] += bytes
}
