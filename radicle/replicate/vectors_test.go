package replicate_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/replicate"
)

var updateVectors = flag.Bool("update", false, "write the vectors anew")

const vectorDir = "../../testdata/vectors/git1"

// id is an id of one byte repeated.
func id(b byte, size int) radicle.Oid {
	o, err := radicle.OidFromBytes(bytes.Repeat([]byte{b}, size))
	if err != nil {
		panic(err)
	}
	return o
}

// message is one with a header that tells the truth.
func message(kind byte, parts ...[]byte) []byte {
	return replicate.AppendKind(kind, slices.Concat(parts...))
}

func u32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

func u8(n byte) []byte { return []byte{n} }

// A vector is one message, and what it says or how it is refused. What stands in a message is read back by describe.
type vector struct {
	about, expect string
	size          int // of an id
	bytes         []byte
}

func vectors() map[string]vector {
	sha1, sha256 := radicle.SHA1Size, radicle.SHA256Size
	peer := func(b byte, size int) replicate.Peer {
		return replicate.Peer{NID: radicle.NID(bytes.Repeat([]byte{b}, radicle.KeySize)), Head: id(b+1, size)}
	}
	list := func(size int, peers ...replicate.Peer) []byte {
		return replicate.AppendList(&replicate.Listing{Identity: id(0xaa, size), Peers: peers})
	}
	a, b := id(1, sha1), id(2, sha1)
	return map[string]vector{
		"refs":             {size: sha1, expect: "ok", bytes: replicate.AppendRefs(radicle.NewRID(a))},
		"refs-sha256":      {size: sha256, expect: "ok", bytes: replicate.AppendRefs(radicle.NewRID(id(1, sha256)))},
		"refs-and-more":    {about: "a field to come", size: sha1, expect: "ok", bytes: message(1, u8(20), a.Bytes(), []byte("more"))},
		"refs-empty":       {about: "no RID", size: sha1, expect: "malformed", bytes: message(1)},
		"refs-21":          {about: "an RID of 21 bytes", size: sha1, expect: "malformed", bytes: message(1, u8(21), make([]byte, 21))},
		"refs-null":        {about: "the null id", size: sha1, expect: "malformed", bytes: message(1, u8(20), make([]byte, 20))},
		"refs-short":       {about: "ends within the RID", size: sha1, expect: "malformed", bytes: message(1, u8(20), make([]byte, 19))},
		"refs-too-long":    {about: "beyond its bound", size: sha1, expect: "bounds", bytes: []byte{1, 0, 0, 4, 1}},
		"want":             {size: sha1, expect: "ok", bytes: replicate.AppendWant([]radicle.Oid{a, b}, []radicle.Oid{id(3, sha1)})},
		"want-no-haves":    {size: sha1, expect: "ok", bytes: replicate.AppendWant([]radicle.Oid{a}, nil)},
		"want-sha256":      {size: sha256, expect: "ok", bytes: replicate.AppendWant([]radicle.Oid{id(1, sha256)}, nil)},
		"want-nothing":     {about: "no wants", size: sha1, expect: "malformed", bytes: message(2, u32(0), u32(0))},
		"want-null":        {about: "the null id", size: sha1, expect: "malformed", bytes: message(2, u32(1), make([]byte, 20), u32(0))},
		"want-short":       {about: "two wants are announced", size: sha1, expect: "malformed", bytes: message(2, u32(2), a.Bytes(), u32(0))},
		"want-no-second":   {about: "ends before the haves", size: sha1, expect: "malformed", bytes: message(2, u32(1), a.Bytes())},
		"want-too-many":    {about: "262,145 wants", size: sha1, expect: "bounds", bytes: message(2, u32(262_145))},
		"want-too-much":    {about: "65,537 haves", size: sha1, expect: "bounds", bytes: message(2, u32(1), a.Bytes(), u32(65_537))},
		"want-too-long":    {about: "beyond its bound", size: sha1, expect: "bounds", bytes: append([]byte{2}, u32(10_486_793)...)},
		"list":             {size: sha1, expect: "ok", bytes: list(sha1, peer(0x10, sha1), peer(0x20, sha1))},
		"list-sha256":      {size: sha256, expect: "ok", bytes: list(sha256, peer(0x10, sha256))},
		"list-nobody":      {size: sha1, expect: "ok", bytes: list(sha1)},
		"list-twice":       {about: "the first entry of a NID counts", size: sha1, expect: "ok", bytes: list(sha1, peer(0x10, sha1), peer(0x10, sha1))},
		"list-short":       {about: "two namespaces are announced", size: sha1, expect: "malformed", bytes: message(16, a.Bytes(), u32(2), make([]byte, 52))},
		"list-null":        {about: "a null head", size: sha1, expect: "malformed", bytes: message(16, a.Bytes(), u32(1), make([]byte, 52))},
		"list-no-identity": {about: "the null id", size: sha1, expect: "malformed", bytes: message(16, make([]byte, 20), u32(0))},
		"list-too-many":    {about: "65,537 namespaces", size: sha1, expect: "bounds", bytes: message(16, a.Bytes(), u32(65_537))},
		"list-too-long":    {about: "beyond its bound", size: sha1, expect: "bounds", bytes: append([]byte{16}, u32(4_195_365)...)},
		"pack":             {size: sha1, expect: "ok", bytes: replicate.AppendPack([]byte("PACK"))},
		"pack-too-long":    {about: "beyond its bound", size: sha1, expect: "bounds", bytes: []byte{17, 0, 1, 0, 1}},
		"wait":             {size: sha1, expect: "ok", bytes: replicate.AppendWait()},
		"end-ok":           {size: sha1, expect: "ok", bytes: replicate.AppendEnd(replicate.OK, radicle.Oid{})},
		"end-busy":         {size: sha1, expect: "ok", bytes: message(18, u8(4), u32(15_000), u8(0))},
		"end-missing":      {size: sha1, expect: "ok", bytes: replicate.AppendEnd(replicate.NotFound, a)},
		"end-unknown-code": {about: "counts as INTERNAL", size: sha1, expect: "ok", bytes: message(18, u8(99), u32(0), u8(0))},
		"end-short":        {about: "ends within the id", size: sha1, expect: "malformed", bytes: message(18, u8(1), u32(0), u8(20), make([]byte, 3))},
		"end-odd":          {about: "an id of 3 bytes", size: sha1, expect: "malformed", bytes: message(18, u8(1), u32(0), u8(3), []byte{1, 2, 3})},
		"future":           {about: "a kind that is not known is no fault of the bytes", size: sha1, expect: "ok", bytes: message(77, []byte("x"))},
		"future-too-long":  {about: "beyond the bound of kinds that are not known", size: sha1, expect: "bounds", bytes: []byte{77, 0, 1, 0, 1}},
	}
}

