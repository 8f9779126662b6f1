package keyring_test

import (
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"radswarm/blobstore/keyring"
)

const day = 24 * time.Hour

// issue makes Ana's certificate for a device.
func issue(tb testing.TB, d byte, known uint64, at time.Time, life time.Duration) *keyring.Certificate {
	tb.Helper()
	r := keyring.CertificateRequest{Device: device(d).Device(), Known: known, Life: life, Now: at}
	return must[*keyring.Certificate](tb)(keyring.IssueCertificate(tb.Context(), ana(), r))
}

func TestIssueAndParse(t *testing.T) {
	cert := issue(t, 1, 0, now, 0)
	got := must[*keyring.Certificate](t)(keyring.ParseCertificate(cert.Bytes()))
	switch {
	case len(got.Bytes()) != 183 || keyring.CertificateLen != 183:
		t.Errorf("%d bytes", len(got.Bytes()))
	case got.DID() != ana().NID().DID() || got.Device() != device(1).Device():
		t.Errorf("%v %v", got.DID(), got.Device())
	case got.Seq() != uint64(now.UnixMilli()) || !got.NotBefore().Equal(now) || !got.NotAfter().Equal(now.Add(90*day)):
		t.Errorf("%d, %v to %v", got.Seq(), got.NotBefore(), got.NotAfter())
	case !got.RenewAt().Equal(now.Add(45 * day)):
		t.Errorf("renewed at %v", got.RenewAt())
	}
}

func TestLifeOfACertificate(t *testing.T) {
	for life, want := range map[time.Duration]string{
		time.Second: "ok", time.Second - 1: "bounds", -time.Second: "bounds",
		keyring.MaxLife: "ok", keyring.MaxLife + time.Second: "bounds",
	} {
		r := keyring.CertificateRequest{Device: device(1).Device(), Life: life, Now: now}
		_, err := keyring.IssueCertificate(t.Context(), ana(), r)
		if class(err) != want {
			t.Errorf("%v: %v", life, err)
		}
	}
}

func TestValidUntilNotAfter(t *testing.T) {
	cert := issue(t, 1, 0, now, day)
	for at, want := range map[time.Time]string{
		now:                            "ok",
		now.Add(day - 1):               "ok",
		now.Add(day):                   "expired",
		now.Add(-keyring.MaxAhead):     "ok",
		now.Add(-keyring.MaxAhead - 1): "clock",
	} {
		if err := cert.Check(at); class(err) != want {
			t.Errorf("%v: %v", at, err)
		}
	}
}

func TestAClockBefore1970(t *testing.T) {
	cert := issueAt(t, 5, 0, 1)
	wantClass(t, cert.Check(time.Unix(-3*86_400, 0)), "clock")
}

func TestParsedCertificatesDoNotAlias(t *testing.T) {
	raw := issue(t, 1, 0, now, 0).Bytes()
	cert := must[*keyring.Certificate](t)(keyring.ParseCertificate(raw))
	clear(raw)
	clear(cert.Bytes())
	must[*keyring.Certificate](t)(keyring.ParseCertificate(cert.Bytes()))
}

func TestADeviceThatIsTheRadicleKey(t *testing.T) {
	r := keyring.CertificateRequest{Device: keyring.Device(ana().NID()), Now: now}
	_, err := keyring.IssueCertificate(t.Context(), ana(), r)
	wantClass(t, err, "key")
}

func TestNextSeq(t *testing.T) {
	ms := uint64(now.UnixMilli())
	ahead := ms + uint64(keyring.MaxAhead/time.Millisecond)
	for known, want := range map[uint64]uint64{0: ms, 5: ms, ms - 1: ms, ms: ms + 1, ahead: ahead + 1} {
		if got, err := keyring.NextSeq(known, now); err != nil || got != want {
			t.Errorf("known %d: %d, %v, want %d", known, got, err, want)
		}
	}
	for _, known := range []uint64{ahead + 1, math.MaxInt64, math.MaxUint64} {
		_, err := keyring.NextSeq(known, now)
		wantClass(t, err, "clock")
	}
	if got, err := keyring.NextSeq(0, time.Unix(-5, 0)); err != nil || got != 1 {
		t.Errorf("before 1970: %d, %v", got, err)
	}
}

