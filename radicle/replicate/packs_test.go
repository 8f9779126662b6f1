package replicate_test

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/radicle/replicate"
)

// aPack is a pack with the objects given, each as it stands in it, and a right hash.
func aPack(count uint32, objects ...[]byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), count)
	b = append(b, bytes.Join(objects, nil)...)
	sum := sha1.Sum(b)
	return append(b, sum[:]...)
}

// anObject is an object of a pack: says is its length as the header has it, base what precedes the data.
func anObject(typ byte, says uint64, base, data []byte) []byte {
	c := typ<<4 | byte(says&0xf)
	var b []byte
	for says >>= 4; says > 0; says >>= 7 {
		b = append(b, c|0x80)
		c = byte(says & 0x7f)
	}
	b = append(append(b, c), base...)
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write(data)
	_ = w.Close()
	return append(b, z.Bytes()...)
}

func blob(text string) []byte { return anObject(3, uint64(len(text)), nil, []byte(text)) }

// aDelta is a delta against the object that starts offset bytes before, from and to these lengths.
func aDelta(offset byte, from, to uint64) []byte {
	d := binary.AppendUvarint(binary.AppendUvarint(nil, from), to)
	d = append(d, 0x80|0x10, 1) // copy one byte
	return anObject(6, uint64(len(d)), []byte{offset}, d)
}

var packLimits = replicate.Limits{Pack: 1 << 20, Objects: 100, Object: 1 << 16, Unpacked: 1 << 18}

// hostilePacks are refused before git sees what is wrong with them.
func hostilePacks() map[string][]byte {
	head := func(s string) []byte { return []byte(s) }
	many := make([][]byte, 6)
	for i := range many {
		many[i] = blob(strings.Repeat(fmt.Sprint(i), 1<<16))
	}
	return map[string][]byte{
		"empty":                      nil,
		"no pack":                    head("HTTP/1.1 200 OK\r\n\r\n"),
		"version 3":                  head("PACK\x00\x00\x00\x03\x00\x00\x00\x00aaaaaaaaaaaaaaaaaaaa"),
		"too many objects":           aPack(101, blob("x")),
		"fewer objects than it says": aPack(3, blob("x")),
		"more bytes behind":          append(aPack(1, blob("x")), 'x'),
		"an object too large":        aPack(1, anObject(3, 1<<16+1, nil, make([]byte, 1<<16+1))),
		"an endless length":          aPack(1, bytes.Repeat([]byte{0xbf}, 100)),
		"a huge length":              aPack(1, anObject(3, 1<<62, nil, nil)),
		"more data than it says":     aPack(1, anObject(3, 10, nil, make([]byte, 1<<16))),
		"less data than it says":     aPack(1, anObject(3, 10, nil, make([]byte, 9))),
		"a zlib bomb":                aPack(1, anObject(3, 10, nil, make([]byte, 64<<20))),
		"too much in sum":            aPack(6, many...),
		"a delta bomb":               aPack(2, blob("x"), aDelta(10, 1, 1<<40)),
		"many delta bombs":           aPack(6, blob("x"), aDelta(10, 1, 1<<16), aDelta(10, 1, 1<<16), aDelta(10, 1, 1<<16), aDelta(10, 1, 1<<16), aDelta(10, 1, 1<<16)),
		"a delta without lengths":    aPack(1, anObject(6, 1, []byte{1}, []byte{0x80})),
		"an endless delta length":    aPack(1, anObject(6, 50, []byte{1}, bytes.Repeat([]byte{0x80}, 50))),
		"an endless offset":          aPack(1, anObject(6, 50, bytes.Repeat([]byte{0x80}, 50), nil)),
		"type 0":                     aPack(1, anObject(0, 1, nil, []byte("x"))),
		"type 5":                     aPack(1, anObject(5, 1, nil, []byte("x"))),
		"no zlib":                    aPack(1, []byte{0x31, 'x', 'x', 'x'}),
		"nothing in much":            aPack(2, blob("x"), farDelta()),
	}
}

// farDelta is a delta whose lengths come after many compressed bytes that stand for nothing.
func farDelta() []byte {
	d := []byte{1, 1, 0x90, 1}
	b := append([]byte{0x64, 10, 0x78, 0x01}, bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 100_000)...)
	b = append(append(b, 1, 4, 0, 0xfb, 0xff), d...)
	return binary.BigEndian.AppendUint32(b, adler32.Checksum(d))
}

// An object is not passed on, not even its first byte, before it is known to be within bounds.
func TestNothingIsPassedOnTooEarly(t *testing.T) {
	random := make([]byte, 33_000)
	rand.NewChaCha8([32]byte{}).Read(random) //nolint:errcheck // never fails
	for n := 32_600; n < 32_800; n++ {
		first := anObject(3, uint64(n), nil, random[:n])
		var out bytes.Buffer
		err := replicate.Scan(&out, bytes.NewReader(aPack(2, first, anObject(3, 1<<40, nil, nil))), packLimits)
		if !as[*replicate.LimitError](err) || out.Len() > 12+len(first) {
			t.Fatalf("%d bytes of %d: %v", out.Len(), 12+len(first), err)
		}
	}
}

func TestHostilePacks(t *testing.T) {
	for name, pack := range hostilePacks() {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := replicate.Scan(&out, bytes.NewReader(pack), packLimits)
			if !as[*replicate.MalformedError](err) && !as[*replicate.LimitError](err) {
				t.Errorf("%v", err)
			}
			if !bytes.HasPrefix(pack, out.Bytes()) {
				t.Error("passed on something else")
			}
		})
	}
}

// A pack that git makes is passed on as it is, whatever the pieces it comes in.
func TestScanPassesOn(t *testing.T) {
	dir, _ := newSource(t)
	for i := range 30 {
		text := strings.Repeat(fmt.Sprintln("line", i), 1000+i)
		if err := os.WriteFile(filepath.Join(dir, "file"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		git(t, dir, "add", "file")
		git(t, dir, "commit", "-q", "-m", fmt.Sprint(i))
	}
	git(t, dir, "repack", "-adq", "--depth=20")
	packs, err := filepath.Glob(filepath.Join(dir, ".git", "objects", "pack", "*.pack"))
	if err != nil || len(packs) != 1 {
		t.Fatal(packs, err)
	}
	pack, err := os.ReadFile(packs[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []io.Reader{bytes.NewReader(pack), &oneByte{bytes.NewReader(pack)}} {
		var out bytes.Buffer
		if err := replicate.Scan(&out, r, replicate.Limits{}); err != nil || !bytes.Equal(out.Bytes(), pack) {
			t.Errorf("%d of %d bytes: %v", out.Len(), len(pack), err)
		}
	}
}

type oneByte struct{ r io.Reader }

func (o *oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), 1)]) }
