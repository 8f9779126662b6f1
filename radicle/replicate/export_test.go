package replicate

import (
	"io"

	"radswarm/radicle"
)

// For tests that speak for the other side, and for fuzzing.

func AppendRefs(rid radicle.RID) []byte { return appendMessage(nil, kindRefs, appendRefs(nil, rid)) }

func AppendWant(wants, haves []radicle.Oid) []byte {
	return appendMessage(nil, kindWant, appendWant(nil, want{wants: wants, haves: haves}))
}
func AppendList(l *Listing) []byte { return appendMessage(nil, kindList, appendList(nil, l)) }
func AppendPack(b []byte) []byte   { return appendMessage(nil, kindPack, b) }
func AppendWait() []byte           { return appendMessage(nil, kindWait, nil) }

func AppendEnd(c Code, missing radicle.Oid) []byte {
	return appendMessage(nil, kindEnd, appendEnd(nil, end{code: c, missing: missing}))
}

func AppendKind(k byte, body []byte) []byte { return appendMessage(nil, kind(k), body) }

func ParseRefs(body []byte) (radicle.RID, error) { return parseRefs(body) }

func ParseWant(body []byte, size int) (wants, haves []radicle.Oid, err error) {
	w, err := parseWant(body, size)
	return w.wants, w.haves, err
}
func ParseList(body []byte, size int) (*Listing, error) { return parseList(body, size) }

func ParseEnd(body []byte) (c Code, retry uint32, missing radicle.Oid, err error) {
	e, err := parseEnd(body)
	return e.code, e.retry, e.missing, err
}

// ParseHeader is the bound of a message of that kind.
func ParseHeader(b [headerSize]byte) (byte, int, error) {
	k, n, err := parseHeader(b)
	return byte(k), n, err
}

// Scan copies a pack in these limits.
func Scan(w io.Writer, r io.Reader, limits Limits) error {
	s := newScanner(r, &budget{limits: limits.withDefaults()}, radicle.SHA1Size)
	objects, err := s.header()
	if err != nil {
		return err
	}
	return s.copy(w, objects)
}

// ReadPkt reads one packet of git's.
func ReadPkt(r io.Reader) ([]byte, error) { return readPkt(r, nil) }

// Withdraw takes all packs' turns, and returns what gives them back.
func (s *Server) Withdraw() (back func()) {
	for range cap(s.slots) {
		s.slots <- struct{}{}
	}
	return func() {
		for range cap(s.slots) {
			<-s.slots
		}
	}
}

// MovingIn makes f run before each attempt to move in what was fetched.
func (o *Options) MovingIn(f func()) { o.movingIn = f }

// MaxRead bounds what is read to verify namespaces.
func (o *Options) MaxRead(n int64) { o.maxRead = n }
