package wire

import (
	"fmt"
	"slices"
	"strings"
)

// Version is the version of the protocol that this package speaks.
const Version = 1

// Access is what a peer is let do, as a set.
type Access uint32

// What there is. No bit is a stranger.
const (
	AccessGuest  Access = 1 << iota // GET, HAVE and proofs of the shares of who introduced it
	AccessMember                    // git/1, introductions and address records of common repositories
	AccessFriend                    // everything that the pledge allows
)

// String lists the names, joined by plus signs; none is "stranger".
func (a Access) String() string {
	var has []string
	for i, name := range []string{"guest", "member", "friend"} {
		if a&(1<<i) != 0 {
			has = append(has, name)
		}
	}
	if rest := a &^ (AccessGuest | AccessMember | AccessFriend); rest != 0 {
		has = append(has, fmt.Sprintf("%#x", uint32(rest)))
	}
	if len(has) == 0 {
		return "stranger"
	}
	return strings.Join(has, "+")
}

// Hello is the first message of both sides on ctl/1 (PROTOCOL.md §7).
type Hello struct {
	MinVersion, MaxVersion uint32
	Features               []string // at most [MaxFeatures] names of 1 … [MaxFeature] bytes
	Certificate            []byte   // of the device, at most [MaxCertificate] bytes
	Card                   []byte   // key card, at most [MaxCard] bytes; only to friends
	Instance               [16]byte // random for each home
	Access                 Access   // what the sender grants the receiver
	Software               string   // at most [MaxSoftware] bytes; from a peer: printable
}

// Kind returns KindHello.
func (*Hello) Kind() Kind { return KindHello }

// AppendTo is [Message].
func (m *Hello) AppendTo(b []byte) []byte {
	b = appendUint(b, 1, uint64(m.MinVersion))
	b = appendUint(b, 2, uint64(m.MaxVersion))
	for _, name := range m.Features {
		b = appendItem(b, 3, []byte(name))
	}
	b = appendBytes(b, 4, m.Certificate)
	b = appendBytes(b, 5, m.Card)
	b = appendItem(b, 6, m.Instance[:])
	b = appendUint(b, 7, uint64(m.Access))
	return appendText(b, 8, m.Software)
}

func (m *Hello) field(d *decoder) {
	switch d.num {
	case 1:
		m.MinVersion = d.uint32()
	case 2:
		m.MaxVersion = d.uint32()
	case 3:
		if d.room("features", len(m.Features), MaxFeatures) {
			m.Features = append(m.Features, d.text())
		}
	case 4:
		m.Certificate = d.copy()
	case 5:
		m.Card = d.copy()
	case 6:
		d.fixed(m.Instance[:])
	case 7:
		m.Access = Access(d.uint32())
	case 8:
		m.Software = d.text()
	}
}

// Validate is [Message].
func (m *Hello) Validate() error {
	if err := between("lowest version", m.MinVersion, 0, m.MaxVersion); err != nil {
		return err
	}
	if err := between("features", len(m.Features), 0, MaxFeatures); err != nil {
		return err
	}
	for _, name := range m.Features {
		if err := between("length of a feature", len(name), 1, MaxFeature); err != nil {
			return err
		}
	}
	if err := between("length of a certificate", len(m.Certificate), 0, MaxCertificate); err != nil {
		return err
	}
	if err := between("length of a key card", len(m.Card), 0, MaxCard); err != nil {
		return err
	}
	return between("length of the software's name", len(m.Software), 0, MaxSoftware)
}

// Common returns the version that two sides speak, and the features that both have, in order. It is [ErrVersion] where
// there is no such version.
func Common(a, b *Hello) (version uint32, features []string, err error) {
	version = min(a.MaxVersion, b.MaxVersion)
	if version < max(a.MinVersion, b.MinVersion) {
		return 0, nil, ErrVersion
	}
	for _, name := range a.Features {
		if slices.Contains(b.Features, name) && !slices.Contains(features, name) {
			features = append(features, name)
		}
	}
	slices.Sort(features)
	return version, features, nil
}