func TestTheClockErrorIsASentence(t *testing.T) {
	cert := issue(t, 1, 0, now.Add(25*time.Hour), 0)
	_, err := keyring.NewCertificates(fixed).Add(cert)
	e, ok := errors.AsType[*keyring.ClockError](err)
	if !ok || !e.Dated.Equal(now.Add(25*time.Hour)) || !e.Clock.Equal(now) {
		t.Fatalf("%v", err)
	}
	want := "the certificate of " + ana().NID().DID().String() +
		" is dated 2026-01-02 01:00 UTC, but the clock here says 2026-01-01 00:00 UTC: one of the two clocks is wrong"
	if err.Error() != want {
		t.Errorf("%q", err)
	}
	far := issueAt(t, math.MaxUint64, now.Unix(), now.Unix()+1)
	if err := far.Check(now); class(err) != "clock" || !strings.Contains(err.Error(), "9999") {
		t.Errorf("%v", err)
	}
}

// step is a certificate that arrives, or a day that passes.
type step struct {
	after  time.Duration // since now
	device byte
	seq    int // in the order of issue
	issued time.Duration
	life   time.Duration
	want   string
}

func TestStandingOfDevices(t *testing.T) {
	for name, steps := range map[string][]step{
		"valid":               {{0, 1, 1, 0, 90 * day, "current"}},
		"the same again":      {{0, 1, 1, 0, 90 * day, "current"}, {day, 1, 1, 0, 90 * day, "current"}},
		"expired, met before": {{0, 1, 1, 0, day, "current"}, {2 * day, 1, 1, 0, day, "expired"}},
		"expired, never met":  {{2 * day, 1, 1, 0, day, "class expired"}},
		"renewed":             {{0, 1, 1, 0, day, "current"}, {2 * day, 1, 2, 2 * day, day, "current"}},
		"a newer device": {
			{0, 1, 1, 0, 90 * day, "current"}, {day, 2, 2, day, 90 * day, "current"}, {day, 1, 1, 0, 90 * day, "class retired"},
		},
		"the older device later":    {{day, 2, 2, day, 90 * day, "current"}, {day, 1, 1, 0, 90 * day, "class retired"}},
		"an older one, same device": {{0, 1, 2, 0, 90 * day, "current"}, {0, 1, 1, 0, day, "current"}, {2 * day, 1, 1, 0, day, "current"}},
		"back to the first device": {
			{0, 1, 1, 0, 90 * day, "current"},
			{0, 2, 2, 0, 90 * day, "current"},
			{0, 1, 3, 0, 90 * day, "current"},
			{0, 2, 2, 0, 90 * day, "class retired"},
		},
		"an expired newer one retires": {
			{0, 1, 1, 0, 90 * day, "current"}, {3 * day, 2, 2, day, day, "class expired"}, {3 * day, 1, 1, 0, 90 * day, "class retired"},
		},
		"expired, renewed, expired again": {
			{0, 1, 1, 0, day, "current"}, {9 * day, 1, 2, 2 * day, day, "expired"}, {10 * day, 1, 3, 10 * day, day, "current"},
		},
		"met by an older one": {{0, 1, 2, 0, day, "current"}, {2 * day, 1, 1, 0, 90 * day, "expired"}},
		"too far ahead": {
			{0, 1, 1, 0, 90 * day, "current"}, {0, 2, 2, 2 * day, day, "class clock"}, {0, 1, 1, 0, 90 * day, "current"},
		},
		"as far ahead as may": {{0, 1, 1, day - time.Second, 90 * day, "current"}},
	} {
		t.Run(name, func(t *testing.T) {
			clock := now
			certs := keyring.NewCertificates(func() time.Time { return clock })
			for i, s := range steps {
				clock = now.Add(s.after)
				cert := issueAt(t, uint64(now.Add(s.issued).UnixMilli())+uint64(s.seq), now.Add(s.issued).Unix(),
					now.Add(s.issued+s.life).Unix(), s.device)
				got, err := certs.Add(cert)
				if text := standing(got, err); text != s.want {
					t.Errorf("step %d: %s, want %s: %v", i+1, text, s.want, err)
				}
			}
		})
	}
}

