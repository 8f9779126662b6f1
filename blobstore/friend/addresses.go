package friend

import (
	"context"
	"errors"
	"fmt"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// How many address records are kept of those who are neither friends nor DIDs of this person.
const (
	MaxRecords    = 4096 // in all
	MaxRecordsVia = 256  // that one person told
)

// AddAddress keeps an address record that a peer told, if it is the newest of its DID; via is the DID of that peer, which may
// be the person itself. A record that is older is [ErrSuperseded], one of a device that a newer certificate replaced
// [keyring.ErrRetired], one that is dated too far ahead [keyring.ErrClock]. One that ran out is kept: its addresses are tried
// last. The same one again is no error.
//
// Where a certificate of the DID is known, that in the record counts as one that the device presented: the device signed it.
// Who may be told a record is the caller's to decide.
func (s *State) AddAddress(ctx context.Context, r *AddressRecord, via radicle.DID) error {
	if err := r.checkAhead("address record", r.made(), s.now()); err != nil {
		return err
	}
	return s.refuse(ctx, func(c *change) (refused, err error) { return s.putAddress(c, r, via) })
}

func (s *State) putAddress(c *change, r *AddressRecord, via radicle.DID) (refused, err error) {
	did := r.DID()
	if _, known := s.certs.Get(did); known {
		_, refused, err = s.putCertificate(c, r.cert, true)
		if ranOut := errors.Is(refused, keyring.ErrExpired); err != nil || refused != nil && !ranOut {
			return refused, err
		}
	}
	kept, first, err := addressOf(c.database, did)
	if err != nil {
		return nil, err
	}
	if kept != nil {
		if string(kept.raw) == string(r.raw) {
			return nil, nil
		}
		if !r.newerThan(kept) {
			return fmt.Errorf("address record %d of %v: %w, number %d", r.seq, did, ErrSuperseded, kept.seq), nil
		}
		if via != did { // whoever repeats another's word does not get to keep or lose it
			via = first
		}
	}
	const put = "INSERT OR REPLACE INTO address (did, bytes, via, turn) VALUES (?, ?, ?, " +
		"(SELECT coalesce(max(turn), 0) + 1 FROM address))"
	if err := c.exec(put, did[:], r.raw, via[:]); err != nil {
		return nil, err
	}
	return nil, s.evictAddresses(c, via)
}

// evictAddresses removes records of strangers: the oldest that one person told where that person told too many, and where
// there are too many in all, of whoever told most. So nobody's records go because another tells many.
func (s *State) evictAddresses(c *change, via radicle.DID) error {
	const count, told = "SELECT count(*) FROM address WHERE ", "via = ? AND "
	const oldest = "DELETE FROM address WHERE did = (SELECT did FROM address WHERE " + told + strangers + " ORDER BY turn LIMIT 1)"
	many, err := c.more(count+"via = ?", s.limit.recordsVia, via[:]) // as a rule that is all: strangers are not looked for
	if many && err == nil {
		many, err = c.more(count+told+strangers, s.limit.recordsVia, via[:])
	}
	if err != nil {
		return err
	}
	if many {
		return c.exec(oldest, via[:])
	}
	if many, err = c.more(count+"1", s.limit.records); err != nil || !many {
		return err
	}
	if many, err = c.more(count+strangers, s.limit.records); err != nil || !many {
		return err
	}
	var most []byte
	const busiest = "SELECT via FROM address WHERE " + strangers + " GROUP BY via ORDER BY count(*) DESC, min(turn) LIMIT 1"
	if err := c.one(busiest, nil, &most); err != nil {
		return err
	}
	return c.exec(oldest, most)
}

// addressOf returns the record that is kept of a DID, and who told it first; nil where there is none.
func addressOf(d *database, did radicle.DID) (r *AddressRecord, via radicle.DID, err error) {
	var b, first []byte
	ok, err := d.find("SELECT bytes, via FROM address WHERE did = ?", []any{did[:]}, &b, &first)
	if err != nil || !ok {
		return nil, via, err
	}
	if r, err = ParseAddressRecord(b); err != nil {
		return nil, via, damage{err}
	}
	via, err = toDID(first)
	return r, via, err
}

// Address returns the newest address record of a DID, or [fs.ErrNotExist]. It may have run out, or be of a device that was
// replaced since: see [AddressRecord.Check] and [State.Certificate].
func (s *State) Address(ctx context.Context, did radicle.DID) (r *AddressRecord, err error) {
	err = s.view(ctx, func(d *database) error {
		r, _, err = addressOf(d, did)
		return err
	})
	if err == nil && r == nil {
		err = &UnknownError{"address of " + did.String()}
	}
	return r, err
}
