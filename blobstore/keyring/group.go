package keyring

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"radswarm/radicle"
)

// GroupKind says whom a group is made of (KEYS.md §9).
type GroupKind uint8

const (
	// Members are the members of the repository, as they are.
	Members GroupKind = 1
	// Mine are the writer's further DIDs.
	Mine GroupKind = 2
	// Named are those on a fixed list.
	Named GroupKind = 3
)

// Group is whom one writer lets read in one repository (KEYS.md §10). It is comparable.
type Group struct {
	Kind   GroupKind
	RID    radicle.RID
	Writer radicle.DID
}

// Epoch names one generation of a group. It is comparable.
type Epoch struct {
	Group
	Number uint32
}

// Validate refuses what cannot be a place: class encoding for the kind and the RID, class key for the writer.
func (e Epoch) Validate() error {
	if e.Kind < Members || e.Kind > Named {
		return malformed("kind of group")
	}
	if e.RID.Oid().Len() == 0 {
		return malformed("rid of group")
	}
	if err := e.Writer.Validate(); err != nil {
		return in("writer of group", err)
	}
	return nil
}

// String names number, repository and writer.
func (e Epoch) String() string { return fmt.Sprintf("epoch %d of %v in %v", e.Number, e.Writer, e.RID) }

// info is the HPKE info of an envelope (KEYS.md §9).
func (e Epoch) info(recipient radicle.DID) ([]byte, error) {
	if err := e.Validate(); err != nil {
		return nil, err
	}
	b := appendRID(append([]byte(labelEnvelope), byte(e.Kind)), e.RID)
	b = append(append(b, e.Writer[:]...), recipient[:]...)
	return binary.BigEndian.AppendUint32(b, e.Number), nil
}

// place is RID ‖ writer ‖ epoch.
func (e Epoch) place(b []byte) []byte {
	b = append(appendRID(b, e.RID), e.Writer[:]...)
	return binary.BigEndian.AppendUint32(b, e.Number)
}

// GroupKey is the secret of one epoch: GK of KEYS.md §10.
type GroupKey struct {
	secret
	epoch Epoch
}

// NewGroupKey draws the key of a new epoch. Errors are those of [Epoch.Validate].
func NewGroupKey(e Epoch) (GroupKey, error) {
	if err := e.Validate(); err != nil {
		return GroupKey{}, err
	}
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return GroupKey{secret: newSecret(b), epoch: e}, nil
}

// Epoch names the epoch.
func (k GroupKey) Epoch() Epoch { return k.epoch }

// ID returns the name of the key, which commits to it (KEYS.md §10). It panics if the key was never set.
func (k GroupKey) ID() KeyID {
	info := k.epoch.place([]byte{byte(k.epoch.Kind)})
	return KeyID(k.derive(saltEpoch, string(info), len(KeyID{})))
}

// KeyID names a group key: of two epochs with one number each has its own.
type KeyID [16]byte

// String returns 32 lower-case hexadecimal digits.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }
