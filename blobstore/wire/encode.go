package wire

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"radswarm/blobstore"
)

// What these append is nothing where the value is 0 or empty (PROTOCOL.md §2).

func appendUint(b []byte, num protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return appendNumber(b, num, v)
}

// appendNumber appends an item of a list, 0 or not.
func appendNumber(b []byte, num protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}

func appendSint(b []byte, num protowire.Number, v int64) []byte {
	return appendUint(b, num, protowire.EncodeZigZag(v))
}

func appendBool(b []byte, num protowire.Number, v bool) []byte {
	return appendUint(b, num, protowire.EncodeBool(v))
}

func appendBytes(b []byte, num protowire.Number, v []byte) []byte {
	if len(v) == 0 {
		return b
	}
	return appendItem(b, num, v)
}

func appendText(b []byte, num protowire.Number, v string) []byte {
	if v == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), v)
}

// appendItem appends an item of a list, empty or not.
func appendItem(b []byte, num protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
}

func appendName(b []byte, num protowire.Number, n blobstore.ShareName) []byte {
	b = protowire.AppendTag(b, num, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(len(n.SID)+len(n.Root)))
	return append(append(b, n.SID[:]...), n.Root[:]...)
}

// appendNested appends a message inside another.
func appendNested(b []byte, num protowire.Number, fields func([]byte) []byte) []byte {
	b = protowire.AppendTag(b, num, protowire.BytesType)
	at := len(b)
	b = fields(b)
	var length [10]byte
	return slices.Insert(b, at, protowire.AppendVarint(length[:0], uint64(len(b)-at))...)
}