// describe reads a message, and says what is in it.
func describe(b []byte, size int) (string, error) {
	kind, n, err := replicate.ParseHeader([5]byte(b))
	if err != nil {
		return "", err
	}
	body := b[5:]
	if len(body) != n {
		return "", fmt.Errorf("%d bytes follow, not %d", len(body), n)
	}
	switch kind {
	case 1:
		rid, err := replicate.ParseRefs(body)
		return rid.String(), err
	case 2:
		wants, haves, err := replicate.ParseWant(body, size)
		return fmt.Sprint("wants ", wants, " haves ", haves), err
	case 16:
		l, err := replicate.ParseList(body, size)
		if err != nil {
			return "", err
		}
		var text strings.Builder
		text.WriteString(l.Identity.String())
		for _, p := range l.Peers {
			text.WriteString(fmt.Sprint(" ", p.NID, "=", p.Head))
		}
		return text.String(), nil
	case 18:
		code, retry, missing, err := replicate.ParseEnd(body)
		return strings.TrimSpace(fmt.Sprint(uint8(code), " ", retry, " ", missing)), err
	}
	return fmt.Sprintf("%d bytes", n), nil
}

// class is how a message is refused.
func class(err error) string {
	switch {
	case err == nil:
		return "ok"
	case as[*replicate.LimitError](err):
		return "bounds"
	case as[*replicate.MalformedError](err):
		return "malformed"
	}
	return err.Error()
}

