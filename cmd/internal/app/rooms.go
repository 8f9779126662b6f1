package app

import (
	"context"
	"io/fs"
	"slices"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/blobstore/zone"
	"radswarm/cmd/internal/objects"
	"radswarm/cmd/internal/peers"
	"radswarm/cmd/internal/repos"
	"radswarm/radicle"
)

// What one room has, in the words of another.

// people are those of package peers, as package objects sees them, and who lives here.
type people struct {
	*peers.Peers
	self radicle.DID
	own  blobstore.Holder // of what others have put here
}

var _ objects.People = people{}

// Holder implements objects.People.
func (p people) Holder(did radicle.DID) blobstore.Holder {
	if did == p.self {
		return p.own
	}
	return p.Peers.Holder(did)
}

// Reach implements objects.People.
func (p people) Reach(ctx context.Context, did radicle.DID) error {
	if did == p.self {
		return nil
	}
	return p.Peers.Reach(ctx, did)
}

func (p people) Person(did radicle.DID) objects.Person {
	if did == p.self {
		return objects.Person{Name: "you", Online: true, Seen: time.Now()}
	}
	one := p.Peers.Person(did)
	return objects.Person{Name: one.Name, Online: one.Online, Seen: one.Seen, Household: one.Household}
}

func (p people) Candidates() []objects.Candidate {
	var all []objects.Candidate
	for _, c := range p.Peers.Candidates() {
		all = append(all, objects.Candidate{Candidate: c.Candidate, Online: c.Online, Seen: c.Seen, Uptime: c.Uptime})
	}
	return all
}

func (p people) Friends() []radicle.DID {
	var all []radicle.DID
	for _, one := range p.People() {
		if one.Friend {
			all = append(all, one.DID)
		}
	}
	return all
}

// mover is package objects, as package peers sees it.
type mover struct{ *objects.Objects }

var _ peers.Mover = mover{}

func (m mover) Drain(ctx context.Context, did radicle.DID) (moved, left int, err error) {
	d, err := m.Objects.Drain(ctx, did, nil)
	return d.Moved, d.Left, err
}

// stored is package objects, as package repos sees it.
type stored struct {
	*objects.Objects
	records objects.Records
}

var _ repos.Objects = stored{}

// Publish implements repos.Objects: it orders the shares that the index knows to be opened, with the key that the record has.
func (s stored) Publish(ctx context.Context, p blobstore.Pointer) error {
	choices, err := s.records.Find(ctx, radicle.RID{}, p.OID, p.Size)
	if err != nil {
		return err
	}
	for _, c := range choices {
		if c.Record.Reach() != record.Public {
			continue
		}
		orders, err := s.orders(c.Object)
		if err != nil {
			return err
		}
		return s.Open(ctx, c.Object, orders)
	}
	return fs.ErrNotExist
}

// orders are the shares of an object, where the index knows them to be.
func (s stored) orders(o *record.Object) (all []zone.OpenShare, err error) {
	p := o.Pointer()
	locator, err := o.Key.Repair().Locator(o.Manifest.Coding().K())
	if err != nil {
		return nil, err
	}
	holding, err := s.Holding(p.OID, &p.Size)
	if err != nil {
		return nil, err
	}
	for _, share := range holding.Shares {
		root, ok := o.Manifest.Root(share.Index)
		if share.DID == nil || !ok {
			continue
		}
		sid, err := locator.SID(*share.DID, share.Index)
		if err != nil {
			return nil, err
		}
		all = append(all, zone.OpenShare{
			Pointer: p, Holder: *share.DID, Index: share.Index, Name: blobstore.ShareName{SID: sid, Root: root},
		})
	}
	return all, nil
}

// Holders implements repos.Objects.
func (s stored) Holders(p blobstore.Pointer) (all []radicle.DID) {
	holding, err := s.Holding(p.OID, &p.Size)
	if err != nil {
		return nil // it is not known here
	}
	for _, share := range holding.Shares {
		if share.DID != nil && !slices.Contains(all, *share.DID) {
			all = append(all, *share.DID)
		}
	}
	return all
}

// signTime bounds how long a signature may take for which nobody waits with a context of its own: an agent may ask a person.
const signTime = time.Minute

// ringOf is the keys, as package objects sees them.
type ringOf struct{ keys *Keys }

func (r ringOf) Keyring() (*keyring.Keyring, error) {
	ctx, cancel := context.WithTimeout(context.Background(), signTime)
	defer cancel()
	return r.keys.Keyring(ctx)
}
