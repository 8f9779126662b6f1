package app

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"radswarm/blobstore/keyring"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/radicle/profile"
)

// safe is a home with keys, and a clock.
type safe struct {
	t    *testing.T
	home profile.Home
	p    *profile.Profile
	dir  *os.Root
	env  map[string]string
	now  atomic.Int64 // seconds
}

func newSafe(t *testing.T, passphrase string) *safe {
	t.Helper()
	h, err := profile.NewHome(filepath.Join(t.TempDir(), "ana"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.Create(h, profile.CreateOptions{Alias: "ana", Passphrase: []byte(passphrase), Seed: &seed})
	if err != nil {
		t.Fatal(err)
	}
	place := control.At(h)
	if err := place.Make(); err != nil {
		t.Fatal(err)
	}
	dir, err := os.OpenRoot(place.Dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	s := &safe{t: t, home: h, p: p, dir: dir, env: map[string]string{}}
	s.now.Store(time.Now().Unix())
	return s
}

func (s *safe) options() Options {
	return Options{
		Home: s.home,
		Env:  func(name string) (string, bool) { v, ok := s.env[name]; return v, ok },
		Now:  func() time.Time { return time.Unix(s.now.Load(), 0) },
	}.withDefaults()
}

// open opens the keys as a daemon that starts.
func (s *safe) open() *Keys {
	s.t.Helper()
	k, err := openKeys(s.t.Context(), s.dir, s.p, s.options())
	if err != nil {
		s.t.Fatal(err)
	}
	return k
}

func (s *safe) tend(k *Keys) {
	s.t.Helper()
	if err := k.Tend(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *safe) later(d time.Duration) { s.now.Add(int64(d / time.Second)) }

const day = 24 * time.Hour

// A certificate is renewed at half of its life, by the same daemon and by the next, with a higher number.
func TestCertificateIsRenewed(t *testing.T) {
	s := newSafe(t, "")
	k := s.open()
	s.tend(k)
	first := k.Certificate()
	s.later(44 * day)
	s.tend(k)
	if k.Certificate() != first {
		t.Error("renewed before half of its life")
	}
	s.later(2 * day)
	s.tend(k)
	second := k.Certificate()
	if second.Seq() <= first.Seq() || second.NotAfter().Sub(first.NotAfter()) < 45*day {
		t.Errorf("%v after %v", second.NotAfter(), first.NotAfter())
	}
	again := s.open()
	if again.Certificate().Seq() != second.Seq() || again.Card().Seq() != k.Card().Seq() {
		t.Error("the next daemon has another certificate or card")
	}
}

// While the key is locked the certificate serves on, also when it has run out; it is renewed when the key is there.
func TestCertificateServesOnWhileLocked(t *testing.T) {
	s := newSafe(t, "secret")
	k := s.open()
	if err := k.Tend(t.Context()); !errors.Is(err, ErrLocked) || k.Certificate() != nil {
		t.Fatalf("%v", err)
	}
	if err := k.Unlock(t.Context(), control.Unlock{Passphrase: "secret"}); err != nil {
		t.Fatal(err)
	}
	first := k.Certificate()
	s.later(100 * day)
	k = s.open()
	if err := k.Tend(t.Context()); !errors.Is(err, ErrLocked) {
		t.Error(err)
	}
	if c := k.Certificate(); c == nil || c.Seq() != first.Seq() {
		t.Error("it does not serve on")
	}
	if err := k.Unlock(t.Context(), control.Unlock{Passphrase: "wrong"}); !errors.Is(err, ErrLocked) {
		t.Error(err)
	}
	if err := k.Unlock(t.Context(), control.Unlock{Passphrase: "secret"}); err != nil || k.Certificate().Seq() <= first.Seq() {
		t.Error(err)
	}
}

// What others know counts: the next number is above all that were seen.
func TestCertificateIsAboveWhatOthersSaw(t *testing.T) {
	s := newSafe(t, "")
	k := s.open()
	ahead := uint64(time.Unix(s.now.Load(), 0).Add(23 * time.Hour).UnixMilli())
	k.told = func() told { return told{certificate: ahead} }
	s.tend(k)
	if k.Certificate().Seq() != ahead+1 {
		t.Errorf("%d, want %d", k.Certificate().Seq(), ahead+1)
	}
	k = newSafe(t, "").open()
	k.told = func() told { return told{certificate: ahead + uint64(48*time.Hour/time.Millisecond)} }
	if err := k.Tend(t.Context()); !errors.Is(err, keyring.ErrClock) || k.Certificate() != nil {
		t.Errorf("%v", err)
	}
}

// A new device key needs a new certificate, and a certificate that cannot be read is replaced.
func TestCertificateIsReplaced(t *testing.T) {
	s := newSafe(t, "")
	k := s.open()
	s.tend(k)
	first := k.Certificate()
	if err := s.dir.Remove(keyring.DeviceKeyFile); err != nil {
		t.Fatal(err)
	}
	k = s.open()
	if k.Certificate() != nil {
		t.Error("the certificate of another device")
	}
	s.tend(k)
	if c := k.Certificate(); c.Device() == first.Device() || c.Seq() <= first.Seq() {
		t.Errorf("%v", c)
	}
	if err := s.dir.WriteFile(certificateFile, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	k = s.open()
	s.tend(k)
	if k.Certificate() == nil {
		t.Error("a damaged certificate is not replaced")
	}
}

// A keyring gets the salts of a card that was made on another machine, and the next card lists them all.
func TestSaltsOfAnotherMachine(t *testing.T) {
	s := newSafe(t, "")
	k := s.open()
	s.tend(k)
	ring, err := k.Keyring(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again, err := k.Keyring(t.Context())
	if err != nil || again != ring {
		t.Error("secrets are made twice")
	}
	signer, err := k.Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := ring.Rotate(t.Context(), signer)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rotated.Card(t.Context(), signer, k.Card().Seq(), s.options().Now())
	if err != nil {
		t.Fatal(err)
	}
	k.told = func() told { return told{card: other} }
	ring, err = k.Keyring(t.Context())
	if err != nil || !slices.Equal(ring.Salts(), rotated.Salts()) {
		t.Errorf("%v, %v", ring.Salts(), err)
	}
	if c := k.Card(); c.Seq() <= other.Seq() || !slices.Equal(c.Salts(), rotated.Salts()) {
		t.Errorf("card %d with %d salts", c.Seq(), len(c.Salts()))
	}
}

// The passphrase that the service manager has for Radicle's node opens the key for us too.
func TestCredential(t *testing.T) {
	s := newSafe(t, "secret")
	s.env["CREDENTIALS_DIRECTORY"] = t.TempDir()
	path := filepath.Join(s.env["CREDENTIALS_DIRECTORY"], "dev.radicle.node.passphrase")
	if err := os.WriteFile(path, []byte("secret"), 0o400); err != nil {
		t.Fatal(err)
	}
	k := s.open()
	if err := k.Locked(t.Context()); err != nil {
		t.Error(err)
	}
	s.tend(k)
}

// A key file that is not this home's is no locked key: the daemon does not start.
func TestKeyOfAnotherHome(t *testing.T) {
	s := newSafe(t, "")
	h, err := profile.NewHome(filepath.Join(t.TempDir(), "bo"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := CreateHome(t.Context(), h, "bo", nil); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(h.SecretKey())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.home.SecretKey(), b, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = openKeys(t.Context(), s.dir, s.p, s.options())
	if _, ok := errors.AsType[*profile.KeyMismatchError](err); !ok {
		t.Error(err)
	}
}

// A key that came into reach after the start is found when it is needed.
func TestKeyComesLater(t *testing.T) {
	s := newSafe(t, "secret")
	k := s.open()
	if _, err := k.Signer(t.Context()); !errors.Is(err, ErrLocked) {
		t.Error(err)
	}
	locked := must[*LockedError](t, k.Locked(t.Context()))
	if locked.Error() != "radicle key is locked: its key file is encrypted, and no ssh-agent is known" {
		t.Error(locked)
	}
	if err := os.WriteFile(s.home.SecretKey(), keyInClear(t), 0o600); err != nil { // as ssh-keygen -p does
		t.Fatal(err)
	}
	if _, err := k.Signer(t.Context()); err != nil {
		t.Error(err)
	}
	if err := k.Locked(t.Context()); err != nil {
		t.Error(err)
	}
}

func must[E error](t *testing.T, err error) E {
	t.Helper()
	e, ok := errors.AsType[E](err)
	if !ok {
		t.Fatalf("%v", err)
	}
	return e
}

// seed is the key of every home here.
var seed = [radicle.SeedSize]byte{7}

func keyInClear(t *testing.T) []byte {
	t.Helper()
	h, err := profile.NewHome(filepath.Join(t.TempDir(), "clear"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := profile.Create(h, profile.CreateOptions{Alias: "ana", Seed: &seed}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(h.SecretKey())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A person hears of a certificate before it ends, and that it has ended, while nothing can renew it.
func TestCertificateWarnings(t *testing.T) {
	s := newSafe(t, "secret")
	k := s.open()
	warned := func() string {
		a := &App{options: s.options(), keys: k}
		var status control.Status
		var all []string
		for _, w := range a.keyStatus(t.Context(), &status) {
			if w.Hint == "" {
				t.Errorf("%q has no hint", w.Text)
			}
			all = append(all, w.Text)
		}
		return strings.Join(all, "; ")
	}
	if got := warned(); !strings.Contains(got, "locked") || !strings.Contains(got, "no certificate yet") {
		t.Error(got)
	}
	if err := k.Unlock(t.Context(), control.Unlock{Passphrase: "secret"}); err != nil {
		t.Fatal(err)
	}
	if got := warned(); got != "" {
		t.Error(got)
	}
	for _, x := range []struct {
		later time.Duration
		says  string
	}{{59 * day, ""}, {2 * day, "ends in 29 days"}, {30 * day, "has run out"}} {
		s.later(x.later)
		got := warned()
		if x.says == "" && got != "" || !strings.Contains(got, x.says) {
			t.Errorf("%q, want %q", got, x.says)
		}
	}
}
