package record_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha1" //nolint:gosec // git's object ids are SHA-1
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"lukechampine.com/blake3"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/manifest"
	"radswarm/radicle"
	"radswarm/radicle/golden"
)

// The generators make vectors as RECORD.md says it: the package's own code has no part in it. What lies below, content keys,
// manifests, wraps and envelopes, has vectors of its own and is taken from there.

func generate(t *testing.T) []vector {
	return slices.Concat(recordVectors(t), hintsVectors(t), mergeVectors(), branchVectors(t))
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }

// plain is a record, field by field (RECORD.md §3).
type plain struct {
	version, form, suite, code, k byte
	gen                           uint32
	oid                           [32]byte
	size                          uint64
	salt                          [8]byte
	key, manifest                 []byte
	wraps                         [][]byte
	hints                         []byte
	ext                           [][]byte
}

func u16(n int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(n)) }

func (p plain) bytes() []byte {
	b := []byte{p.version, p.form, p.suite, p.code, p.k}
	b = binary.BigEndian.AppendUint32(b, p.gen)
	b = append(b, p.oid[:]...)
	b = binary.BigEndian.AppendUint64(b, p.size)
	b = slices.Concat(b, p.salt[:], p.key, u16(len(p.manifest)), p.manifest)
	if p.form != 2 {
		b = append(b, byte(len(p.wraps)))
		b = slices.Concat(b, bytes.Join(p.wraps, nil), u16(len(p.hints)), p.hints)
	}
	return slices.Concat(b, []byte{byte(len(p.ext))}, bytes.Join(p.ext, nil))
}

// but returns a changed copy.
func (p plain) but(change func(*plain)) plain {
	p.wraps, p.ext = slices.Clone(p.wraps), slices.Clone(p.ext)
	change(&p)
	return p
}

// filler is bytes of a label, as many as wanted.
func filler(label string, n int) []byte {
	var b []byte
	for i := uint64(0); len(b) < n; i++ {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(label), i))
		b = append(b, sum[:]...)
	}
	return b[:n]
}

func plainWrap(kind byte, epoch uint32, label string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{kind}, epoch), filler(label, 60)...)
}

func plainExt(kind byte, data string) []byte {
	return slices.Concat([]byte{kind}, u16(len(data)), []byte(data))
}

// plainPath is where the record lies: the hash of git's blob of the pointer.
func plainPath(oid [32]byte, size uint64, sum func([]byte) string) string {
	text := fmt.Sprintf("version https://git-lfs.github.com/spec/v1\noid sha256:%x\nsize %d\n", oid, size)
	id := sum(fmt.Appendf(nil, "blob %d\x00%s", len(text), text))
	return id[:2] + "/" + id[2:]
}

func sha1Hex(b []byte) string { return fmt.Sprintf("%x", sha1.Sum(b)) }

