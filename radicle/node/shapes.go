package node

import (
	"encoding/json"
	"fmt"
	"time"

	"radswarm/radicle"
)

// A Session is a connection of the node, or the wish for one.
type Session struct {
	NID     radicle.NID
	Link    Link
	Addr    string // host:port; of an inbound session the port is the peer's ephemeral one
	State   SessionState
	Unknown Unknown
}

// UnmarshalJSON reads the node's form.
func (s *Session) UnmarshalJSON(text []byte) error {
	return decode(text, &s.Unknown, fields{
		"nid": must(&s.NID), "link": must(&s.Link), "addr": must(&s.Addr), "state": must(&s.State),
	})
}

// Link is which side dialled.
type Link string

// The links there are.
const (
	Inbound  Link = "inbound"
	Outbound Link = "outbound"
)

// Phase is how far a connection got.
type Phase string

// The phases there are.
const (
	Initial      Phase = "initial"
	Attempted    Phase = "attempted"
	Connected    Phase = "connected"
	Disconnected Phase = "disconnected"
)

// A SessionState is a phase and what goes with it.
type SessionState struct {
	Phase    Phase
	Since    time.Time     // when connected or disconnected
	RetryAt  time.Time     // when disconnected
	Fetching []radicle.RID // when connected; only nodes up to 1.2 say it
	Unknown  Unknown
}

// UnmarshalJSON reads the node's form. A phase that we do not know keeps its content in Unknown under its name.
func (s *SessionState) UnmarshalJSON(text []byte) error {
	name, content, err := variant(text)
	if err != nil {
		return err
	}
	s.Phase = Phase(name)
	switch {
	case content == nil:
		return nil
	case s.Phase == Connected:
		return decode(content, &s.Unknown, fields{"since": must(inSeconds(&s.Since)), "fetching": may(&s.Fetching)})
	case s.Phase == Disconnected:
		return decode(content, &s.Unknown, fields{"since": must(inSeconds(&s.Since)), "retryAt": must(inSeconds(&s.RetryAt))})
	}
	s.Unknown = Unknown{name: content}
	return nil
}

// A Seed is a node that has, or announced to have, a repository. The own node is one too.
type Seed struct {
	NID     radicle.NID
	Addrs   []KnownAddress
	State   *SessionState // nil: no session
	Sync    *SyncStatus   // nil: never synced
	Unknown Unknown
}

// UnmarshalJSON reads the node's form.
func (s *Seed) UnmarshalJSON(text []byte) error {
	return decode(text, &s.Unknown, fields{
		"nid": must(&s.NID), "addrs": must(&s.Addrs), "state": may(&s.State), "sync": may(&s.Sync),
	})
}

// A KnownAddress is an address that somebody announced for a node.
type KnownAddress struct {
	Addr        string    // host:port
	Source      string    // peer, bootstrap or imported
	LastSuccess time.Time // zero: never
	LastAttempt time.Time // zero: never
	Banned      bool
	Unknown     Unknown
}

// UnmarshalJSON reads the node's form.
func (a *KnownAddress) UnmarshalJSON(text []byte) error {
	return decode(text, &a.Unknown, fields{
		"addr": must(&a.Addr), "source": must(&a.Source), "banned": may(&a.Banned),
		"lastSuccess": may(inSeconds(&a.LastSuccess)), "lastAttempt": may(inSeconds(&a.LastAttempt)),
	})
}

// A SyncStatus says which of our signed refs a seed has.
type SyncStatus struct {
	Status  string   // synced or outOfSync
	At      SyncedAt // when synced
	Local   SyncedAt // when outOfSync: ours
	Remote  SyncedAt // when outOfSync: the seed's
	Unknown Unknown
}

// The two values of Status.
const (
	Synced    = "synced"
	OutOfSync = "outOfSync"
)

// UnmarshalJSON reads the node's form.
func (s *SyncStatus) UnmarshalJSON(text []byte) error {
	return decode(text, &s.Unknown, fields{
		"status": must(&s.Status), "at": may(&s.At), "local": may(&s.Local), "remote": may(&s.Remote),
	})
}

// A SyncedAt is a commit of signed refs and its time.
type SyncedAt struct {
	Oid     radicle.Oid
	Time    time.Time
	Unknown Unknown
}

// UnmarshalJSON reads the node's form.
func (s *SyncedAt) UnmarshalJSON(text []byte) error {
	return decode(text, &s.Unknown, fields{"oid": must(&s.Oid), "timestamp": must(inSeconds(&s.Time))})
}

// A RefsAt is a namespace and the commit of its signed refs.
type RefsAt struct {
	Remote  radicle.NID
	At      radicle.Oid
	Unknown Unknown
}

// UnmarshalJSON reads the node's form.
func (r *RefsAt) UnmarshalJSON(text []byte) error {
	return decode(text, &r.Unknown, fields{"remote": must(&r.Remote), "at": must(&r.At)})
}

// A RefUpdate says what a fetch did to a ref.
type RefUpdate struct {
	Kind    UpdateKind
	Name    string      // with its namespace: refs/namespaces/z6Mk…/refs/…
	Old     radicle.Oid // zero when created
	New     radicle.Oid // zero when deleted
	Unknown Unknown
}

// UpdateKind is what happened to a ref.
type UpdateKind string

// The kinds there are. Skipped is a ref that did not change.
const (
	RefUpdated UpdateKind = "updated"
	RefCreated UpdateKind = "created"
	RefDeleted UpdateKind = "deleted"
	RefSkipped UpdateKind = "skipped"
)

// UnmarshalJSON reads the node's form. A kind that we do not know keeps its content in Unknown under its name.
func (u *RefUpdate) UnmarshalJSON(text []byte) error {
	name, content, err := variant(text)
	if err != nil {
		return err
	}
	u.Kind = UpdateKind(name)
	switch u.Kind {
	case RefUpdated:
		return decode(content, &u.Unknown, fields{"name": must(&u.Name), "old": must(&u.Old), "new": must(&u.New)})
	case RefCreated:
		return decode(content, &u.Unknown, fields{"name": must(&u.Name), "oid": must(&u.New)})
	case RefDeleted:
		return decode(content, &u.Unknown, fields{"name": must(&u.Name), "oid": must(&u.Old)})
	case RefSkipped:
		err := decode(content, &u.Unknown, fields{"name": must(&u.Name), "oid": must(&u.Old)})
		u.New = u.Old
		return err
	}
	u.Unknown = Unknown{name: content}
	return nil
}

// A FetchResult is what a fetch brought.
type FetchResult struct {
	Updated    []RefUpdate
	Namespaces []radicle.NID // that were fetched
	Clone      bool          // the repository was not there before
	Unknown    Unknown
}

// fetchAnswer is the result or the reason why there is none.
type fetchAnswer struct {
	status string
	result FetchResult
	reason string
}

// UnmarshalJSON reads the node's form.
func (a *fetchAnswer) UnmarshalJSON(text []byte) error {
	return decode(text, &a.result.Unknown, fields{
		"status": must(&a.status), "reason": may(&a.reason),
		"updated": may(&a.result.Updated), "namespaces": may(&a.result.Namespaces), "clone": may(&a.result.Clone),
	})
}

// connectAnswer is the answer to connect.
type connectAnswer struct{ Status, Reason string }

// updatedAnswer is the answer {"updated": true} or {}.
type updatedAnswer struct{ Updated bool }

// errStatus is the error for a status that is neither of the two.
func errStatus(status string) error { return fmt.Errorf("status %.40q", status) }

// raw is an answer that is passed on as it is.
type raw = json.RawMessage
