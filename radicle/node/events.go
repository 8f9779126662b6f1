package node

import (
	"encoding/json"
	"time"

	"radswarm/radicle"
)

// An Event is what the node says happened: one of the pointers to the structs below.
type Event interface{ event() }

// RefsFetched: we fetched from Remote.
type RefsFetched struct {
	Remote  radicle.NID
	RID     radicle.RID
	Updated []RefUpdate
	Unknown Unknown
}

// RefsSynced: Remote now has our signed refs At.
type RefsSynced struct {
	Remote  radicle.NID
	RID     radicle.RID
	At      radicle.Oid
	Unknown Unknown
}

// SeedDiscovered: NID announced that it has RID.
type SeedDiscovered struct {
	RID     radicle.RID
	NID     radicle.NID
	Unknown Unknown
}

// SeedDropped: NID no longer has RID.
type SeedDropped struct {
	RID     radicle.RID
	NID     radicle.NID
	Unknown Unknown
}

// PeerConnected: a session began.
type PeerConnected struct {
	NID     radicle.NID
	Unknown Unknown
}

// PeerDisconnected: a session ended.
type PeerDisconnected struct {
	NID     radicle.NID
	Reason  string
	Unknown Unknown
}

// LocalRefsAnnounced: somebody on this machine had the node announce our refs.
type LocalRefsAnnounced struct {
	RID     radicle.RID
	Refs    RefsAt
	Time    time.Time
	Unknown Unknown
}

// InventoryAnnounced: NID told what it has.
type InventoryAnnounced struct {
	NID       radicle.NID
	Inventory []radicle.RID
	Time      time.Time
	Unknown   Unknown
}

// RefsAnnounced: NID told of signed refs of RID.
type RefsAnnounced struct {
	NID     radicle.NID
	RID     radicle.RID
	Refs    []RefsAt
	Time    time.Time
	Unknown Unknown
}

// NodeAnnounced: NID told about itself.
type NodeAnnounced struct {
	NID       radicle.NID
	Alias     radicle.Alias
	Time      time.Time
	Features  uint64   // bit set; 1 is a seed
	Addresses []string // host:port
	Unknown   Unknown
}

// UploadPack: a peer fetches from us, and it is this far.
type UploadPack struct {
	RID         radicle.RID
	Remote      radicle.NID
	Stage       string          // Done, Write, Error or PackProgress
	Status      string          // Done: how git ended, even a successful one "signal: 9 (SIGKILL)"
	Err         string          // Error
	Transmitted uint64          // PackProgress: bytes
	Progress    json.RawMessage // Write: what git counts
	Unknown     Unknown
}

// CanonicalRefUpdated: a fetch moved a ref that delegates agree on. Since 1.4.
type CanonicalRefUpdated struct {
	RID     radicle.RID
	Name    string // refs/…, without a namespace
	Target  radicle.Oid
	Unknown Unknown
}

// OtherEvent is an event that we do not know, or whose content is not what its type should have; then Err says what is wrong.
type OtherEvent struct {
	Type string
	Text json.RawMessage // the whole line
	Err  error
}

func (*RefsFetched) event()         {}
func (*RefsSynced) event()          {}
func (*SeedDiscovered) event()      {}
func (*SeedDropped) event()         {}
func (*PeerConnected) event()       {}
func (*PeerDisconnected) event()    {}
func (*LocalRefsAnnounced) event()  {}
func (*InventoryAnnounced) event()  {}
func (*RefsAnnounced) event()       {}
func (*NodeAnnounced) event()       {}
func (*UploadPack) event()          {}
func (*CanonicalRefUpdated) event() {}
func (*OtherEvent) event()          {}

