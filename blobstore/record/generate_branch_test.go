package record_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/cryptotest"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/radicle"
	"radswarm/radicle/golden"
)

// branchCases makes branches of Ana's with one film, which somebody opens.
type branchCases struct {
	t           *testing.T
	ana, bo, cy *person
	film        spec
	parts       sealedParts
	keys        files
	sealed      plain
	all         []vector
}

// add adds a branch that Bo opens as Ana's, unless more says otherwise.
func (c *branchCases) add(name, about, expect string, p plain, keys files, more ...string) {
	f := make(files)
	maps.Copy(f, keys)
	f[plainPath(c.film.pointer.OID, uint64(c.film.pointer.Size), sha1Hex)] = p.bytes()
	c.addFiles(name, about, expect, f, more...)
}

func (c *branchCases) addFiles(name, about, expect string, f files, more ...string) {
	var body []byte
	var lengths []string
	paths := slices.Sorted(maps.Keys(f))
	for _, path := range paths {
		body = append(body, f[path]...)
		lengths = append(lengths, strconv.Itoa(len(f[path])))
	}
	pairs := append([]string{
		"about", about, "expect", expect, "rid", rid(c.t).String(), "writer", c.ana.did().String(), "seed", strings.Repeat("fe", 32),
		"oid", c.film.pointer.OID.String(), "size", strconv.FormatInt(c.film.pointer.Size, 10), "tree", newRepo(c.t).tree(c.t, f).String(),
		"paths", strings.Join(paths, " "), "lengths", strings.Join(lengths, " "),
	}, more...)
	if expect == "ok" {
		ck, hash := c.parts.ck.Bytes(), c.parts.manifest.Hash()
		pairs = append(pairs, "content-key", hexOf(ck[:]), "manifest-hash", hexOf(hash[:]), "k", "3")
	}
	v := golden.New("branch/"+name, body, pairs...)
	c.all = append(c.all, v)
}

// epoch makes an epoch's files, with the same randomness every time, and the wrap of the film under it.
func (c *branchCases) epoch(kind keyring.GroupKind, number int64, random uint64, readers ...*person) (files, []byte) {
	cryptotest.SetGlobalRandom(c.t, random)
	var to []keyring.Recipient
	for _, r := range readers {
		to = append(to, r.recipient())
	}
	plan := must[keyring.Plan](c.t)(c.ana.at(rid(c.t)).Group(kind).Plan(nil, number, c.ana.recipient(), to))
	f := make(files)
	for _, s := range plan.Sealings {
		name := map[keyring.GroupKind]string{1: "members", 2: "mine", 3: "named"}[kind]
		f[fmt.Sprintf("keys/epochs/%08x-%s-%v/%v", number, name, s.ID, radicle.NID(s.Recipient))] = s.Envelope.Bytes()
	}
	w := must[keyring.Wrap](c.t)(plan.Key.Wrap(keyring.Object{
		OID: c.film.pointer.OID, Size: c.film.pointer.Size, Gen: c.film.gen, Salt: c.parts.salt,
	}, c.parts.ck))
	return f, append(binary.BigEndian.AppendUint32([]byte{byte(kind)}, uint32(number)), w[:]...)
}

func branchVectors(t *testing.T) []vector {
	c := &branchCases{t: t, ana: ana(t), bo: bo(t), cy: cy(t), film: spec{pointer: film("film")}}
	c.parts = filmParts(t, c.ana, c.film)
	keys, wrap := c.epoch(keyring.Members, 1, 1, c.bo)
	c.keys = keys
	holders := people(10)
	private := plainOf(t, c.film, c.parts, holders, c.ana.did())
	c.sealed = private.but(func(p *plain) { p.wraps = [][]byte{wrap} })
	c.add("member", "a member's key opens it", "ok", c.sealed, keys, "reach", "group", "holders", holderText(holders))
	c.add("own", "the writer derives the key", "ok", private, nil, "seed", strings.Repeat("ff", 32), "reach", "private")
	c.add("stranger", "no envelope", "unreadable", c.sealed, keys, "seed", strings.Repeat("fd", 32))
	c.add("private", "nothing to try", "unreadable", private, keys)
	c.add("no-epoch", "the epoch is not there", "unreadable", c.sealed, nil)
	c.otherEpochs(private)
	c.opened()
	c.moved()
	c.lies()
	return c.all
}

// otherEpochs are further DIDs, a fixed list, forks, and wraps that do not open.
func (c *branchCases) otherEpochs(private plain) {
	mine, mineWrap := c.epoch(keyring.Mine, 0, 2, c.bo)
	c.add("mine", "a further DID of the writer", "ok", private.but(func(p *plain) { p.wraps = [][]byte{mineWrap} }), mine, "reach", "private")
	named, namedWrap := c.epoch(keyring.Named, 1<<32-1, 3, c.bo)
	c.add("named", "a fixed list, and the last number of all", "ok", private.but(func(p *plain) { p.wraps = [][]byte{namedWrap} }), named, "reach", "group")
	fork, forkWrap := c.epoch(keyring.Members, 1, 4, c.bo)
	both := maps.Clone(c.keys)
	maps.Copy(both, fork)
	c.add("fork-1", "two epochs of one number, under the first key", "ok", c.sealed, both)
	c.add("fork-2", "under the second", "ok", private.but(func(p *plain) { p.wraps = [][]byte{forkWrap} }), both)
	c.add("other-key", "the epoch of that number has another key", "sealed", c.sealed, fork)
	unknown := append([]byte{9}, c.sealed.wraps[0][1:]...)
	c.add("kind-unknown", "beside a wrap of a kind that is not known", "ok", c.sealed.but(func(p *plain) { p.wraps = append(p.wraps, unknown) }), c.keys)
	renamed := make(files)
	for path, e := range c.keys {
		for other := range fork {
			renamed[other[:strings.LastIndex(other, "/")]+path[strings.LastIndex(path, "/"):]] = e
		}
	}
	c.add("other-id", "the envelope's key is not the one of the folder", "sealed", c.sealed, renamed)
}

