package wire

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/share"
)

// decodeFrame decodes the one frame that b is.
func decodeFrame(b []byte) (Message, error) {
	r := bytes.NewReader(b)
	h, err := readHead(r)
	if err != nil {
		return nil, err
	}
	if err := h.expect(func(k Kind) bool { return k.info().name != "" }); err != nil {
		return nil, err
	}
	if r.Len() != h.size {
		return nil, fmt.Errorf("%d bytes after a head of %d", r.Len(), h.size)
	}
	return parse(h.kind, b[len(b)-h.size:])
}

func TestMessagesComeBack(t *testing.T) {
	seen := map[Kind]bool{}
	for _, s := range samples() {
		seen[s.m.Kind()] = true
		frame := AppendFrame(nil, s.m)
		got, err := decodeFrame(frame)
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		if !reflect.DeepEqual(got, s.m) {
			t.Errorf("%s: came back as %+v", s.name, got)
		}
		if again := AppendFrame([]byte("x"), got); string(again) != "x"+string(frame) {
			t.Errorf("%s: is not appended to what is there, or not the same", s.name)
		}
	}
	for k := range Kind(200) {
		if k.info().name != "" && !seen[k] {
			t.Errorf("%v: no sample", k)
		}
	}
}

// A message keeps no part of the memory that it was decoded from.
func TestMessagesKeepNothing(t *testing.T) {
	for _, s := range samples() {
		b := s.m.AppendTo(nil)
		m, err := parse(s.m.Kind(), b)
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		for i := range b {
			b[i] ^= 0xff
		}
		if !reflect.DeepEqual(m, s.m) {
			t.Errorf("%s: changed with the buffer", s.name)
		}
	}
}

// grease is fields that nobody knows, of every wire type that fields may have.
func grease() []byte {
	b := protowire.AppendVarint(protowire.AppendTag(nil, 15, protowire.VarintType), 1<<64-1)
	b = protowire.AppendFixed32(protowire.AppendTag(b, 15, protowire.Fixed32Type), 1<<32-1)
	b = protowire.AppendFixed64(protowire.AppendTag(b, protowire.MaxValidNumber, protowire.Fixed64Type), 1<<64-1)
	b = protowire.AppendString(protowire.AppendTag(b, 15, protowire.BytesType), "grease")
	return protowire.AppendString(protowire.AppendTag(b, 1000, protowire.BytesType), "")
}

// Unknown fields change nothing, before, between and after those that are known.
func TestUnknownFieldsAreIgnored(t *testing.T) {
	for _, s := range samples() {
		plain := s.m.AppendTo(nil)
		greased := grease()
		for b := plain; len(b) > 0; {
			_, _, n := protowire.ConsumeField(b)
			greased = append(append(greased, b[:n]...), grease()...)
			b = b[n:]
		}
		m := s.m.Kind().info().make()
		if err := decode(greased, m); err != nil || !reflect.DeepEqual(m, s.m) {
			t.Errorf("%s: with unknown fields: %+v, %v", s.name, m, err)
		}
	}
	nested := appendNested(nil, 1, func(b []byte) []byte { return append((&status{code: CodeFull}).appendTo(b), grease()...) })
	m, err := parse(kindEnd, nested)
	if err != nil || m.(*endMsg).status != (status{code: CodeFull}) {
		t.Errorf("unknown fields inside: %+v, %v", m, err)
	}
}

// The last of a field that stands twice counts, also for messages inside.
func TestLastFieldCounts(t *testing.T) {
	b := append((&auditMsg{sampleName(1), fill32(1), 5}).AppendTo(nil), (&auditMsg{sampleName(3), fill32(2), 6}).AppendTo(nil)...)
	m, err := parse(kindAudit, b)
	if want := (&auditMsg{sampleName(3), fill32(2), 6}); err != nil || !reflect.DeepEqual(m, want) {
		t.Errorf("%+v, %v", m, err)
	}
	b = append((&endMsg{status{code: CodeFull, text: "x"}}).AppendTo(nil), (&endMsg{status{code: CodeBusy}}).AppendTo(nil)...)
	m, err = parse(kindEnd, b)
	if want := (&endMsg{status{code: CodeBusy}}); err != nil || !reflect.DeepEqual(m, want) {
		t.Errorf("%+v, %v", m, err)
	}
}

