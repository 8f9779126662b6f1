package wire

import (
	"google.golang.org/protobuf/encoding/protowire"
)

// The messages of ctl/1 (PROTOCOL.md §7), except [Hello].

// pingMsg asks for a pongMsg with the same token. [Ctl.Run] sends both by itself.
type pingMsg struct{ token uint64 }

func (*pingMsg) Kind() Kind                 { return kindPing }
func (m *pingMsg) AppendTo(b []byte) []byte { return appendUint(b, 1, m.token) }
func (*pingMsg) Validate() error            { return nil }

func (m *pingMsg) field(d *decoder) {
	if d.num == 1 {
		m.token = d.varint()
	}
}

type pongMsg struct{ pingMsg }

func (*pongMsg) Kind() Kind { return kindPong }

// Addresses tells where people can be reached.
type Addresses struct {
	Records [][]byte // signed address records, at most [MaxList] of at most [MaxRecord] bytes
}

// Kind returns KindAddresses.
func (*Addresses) Kind() Kind { return KindAddresses }

// AppendTo is [Message].
func (m *Addresses) AppendTo(b []byte) []byte { return blobs(m.Records).appendTo(b, 1) }

// Validate is [Message].
func (m *Addresses) Validate() error {
	return blobs(m.Records).validate("address record", MaxList, MaxRecord)
}

func (m *Addresses) field(d *decoder) {
	if d.num == 1 {
		(*blobs)(&m.Records).add(d, "address record", MaxList)
	}
}

// Introductions hands a reader what lets it in at holders.
type Introductions struct {
	Introductions [][]byte // at most [MaxList] of at most [MaxIntroduction] bytes
}

// Kind returns KindIntroductions.
func (*Introductions) Kind() Kind { return KindIntroductions }

// AppendTo is [Message].
func (m *Introductions) AppendTo(b []byte) []byte { return blobs(m.Introductions).appendTo(b, 1) }

// Validate is [Message].
func (m *Introductions) Validate() error {
	return blobs(m.Introductions).validate("introduction", MaxList, MaxIntroduction)
}

func (m *Introductions) field(d *decoder) {
	if d.num == 1 {
		(*blobs)(&m.Introductions).add(d, "introduction", MaxList)
	}
}

// Revocations takes introductions back.
type Revocations struct {
	Notices [][]byte // at most [MaxList] of at most [MaxIntroduction] bytes
}

// Kind returns KindRevocations.
func (*Revocations) Kind() Kind { return KindRevocations }

// AppendTo is [Message].
func (m *Revocations) AppendTo(b []byte) []byte { return blobs(m.Notices).appendTo(b, 1) }

// Validate is [Message].
func (m *Revocations) Validate() error {
	return blobs(m.Notices).validate("notice", MaxList, MaxIntroduction)
}

func (m *Revocations) field(d *decoder) {
	if d.num == 1 {
		(*blobs)(&m.Notices).add(d, "notice", MaxList)
	}
}

// Pledge tells a friend what it may use here, in bytes.
type Pledge struct {
	Give int64 // the ceiling
	Used int64 // charged now
	Room int64 // what would still be taken today
}

// Kind returns KindPledge.
func (*Pledge) Kind() Kind { return KindPledge }

// AppendTo is [Message].
func (m *Pledge) AppendTo(b []byte) []byte {
	return appendUint(appendUint(appendUint(b, 1, uint64(m.Give)), 2, uint64(m.Used)), 3, uint64(m.Room))
}

// Validate is [Message].
func (m *Pledge) Validate() error {
	for _, n := range []int64{m.Give, m.Used, m.Room} {
		if err := between("pledge", n, 0, 1<<62); err != nil {
			return err
		}
	}
	return nil
}

func (m *Pledge) field(d *decoder) {
	switch d.num {
	case 1:
		m.Give = d.int64()
	case 2:
		m.Used = d.int64()
	case 3:
		m.Room = d.int64()
	}
}

// Busy says that the sender takes no blk/1 streams for a while.
type Busy struct {
	RetryAfter uint64 // milliseconds; what is over an hour counts as an hour
}

// Kind returns KindBusy.
func (*Busy) Kind() Kind { return KindBusy }

// AppendTo is [Message].
func (m *Busy) AppendTo(b []byte) []byte { return appendUint(b, 1, m.RetryAfter) }

// Validate is [Message].
func (*Busy) Validate() error { return nil }

func (m *Busy) field(d *decoder) {
	if d.num == 1 {
		m.RetryAfter = uint64(d.int64())
	}
}

// Bye is the last message of a side. The other side's [Ctl.Run] returns Err.
type Bye struct {
	Code Code
	Text string // for people, at most [MaxText] bytes
}

// Kind returns KindBye.
func (*Bye) Kind() Kind { return KindBye }

// Err returns what it means to who receives it: nil for CodeOK.
func (m *Bye) Err() error { return (&status{code: m.Code, text: m.Text}).err() }

// AppendTo is [Message].
func (m *Bye) AppendTo(b []byte) []byte { return (&status{code: m.Code, text: m.Text}).appendIn(b, 1) }

// Validate is [Message].
func (m *Bye) Validate() error { return between("text", len(m.Text), 0, MaxText) }

func (m *Bye) field(d *decoder) {
	if d.num == 1 {
		var s status
		d.nested(s.field)
		m.Code, m.Text = s.code, s.text
	}
}

// blobs is a list of opaque bytes.
type blobs [][]byte

func (l blobs) appendTo(b []byte, num protowire.Number) []byte {
	for _, one := range l {
		b = appendItem(b, num, one)
	}
	return b
}

func (l *blobs) add(d *decoder, what string, limit int) {
	if d.room(what+" count", len(*l), limit) {
		*l = append(*l, d.copy())
	}
}

func (l blobs) validate(what string, limit, longest int) error {
	if err := between(what+" count", len(l), 0, limit); err != nil {
		return err
	}
	for _, one := range l {
		if err := between(what+" length", len(one), 1, longest); err != nil {
			return err
		}
	}
	return nil
}
