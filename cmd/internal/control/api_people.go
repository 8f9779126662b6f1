package control

import (
	"time"

	"radswarm/radicle"
)

// What is asked about people. In paths, {who} is a DID or a friend's name.
//
//	GET    /v1/status                 Status
//	POST   /v1/unlock                 Unlock → Status
//	GET    /v1/friends                Friends
//	POST   /v1/friends                AddFriend → Friend
//	GET    /v1/friends/{who}          Friend
//	PATCH  /v1/friends/{who}          SetFriend → Friend
//	DELETE /v1/friends/{who}          RemoveFriend → lines, RemovedFriend
//	GET    /v1/suggestions            Suggestions
//	POST   /v1/invitations            Invite → Invitation
//	DELETE /v1/invitations/{id}       nothing
//	POST   /v1/accept                 Accept → lines, Accepted
//	GET    /v1/devices                Devices
//	POST   /v1/devices                Device → Devices
//	DELETE /v1/devices/{did}          Devices
//	GET    /v1/net                    Net
//	POST   /v1/net/dial               Dial → lines, Dialled

// Status is the state of a home.
type Status struct {
	DID      radicle.DID `json:"did"`
	Alias    string      `json:"alias"`
	Home     string      `json:"home"`
	Device   string      `json:"device"`
	Software string      `json:"software"`
	PID      int         `json:"pid"`
	Started  time.Time   `json:"started"`
	// Locked is why the Radicle key is not at hand; empty where it is.
	Locked      string      `json:"locked,omitempty"`
	Certificate *time.Time  `json:"certificate_until,omitempty"` // nil: there is none
	Addresses   []string    `json:"addresses"`                   // that it listens on
	Store       StoreStatus `json:"store"`
	Friends     FriendCount `json:"friends"`
	Objects     ObjectCount `json:"objects"`
	Jobs        []Job       `json:"jobs"` // that run or wait
	Warnings    []Warning   `json:"warnings"`
}

// StoreStatus is what is kept for others.
type StoreStatus struct {
	Dir     string `json:"dir"`
	Shares  int64  `json:"shares"`
	Charged int64  `json:"charged"` // bytes
	Limit   int64  `json:"limit"`   // bytes for everybody; 0: no bound of its own
	Free    int64  `json:"free"`    // bytes of the disk
	Floor   int64  `json:"floor"`   // bytes of the disk that are never filled
	Problem string `json:"problem,omitempty"`
}

// FriendCount sums up the friends.
type FriendCount struct {
	Total  int   `json:"total"`
	Online int   `json:"online"`
	Give   int64 `json:"give"`  // bytes that we give
	Given  int64 `json:"given"` // bytes that they give
	Room   int64 `json:"room"`  // bytes that they would still take
}

// ObjectCount sums up the objects of this home.
type ObjectCount struct {
	Total   int   `json:"total"`
	Bytes   int64 `json:"bytes"`
	Safe    int   `json:"safe"`    // at least as safe as the requirement safe
	Full    int   `json:"full"`    // all shares placed
	Pending int   `json:"pending"` // with shares to place
}

// Job is work that goes on without a client.
type Job struct {
	What  string    `json:"what"` // in a few words
	Since time.Time `json:"since"`
	Bytes int64     `json:"bytes"`
	Total int64     `json:"total,omitempty"`
	Why   string    `json:"why,omitempty"` // why it waits
}

// Warning is something that a person should do.
type Warning struct {
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"` // a command
}

// Unlock gives the daemon the Radicle key: with a passphrase, or an ssh-agent at a socket, or nothing where the key file has
// no passphrase. The daemon keeps neither passphrase nor key on a disk.
type Unlock struct {
	Passphrase string `json:"passphrase,omitempty"`
	Agent      string `json:"agent,omitempty"` // the path of SSH_AUTH_SOCK
}

// Friend is a person with whom pledges were exchanged.
type Friend struct {
	DID       radicle.DID `json:"did"`
	Name      string      `json:"name,omitempty"`
	Give      int64       `json:"give"`  // bytes that we pledge
	Given     int64       `json:"given"` // bytes that they pledge
	Used      int64       `json:"used"`  // bytes charged to us there
	Room      int64       `json:"room"`  // bytes that they would still take of us
	Holds     int64       `json:"holds"` // bytes charged to them here
	Up        int64       `json:"up"`    // bytes a second to them at most; 0: no bound
	Down      int64       `json:"down"`
	Household string      `json:"household,omitempty"`
	Added     time.Time   `json:"added"`
	Seen      *time.Time  `json:"seen,omitempty"` // nil: never
	Online    bool        `json:"online"`
	Address   string      `json:"address,omitempty"` // of the open connection
	Uptime    float64     `json:"uptime"`            // part of the time, 0 … 1, that they were there; -1: not known yet
	Draining  *time.Time  `json:"draining,omitempty"`
	Silence   string      `json:"silence"`           // keep, free or ask
	Problem   string      `json:"problem,omitempty"` // why they are not online
}

