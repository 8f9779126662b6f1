package object_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
)

// content is the rule by which large byte strings of vectors are made: SHA-256(label ‖ u64 i) for i = 0, 1, …
func content(label string, n int64) []byte {
	out := make([]byte, 0, n+sha256.Size)
	block := binary.BigEndian.AppendUint64([]byte(label), 0)
	for i := uint64(0); int64(len(out)) < n; i++ {
		binary.BigEndian.PutUint64(block[len(label):], i)
		sum := sha256.Sum256(block)
		out = append(out, sum[:]...)
	}
	return out[:n:n]
}

// reading is a vector under test. It remembers which headers were asked for.
type reading struct {
	*testing.T
	v    vector
	used map[string]bool
}

const theBody = "\x00body" // no header can have this name

// read runs one reader, and fails if it left a header or the body unread.
func read(t *testing.T, v vector, f func(*reading)) {
	r := &reading{T: t, v: v, used: map[string]bool{"about": true, "kind": true}}
	f(r)
	for _, p := range v.header {
		if !r.used[p.key] {
			t.Errorf("nothing looked at the header %q", p.key)
		}
	}
	if len(v.body) > 0 && !r.used[theBody] {
		t.Error("nothing looked at the body")
	}
}

// body returns a copy, so that no reader can spoil it for the next.
func (r *reading) body() []byte {
	r.used[theBody] = true
	return bytes.Clone(r.v.body)
}

func (r *reading) has(key string) bool {
	_, ok := r.v.lookup(key)
	return ok
}

func (r *reading) text(key string) string {
	r.Helper()
	value, ok := r.v.lookup(key)
	if !ok {
		r.Fatalf("no %q in the header", key)
	}
	r.used[key] = true
	return value
}

// or is text with a default.
func (r *reading) or(key, missing string) string {
	if !r.has(key) {
		return missing
	}
	return r.text(key)
}

func (r *reading) number(key string) int64 {
	r.Helper()
	return r.parse(r.text(key))
}

func (r *reading) parse(text string) int64 {
	r.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		r.Fatal(err)
	}
	return n
}

// numbers reads a list separated by spaces.
func (r *reading) numbers(key string) []int64 {
	r.Helper()
	return r.row(strings.Join(r.list(key), " "))
}

// list is what stands in a header between spaces, or nothing where it says none.
func (r *reading) list(key string) []string {
	r.Helper()
	if text := r.text(key); text != "none" {
		return strings.Fields(text)
	}
	return nil
}

func (r *reading) row(text string) (out []int64) {
	r.Helper()
	for f := range strings.FieldsSeq(text) {
		out = append(out, r.parse(f))
	}
	return out
}

func (r *reading) bytes32(key string) [32]byte {
	r.Helper()
	b, err := hex.DecodeString(r.text(key))
	if err != nil || len(b) != 32 {
		r.Fatalf("%s: %d bytes, %v", key, len(b), err)
	}
	return [32]byte(b)
}

// table returns the lines of a body that is one, after a look at its columns.
func (r *reading) table(columns string) []string {
	r.Helper()
	if got := r.text("columns"); got != columns {
		r.Fatalf("columns %q, want %q", got, columns)
	}
	return strings.Split(strings.TrimSuffix(string(r.body()), "\n"), "\n")
}

// equal compares a value with a header in hexadecimal.
func (r *reading) equal(key string, got [32]byte) {
	r.Helper()
	if want := r.bytes32(key); got != want {
		r.Errorf("%s is %x, want %x", key, got, want)
	}
}

func (r *reading) pad() blobstore.Pad { r.Helper(); return blobstore.Pad(r.number("pad")) }

// wanted is the class that the vector expects.
func (r *reading) wanted() string { r.Helper(); return r.text("expect") }

// classes of FORMAT.md §9. The first that an error is counts: who has too few shares says what was wrong with the
// others, and a field out of bounds says so, too.
func classes() []struct {
	name string
	err  error
} {
	return []struct {
		name string
		err  error
	}{
		{"shares", blobstore.ErrShares},
		{"auth", blobstore.ErrAuth},
		{"moved", blobstore.ErrMoved},
		{"final", blobstore.ErrFinal},
		{"truncated", blobstore.ErrTruncated},
		{"extended", blobstore.ErrExtended},
		{"padding", blobstore.ErrPadding},
		{"oid", blobstore.ErrOID},
		{"root", blobstore.ErrRoot},
		{"proof", blobstore.ErrProof},
		{"encoding", blobstore.ErrEncoding},
		{"signature", blobstore.ErrSignature},
		{"sealed", blobstore.ErrSealed},
		{"mismatch", blobstore.ErrMismatch},
		{"bounds", blobstore.ErrBounds},
	}
}

