package holder

import (
	"slices"

	"radswarm/blobstore/disk"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// Peer is who is at the other end of a connection.
type Peer struct {
	DID      radicle.DID
	Device   keyring.Device
	Access   wire.Access      // what this side lets it do
	Standing keyring.Standing // of its device
}

// rights are what a peer may do with shares at this moment (HOLDER.md §2).
type rights struct {
	peer     radicle.DID
	friend   bool          // reads, proves and deletes what is its own
	places   bool          // PUT
	deletes  bool          // DELETE
	give     int64         // the most that may be charged to it, in bytes
	own      []radicle.DID // whose shares it reads as its own: itself first
	issuers  []radicle.DID // whose shares it reads as their guest
	up, down int64         // bounds of a friend, bytes a second; 0 for none
}

// class is where a peer stands in line before it is known what it wants.
func (r *rights) class() class {
	switch {
	case r.friend:
		return classFriend
	case len(r.issuers) > 0:
		return classGuest
	}
	return classOpen
}

// peer returns who a device belongs to, if that is somebody who may come in.
func (s *Service) peer(device keyring.Device) (Peer, bool) {
	did, standing, err := s.friends.ByDevice(device)
	if err != nil {
		return Peer{}, false
	}
	p := Peer{DID: did, Device: device, Access: s.access(did), Standing: standing}
	if len(s.guests.issuers(device, did, s.now())) > 0 {
		p.Access |= wire.AccessGuest
	}
	return p, p.Access != 0
}

// Issuers returns by whom a peer presented introductions that hold, on a connection that lasts: whose guest it is.
func (s *Service) Issuers(p Peer) []radicle.DID { return s.guests.issuers(p.Device, p.DID, s.now()) }

// access returns what a DID may do by itself.
func (s *Service) access(did radicle.DID) (a wire.Access) {
	if did == s.self {
		return 0
	}
	if _, ok := s.friends.Friend(did); ok || s.friends.IsMine(did) {
		a |= wire.AccessFriend
	}
	if s.members.IsMember(did) {
		a |= wire.AccessMember
	}
	return a
}

// rights returns what a peer may do now. It is asked for every operation: whatever changed counts.
func (s *Service) rights(p Peer) rights {
	r := rights{peer: p.DID}
	now, ok := s.peer(p.Device)
	if !ok || now.DID != p.DID {
		return r
	}
	current := now.Standing == keyring.Current
	if f, ok := s.friends.Friend(p.DID); ok {
		r.friend, r.places, r.give = true, current && f.Draining.IsZero(), f.Give
		r.up, r.down = f.Up, f.Down
		r.own = []radicle.DID{p.DID}
	}
	if s.friends.IsMine(p.DID) {
		r.friend, r.places, r.give = true, current, disk.NoLimit
		r.own = append([]radicle.DID{p.DID, s.self}, slices.DeleteFunc(s.friends.Mine(), func(did radicle.DID) bool { return did == p.DID })...)
	}
	r.deletes = r.friend && current
	r.issuers = s.guests.issuers(p.Device, p.DID, s.now())
	return r
}
