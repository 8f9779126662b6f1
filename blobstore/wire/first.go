package wire

import (
	"radswarm/blobstore"
	"radswarm/radicle"
)

// Open is the first frame of a stream of a known peer (PROTOCOL.md §3).
type Open struct {
	Protocol string // "ctl/1", "blk/1" or "git/1"; at most [MaxProtocol] bytes
}

// The protocols.
const (
	ProtocolControl = "ctl/1"
	ProtocolBlocks  = "blk/1"
	ProtocolGit     = "git/1"
)

// Kind returns KindOpen.
func (*Open) Kind() Kind { return KindOpen }

// AppendTo is [Message].
func (m *Open) AppendTo(b []byte) []byte { return appendText(b, 1, m.Protocol) }

// Validate is [Message].
func (m *Open) Validate() error {
	return between("name of a protocol", len(m.Protocol), 1, MaxProtocol)
}

func (m *Open) field(d *decoder) {
	if d.num == 1 {
		m.Protocol = d.text()
	}
}

// KnockMember is somebody who says to be a member of a repository that is here, or a friend with a new device.
type KnockMember struct {
	Certificate []byte // 1 … [MaxCertificate] bytes
}

// Kind returns KindKnockMember.
func (*KnockMember) Kind() Kind { return KindKnockMember }

// AppendTo is [Message].
func (m *KnockMember) AppendTo(b []byte) []byte { return appendBytes(b, 1, m.Certificate) }

// Validate is [Message].
func (m *KnockMember) Validate() error {
	return between("length of a certificate", len(m.Certificate), 1, MaxCertificate)
}

func (m *KnockMember) field(d *decoder) {
	if d.num == 1 {
		m.Certificate = d.copy()
	}
}

// KnockGuest is somebody whom an owner introduced.
type KnockGuest struct {
	Certificate  []byte // 1 … [MaxCertificate] bytes
	Introduction []byte // 1 … [MaxIntroduction] bytes
}

// Kind returns KindKnockGuest.
func (*KnockGuest) Kind() Kind { return KindKnockGuest }

// AppendTo is [Message].
func (m *KnockGuest) AppendTo(b []byte) []byte {
	return appendBytes(appendBytes(b, 1, m.Certificate), 2, m.Introduction)
}

// Validate is [Message].
func (m *KnockGuest) Validate() error {
	if err := between("length of a certificate", len(m.Certificate), 1, MaxCertificate); err != nil {
		return err
	}
	return between("length of an introduction", len(m.Introduction), 1, MaxIntroduction)
}

func (m *KnockGuest) field(d *decoder) {
	switch d.num {
	case 1:
		m.Certificate = d.copy()
	case 2:
		m.Introduction = d.copy()
	}
}

// KnockInvitation is somebody who accepts an invitation.
type KnockInvitation struct {
	Certificate []byte   // 1 … [MaxCertificate] bytes
	Secret      []byte   // of the invitation, [MinSecret] … [MaxSecret] bytes
	Give        int64    // bytes that the sender will keep for the receiver
	Records     [][]byte // the sender's address records, at most [MaxKnockRecords] of at most [MaxRecord] bytes
	Name        string   // what the sender calls itself, at most [MaxName] bytes; from a peer: printable
}

// Kind returns KindKnockInvitation.
func (*KnockInvitation) Kind() Kind { return KindKnockInvitation }

// AppendTo is [Message].
func (m *KnockInvitation) AppendTo(b []byte) []byte {
	b = appendBytes(appendBytes(b, 1, m.Certificate), 2, m.Secret)
	return appendText(blobs(m.Records).appendTo(appendUint(b, 3, uint64(m.Give)), 4), 5, m.Name)
}

// Validate is [Message].
func (m *KnockInvitation) Validate() error {
	if err := between("length of a certificate", len(m.Certificate), 1, MaxCertificate); err != nil {
		return err
	}
	if err := between("length of a secret", len(m.Secret), MinSecret, MaxSecret); err != nil {
		return err
	}
	if err := between("pledge", m.Give, 0, 1<<62); err != nil {
		return err
	}
	if err := between("length of a name", len(m.Name), 0, MaxName); err != nil {
		return err
	}
	return blobs(m.Records).validate("address record", MaxKnockRecords, MaxRecord)
}

func (m *KnockInvitation) field(d *decoder) {
	switch d.num {
	case 1:
		m.Certificate = d.copy()
	case 2:
		m.Secret = d.copy()
	case 3:
		m.Give = d.int64()
	case 4:
		(*blobs)(&m.Records).add(d, "address record", MaxKnockRecords)
	case 5:
		m.Name = d.text()
	}
}

// KnockRead reads an open share, or proves parts of it.
type KnockRead struct {
	Name   blobstore.ShareName
	Ranges []blobstore.Range // at most [MaxKnockRanges] of at most [blobstore.MaxChunk] bytes
	Prove  bool              // answer with proofs, not with blocks
}

// Kind returns KindKnockRead.
func (*KnockRead) Kind() Kind { return KindKnockRead }

// AppendTo is [Message].
func (m *KnockRead) AppendTo(b []byte) []byte {
	return appendBool(ranges(m.Ranges).appendTo(appendName(b, 1, m.Name), 2), 3, m.Prove)
}

// Validate is [Message].
func (m *KnockRead) Validate() error { return ranges(m.Ranges).validate(MaxKnockRanges) }

func (m *KnockRead) field(d *decoder) {
	switch d.num {
	case 1:
		d.name(&m.Name)
	case 2:
		(*ranges)(&m.Ranges).add(d, MaxKnockRanges)
	case 3:
		m.Prove = d.bool()
	}
}

// KnockWhere asks who holds an open object.
type KnockWhere struct {
	RID radicle.RID
	OID blobstore.OID
}

// Kind returns KindKnockWhere.
func (*KnockWhere) Kind() Kind { return KindKnockWhere }

// AppendTo is [Message].
func (m *KnockWhere) AppendTo(b []byte) []byte {
	return appendItem(appendBytes(b, 1, m.RID.Oid().Bytes()), 2, m.OID[:])
}

// Validate is [Message].
func (m *KnockWhere) Validate() error { return needOid("rid length", m.RID.Oid()) }

func (m *KnockWhere) field(d *decoder) {
	switch d.num {
	case 1:
		m.RID = d.rid()
	case 2:
		d.fixed(m.OID[:])
	}
}

// Welcome lets in who knocked.
type Welcome struct{ Access Access }

// Kind returns KindWelcome.
func (*Welcome) Kind() Kind { return KindWelcome }

// AppendTo is [Message].
func (m *Welcome) AppendTo(b []byte) []byte { return appendUint(b, 1, uint64(m.Access)) }

// Validate is [Message].
func (m *Welcome) Validate() error { return nil }

func (m *Welcome) field(d *decoder) {
	if d.num == 1 {
		m.Access = Access(d.uint32())
	}
}

// Found answers [KnockWhere].
type Found struct {
	Records [][]byte // address records, at most [MaxList] of at most [MaxRecord] bytes
}

// Kind returns KindFound.
func (*Found) Kind() Kind { return KindFound }

// AppendTo is [Message].
func (m *Found) AppendTo(b []byte) []byte { return blobs(m.Records).appendTo(b, 1) }

// Validate is [Message].
func (m *Found) Validate() error {
	return blobs(m.Records).validate("address record", MaxList, MaxRecord)
}

func (m *Found) field(d *decoder) {
	if d.num == 1 {
		(*blobs)(&m.Records).add(d, "address record", MaxList)
	}
}