// class is the word for an error in the vectors.
func class(err error) string {
	if err == nil {
		return "ok"
	}
	for _, c := range classes() {
		if errors.Is(err, c.err) {
			return c.name
		}
	}
	return "no class: " + err.Error()
}

// judge checks that an outcome is the expected one and that a refusal names what the header says. It reports whether the
// outcome is ok.
func (r *reading) judge(reader string, err error) bool {
	r.Helper()
	if got := class(err); got != r.wanted() {
		r.Errorf("%s: %s (%v), want %s", reader, got, err, r.wanted())
		return false
	}
	for _, n := range names() {
		if !r.has(n.key) {
			continue
		}
		if got := n.of(err); got != r.text(n.key) {
			r.Errorf("%s: %v: names %s %s, want %s", reader, err, n.key, got, r.text(n.key))
		}
	}
	return err == nil
}

// name is a header that says what a refusal names, and how it is found in the error.
type name struct {
	key string
	of  func(error) string
}

func names() []name {
	return []name{
		{"chunk", func(err error) string {
			return found(err, func(e *blobstore.ChunkError) any { return e.Chunk })
		}},
		{"offset", offsetOf},
		{"share", func(err error) string {
			return found(err, func(e *blobstore.ShareError) any { return e.Index })
		}},
		{"share-offset", func(err error) string {
			return found(err, func(e *blobstore.ShareError) any { return e.Offset })
		}},
		{"needed", func(err error) string {
			return found(err, func(e *blobstore.NotEnoughSharesError) any { return e.Need })
		}},
		{"present", func(err error) string {
			return found(err, func(e *blobstore.NotEnoughSharesError) any { return e.Got })
		}},
		{"value", func(err error) string {
			return found(err, func(e *blobstore.BoundsError) any { return e.Got })
		}},
		{"got", func(err error) string {
			return found(err, func(e *blobstore.OIDError) any { return e.Got })
		}},
		{"field", func(err error) string {
			return found(err, func(e *blobstore.FieldError) any { return e.Field })
		}},
	}
}

// offsetOf is the byte of the ciphertext, or of the share where there is no other.
func offsetOf(err error) string {
	if e, ok := errors.AsType[*share.OffsetError](err); ok {
		return fmt.Sprint(e.Offset)
	}
	return found(err, func(e *blobstore.ChunkError) any { return e.Offset })
}

func found[E error](err error, get func(E) any) string {
	e, ok := errors.AsType[E](err)
	if !ok {
		return "nothing"
	}
	return fmt.Sprint(get(e))
}

// released checks what a reader let out before it refused, or all of it.
func (r *reading) released(reader string, plain, got []byte) {
	r.Helper()
	want := int64(len(plain))
	if r.has("released") {
		want = r.number("released")
		r.equal("released-sha256", sha256.Sum256(plain[:want]))
	}
	if !bytes.Equal(got, plain[:want]) {
		r.Errorf("%s: released %d bytes, want the first %d of the plaintext", reader, len(got), want)
	}
}

// header makes the header of a vector from keys and values in turn.
func header(about, kind, expect string, more ...any) []pair {
	out := []pair{{"about", about}, {"kind", kind}, {"expect", expect}}
	for kv := range slices.Chunk(more, 2) {
		out = append(out, pair{kv[0].(string), textOf(kv[1])})
	}
	return out
}

func textOf(v any) string {
	switch v := v.(type) {
	case [32]byte:
		return hex.EncodeToString(v[:])
	case []int:
		if len(v) == 0 {
			return "none"
		}
		return strings.Trim(fmt.Sprint(v), "[]")
	}
	return fmt.Sprint(v)
}

// released are the headers that say what came out before a refusal.
func released(plain []byte, n int64) []any {
	return []any{"released", n, "released-sha256", sha256.Sum256(plain[:n])}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// tableOf is the body of a table.
func tableOf(rows [][]any) []byte {
	var b bytes.Buffer
	for _, row := range rows {
		for i, v := range row {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(textOf(v))
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}
