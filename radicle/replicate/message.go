package replicate

import (
	"encoding/binary"
	"fmt"

	"radswarm/radicle"
)

// kind is the first byte of a message. GIT.md §2
type kind uint8

const (
	kindRefs kind = 1 // asker: what has this repository?
	kindWant kind = 2 // asker: send these objects
	kindList kind = 16
	kindPack kind = 17
	kindEnd  kind = 18
	kindWait kind = 19
)

// The bounds of GIT.md §2.
const (
	MaxListed = 65_536  // namespaces in a listing
	MaxWants  = 262_144 // objects asked for at once
	MaxHaves  = 65_536  // objects said to be there at once

	maxChunk   = 64 << 10 // bytes of a pack in one message, and of a message of a kind that is not known
	maxRequest = 1 << 10  // bytes of REFS
	maxEnd     = 1 << 10
	headerSize = 5

	slack = 1 << 10 // for fields to come
)

// bound is the longest body of a message of the kind, in bytes.
func (k kind) bound() int {
	const id = radicle.SHA256Size
	switch k {
	case kindRefs:
		return maxRequest
	case kindWant:
		return 8 + (MaxWants+MaxHaves)*id + slack
	case kindList:
		return id + 4 + MaxListed*(radicle.KeySize+id) + slack
	case kindEnd:
		return maxEnd
	}
	return maxChunk
}

// appendMessage appends header and body.
func appendMessage(dst []byte, k kind, body []byte) []byte {
	dst = append(dst, byte(k))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(body)))
	return append(dst, body...)
}

// parseHeader reads the five bytes before a body.
func parseHeader(b [headerSize]byte) (kind, int, error) {
	k, n := kind(b[0]), binary.BigEndian.Uint32(b[1:])
	if int64(n) > int64(k.bound()) {
		return 0, 0, &LimitError{What: fmt.Sprintf("bytes of a message of kind %d", k), Got: int64(n), Max: int64(k.bound())}
	}
	return k, int(n), nil
}

// appendRefs is the body of REFS.
func appendRefs(dst []byte, rid radicle.RID) []byte {
	id := rid.Oid()
	return id.AppendBytes(append(dst, byte(id.Len())))
}

// parseRefs reads the body of REFS. What follows the id is passed over.
func parseRefs(body []byte) (radicle.RID, error) {
	d := decoder{rest: body}
	id := d.oid(int(d.byte()))
	if d.err != nil {
		return radicle.RID{}, d.err
	}
	return radicle.NewRID(id), nil
}

// want is a request for objects: all that wants reach, but not what haves reach.
type want struct{ wants, haves []radicle.Oid }

// appendWant is the body of WANT.
func appendWant(dst []byte, w want) []byte {
	for _, list := range [][]radicle.Oid{w.wants, w.haves} {
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(list)))
		for _, id := range list {
			dst = id.AppendBytes(dst)
		}
	}
	return dst
}

// parseWant reads the body of WANT in a repository whose ids have size bytes.
func parseWant(body []byte, size int) (want, error) {
	d := decoder{rest: body}
	w := want{wants: d.oids(MaxWants, size), haves: d.oids(MaxHaves, size)}
	if d.err == nil && len(w.wants) == 0 {
		d.err = &MalformedError{What: "WANT asks for nothing"}
	}
	return w, d.err
}

// Listing is what a repository at the other end has: where the signed refs of each namespace are. Nothing of it is verified.
type Listing struct {
	Identity radicle.Oid // what they take for the operation that made the current identity
	Peers    []Peer      // no namespace twice; members before others
}

// Peer is a namespace and the head of its signed refs.
type Peer struct {
	NID  radicle.NID
	Head radicle.Oid
}

// appendList is the body of LIST.
func appendList(dst []byte, l *Listing) []byte {
	dst = l.Identity.AppendBytes(dst)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(l.Peers)))
	for _, p := range l.Peers {
		dst = p.Head.AppendBytes(append(dst, p.NID[:]...))
	}
	return dst
}

// parseList reads the body of LIST. Of a namespace that stands there twice the first entry counts.
func parseList(body []byte, size int) (*Listing, error) {
	d := decoder{rest: body}
	l := &Listing{Identity: d.oid(size)}
	n := d.count(MaxListed, radicle.KeySize+size, "namespaces in a listing")
	seen := make(map[radicle.NID]bool, n)
	for range n {
		var p Peer
		copy(p.NID[:], d.bytes(radicle.KeySize))
		p.Head = d.oid(size)
		if d.err == nil && !seen[p.NID] {
			seen[p.NID] = true
			l.Peers = append(l.Peers, p)
		}
	}
	if d.err != nil {
		return nil, d.err
	}
	return l, nil
}

// end is how an answer ends.
type end struct {
	code    Code
	retry   uint32      // ms, with Busy
	missing radicle.Oid // with NotFound after WANT
}

// appendEnd is the body of END.
func appendEnd(dst []byte, e end) []byte {
	dst = append(dst, byte(e.code))
	dst = binary.BigEndian.AppendUint32(dst, e.retry)
	dst = append(dst, byte(e.missing.Len()))
	return e.missing.AppendBytes(dst)
}

// parseEnd reads the body of END. A code that is not known counts as [Internal].
func parseEnd(body []byte) (end, error) {
	d := decoder{rest: body}
	e := end{code: Code(d.byte()), retry: d.uint32()}
	if n := int(d.byte()); n > 0 {
		e.missing = d.oid(n)
	}
	if !e.code.known() {
		e.code = Internal
	}
	return e, d.err
}

// decoder takes fields off a body. After the first error all are zero.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) bytes(n int) []byte {
	if d.err == nil && len(d.rest) < n {
		d.err = &MalformedError{What: "a message ends early"}
	}
	if d.err != nil {
		return make([]byte, n)
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) byte() byte { return d.bytes(1)[0] }

func (d *decoder) uint32() uint32 { return binary.BigEndian.Uint32(d.bytes(4)) }

// oid takes an id. The null id names nothing and is an error.
func (d *decoder) oid(size int) radicle.Oid {
	if size != radicle.SHA1Size && size != radicle.SHA256Size {
		if d.err == nil {
			d.err = &MalformedError{What: fmt.Sprintf("an id of %d bytes", size)}
		}
		return radicle.Oid{}
	}
	id, err := radicle.OidFromBytes(d.bytes(size))
	if d.err == nil && (err != nil || id.IsZero()) {
		d.err = &MalformedError{What: "a null id"}
	}
	return id
}

// count takes the length of a list of items of size bytes each, which must be there.
func (d *decoder) count(most, size int, what string) int {
	n := int64(d.uint32())
	switch {
	case d.err != nil:
		return 0
	case n > int64(most):
		d.err = &LimitError{What: what, Got: n, Max: int64(most)}
	case n*int64(size) > int64(len(d.rest)):
		d.err = &MalformedError{What: "a list ends early"}
	}
	if d.err != nil {
		return 0
	}
	return int(n)
}

func (d *decoder) oids(most, size int) []radicle.Oid {
	n := d.count(most, size, "ids in a list")
	ids := make([]radicle.Oid, 0, n)
	for range n {
		ids = append(ids, d.oid(size))
	}
	return ids
}
