package keyring

import (
	"bytes"
	"cmp"
	"time"
)

// MaxAhead is how far ahead of the clock here a certificate or card may be dated (KEYS.md §6).
const MaxAhead = 24 * time.Hour

// maxUnix is the last second of the year 9999, which every program can print.
const maxUnix = 253_402_300_799

// NextSeq returns the number of a new certificate or card, where known is the highest seen of this DID (0: none). Where that is
// more than [MaxAhead] ahead of now, the clock is wrong or was, and nobody would accept the next: [*ClockError].
func NextSeq(known uint64, now time.Time) (uint64, error) {
	if err := checkAhead("the newest known number", known, now); err != nil {
		return 0, err
	}
	return max(known+1, uint64(max(0, now.UnixMilli()))), nil
}

// checkAhead refuses a number, in Unix milliseconds, that is too far ahead of now.
func checkAhead(what string, seq uint64, now time.Time) error {
	if seq <= uint64(max(0, now.Add(MaxAhead).UnixMilli())) {
		return nil
	}
	return &ClockError{What: what, Dated: time.UnixMilli(int64(min(seq, maxUnix*1000))), Clock: now}
}

// byAge orders two signed values of one DID, the newer last (KEYS.md §6).
func byAge(aSeq uint64, a []byte, bSeq uint64, b []byte) int {
	return cmp.Or(cmp.Compare(aSeq, bSeq), bytes.Compare(a, b))
}