// parseEvent reads a line of a subscription.
func parseEvent(line []byte) Event {
	var head struct{ Type string }
	if err := json.Unmarshal(line, &head); err != nil {
		return &OtherEvent{Text: line, Err: err}
	}
	e, unknown, known := shapeOf(head.Type)
	if e == nil {
		return &OtherEvent{Type: head.Type, Text: line}
	}
	known["type"] = must(&head.Type)
	if err := decode(line, unknown, known); err != nil {
		return &OtherEvent{Type: head.Type, Text: line, Err: err}
	}
	if u, ok := e.(*UploadPack); ok {
		return u.parseStage(line)
	}
	return e
}

// shapeOf returns an event of a type and where its fields go, or nil if we do not know the type.
func shapeOf(kind string) (Event, *Unknown, fields) {
	switch kind {
	case "refsFetched":
		e := new(RefsFetched)
		return e, &e.Unknown, fields{"remote": must(&e.Remote), "rid": must(&e.RID), "updated": must(&e.Updated)}
	case "refsSynced":
		e := new(RefsSynced)
		return e, &e.Unknown, fields{"remote": must(&e.Remote), "rid": must(&e.RID), "at": must(&e.At)}
	case "seedDiscovered":
		e := new(SeedDiscovered)
		return e, &e.Unknown, fields{"rid": must(&e.RID), "nid": must(&e.NID)}
	case "seedDropped":
		e := new(SeedDropped)
		return e, &e.Unknown, fields{"rid": must(&e.RID), "nid": must(&e.NID)}
	case "peerConnected":
		e := new(PeerConnected)
		return e, &e.Unknown, fields{"nid": must(&e.NID)}
	case "peerDisconnected":
		e := new(PeerDisconnected)
		return e, &e.Unknown, fields{"nid": must(&e.NID), "reason": must(&e.Reason)}
	case "uploadPack":
		e := new(UploadPack)
		return e, &e.Unknown, fields{}
	case "canonicalRefUpdated":
		e := new(CanonicalRefUpdated)
		return e, &e.Unknown, fields{"rid": must(&e.RID), "refname": must(&e.Name), "target": must(&e.Target)}
	}
	return announcementOf(kind)
}

// announcementOf is shapeOf for the events that carry a time.
func announcementOf(kind string) (Event, *Unknown, fields) {
	switch kind {
	case "localRefsAnnounced":
		e := new(LocalRefsAnnounced)
		return e, &e.Unknown, fields{"rid": must(&e.RID), "refs": must(&e.Refs), "timestamp": must(inMilliseconds(&e.Time))}
	case "inventoryAnnounced":
		e := new(InventoryAnnounced)
		return e, &e.Unknown, fields{"nid": must(&e.NID), "inventory": must(&e.Inventory), "timestamp": must(inMilliseconds(&e.Time))}
	case "refsAnnounced":
		e := new(RefsAnnounced)
		return e, &e.Unknown, fields{
			"nid": must(&e.NID), "rid": must(&e.RID), "refs": must(&e.Refs), "timestamp": must(inMilliseconds(&e.Time)),
		}
	case "nodeAnnounced":
		e := new(NodeAnnounced)
		return e, &e.Unknown, fields{
			"nid": must(&e.NID), "alias": must(&e.Alias), "timestamp": must(inMilliseconds(&e.Time)),
			"features": must(&e.Features), "addresses": must(&e.Addresses),
		}
	}
	return nil, nil, nil
}

// parseStage reads the one key beside type that says how far an upload is.
func (e *UploadPack) parseStage(line []byte) Event {
	if len(e.Unknown) != 1 {
		return &OtherEvent{Type: "uploadPack", Text: line}
	}
	var content json.RawMessage
	for e.Stage, content = range e.Unknown {
	}
	known := fields{"rid": must(&e.RID), "remote": must(&e.Remote)}
	switch e.Stage {
	case "Done":
		known["status"] = must(&e.Status)
	case "Write":
		known["progress"] = must(&e.Progress)
	case "Error":
		known["err"] = must(&e.Err)
	case "PackProgress":
		known["transmitted"] = must(&e.Transmitted)
	}
	if err := decode(content, &e.Unknown, known); err != nil {
		return &OtherEvent{Type: "uploadPack", Text: line, Err: err}
	}
	return e
}
