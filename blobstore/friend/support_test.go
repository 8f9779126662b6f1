package friend_test

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// now is the clock of all tests that do not move it.
var now = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func fixed() time.Time { return now }

// clock is one that tests move.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(now.UnixNano())
	return c
}

func (c *clock) now() time.Time      { return time.Unix(0, c.at.Load()) }
func (c *clock) add(d time.Duration) { c.at.Add(int64(d)) }

func seed(b byte) [32]byte { return [32]byte(bytes.Repeat([]byte{b}, 32)) }

// person is somebody with a machine.
type person struct {
	*radicle.MemorySigner
	key *keyring.DeviceKey
}

// Ana is the issuer and inviter, Bo the friend or guest, Cy a third.
func ana() person {
	return person{radicle.NewMemorySigner(seed(0xff)), keyring.NewDeviceKey(seed(0x01))}
}

func bo() person {
	return person{radicle.NewMemorySigner(seed(0xfe)), keyring.NewDeviceKey(seed(0x02))}
}

func cy() person {
	return person{radicle.NewMemorySigner(seed(0xfd)), keyring.NewDeviceKey(seed(0x03))}
}

// somebody is one of many.
func somebody(n int) person {
	one, two := [32]byte{1, byte(n), byte(n >> 8)}, [32]byte{2, byte(n), byte(n >> 8)}
	return person{radicle.NewMemorySigner(one), keyring.NewDeviceKey(two)}
}

// on is the person on another machine.
func (p person) on(machine byte) person {
	return person{p.MemorySigner, keyring.NewDeviceKey(seed(machine))}
}

func (p person) did() radicle.DID { return p.NID().DID() }

// certificate is issued at a time, for 90 days.
func (p person) certificate(tb testing.TB, at time.Time) *keyring.Certificate {
	tb.Helper()
	request := keyring.CertificateRequest{Device: p.key.Device(), Now: at}
	return must[*keyring.Certificate](tb)(keyring.IssueCertificate(tb.Context(), p, request))
}

// record is an address record, issued at a time.
func (p person) record(tb testing.TB, at time.Time, addresses ...string) *friend.AddressRecord {
	tb.Helper()
	request := friend.AddressRequest{Addresses: addresses, Now: at}
	return must[*friend.AddressRecord](tb)(friend.NewAddressRecord(p.key, p.certificate(tb, at), request))
}

// introduces somebody, at a time.
func (p person) introduces(tb testing.TB, guest person, at time.Time) *friend.Introduction {
	tb.Helper()
	request := friend.IntroductionRequest{Guest: guest.did(), RID: rid(tb), Now: at}
	return must[*friend.Introduction](tb)(friend.NewIntroduction(p.key, p.certificate(tb, at), request))
}

func rid(tb testing.TB) radicle.RID {
	tb.Helper()
	return must[radicle.RID](tb)(radicle.ParseRID("rad:z3gqcJUoA1n9HaHKufZs5FCSGazv5"))
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

// home is a database of Ana's, and where it is.
type home struct {
	*friend.State
	path    string
	options friend.Options
}

// newHome is a database of Ana's with a clock.
func newHome(tb testing.TB, clock func() time.Time) *home {
	tb.Helper()
	options := friend.Options{Self: ana().did(), Now: clock}
	return openHome(tb, filepath.Join(tb.TempDir(), friend.FileName), options.Unsync())
}

// smallHome has small bounds.
func smallHome(tb testing.TB, clock func() time.Time) *home {
	tb.Helper()
	options := friend.Options{Self: ana().did(), Now: clock}
	return openHome(tb, filepath.Join(tb.TempDir(), friend.FileName), options.Small().Unsync())
}

func openHome(tb testing.TB, path string, options friend.Options) *home {
	tb.Helper()
	h := &home{must[*friend.State](tb)(friend.Open(tb.Context(), path, options)), path, options}
	tb.Cleanup(func() {
		if err := h.Close(); err != nil && !errors.Is(err, fs.ErrClosed) {
			tb.Error(err)
		}
	})
	return h
}

// again closes the database and opens it.
func (h *home) again(tb testing.TB) {
	tb.Helper()
	check(tb, h.Close())
	h.State = must[*friend.State](tb)(friend.Open(tb.Context(), h.path, h.options))
}

// befriend adds a friend.
func (h *home) befriend(tb testing.TB, all ...person) {
	tb.Helper()
	for _, p := range all {
		check(tb, h.AddFriend(tb.Context(), friend.Friend{DID: p.did()}))
	}
}

// count is the number of rows of a table.
func (h *home) count(tb testing.TB, table string) int {
	tb.Helper()
	return int(must[int64](tb)(h.Int("SELECT count(*) FROM " + table)))
}

type errorClass struct {
	name string
	err  error
}

// classes are those of FRIEND.md §8, and what is not of a format.
func classes() []errorClass {
	return []errorClass{
		{"encoding", blobstore.ErrEncoding},
		{"key", radicle.ErrWeakKey},
		{"signature", blobstore.ErrSignature},
		{"mismatch", keyring.ErrMismatch},
		{"clock", keyring.ErrClock},
		{"retired", keyring.ErrRetired},
		{"expired", keyring.ErrExpired},
		{"ended", friend.ErrEnded},
		{"superseded", friend.ErrSuperseded},
		{"stranger", friend.ErrStranger},
		{"revoked", friend.ErrRevoked},
		{"invitation", friend.ErrInvitation},
		{"used", friend.ErrUsed},
		{"line", friend.ErrLine},
		{"checksum", friend.ErrChecksum},

		{"bounds", blobstore.ErrBounds},
		{"rollback", keyring.ErrRollback},
		{"name", friend.ErrName},
		{"taken", friend.ErrNameTaken},
		{"self", friend.ErrSelf},
		{"limit", friend.ErrLimit},
		{"corrupt", friend.ErrCorrupt},
		{"newer", friend.ErrNewer},
		{"other", friend.ErrOther},
		{"locked", friend.ErrLocked},
		{"exists", fs.ErrExist},
		{"absent", fs.ErrNotExist},
		{"closed", fs.ErrClosed},
	}
}

// class names the class of an error; "ok" for none.
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

func wantClass(tb testing.TB, err error, want string) {
	tb.Helper()
	if got := class(err); got != want {
		tb.Errorf("%s, want %s: %v", got, want, err)
	}
}
