package friend

import (
	"encoding/binary"
	"time"

	"radswarm/blobstore/keyring"
)

// MaxRecordLife is how long an address record is valid at most.
const MaxRecordLife = 30 * 24 * time.Hour

// Flags say what a person lets be done with an address record.
type Flags uint16

// FlagNamed says that the person agreed to be named to strangers as a holder of open shares (WHERE).
const FlagNamed Flags = 1 << 0

// AddressRecord says where a person's device can be reached (FRIEND.md §3). It is signed by the device, under the certificate
// inside; whether it is the newest is the matter of [State.AddAddress].
type AddressRecord struct {
	word
	seq       uint64
	last      int64 // Unix seconds: not-after
	flags     Flags
	addresses []string
}

// AddressRequest is what an address record is made of.
type AddressRequest struct {
	Known     uint64        // the highest seq of a record of this DID that was seen; 0: none
	Life      time.Duration // whole seconds, at most MaxRecordLife; 0: MaxRecordLife
	Flags     Flags
	Addresses []string // the best first, see [ValidAddress]; at most MaxAddresses
	Now       time.Time
}

// NewAddressRecord makes a record. Errors are those of [keyring.NextSeq] and [keyring.Certificate.Check],
// [keyring.ErrMismatch] for the key of another device, [blobstore.ErrBounds], and [blobstore.ErrEncoding] for an address that
// is none or appears twice, or for a record that gets too long.
func NewAddressRecord(key *keyring.DeviceKey, cert *keyring.Certificate, r AddressRequest) (*AddressRecord, error) {
	life, err := wholeSeconds("life of an address record in seconds", r.Life, MaxRecordLife)
	if err != nil {
		return nil, err
	}
	if err := checkAddresses(r.Addresses); err != nil {
		return nil, err
	}
	seq, err := keyring.NextSeq(r.Known, r.Now)
	if err != nil {
		return nil, err
	}
	fields := binary.BigEndian.AppendUint64(nil, seq)
	fields = binary.BigEndian.AppendUint64(fields, seq/1000+uint64(life))
	fields = binary.BigEndian.AppendUint16(fields, uint16(r.Flags))
	b, err := signWord(labelAddress, key, cert, appendAddresses(fields, r.Addresses), r.Now)
	if err != nil {
		return nil, err
	}
	return ParseAddressRecord(b)
}

// wholeSeconds returns a life in seconds, the longest for 0.
func wholeSeconds(what string, life, longest time.Duration) (int64, error) {
	if life == 0 {
		life = longest
	}
	n := int64(life / time.Second)
	return n, between(what, n, 1, int64(longest/time.Second))
}

// ParseAddressRecord reads a record and verifies both signatures. Errors are of class encoding, key and signature. The bytes
// are copied.
func ParseAddressRecord(b []byte) (*AddressRecord, error) {
	c, err := splitWord("address record", labelAddress, b)
	if err != nil {
		return nil, err
	}
	r := &AddressRecord{seq: c.u64("number"), last: c.unix("not-after"), flags: Flags(c.u16("flags"))}
	r.addresses = c.addresses("addresses")
	if err := c.end("address record"); err != nil {
		return nil, err
	}
	if issued := r.seq / 1000; uint64(r.last) <= issued || uint64(r.last)-issued > uint64(MaxRecordLife/time.Second) {
		return nil, malformed("address record window")
	}
	r.word, err = verifyWord(labelAddress, b)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Device is the device to be found there.
func (r *AddressRecord) Device() keyring.Device { return r.cert.Device() }

// Seq is the number that the newest record of a device has the highest of.
func (r *AddressRecord) Seq() uint64 { return r.seq }

// NotAfter is when it ends. Addresses of a record that ended are tried last.
func (r *AddressRecord) NotAfter() time.Time { return time.Unix(r.last, 0) }

// Named reports whether the person agreed to be named to strangers.
func (r *AddressRecord) Named() bool { return r.flags&FlagNamed != 0 }

// Addresses returns what can be dialled, the best first; none where the device says that it cannot be reached. Kinds of
// addresses that this version does not know are left out.
func (r *AddressRecord) Addresses() []string { return dialable(r.addresses) }

// Check says whether the record holds at a time: [keyring.ErrClock] where it is dated too far ahead, [ErrEnded] where it ran
// out.
func (r *AddressRecord) Check(now time.Time) error {
	return r.check("address record", r.made(), r.last, now)
}

// made is when it was made, as its number says.
func (r *AddressRecord) made() int64 { return int64(min(r.seq/1000, maxUnix)) }

// newerThan reports whether r takes the place of one that is kept: that of a newer certificate's device, or of the same device
// with a higher number; the greater bytes decide between equal ones (KEYS.md §6).
func (r *AddressRecord) newerThan(kept *AddressRecord) bool {
	if r.Device() != kept.Device() {
		return newer(r.cert.Seq(), r.cert.Bytes(), kept.cert.Seq(), kept.cert.Bytes())
	}
	return newer(r.seq, r.raw, kept.seq, kept.raw)
}
