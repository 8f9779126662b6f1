package disk

import (
	"encoding/binary"
	"hash/crc32"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
	"radswarm/radicle"
)

// What files begin or end with: a label and the version (DISK.md §2, §3).
const (
	shareMagic = "radswarm/share\x00\x01"
	leaseMagic = "radswarm/lease\x00\x01"
	magicLen   = 16
)

// footerSize is the length of a footer in bytes.
const footerSize = blobstore.ShareFooter

// openFlag marks an open share. No other flag is defined.
const openFlag = 1

// footer is the end of a share's file (DISK.md §2).
type footer struct {
	name      blobstore.ShareName
	length    int64 // of the share
	owner     radicle.DID
	open      bool
	mid       blobstore.MID
	sealed    int    // length of the sealed manifest
	sealedCRC uint32 // over it
}

// newFooter returns the footer of a share that arrives with its first lease.
func newFooter(name blobstore.ShareName, length int64, l lease) footer {
	return footer{name, length, l.owner, l.open, l.mid, len(l.sealed), checksum(l.sealed)}
}

// fileSize returns the length of the file that ends with the footer.
func (f *footer) fileSize() int64 {
	return f.length + share.OutboardLen(f.length) + int64(f.sealed) + footerSize
}

// sealedOff returns where the sealed manifest stands in the file.
func (f *footer) sealedOff() int64 { return f.length + share.OutboardLen(f.length) }

// append appends the encoding of the footer, footerSize bytes.
func (f *footer) append(b []byte) []byte {
	start := len(b)
	b = append(b, shareMagic...)
	b = append(b, f.name.SID[:]...)
	b = append(b, f.name.Root[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(f.length))
	b = append(b, f.owner[:]...)
	b = append(b, flags(f.open))
	b = append(b, f.mid[:]...)
	b = binary.BigEndian.AppendUint16(b, uint16(f.sealed))
	b = binary.BigEndian.AppendUint32(b, f.sealedCRC)
	b = append(b, make([]byte, start+footerSize-4-len(b))...)
	return binary.BigEndian.AppendUint32(b, checksum(b[start:]))
}

// parseFooter reads footerSize bytes. What is not the encoding of a footer is a *[blobstore.FieldError] of class
// [blobstore.ErrEncoding].
func parseFooter(b []byte) (footer, error) {
	d := decoder{b: b}
	if len(b) != footerSize {
		d.fail("length of a footer")
	} else if d.check(); d.err == nil {
		d.b = b[:footerSize-4]
	}
	d.magic(shareMagic)
	f := footer{
		name:   blobstore.ShareName{SID: d.bytes32(), Root: d.bytes32()},
		length: int64(d.uint(8)), owner: d.bytes32(), open: d.flags(), mid: d.bytes32(), sealed: int(d.uint(2)), sealedCRC: uint32(d.uint(4)),
	}
	if f.length < 1 || f.length > share.MaxLen {
		d.fail("share length")
	}
	if f.sealed > blobstore.MaxSealed {
		d.fail("length of the sealed manifest")
	}
	for _, c := range d.b {
		if c != 0 {
			d.fail("reserved bytes")
		}
	}
	return f, d.err
}

func flags(open bool) byte {
	if open {
		return openFlag
	}
	return 0
}

// checksum is CRC-32C.
func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
