package storage

import (
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"math"

	"radswarm/radicle/gitobj"
)

// packDir is where packs and their indexes lie.
const packDir = "objects/pack/"

// writePack stores the objects, sorted by id, as one pack with its index (gitformat-pack(5), version 2, no deltas). The
// pack is there before the index, by which it is found.
func (r *Repo) writePack(objects []newObject) error {
	pack, index, err := encodePack(objects, r.hashSize())
	if err != nil {
		return err
	}
	random := rand.Text()
	files := []looseFile{
		{temporary: packDir + "tmp_pack_" + random, content: pack}, {temporary: packDir + "tmp_idx_" + random, content: index},
	}
	if err := each(files, func(f looseFile) error { return r.writeFile(f.temporary, f.content) }); err != nil {
		return err
	}
	name := packDir + "pack-" + hex.EncodeToString(pack[len(pack)-r.hashSize():])
	for _, suffix := range []struct{ temporary, final string }{{"tmp_pack_", ".pack"}, {"tmp_idx_", ".idx"}} {
		r.writing("rename " + name + suffix.final)
		if err := r.root.Rename(packDir+suffix.temporary+random, name+suffix.final); err != nil {
			return err
		}
	}
	return r.syncDirs(map[string]bool{"objects/pack": true})
}

// packEntry is what the index says of an object in a pack.
type packEntry struct{ crc, offset uint32 }

// encodePack returns the pack and its index.
func encodePack(objects []newObject, hashSize int) (pack, index []byte, err error) {
	b := []byte("PACK\x00\x00\x00\x02")
	b = binary.BigEndian.AppendUint32(b, uint32(len(objects)))
	entries := make([]packEntry, len(objects))
	var d deflater
	for i, o := range objects {
		body, err := d.deflate(o.data)
		if err != nil {
			return nil, nil, err
		}
		start := len(b)
		b = append(appendPackHeader(b, o.kind, len(o.data)), body...)
		if len(b) > math.MaxInt32 {
			return nil, nil, fmt.Errorf("a pack of more than %d bytes", math.MaxInt32)
		}
		entries[i] = packEntry{crc: crc32.ChecksumIEEE(b[start:]), offset: uint32(start)}
	}
	b = append(b, checksum(b, hashSize)...)
	return b, encodeIndex(objects, entries, b[len(b)-hashSize:], hashSize), nil
}

// appendPackHeader appends kind and length: four bits of the length in the first byte, seven in each further one.
func appendPackHeader(dst []byte, kind gitobj.Kind, length int) []byte {
	code := map[gitobj.Kind]byte{gitobj.KindCommit: 1, gitobj.KindTree: 2, gitobj.KindBlob: 3, gitobj.KindTag: 4}[kind]
	c := code<<4 | byte(length&0xf)
	for length >>= 4; length > 0; length >>= 7 {
		dst = append(dst, c|0x80)
		c = byte(length & 0x7f)
	}
	return append(dst, c)
}

// encodeIndex returns version 2 of an index: how many ids start with at most each byte, ids, checksums, offsets.
func encodeIndex(objects []newObject, entries []packEntry, packSum []byte, hashSize int) []byte {
	b := []byte("\xfftOc\x00\x00\x00\x02")
	n := 0
	for first := range 256 {
		for n < len(objects) && int(objects[n].id.Bytes()[0]) <= first {
			n++
		}
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	for _, o := range objects {
		b = o.id.AppendBytes(b)
	}
	for _, e := range entries {
		b = binary.BigEndian.AppendUint32(b, e.crc)
	}
	for _, e := range entries {
		b = binary.BigEndian.AppendUint32(b, e.offset)
	}
	b = append(b, packSum...)
	return append(b, checksum(b, hashSize)...)
}

func checksum(b []byte, size int) []byte {
	if size == sha256.Size {
		sum := sha256.Sum256(b)
		return sum[:]
	}
	sum := sha1.Sum(b)
	return bytes.Clone(sum[:])
}