// file is a vector as it is kept.
func (v vector) file() []byte {
	var b bytes.Buffer
	if v.about != "" {
		fmt.Fprintf(&b, "about: %s\n", v.about)
	}
	fmt.Fprintf(&b, "expect: %s\nid-size: %d\n", v.expect, v.size)
	if says, err := describe(v.bytes, v.size); err == nil {
		fmt.Fprintf(&b, "says: %s\n", says)
	}
	b.WriteByte('\n')
	b.Write(v.bytes)
	return b.Bytes()
}

// The vectors are the ones that this code makes, and every one is read or refused as it says.
func TestVectors(t *testing.T) {
	all := vectors()
	if *updateVectors {
		for name, v := range all {
			if err := os.WriteFile(filepath.Join(vectorDir, name), v.file(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	entries, err := os.ReadDir(vectorDir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.Name() != "README.md" {
			names = append(names, e.Name())
		}
	}
	if want := slices.Sorted(maps.Keys(all)); !slices.Equal(names, want) {
		t.Errorf("files %v\nwant %v", names, want)
	}
	for _, name := range names {
		got, err := os.ReadFile(filepath.Join(vectorDir, name))
		if err != nil || !bytes.Equal(got, all[name].file()) {
			t.Errorf("%s differs: %v", name, err)
		}
		_, err = describe(all[name].bytes, all[name].size)
		if class(err) != all[name].expect {
			t.Errorf("%s: %v, expected %s", name, err, all[name].expect)
		}
	}
}

// What is read is bounded, and what a message says is written as it was read.
func FuzzMessage(f *testing.F) {
	for _, v := range vectors() {
		f.Add(v.bytes, v.size == radicle.SHA256Size)
	}
	f.Fuzz(func(t *testing.T, b []byte, long bool) {
		if len(b) < 5 {
			return
		}
		size := radicle.SHA1Size
		if long {
			size = radicle.SHA256Size
		}
		_, err := describe(b, size)
		if err != nil {
			return
		}
		switch body := b[5:]; b[0] {
		case 1:
			rid, _ := replicate.ParseRefs(body)
			again(t, b, replicate.AppendRefs(rid))
		case 2:
			wants, haves, _ := replicate.ParseWant(body, size)
			again(t, b, replicate.AppendWant(wants, haves))
		case 16:
			l, _ := replicate.ParseList(body, size)
			if binary.BigEndian.Uint32(body[size:]) == uint32(len(l.Peers)) { // nobody stands there twice
				again(t, b, replicate.AppendList(l))
			}
		}
	})
}

// again compares the beginning of a body with what is written for what was read in it.
func again(t *testing.T, read, written []byte) {
	t.Helper()
	if !bytes.HasPrefix(read[5:], written[5:]) {
		t.Errorf("%x\nread from %x", written, read)
	}
}

// Whatever bytes come as a pack: nothing is passed on but what came, and the bounds hold.
func FuzzScan(f *testing.F) {
	for _, p := range hostilePacks() {
		if len(p) < 10_000 {
			f.Add(p)
		}
	}
	f.Add(aPack(3, blob("hello"), aDelta(14, 5, 100), anObject(7, 4, make([]byte, 20), []byte{5, 1, 0x90, 1})))
	f.Fuzz(func(t *testing.T, pack []byte) {
		var out bytes.Buffer
		err := replicate.Scan(&out, bytes.NewReader(pack), packLimits)
		if !bytes.HasPrefix(pack, out.Bytes()) || err == nil && out.Len() != len(pack) {
			t.Errorf("%d of %d bytes: %v", out.Len(), len(pack), err)
		}
		if err != nil && !as[*replicate.MalformedError](err) && !as[*replicate.LimitError](err) {
			t.Errorf("%T: %v", err, err)
		}
	})
}

// Whatever git says, reading a packet of it ends.
func FuzzPkt(f *testing.F) {
	for _, s := range []string{"0000", "0004", "0005a", "fff0", "0001", "zzzz", "0008done"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		line, err := replicate.ReadPkt(r)
		if err == nil && len(line) > len(b)-4 {
			t.Errorf("%d bytes of %d", len(line), len(b))
		}
	})
}