func standing(s keyring.Standing, err error) string {
	if err != nil {
		return "class " + class(err)
	}
	return s.String()
}

// issueAt makes Ana's certificate of any fields.
func issueAt(tb testing.TB, seq uint64, first, last int64, devices ...byte) *keyring.Certificate {
	tb.Helper()
	d := byte(1)
	if len(devices) > 0 {
		d = devices[0]
	}
	b := certificateBytes(ana(), device(d).Device(), seq, uint64(first), uint64(last))
	return must[*keyring.Certificate](tb)(keyring.ParseCertificate(b))
}

// TestEqualNumbersConverge gives two certificates of one number in both orders.
func TestEqualNumbersConverge(t *testing.T) {
	seq, first, last := uint64(now.UnixMilli()), now.Unix(), now.Add(day).Unix()
	a, b := issueAt(t, seq, first, last, 1), issueAt(t, seq, first, last, 2)
	var ends []keyring.Device
	for _, order := range [][]*keyring.Certificate{{a, b}, {b, a}} {
		certs := keyring.NewCertificates(fixed)
		for _, c := range order {
			_, _ = certs.Add(c)
		}
		known, _ := certs.Get(a.DID())
		ends = append(ends, known.Certificate.Device())
	}
	if ends[0] != ends[1] {
		t.Errorf("%v", ends)
	}
}

func TestStandingAsked(t *testing.T) {
	clock := now
	certs := keyring.NewCertificates(func() time.Time { return clock })
	did := ana().NID().DID()
	ask := func(d byte) string {
		s, err := certs.Standing(did, device(d).Device())
		return standing(s, err)
	}
	if got := ask(1); got != "class absent" {
		t.Error(got)
	}
	must[keyring.Standing](t)(certs.Add(issue(t, 1, 0, now, day)))
	if ask(1) != "current" || ask(2) != "class retired" {
		t.Errorf("%s, %s", ask(1), ask(2))
	}
	clock = now.Add(2 * day)
	if got := ask(1); got != "expired" {
		t.Error(got)
	}

	known, ok := certs.Get(did)
	if !ok || !known.Met {
		t.Fatalf("%v %v", known, ok)
	}
	again := keyring.NewCertificates(func() time.Time { return clock })
	again.Restore(known)
	again.Restore(keyring.Known{})
	if s, err := again.Standing(did, device(1).Device()); standing(s, err) != "expired" {
		t.Errorf("after a restart: %v, %v", s, err)
	}
	certs.Forget(did)
	if got := ask(1); got != "class absent" {
		t.Error(got)
	}
	if _, ok := certs.Get(did); ok {
		t.Error("not forgotten")
	}
}

// TestTrackersAreSafeTogether is for the race detector.
func TestTrackersAreSafeTogether(t *testing.T) {
	certs, cards := keyring.NewCertificates(fixed), keyring.NewCards(fixed)
	ring, me := withCard(t, ana())
	cert := issue(t, 1, 0, now, 0)
	k := newKey(t, keyring.Members, 0)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			_, _ = certs.Add(cert)
			_, _ = certs.Standing(cert.DID(), cert.Device())
			known, _ := certs.Get(cert.DID())
			certs.Restore(known)
			certs.Forget(cert.DID())
			_ = cards.Add(me.Card)
			_ = cards.Get(me.DID)
			cards.Forget(me.DID)
			e, err := k.Seal(me)
			if err == nil {
				_, err = ring.Open(k.Epoch(), e)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestARetiredDeviceIsNamed(t *testing.T) {
	certs := keyring.NewCertificates(fixed)
	old, renewed := issue(t, 1, 0, now, 0), issue(t, 2, uint64(now.UnixMilli()), now, 0)
	must[keyring.Standing](t)(certs.Add(renewed))
	_, err := certs.Add(old)
	e, ok := errors.AsType[*keyring.RetiredError](err)
	if !ok || e.Device != old.Device() || e.DID != old.DID() || e.Newest != renewed.Seq() {
		t.Errorf("%v", err)
	}
}
