package peers

import (
	"time"

	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// Person is somebody with whom pledges were exchanged, as others in this house need to know.
type Person struct {
	DID       radicle.DID
	Name      string // what we call them; may be empty
	Friend    bool   // false: somebody else, of whom only DID, Online and Seen are known
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
