package friend_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"radswarm/blobstore/friend"
)

// wantAddress fails the test unless the record of a person has this first address; "" for no record.
func (h *home) wantAddress(tb testing.TB, p person, want string) {
	tb.Helper()
	r, err := h.Address(tb.Context(), p.did())
	got := ""
	if err == nil {
		got = strings.Join(r.Addresses(), " ")
	} else {
		wantClass(tb, err, "absent")
	}
	if got != want {
		tb.Errorf("address %q, want %q", got, want)
	}
}

func TestNewestAddressIsKept(t *testing.T) {
	clock := newClock()
	h := newHome(t, clock.now)
	h.befriend(t, bo())
	tell := func(r *friend.AddressRecord) error { return h.AddAddress(t.Context(), r, cy().did()) }
	h.wantAddress(t, bo(), "")
	first, second := bo().record(t, now, "192.0.2.1:8777"), bo().record(t, now.Add(time.Hour), "192.0.2.2:8777")
	check(t, tell(first))
	check(t, tell(first))
	h.wantAddress(t, bo(), "192.0.2.1:8777")
	check(t, tell(second))
	wantClass(t, tell(first), "superseded")
	wantClass(t, tell(bo().record(t, now.Add(25*time.Hour))), "clock")
	h.again(t)
	h.wantAddress(t, bo(), "192.0.2.2:8777")
	clock.add(60 * day)
	h.wantAddress(t, bo(), "192.0.2.2:8777") // tried last, not dropped
	r := must[*friend.AddressRecord](t)(h.Address(t.Context(), bo().did()))
	wantClass(t, r.Check(clock.now()), "ended")
}

// A machine that was replaced says no more where its person is, though its numbers are higher.
func TestAddressesFollowTheDevice(t *testing.T) {
	for _, known := range []bool{false, true} {
		clock := newClock()
		h := newHome(t, clock.now)
		old, next := bo(), bo().on(0x12)
		if known {
			h.befriend(t, bo())
			check(t, h.add(t, old.certificate(t, now)))
		}
		clock.add(time.Hour)
		cert := old.certificate(t, now)
		request := friend.AddressRequest{Addresses: []string{"192.0.2.1:8777"}, Now: now.Add(10 * time.Hour)}
		thief := must[*friend.AddressRecord](t)(friend.NewAddressRecord(old.key, cert, request))
		check(t, h.AddAddress(t.Context(), next.record(t, clock.now(), "192.0.2.2:8777"), bo().did()))
		wantClass(t, h.AddAddress(t.Context(), thief, cy().did()), map[bool]string{false: "superseded", true: "retired"}[known])
		h.wantAddress(t, bo(), "192.0.2.2:8777")
		if known { // and the record says who is the next
			h.again(t)
			h.wantDevice(t, next, "current")
			h.wantDevice(t, old, "absent")
		}
	}
}

// Of strangers, certificates are not kept for their records alone.
func TestRecordsOfStrangersTeachNoDevice(t *testing.T) {
	h := newHome(t, fixed)
	check(t, h.AddAddress(t.Context(), cy().record(t, now, "192.0.2.1:8777"), bo().did()))
	h.wantDevice(t, cy(), "absent")
}

func (h *home) tell(tb testing.TB, of, via person, at time.Time) {
	tb.Helper()
	check(tb, h.AddAddress(tb.Context(), of.record(tb, at, "192.0.2.9:8777"), via.did()))
}

// told lists whose records there are, of somebody(0) … somebody(n-1).
func (h *home) told(tb testing.TB, n int) (all []int) {
	tb.Helper()
	for i := range n {
		if _, err := h.Address(tb.Context(), somebody(i).did()); err == nil {
			all = append(all, i)
		}
	}
	return all
}

// Whoever tells much drives out what it told itself.
func TestTellingMuchHurtsNobodyElse(t *testing.T) {
	h := smallHome(t, fixed) // 12 in all, 4 by one
	h.befriend(t, bo())
	h.tell(t, bo(), cy(), now)
	for i := range 3 {
		h.tell(t, somebody(i), bo(), now)
	}
	for i := 3; i < 20; i++ {
		h.tell(t, somebody(i), cy(), now)
	}
	// Nor does it help to repeat, or to bring the newer record of somebody whom another told.
	h.tell(t, somebody(0), cy(), now.Add(time.Hour))
	for i := 20; i < 30; i++ {
		h.tell(t, somebody(i), cy(), now)
	}
	if got, want := h.told(t, 30), []int{0, 1, 2, 26, 27, 28, 29}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if r := must[*friend.AddressRecord](t)(h.Address(t.Context(), somebody(0).did())); r.Seq() != uint64(now.Add(time.Hour).UnixMilli()) {
		t.Error("the newer record was not taken")
	}
	h.wantAddress(t, bo(), "192.0.2.9:8777")
}

// Many who tell little drive out those who tell more.
func TestManyWhoTell(t *testing.T) {
	h := smallHome(t, fixed)
	for i := range 2 {
		h.tell(t, somebody(i), bo(), now)
	}
	for i := 2; i < 14; i++ {
		h.tell(t, somebody(i), somebody(100+i/3), now) // up to three each
	}
	got := h.told(t, 14)
	if len(got) != 12 || got[0] != 0 || got[1] != 1 {
		t.Errorf("%v: bo told two only", got)
	}
	if n := h.count(t, "address"); n != 12 {
		t.Errorf("%d rows", n)
	}
}