// opened are public records.
func (c *branchCases) opened() {
	published := c.sealed.but(func(p *plain) {
		ck := c.parts.ck.Bytes()
		p.form, p.key, p.manifest, p.wraps, p.hints = 2, ck[:], must[[]byte](c.t)(c.parts.manifest.MarshalBinary()), nil, nil
	})
	anyone := []string{"seed", strings.Repeat("fd", 32)}
	c.add("published", "private first, then for everyone", "ok", published, nil, append(anyone, "reach", "public")...)
	s := c.film
	s.public = true
	before := c.parts
	c.parts = filmParts(c.t, c.ana, s)
	c.add("public-domain", "of the public domain", "ok", plainOf(c.t, s, c.parts, nil, c.ana.did()), nil, append(anyone, "reach", "public")...)
	inPublic := c.parts
	c.parts = before
	raw := must[[]byte](c.t)(inPublic.manifest.MarshalBinary())
	c.add("published-other-manifest", "with the manifest of another key", "mismatch", published.but(func(p *plain) { p.manifest = raw }), nil, anyone...)
	c.add("published-other-key", "with another key", "mismatch", published.but(func(p *plain) { p.key = filler("key", 32) }), nil, anyone...)
	c.add("published-signature", "a bit of the manifest's signature", "signature", published.but(func(p *plain) {
		p.manifest = slices.Clone(p.manifest)
		p.manifest[len(p.manifest)-1] ^= 1
	}), nil, anyone...)
	c.add("published-k", "another K than the manifest's", "mismatch", published.but(func(p *plain) { p.k = 4 }), nil, anyone...)
	c.add("published-gen", "another gen than the manifest's", "mismatch", published.but(func(p *plain) { p.gen = 1 }), nil, anyone...)
	c.add("published-garbage", "no manifest", "encoding", published.but(func(p *plain) { p.manifest = filler("x", 436) }), nil, anyone...)
}

// moved are copies at other places.
func (c *branchCases) moved() {
	c.add("moved-rid", "all of it copied to another repository", "sealed", c.sealed, c.keys, "rid", otherRID(c.t).String())
	c.add("moved-writer", "all of it copied to another writer", "sealed", c.sealed, c.keys, "writer", c.cy.did().String())
	c.add("moved-own", "copied to the reader's own branch", "sealed", c.sealed, nil, "writer", c.bo.did().String())
	moved := maps.Clone(c.keys)
	for path, e := range c.keys {
		delete(moved, path)
		moved[strings.Replace(path, "00000001", "00000002", 1)] = e
	}
	c.add("moved-epoch", "the epoch under another number", "sealed", c.sealed.but(func(p *plain) {
		p.wraps = [][]byte{slices.Clone(p.wraps[0])}
		p.wraps[0][4] = 2
	}), moved)
	other := c.sealed.but(func(p *plain) { p.oid = sha256.Sum256([]byte("other")) })
	c.addFiles("moved-name", "the record of another object under this name", "mismatch", files{
		plainPath(c.film.pointer.OID, uint64(c.film.pointer.Size), sha1Hex): other.bytes(),
	})
	c.addFiles("absent", "no record", "absent", files{plainPath(other.oid, other.size, sha1Hex): other.bytes()})
}

// lies are records whose parts do not belong together.
func (c *branchCases) lies() {
	bit := func(p *plain) { p.manifest = slices.Clone(p.manifest); p.manifest[100] ^= 1 }
	c.add("manifest-bit", "a bit of the sealed manifest", "sealed", c.sealed.but(bit), c.keys)
	c.add("k", "another K", "sealed", c.sealed.but(func(p *plain) { p.k = 4 }), c.keys)
	c.add("gen", "another gen", "sealed", c.sealed.but(func(p *plain) { p.gen = 1 }), c.keys)
	c.add("salt", "another salt id", "sealed", c.sealed.but(func(p *plain) { p.salt[0] ^= 1 }), c.keys)
	c.add("hints-bit", "a bit of the hints: it opens without", "ok", c.sealed.but(func(p *plain) {
		p.hints = slices.Clone(p.hints)
		p.hints[0] ^= 1
	}), c.keys, "holders", "none")
	c.add("own-salt", "the writer does not know the salt", "salt", c.sealed.but(func(p *plain) {
		p.salt, p.wraps = [8]byte(filler("salt", 8)), nil
	}), nil, "seed", strings.Repeat("ff", 32))
	// A manifest of another object, sealed with the key of this one.
	s := spec{pointer: blobstore.Pointer{OID: c.film.pointer.OID, Size: 5_000_000}}
	foreign := c.parts
	foreign.manifest = manifestOf(c.t, c.parts.ck, s)
	c.add("other-size", "a manifest for another size, signed with the right key", "mismatch", plainOf(c.t, c.film, foreign, nil, c.ana.did()).but(func(p *plain) {
		p.wraps = c.sealed.wraps
	}), c.keys)
}