// Friends is everybody with whom there is something.
type Friends struct {
	Friends     []Friend     `json:"friends"`
	Invitations []Invitation `json:"invitations"`
}

// AddFriend makes a friend of somebody whose device is known. The other side does the same.
type AddFriend struct {
	DID       radicle.DID `json:"did"`
	Name      string      `json:"name,omitempty"`
	Give      int64       `json:"give"`
	Addresses []string    `json:"addresses,omitempty"` // host:port
}

// SetFriend changes what is not nil.
type SetFriend struct {
	Name      *string `json:"name,omitempty"`
	Give      *int64  `json:"give,omitempty"`
	Up        *int64  `json:"up,omitempty"`
	Down      *int64  `json:"down,omitempty"`
	Household *string `json:"household,omitempty"`
	Silence   *string `json:"silence,omitempty"`
}

// RemoveFriend ends a friendship. With Drain, what is ours there is placed with others first, and what is theirs here stays
// until they have taken it elsewhere.
type RemoveFriend struct {
	Drain bool `json:"drain,omitempty"`
	// Force removes at once although shares of ours that nobody else has are lost, or theirs are deleted.
	Force bool `json:"force,omitempty"`
}

// RemovedFriend says what became of it.
type RemovedFriend struct {
	Done  bool  `json:"done"`  // false: it drains, and is done later
	Moved int   `json:"moved"` // shares of ours that others took
	Left  int   `json:"left"`  // shares of ours that are still there
	Holds int64 `json:"holds"` // bytes of theirs that are still here
}

// Suggestions are people who might be asked.
type Suggestions struct {
	People []Suggestion `json:"people"`
}

// Suggestion is somebody who could be a friend.
type Suggestion struct {
	DID    radicle.DID `json:"did"`
	Alias  string      `json:"alias,omitempty"`
	Why    string      `json:"why"` // in a few words
	Repos  int         `json:"repos"`
	Device bool        `json:"device"` // known, so that friend add is enough
}

// Invite makes an invitation.
type Invite struct {
	Give int64         `json:"give"` // bytes for whoever accepts
	Name string        `json:"name,omitempty"`
	Life time.Duration `json:"life,omitempty"` // nanoseconds; 0: a default
}

// Invitation is an invitation that was made. The line is in the answer that made it, and nowhere else.
type Invitation struct {
	ID     string       `json:"id"`
	Give   int64        `json:"give"`
	Name   string       `json:"name,omitempty"`
	Made   time.Time    `json:"made"`
	Ends   time.Time    `json:"ends"`
	UsedBy *radicle.DID `json:"used_by,omitempty"`
	Line   string       `json:"line,omitempty"`
}

// Accept takes a line that somebody else printed: an invitation, or what lets a member in.
type Accept struct {
	Line string `json:"line"`
	Give int64  `json:"give,omitempty"` // bytes for who invited
	Name string `json:"name,omitempty"` // what we call them; empty: as they call themselves
}

// Accepted is what a line did.
type Accepted struct {
	Friend     *Friend      `json:"friend,omitempty"`     // of an invitation
	Repository *radicle.RID `json:"repository,omitempty"` // of a member's line
	By         radicle.DID  `json:"by"`                   // whose line it was
}

// Device is a further DID of this person.
type Device struct {
	DID radicle.DID `json:"did"`
}

// Devices are the DIDs of this person.
type Devices struct {
	Self    radicle.DID   `json:"self"`
	Device  string        `json:"device"` // the transport key of this machine
	Further []radicle.DID `json:"further"`
}

// Net is how this machine is connected.
type Net struct {
	Device    string     `json:"device"`
	Listen    []string   `json:"listen"`            // addresses as they are here
	Announced []string   `json:"announced"`         // as friends are told
	Reached   *time.Time `json:"reached,omitempty"` // when somebody connected to us last; nil: never
	Peers     []NetPeer  `json:"peers"`
	Up        int64      `json:"up"` // bytes a second at most; 0: no bound
	Down      int64      `json:"down"`
}

// NetPeer is a connection, or a friend without one.
type NetPeer struct {
	DID      radicle.DID `json:"did"`
	Name     string      `json:"name,omitempty"`
	Access   string      `json:"access"` // friend, member, guest
	Online   bool        `json:"online"`
	Inbound  bool        `json:"inbound"`
	Address  string      `json:"address,omitempty"`
	Since    *time.Time  `json:"since,omitempty"`
	Software string      `json:"software,omitempty"`
	RTT      int64       `json:"rtt_us,omitempty"` // microseconds
	Problem  string      `json:"problem,omitempty"`
	NextDial *time.Time  `json:"next_dial,omitempty"`
}

// Dial asks to try to reach somebody now.
type Dial struct {
	Who string `json:"who"`
}

// Dialled is what came of it.
type Dialled struct {
	Peer NetPeer `json:"peer"`
}
