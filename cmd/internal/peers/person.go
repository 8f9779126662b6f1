package peers

import (
	"time"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// Person is somebody with whom pledges were exchanged, as others in this house need to know.
type Person struct {
	DID       radicle.DID
	Name      string // what we call them; may be empty
	Friend    bool   // false: somebody else, of whom only DID and Online are known
	Online    bool
	Seen      time.Time // zero: never
	Uptime    float64   // part of the time, 0 … 1, that they were there; -1: not known yet
	Household string
	Give      int64 // bytes that we pledge
	Given     int64 // bytes that they pledge
	Used      int64 // bytes charged to us there
	Room      int64 // bytes that they would still take
	Draining  bool  // the friendship is being wound up
}

// Candidate is a friend who may take shares.
type Candidate struct {
	swarm.Candidate
	Online bool
	Seen   time.Time
	Uptime float64 // as in [Person]
}

// candidateAge is how long a friend may have been away who is still asked to keep shares.
const candidateAge = 14 * 24 * time.Hour

// Person returns what is known of somebody.
func (p *Peers) Person(did radicle.DID) Person {
	if f, ok := p.state.Friend(did); ok {
		return p.person(f)
	}
	return Person{DID: did, Online: p.Online(did), Uptime: -1}
}

func (p *Peers) person(f friend.Friend) Person {
	return Person{
		DID: f.DID, Name: f.Name, Friend: true, Online: p.Online(f.DID), Seen: f.Seen, Uptime: p.uptimeOf(f.DID), Household: f.Household,
		Give: f.Give, Given: f.Given.Give, Used: f.Given.Used, Room: f.Given.Room, Draining: !f.Draining.IsZero(),
	}
}

// People returns all friends, by name and then by DID.
func (p *Peers) People() []Person {
	friends := p.state.Friends()
	all := make([]Person, 0, len(friends))
	for _, f := range friends {
		all = append(all, p.person(f))
	}
	return all
}

// Candidates returns friends who may take shares: they have room, were seen in the last 14 days, and are not being removed.
func (p *Peers) Candidates() (all []Candidate) {
	for _, one := range p.People() {
		if one.Room <= 0 || one.Draining || !one.Online && p.o.Now().Sub(one.Seen) > candidateAge {
			continue
		}
		all = append(all, Candidate{
			Candidate: swarm.Candidate{DID: one.DID, Household: one.Household, Free: one.Room},
			Online:    one.Online, Seen: one.Seen, Uptime: one.Uptime,
		})
	}
	return all
}
