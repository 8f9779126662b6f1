package friend_test

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"radswarm/radicle/golden"
)

// arrives is what reaches a home of Ana's, one after the other, each at its time after now in seconds.
func arrives(name, about, friends, expect string, at []int64, items ...[]byte) vector {
	var lengths, times []string
	for i, b := range items {
		lengths = append(lengths, strconv.Itoa(len(b)))
		times = append(times, strconv.FormatInt(now.Unix()+at[i], 10))
	}
	return golden.New("arrive/"+name, bytes.Join(items, nil), "about", about, "expect", expect, "friends", friends,
		"lengths", strings.Join(lengths, " "), "now", strings.Join(times, " "))
}

func arriveVectors() []vector {
	bo, cy := didText(public(seed(0xfe))), didText(public(seed(0xfd)))
	guest := public(seed(0xfd))
	introduces := func(m machine, id byte, from int64) []byte {
		f := goodIntroduction()
		f.first, f.last = uint64(now.Unix()+from), uint64(now.Unix()+from+399*unixDay)
		return m.says(introductionLabel, f.encode(id))
	}
	revokes := func(m machine, fields []byte) []byte { return m.says(revocationLabel, fields) }
	record := func(m machine, seq uint64) []byte {
		f := goodAddress()
		f.seq += seq
		return m.says(addressLabel, f.encode())
	}
	later := bos()
	later.from = 50 * unixDay // the same device, renewed
	zero := make([]int64, 8)
	even, odd := goodAddress(), goodAddress()
	odd.flags = 1
	equal := [][]byte{bos().says(addressLabel, even.encode()), bos().says(addressLabel, odd.encode())}
	slices.SortFunc(equal, bytes.Compare)
	return []vector{
		arrives("introduced", "by a friend", bo, "ok", zero, introduces(bos(), 1, 0)),
		arrives("stranger", "by somebody who is no friend", cy, "stranger", zero, introduces(bos(), 1, 0)),
		arrives("another-guest", "presented by somebody else", bo, "mismatch", zero, introduces(bos(), 1, 0)).
			And(map[string]string{"guest": bo}),
		arrives("retired", "by a machine that another replaced", bo, "ok current retired", []int64{0, 60, 60},
			introduces(bos(), 1, 0), bosTwo().certificate(), introduces(bos(), 1, 0)),
		arrives("next-machine", "the next machine shows itself by what it says", bo, "ok ok retired", []int64{0, 60, 60},
			introduces(bos(), 1, 0), introduces(bosTwo(), 2, 60), introduces(bos(), 1, 0)),
		arrives("renewed", "under a certificate that was renewed since", bo, "current ok", []int64{50 * unixDay, 50 * unixDay},
			later.certificate(), introduces(bos(), 1, 0)),
		arrives("away", "long after the certificate, by a machine never met", bo, "ok expired", []int64{300 * unixDay, 300 * unixDay},
			introduces(bos(), 1, 0), bos().certificate()),
		arrives("ended", "after its end", bo, "ok ended", []int64{0, 399 * unixDay}, introduces(bos(), 1, 0), introduces(bos(), 1, 0)),
		arrives("revoked-one", "one of two", bo, "ok ok revoked ok", zero,
			introduces(bos(), 1, 0), revokes(bos(), endsOne(1, unix()+399*unixDay)), introduces(bos(), 1, 0), introduces(bos(), 2, 0)),
		arrives("revoked-before", "before it was seen", bo, "ok revoked", zero,
			revokes(bos(), endsOne(1, unix()+399*unixDay)), introduces(bos(), 1, 0)),
		arrives("revoked-guest", "all that was issued before now", bo, "ok revoked ok", zero,
			revokes(bos(), endsGuest(guest, unix())), introduces(bos(), 1, -1), introduces(bos(), 2, 0)),
		arrives("revoked-earlier", "an earlier time takes nothing back", bo, "ok ok revoked", zero,
			revokes(bos(), endsGuest(guest, unix())), revokes(bos(), endsGuest(guest, unix()-60)), introduces(bos(), 1, -1)),
		arrives("revoked-by-another", "by another friend", bo+" "+cy, "ok ok ok", zero,
			revokes(cys(), endsOne(1, unix()+399*unixDay)), revokes(cys(), endsGuest(public(seed(0xfe)), unix()+1)), introduces(bos(), 1, 0)),
		arrives("revoked-by-stranger", "by somebody who is no friend", bo, "stranger ok", zero,
			revokes(cys(), endsOne(1, unix()+399*unixDay)), introduces(bos(), 1, 0)),
		arrives("revoked-by-retired", "by a machine that was replaced", bo, "current retired", []int64{60, 60},
			bosTwo().certificate(), revokes(bos(), endsOne(1, unix()+399*unixDay))),
		arrives("addresses", "the newest is kept", bo, "ok ok superseded ok", zero,
			record(bos(), 1), record(bos(), 2), record(bos(), 1), record(bos(), 2)),
		arrives("addresses-equal", "the greater bytes win", bo, "ok superseded", zero, equal[1], equal[0]),
		arrives("addresses-equal-reversed", "in either order", bo, "ok ok", zero, equal[0], equal[1]),
		arrives("addresses-clock", "too far ahead, and not kept", bo, "ok clock ok", zero,
			record(bos(), 1), record(bos(), 2*unixDay*1000), record(bos(), 2)),
		arrives("addresses-device", "of a stranger's next machine", "", "ok ok superseded", []int64{60, 60, 60},
			record(bos(), 90_000), record(bosTwo(), 60_000), record(bos(), 100_000)),
		arrives("addresses-retired", "of a friend's machine that was replaced", bo, "current ok retired", []int64{0, 60, 60},
			bos().certificate(), record(bosTwo(), 60_000), record(bos(), 100_000)),
	}
}