// Every cut of every message decodes or is refused, and nothing else happens.
func TestCutMessages(t *testing.T) {
	for _, s := range samples() {
		frame := AppendFrame(nil, s.m)
		for n := range min(len(frame), 300) {
			if _, err := decodeFrame(frame[:n]); err == nil {
				t.Errorf("%s: %d of %d bytes are a frame", s.name, n, len(frame))
			}
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, c := range refusals() {
		_, err := decodeFrame(c.frame)
		if got := refusalCode(err); got != c.code {
			t.Errorf("%s: %v (%v), want %v", c.name, got, err, c.code)
		}
	}
}

// refusalCode is what a peer is told of err.
func refusalCode(err error) Code {
	s := statusOf(err)
	return s.code
}

// PROTOCOL.md has the kinds that there are, with their names and bounds.
func TestKindsAreThoseOfTheSpecification(t *testing.T) {
	rows := specification(t, `(?m)^\| (\d+) \| ([A-Z_]+) \| ([\d,]+) \| [^|]+ \|$`)
	seen := map[Kind]bool{}
	for _, row := range rows {
		number, err := strconv.ParseUint(row[1], 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		k := Kind(number)
		seen[k] = true
		if got := fmt.Sprintf("%s %d", k, k.info().bound); got != row[2]+" "+strings.ReplaceAll(row[3], ",", "") {
			t.Errorf("kind %d is %s, specified as %s of %s bytes", k, got, row[2], row[3])
		}
		if k%16 == 15 {
			t.Errorf("kind %d is grease", k)
		}
	}
	for k := range Kind(1000) {
		if info := k.info(); info.name != "" && (!seen[k] || info.make().Kind() != k) {
			t.Errorf("%v is not in the specification, or makes a message of another kind", k)
		}
	}
	if got := Kind(15).String(); got != "kind 15" {
		t.Errorf("an unknown kind is %q", got)
	}
}

func TestCodesAreThoseOfTheSpecification(t *testing.T) {
	rows := specification(t, `(?m)^\| (\d+) \| ([A-Z_]+) \| [^|]+ \|$`)
	if len(rows) != int(CodeVersion)+1 {
		t.Errorf("%d codes are specified, there are %d", len(rows), CodeVersion+1)
	}
	for i, row := range rows {
		if row[1] != strconv.Itoa(i) || Code(i).String() != row[2] {
			t.Errorf("code %d is %v, specified as %s %s", i, Code(i), row[1], row[2])
		}
	}
}

// specification returns the rows of PROTOCOL.md that match.
func specification(t *testing.T, row string) [][]string {
	t.Helper()
	text, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(row).FindAllStringSubmatch(string(text), -1)
}

// What other packages put into messages fits.
func TestOpaqueFieldsFit(t *testing.T) {
	if keyring.CertificateLen > MaxCertificate || keyring.MaxCardLen > MaxCard {
		t.Errorf("a certificate of %d bytes or a card of %d does not fit", keyring.CertificateLen, keyring.MaxCardLen)
	}
	if blobstore.MaxSealed != manifest.MaxSealed || maxProof != share.MaxProof || maxShare != share.MaxLen || maxLeaf != share.LeafSize {
		t.Error("the bounds are not those of the formats")
	}
}

// The longest messages that may be sent are within the bounds of their kinds, with room for fields to come; first
// frames are within 4 KiB.
func TestBoundsHaveRoom(t *testing.T) {
	for _, s := range samples() {
		k := s.m.Kind()
		if n := len(s.m.AppendTo(nil)); n > k.info().bound*15/16 && k.info().bound > 64 {
			t.Errorf("%s: %d bytes of %d leave no room", s.name, n, k.info().bound)
		}
		if n := len(appendHead(nil, k, k.info().bound)) + k.info().bound; k <= KindKnockWhere && n > maxFirst || n > maxBody {
			t.Errorf("%v: a frame may have %d bytes", k, n)
		}
	}
}

// A frame may be as long as its kind may, and not a byte longer; of the rest nothing is read.
func TestFrameBounds(t *testing.T) {
	for k := range Kind(100) {
		if k.info().name == "" {
			continue
		}
		for extra, want := range map[int]bool{0: true, 1: false} {
			h, err := readHead(bytes.NewReader(appendHead(nil, k, k.info().bound+extra)))
			if err == nil {
				err = h.check()
			}
			if (err == nil) != want || err != nil && !errors.Is(err, blobstore.ErrBounds) {
				t.Errorf("%v: %d over its bound: %v", k, extra, err)
			}
		}
	}
}