func sha256Hex(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

// someRecord is a sealed record that nothing opens, and someOpen an open one.
func someRecord() plain {
	return plain{
		version: 1, form: 1, suite: 1, code: 1, k: 3, gen: 2, oid: sha256.Sum256([]byte("film")), size: 300_000,
		salt: [8]byte(filler("salt", 8)), manifest: filler("manifest", 464), hints: filler("hints", 28+320),
		wraps: [][]byte{plainWrap(1, 7, "w"), plainWrap(2, 0, "w")},
	}
}

func someOpen() plain {
	return someRecord().but(func(p *plain) {
		p.form, p.key, p.manifest, p.wraps, p.hints = 2, filler("key", 32), filler("manifest", 436), nil, nil
	})
}

func recordVectors(t *testing.T) (all []vector) {
	add := func(name, about, expect string, b []byte, pairs ...string) {
		all = append(all, golden.New("record/"+name, b, append([]string{"about", about, "expect", expect}, pairs...)...))
	}
	good := func(name, about string, p plain) {
		form, reach := "sealed", "private"
		var wraps []string
		for _, w := range p.wraps {
			wraps = append(wraps, fmt.Sprintf("%d:%d", w[0], binary.BigEndian.Uint32(w[1:])))
			if w[0] != 2 {
				reach = "group"
			}
		}
		if p.form == 2 {
			form, reach = "open", "public"
		}
		pairs := []string{
			"oid", hexOf(p.oid[:]), "size", strconv.FormatUint(p.size, 10), "form", form, "reach", reach, "gen", strconv.Itoa(int(p.gen)),
			"k", strconv.Itoa(int(p.k)), "salt-id", hexOf(p.salt[:]), "path", plainPath(p.oid, p.size, sha1Hex),
			"path-sha256", plainPath(p.oid, p.size, sha256Hex),
		}
		if wraps != nil {
			pairs = append(pairs, "wraps", strings.Join(wraps, " "))
		}
		add(name, about, "ok", p.bytes(), pairs...)
	}
	goodRecords(good)
	field := func(name, about, field string, change func(*plain)) {
		add(name, about, "encoding", someRecord().but(change).bytes(), "field", field)
	}
	badFields(field)
	badOpen(func(name, about, field string, change func(*plain)) {
		add(name, about, "encoding", someOpen().but(change).bytes(), "field", field)
	})
	newerRecords(func(name, about string, b []byte) { add(name, about, "version", b) })
	b := someRecord().bytes()
	for _, n := range []int{0, 1, 4, 56, 57, 58, len(b) - 350, len(b) - 1} {
		add(fmt.Sprint("truncated-", n), fmt.Sprint("the first ", n, " bytes"), "encoding", b[:n], "field", "length")
	}
	add("extended", "a byte more", "encoding", append(bytes.Clone(b), 0), "field", "length")
	add("open-extended", "an open record, and a byte more", "encoding", append(someOpen().bytes(), 0), "field", "length")
	add("text", "a note that somebody wrote", "encoding", []byte("see the other film\n"), "field", "version")
	add("newer-too-long", "65,537 bytes of another version", "encoding", append([]byte{2}, make([]byte, 65_536)...), "field", "length")
	add("other-name", "kept under the name of another object", "mismatch", b, "field", "name",
		"path", plainPath(sha256.Sum256([]byte("other")), 300_000, sha1Hex))
	return all
}

func goodRecords(good func(name, about string, p plain)) {
	good("sealed", "a sealed record with wraps and hints", someRecord())
	good("private", "without wraps and hints", someRecord().but(func(p *plain) { p.wraps, p.hints = nil, nil }))
	good("mine", "for further DIDs only", someRecord().but(func(p *plain) { p.wraps = p.wraps[1:] }))
	good("shortest-sealed", "of an object with one root", someRecord().but(func(p *plain) {
		p.k, p.manifest, p.wraps, p.hints = 1, filler("manifest", 176), nil, nil
	}))
	good("empty-object", "of nothing", someRecord().but(func(p *plain) { p.oid, p.size = sha256.Sum256(nil), 0 }))
	good("largest-object", "of 64 TiB", someRecord().but(func(p *plain) { p.size, p.gen, p.k = 1<<46, 1<<32-1, 64 }))
	good("gap", "kinds in order, one not known", someRecord().but(func(p *plain) {
		p.wraps = [][]byte{plainWrap(1, 1, "a"), plainWrap(1, 2, "a"), plainWrap(3, 0, "a"), plainWrap(255, 0, "a")}
	}))
	fork := [][]byte{plainWrap(1, 1, "a"), plainWrap(1, 1, "b")}
	slices.SortFunc(fork, bytes.Compare)
	good("fork", "two wraps of one number", someRecord().but(func(p *plain) { p.wraps = fork }))
	good("extensions", "fields of a later program", someRecord().but(func(p *plain) {
		p.ext = [][]byte{plainExt(1, "a"), plainExt(127, strings.Repeat("z", 1024))}
	}))
	good("longest", "as long as a record can be", someRecord().but(func(p *plain) {
		p.manifest, p.hints, p.wraps = filler("manifest", 8336), filler("hints", 28+32*256), nil
		for i := range 16 {
			p.wraps = append(p.wraps, plainWrap(1, uint32(i), "w"))
		}
		for i := range byte(8) {
			p.ext = append(p.ext, plainExt(i+1, strings.Repeat("z", 1024)))
		}
	}))
	good("open", "for everyone, first stored in private", someOpen())
	good("open-public-domain", "of the public domain: no key", someOpen().but(func(p *plain) { p.salt, p.key = [8]byte{}, nil }))
	good("shortest", "as short as a record can be", someOpen().but(func(p *plain) {
		p.salt, p.key, p.k, p.manifest = [8]byte{}, nil, 1, filler("manifest", 148)
	}))
	good("longest-open", "with the longest manifest", someOpen().but(func(p *plain) { p.manifest = filler("manifest", 8308) }))
}

func badFields(field func(name, about, field string, change func(*plain))) {
	field("version-zero", "version 0", "version", func(p *plain) { p.version = 0 })
	field("form-zero", "form 0", "form", func(p *plain) { p.form = 0 })
	field("form-text", "form 32", "form", func(p *plain) { p.form = 32 })
	field("suite-zero", "suite 0", "suite", func(p *plain) { p.suite = 0 })
	field("code-zero", "code 0", "code", func(p *plain) { p.code = 0 })
	field("k-zero", "K is 0", "K", func(p *plain) { p.k = 0 })
	field("k-65", "K is 65", "K", func(p *plain) { p.k = 65 })
	field("size", "a byte more than 64 TiB", "size", func(p *plain) { p.size = 1<<46 + 1 })
	field("size-negative", "the highest bit of the size", "size", func(p *plain) { p.size = 1 << 63 })
	field("salt", "sealed, in the public domain", "salt id", func(p *plain) { p.salt = [8]byte{} })
	field("manifest-short", "175 bytes", "manifest", func(p *plain) { p.manifest = filler("manifest", 175) })
	field("manifest-long", "8,337 bytes", "manifest", func(p *plain) { p.manifest = filler("manifest", 8337) })
	field("manifest-none", "none", "manifest", func(p *plain) { p.manifest = nil })
	field("wraps-17", "17 wraps", "wraps", func(p *plain) {
		p.wraps = nil
		for i := range 17 {
			p.wraps = append(p.wraps, plainWrap(1, uint32(i), "w"))
		}
	})
	field("wraps-order", "in another order", "wraps", func(p *plain) { slices.Reverse(p.wraps) })
	field("wraps-twice", "one wrap twice", "wraps", func(p *plain) { p.wraps[1] = p.wraps[0] })
	field("wraps-kind", "kind 0", "wraps", func(p *plain) { p.wraps[0][0] = 0 })
	for _, n := range []int{1, 28, 59, 61, 28 + 32*257} {
		field(fmt.Sprint("hints-", n), fmt.Sprint(n, " bytes"), "hints", func(p *plain) { p.hints = filler("hints", n) })
	}
	field("extensions-9", "nine", "extensions", func(p *plain) {
		for i := range byte(9) {
			p.ext = append(p.ext, plainExt(i+1, "x"))
		}
	})
	field("extension-zero", "type 0", "extensions", func(p *plain) { p.ext = [][]byte{plainExt(0, "x")} })
	field("extension-empty", "without content", "extensions", func(p *plain) { p.ext = [][]byte{plainExt(1, "")} })
	field("extension-long", "1,025 bytes", "extensions", func(p *plain) { p.ext = [][]byte{plainExt(1, strings.Repeat("x", 1025))} })
	field("extension-twice", "one type twice", "extensions", func(p *plain) { p.ext = [][]byte{plainExt(1, "x"), plainExt(1, "y")} })
	field("extension-order", "in another order", "extensions", func(p *plain) { p.ext = [][]byte{plainExt(2, "x"), plainExt(1, "y")} })
}

func badOpen(field func(name, about, field string, change func(*plain))) {
	field("open-manifest-short", "147 bytes", "manifest", func(p *plain) { p.manifest = filler("manifest", 147) })
	field("open-manifest-long", "8,309 bytes", "manifest", func(p *plain) { p.manifest = filler("manifest", 8309) })
	field("open-no-key", "a key is missing", "length", func(p *plain) { p.key, p.manifest = nil, bytes.Repeat([]byte{0xff}, 436) })
}

func newerRecords(newer func(name, about string, b []byte)) {
	newer("newer", "version 2, of which nothing else is known", []byte{2})
	newer("newer-last", "version 31", append([]byte{31}, "anything"...))
	newer("newer-long", "65,536 bytes", append([]byte{2}, make([]byte, 65_535)...))
	for name, change := range map[string]func(*plain){
		"form":  func(p *plain) { p.form = 3 },
		"suite": func(p *plain) { p.suite = 2 },
		"code":  func(p *plain) { p.code = 2 },
		"extension": func(p *plain) {
			p.ext = [][]byte{plainExt(1, "x"), plainExt(128, "y")}
		},
	} {
		newer("newer-"+name, "a "+name+" that is not known", someRecord().but(change).bytes())
	}
}

// plainHints is RECORD.md §5.
func plainHints(t *testing.T, rk []byte, k byte, rid radicle.RID, writer radicle.DID, entries []byte) []byte {
	t.Helper()
	oid := rid.Oid().Bytes()
	info := slices.Concat([]byte("hints\x00"), []byte{1, k, byte(len(oid))}, oid, writer[:])
	keys := must[[]byte](t)(hkdf.Expand(sha256.New, rk, string(info), 64))
	h := blake3.New(32, keys[32:])
	_, _ = h.Write(entries)
	nonce := h.Sum(nil)[:12]
	block := must[cipher.Block](t)(aes.NewCipher(keys[:32]))
	return must[cipher.AEAD](t)(cipher.NewGCM(block)).Seal(slices.Clone(nonce), nonce, entries, nil)
}

func entriesOf(holders []radicle.DID) (b []byte) {
	for _, h := range holders {
		b = append(b, h[:]...)
	}
	return b
}

func hintsVectors(t *testing.T) (all []vector) {
	rk, writer := filler("rk", 32), radicle.NewMemorySigner(seed(0xff)).NID().DID()
	bo := radicle.NewMemorySigner(seed(0xfe)).NID().DID()
	long := radicle.NewRID(must[radicle.Oid](t)(radicle.OidFromBytes(bytes.Repeat([]byte{9}, 32))))
	add := func(name, about, expect string, rid radicle.RID, k int, writer radicle.DID, holders []radicle.DID, b []byte) {
		v := golden.New("hints/"+name, b, "about", about, "expect", expect, "rid", rid.String(), "writer", writer.String(),
			"k", strconv.Itoa(k), "rk", hexOf(rk))
		if expect == "ok" {
			v.Header["holders"] = holderText(holders)
		}
		all = append(all, v)
	}
	three := people(3)
	seal := func(rid radicle.RID, holders []radicle.DID) []byte {
		return plainHints(t, rk, 3, rid, writer, entriesOf(holders))
	}
	good := seal(rid(t), three)
	add("three", "three holders", "ok", rid(t), 3, writer, three, good)
	add("one", "one holder", "ok", rid(t), 3, writer, three[:1], seal(rid(t), three[:1]))
	gap := []radicle.DID{{}, three[0], {}, three[0]}
	add("gap", "some not placed, one person twice", "ok", rid(t), 3, writer, gap, seal(rid(t), gap))
	all256 := slices.Repeat(three[:1], 256)
	add("all", "256 holders", "ok", rid(t), 3, writer, all256, seal(rid(t), all256))
	add("sha256", "in a repository of SHA-256", "ok", long, 3, writer, three, seal(long, three))
	zeros := append(slices.Clone(three), radicle.DID{})
	add("zeros", "the last is not placed", "encoding", rid(t), 3, writer, nil, seal(rid(t), zeros))
	add("moved-rid", "copied to another repository", "sealed", otherRID(t), 3, writer, nil, good)
	add("moved-writer", "copied to another writer", "sealed", rid(t), 3, bo, nil, good)
	add("moved-k", "copied to another coding", "sealed", rid(t), 4, writer, nil, good)
	for _, i := range []int{0, 12, len(good) - 1} {
		b := bytes.Clone(good)
		b[i] ^= 1
		add(fmt.Sprint("bit-", i), fmt.Sprint("a bit of byte ", i), "sealed", rid(t), 3, writer, nil, b)
	}
	return all
}

func mergeVectors() (all []vector) {
	add := func(name, about string, a, b, m plain) {
		var body []byte
		var lengths []string
		for _, p := range []plain{a, b, m} {
			body = append(body, p.bytes()...)
			lengths = append(lengths, strconv.Itoa(len(p.bytes())))
		}
		all = append(all, golden.New("merge/"+name, body, "about", about, "expect", "ok", "lengths", strings.Join(lengths, " ")))
	}
	a := someRecord()
	b := a.but(func(p *plain) { p.wraps = [][]byte{plainWrap(1, 8, "b"), plainWrap(2, 0, "w")} })
	add("same", "the same", a, a, a)
	add("wraps", "the wraps of both, each once", a, b, a.but(func(p *plain) {
		p.wraps = [][]byte{plainWrap(1, 7, "w"), plainWrap(1, 8, "b"), plainWrap(2, 0, "w")}
	}))
	gen := a.but(func(p *plain) { p.gen, p.k, p.wraps = 3, 1, nil })
	add("gen", "the higher gen, whole", a, gen, gen)
	salt := a.but(func(p *plain) { p.salt, p.k, p.wraps = [8]byte{0xff, 1}, 1, nil })
	add("salt", "of two salts the greater, whole", a, salt, salt)
	add("open", "the open one", a, someOpen(), someOpen())
	openSmall := someOpen().but(func(p *plain) { p.salt, p.key = [8]byte{}, nil })
	add("open-salt", "of two salts the open one", a.but(func(p *plain) { p.salt = [8]byte{0xff} }), openSmall, openSmall)
	both := a.but(func(p *plain) { p.manifest, p.hints = filler("other", 496), filler("other", 28+32) })
	add("manifest-and-hints", "the longer manifest of one, the longer hints of the other", a, both, both.but(func(p *plain) { p.hints = a.hints }))
	k := a.but(func(p *plain) { p.k, p.manifest, p.hints, p.wraps = 10, filler("other", 464), nil, nil })
	add("k", "the greater K with its own hints, and all wraps", a, k, k.but(func(p *plain) { p.wraps = a.wraps }))
	long := a.but(func(p *plain) { p.manifest, p.hints = filler("other", 496), nil })
	add("manifest", "the longer manifest, and hints of the same coding", a, long, long.but(func(p *plain) { p.hints = a.hints }))
	high := a.but(func(p *plain) { p.manifest = bytes.Repeat([]byte{0xff}, 464) })
	add("manifest-bytes", "of two as long the greater", a, high, high)
	hints := a.but(func(p *plain) { p.hints = filler("other", 28+352) })
	add("hints", "the longer hints", a, hints, hints)
	ext := func(kinds ...string) plain {
		return a.but(func(p *plain) {
			for _, k := range kinds {
				p.ext = append(p.ext, plainExt(k[0]-'0', k[1:]))
			}
		})
	}
	add("extensions", "the extensions of both, of one type the greater", ext("1a", "3c"), ext("1b", "2b"), ext("1b", "2b", "3c"))
	add("extensions-8", "of more than eight those with the lowest types", ext("1a", "2a", "3a", "4a", "5a", "6a", "7a", "9a"), ext("8b", "9b"),
		ext("1a", "2a", "3a", "4a", "5a", "6a", "7a", "8b"))
	many := func(from, to int) plain {
		return a.but(func(p *plain) {
			p.wraps = nil
			for i := from; i < to; i++ {
				p.wraps = append(p.wraps, plainWrap(1, uint32(i), "w"))
			}
		})
	}
	add("wraps-16", "of more than sixteen those with the highest epochs", many(0, 12), many(6, 20), many(4, 20))
	return all
}

// sealedParts are the pieces of a film that somebody stored: for branches that open.
type sealedParts struct {
	salt     keyring.SaltID
	ck       blobstore.ContentKey
	manifest *manifest.Manifest
}

func filmParts(t *testing.T, p *person, s spec) sealedParts {
	salt, ck := p.contentKey(t, s)
	return sealedParts{salt, ck, manifestOf(t, ck, s)}
}

// plainOf is the record of a film, sealed or of the public domain.
func plainOf(t *testing.T, s spec, f sealedParts, hints []radicle.DID, writer radicle.DID) plain {
	t.Helper()
	p := plain{
		version: 1, form: 1, suite: 1, code: 1, k: byte(f.manifest.Coding().K()), gen: s.gen,
		oid: s.pointer.OID, size: uint64(s.pointer.Size), salt: f.salt,
	}
	if s.public {
		p.form, p.manifest = 2, must[[]byte](t)(f.manifest.MarshalBinary())
		return p
	}
	p.manifest = must[[]byte](t)(manifest.Seal(f.ck.Repair(), manifest.Record, f.manifest))
	if hints != nil {
		rk := f.ck.Repair().Bytes()
		p.hints = plainHints(t, rk[:], p.k, rid(t), writer, entriesOf(hints))
	}
	return p
}