// What the person itself tells counts for that person from then on.
func TestOwnWordIsOwn(t *testing.T) {
	h := smallHome(t, fixed)
	h.tell(t, somebody(0), cy(), now)
	h.tell(t, somebody(0), somebody(0), now.Add(time.Hour))
	for i := 1; i < 10; i++ {
		h.tell(t, somebody(i), cy(), now)
	}
	if got := h.told(t, 10); !slices.Equal(got, []int{0, 6, 7, 8, 9}) {
		t.Errorf("%v", got)
	}
}

func TestAddresses(t *testing.T) {
	name63, name253 := strings.Repeat("a", 63), strings.Repeat(strings.Repeat("a", 49)+".", 5)+"aaa"
	for s, want := range map[string]bool{
		"192.0.2.1:8777": true, "192.0.2.1:1": true, "192.0.2.1:65535": true, "[2001:db8::1]:8777": true, "[::1]:8777": true,
		"127.0.0.1:8777": true, "ana.example:8777": true, "localhost:8777": true, "xn--bcher-kva.example:8777": true,
		"1.example:8777": true, "a-b:8777": true, name63 + ":1": true, name253 + ":1": true,

		"": false, ":": false, ":8777": false, "192.0.2.1": false, "192.0.2.1:": false, "192.0.2.1:0": false,
		"192.0.2.1:65536": false, "192.0.2.1:08777": false, "192.0.2.1:+1": false, "192.0.2.1:-1": false, "192.0.2.1:http": false,
		"192.0.2.01:8777": false, "192.0.2:8777": false, "1:8777": false, "192.0.2.256:8777": false,
		"2001:db8::1:8777": false, "[2001:DB8::1]:8777": false, "[2001:db8:0::1]:8777": false, "[2001:db8::1:8777": false,
		"[192.0.2.1]:8777": false, "[::ffff:192.0.2.1]:8777": false, "[fe80::1%eth0]:8777": false, "[]:8777": false,
		"0.0.0.0:8777": false, "[::]:8777": false, "224.0.0.1:8777": false, "[ff02::1]:8777": false, "255.255.255.255:8777": false,
		"Ana.example:8777": false, "ana.example.:8777": false, ".ana:8777": false, "a..b:8777": false, "-a:8777": false, "a-:8777": false,
		"a_b:8777": false, "a b:8777": false, "ä:8777": false, "a.1:8777": false, name63 + "a:1": false, name253 + "a:1": false,
		"/ip4/192.0.2.1/tcp/8777": false, "http://a:8777": false, "a:8777/": false, "\x00:1": false,
	} {
		if got := friend.ValidAddress(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestRecordsOutOfBounds(t *testing.T) {
	p := bo()
	cert := p.certificate(t, now)
	many := make([]string, 17)
	for i := range many {
		many[i] = fmt.Sprintf("192.0.2.%d:8777", i+1)
	}
	long := strings.Repeat("a", 60) + "." + strings.Repeat("b", 60) + "." + strings.Repeat("c", 60) + "."
	for name, c := range map[string]struct {
		want    string
		key     person
		request friend.AddressRequest
	}{
		"none":         {"ok", p, friend.AddressRequest{Now: now}},
		"most":         {"ok", p, friend.AddressRequest{Now: now, Addresses: many[:16], Flags: 0xffff}},
		"a second":     {"ok", p, friend.AddressRequest{Now: now, Life: time.Second}},
		"too many":     {"bounds", p, friend.AddressRequest{Now: now, Addresses: many}},
		"twice":        {"encoding", p, friend.AddressRequest{Now: now, Addresses: []string{many[0], many[0]}}},
		"no address":   {"encoding", p, friend.AddressRequest{Now: now, Addresses: []string{"here"}}},
		"long":         {"encoding", p, friend.AddressRequest{Now: now, Addresses: []string{long + "d:1", long + "e:1", long + "f:1", long + "g:1"}}},
		"long life":    {"bounds", p, friend.AddressRequest{Now: now, Life: friend.MaxRecordLife + time.Second}},
		"no life":      {"bounds", p, friend.AddressRequest{Now: now, Life: time.Second - 1}},
		"known":        {"ok", p, friend.AddressRequest{Now: now, Known: uint64(now.Add(day).UnixMilli()) - 1}},
		"known ahead":  {"clock", p, friend.AddressRequest{Now: now, Known: uint64(now.Add(day).UnixMilli()) + 1}},
		"other device": {"mismatch", cy(), friend.AddressRequest{Now: now}},
		"ran out":      {"expired", p, friend.AddressRequest{Now: now.Add(90 * day)}},
		"early":        {"clock", p, friend.AddressRequest{Now: now.Add(-25 * time.Hour)}},
	} {
		r, err := friend.NewAddressRecord(c.key.key, cert, c.request)
		if wantClass(t, err, c.want); class(err) != c.want {
			t.Log(name)
		}
		if err == nil && (!slices.Equal(r.Addresses(), c.request.Addresses) || r.Named() != (c.request.Flags&1 == 1)) {
			t.Errorf("%s: %v", name, r.Addresses())
		}
	}
}
