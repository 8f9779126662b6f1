package keyring_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io/fs"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/edwards25519"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// now is the clock of all tests that do not move it.
var now = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

func fixed() time.Time { return now }

func seed(b byte) [32]byte { return [32]byte(bytes.Repeat([]byte{b}, 32)) }

func ana() *radicle.MemorySigner { return radicle.NewMemorySigner(seed(0xff)) }
func bo() *radicle.MemorySigner  { return radicle.NewMemorySigner(seed(0xfe)) }
func cy() *radicle.MemorySigner  { return radicle.NewMemorySigner(seed(0xfd)) }

// device is a machine's key.
func device(b byte) *keyring.DeviceKey { return keyring.NewDeviceKey(seed(b)) }

// rid is that of heartwood, and another.
func rid(tb testing.TB) radicle.RID { return parseRID(tb, "rad:z3gqcJUoA1n9HaHKufZs5FCSGazv5") }

func otherRID(tb testing.TB) radicle.RID { return parseRID(tb, "rad:z42hL2jL4XNk6K8oHQaSWfMgCL7ji") }

func parseRID(tb testing.TB, s string) radicle.RID {
	tb.Helper()
	rid, err := radicle.ParseRID(s)
	check(tb, err)
	return rid
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// must returns the value of a call that cannot fail in a test.
func must[T any](tb testing.TB) func(T, error) T {
	return func(v T, err error) T {
		tb.Helper()
		check(tb, err)
		return v
	}
}

func unlock(tb testing.TB, s radicle.Signer, cards ...*keyring.Card) *keyring.Keyring {
	tb.Helper()
	return must[*keyring.Keyring](tb)(keyring.Unlock(tb.Context(), s, cards...))
}

func cardOf(tb testing.TB, s radicle.Signer, k *keyring.Keyring, known uint64) *keyring.Card {
	tb.Helper()
	return must[*keyring.Card](tb)(k.Card(tb.Context(), s, known, now))
}

// withCard is somebody who has published a card.
func withCard(tb testing.TB, s radicle.Signer) (*keyring.Keyring, keyring.Recipient) {
	tb.Helper()
	k := unlock(tb, s)
	return k, keyring.Recipient{DID: k.DID(), Card: cardOf(tb, s, k, 0)}
}

// class names the class of an error as KEYS.md §13 does; "ok" for none.
func class(err error) string {
	if err == nil {
		return "ok"
	}
	for _, c := range classes() {
		if errors.Is(err, c.err) {
			return c.name
		}
	}
	return err.Error()
}

type errorClass struct {
	name string
	err  error
}

func classes() []errorClass {
	return []errorClass{
		{"encoding", blobstore.ErrEncoding},
		{"bounds", blobstore.ErrBounds},
		{"key", radicle.ErrWeakKey},
		{"signature", blobstore.ErrSignature},
		{"mismatch", keyring.ErrMismatch},
		{"clock", keyring.ErrClock},
		{"expired", keyring.ErrExpired},
		{"retired", keyring.ErrRetired},
		{"rollback", keyring.ErrRollback},
		{"kem", keyring.ErrKEM},
		{"sealed", keyring.ErrSealed},
		{"salt", keyring.ErrSalt},
		{"opener", keyring.ErrOpener},
		{"signer", keyring.ErrSigner},
		{"secret", keyring.ErrSecret},
		{"label", keyring.ErrLabel},
		{"mode", keyring.ErrMode},
		{"exists", fs.ErrExist},
		{"absent", fs.ErrNotExist},
	}
}

func wantClass(tb testing.TB, err error, want string) {
	tb.Helper()
	if got := class(err); got != want {
		tb.Errorf("class %q, want %q: %v", got, want, err)
	}
}

// agentOnly is a signer whose secret cannot be had, as an agent is.
type agentOnly struct{ radicle.Signer }

// counting counts signatures.
type counting struct {
	radicle.Signer
	n atomic.Int32
}

func (c *counting) Sign(ctx context.Context, msg []byte) ([64]byte, error) {
	c.n.Add(1)
	return c.Signer.Sign(ctx, msg)
}

// otherNonces signs with the right key, but draws the nonce its own way: at random, or from the message alone. Both kinds of
// signatures verify; the second even repeat.
type otherNonces struct {
	seed   [32]byte
	random func() []byte // nil: from the message
}

func (s otherNonces) NID() radicle.NID { return radicle.NewMemorySigner(s.seed).NID() }

// Sign is RFC 8032 §5.1.6 but for step 2.
func (s otherNonces) Sign(_ context.Context, msg []byte) (sig [64]byte, err error) {
	digest := sha512.Sum512(s.seed[:])
	secret, err := new(edwards25519.Scalar).SetBytesWithClamping(digest[:32])
	if err != nil {
		return sig, err
	}
	prefix := []byte("another prefix")
	if s.random != nil {
		prefix = s.random()
	}
	nonce, err := hashToScalar(prefix, msg)
	if err != nil {
		return sig, err
	}
	point, nid := new(edwards25519.Point).ScalarBaseMult(nonce), s.NID()
	challenge, err := hashToScalar(point.Bytes(), nid[:], msg)
	if err != nil {
		return sig, err
	}
	copy(sig[:], point.Bytes())
	copy(sig[32:], new(edwards25519.Scalar).MultiplyAdd(challenge, secret, nonce).Bytes())
	return sig, nil
}

func hashToScalar(parts ...[]byte) (*edwards25519.Scalar, error) {
	digest := sha512.Sum512(bytes.Join(parts, nil))
	return new(edwards25519.Scalar).SetUniformBytes(digest[:])
}

// replaying returns signatures that were made before, whatever it is asked for.
type replaying struct {
	nid  radicle.NID
	sigs func() [64]byte
}

func (r replaying) NID() radicle.NID { return r.nid }

func (r replaying) Sign(context.Context, []byte) ([64]byte, error) { return r.sigs(), nil }

// weakKeys are keys that nobody owns, and why.
func weakKeys() map[string][32]byte {
	plain := radicle.NewMemorySigner(seed(1)).NID()
	off := plain
	for radicleDecodes(off) { // the next encoding that is no point
		off[0]++
	}
	return map[string][32]byte{
		"low-order":     {0: 1}, // the identity, y = 1
		"zero":          {},     // y = 0, order 4
		"not-canonical": nonCanonical(),
		"off-curve":     off,
	}
}

func radicleDecodes(n radicle.NID) bool {
	_, err := new(edwards25519.Point).SetBytes(n[:])
	return err == nil
}

// nonCanonical is y = p + 3, or the next that decodes: a second name of a point of full order.
func nonCanonical() [32]byte {
	for low := byte(3); ; low++ {
		k := [32]byte(bytes.Repeat([]byte{0xff}, 32))
		k[0], k[31] = 0xed+low, 0x7f
		if p, err := new(edwards25519.Point).SetBytes(k[:]); err == nil &&
			new(edwards25519.Point).MultByCofactor(p).Equal(edwards25519.NewIdentityPoint()) == 0 {
			return k
		}
	}
}

// signWeak makes a signature of the identity point, which verifies over anything: S = 0, R = the identity.
func signWeak() (sig [64]byte) {
	sig[0] = 1
	return sig
}

// signBody makes label ‖ body ‖ signature.
func signBody(s *radicle.MemorySigner, label string, body []byte) []byte {
	msg := append([]byte(label), body...)
	sig, _ := s.Sign(context.Background(), msg)
	return append(msg, sig[:]...)
}

// signDevice is the same by a device key given as seed.
func signDevice(seed [32]byte, msg []byte) []byte {
	return ed25519.Sign(ed25519.NewKeyFromSeed(seed[:]), msg)
}

// lowOrderPoints are the canonical keys of X25519 whose shared secrets are zero (RFC 7748 §6.1).
func lowOrderPoints(tb testing.TB) (points [][]byte) {
	tb.Helper()
	for _, text := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		points = append(points, must[[]byte](tb)(hex.DecodeString(text)))
	}
	return points
}
