package friend

import (
	"context"
	"fmt"
	"strings"
	"time"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// schemaContacts has how often friends were there, and where people said that others are.
const schemaContacts = `
CREATE TABLE uptime (
	did     BLOB NOT NULL, -- of a friend
	day     INTEGER NOT NULL, -- since 1970, UTC
	samples INTEGER NOT NULL, -- how often somebody looked
	present INTEGER NOT NULL, -- how often the friend was there
	PRIMARY KEY (did, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE hint (
	did       BLOB NOT NULL PRIMARY KEY,
	addresses TEXT NOT NULL, -- with a space between them
	at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`

// schemaKeepers has who said that somebody keeps their shares.
const schemaKeepers = `
CREATE TABLE keeper (
	owner BLOB NOT NULL,
	did   BLOB NOT NULL,
	turn  INTEGER NOT NULL, -- grows with every write: the lowest goes first
	PRIMARY KEY (owner, did)
) STRICT, WITHOUT ROWID;
`

const (
	// MaxKeepers is how many keepers of one owner are remembered, and MaxKeepersOf of how many owners.
	MaxKeepers   = 256
	MaxKeepersOf = 64
	// UptimeDays is over how many days uptime is measured, today included.
	UptimeDays = 30
	// MaxHints is of how many people hints are kept.
	MaxHints = 4096
)

// Uptime is how often a friend was there of how often somebody looked.
type Uptime struct{ Present, Samples int64 }

// Sample notes who of the friends is here now. It is called at even intervals while this home is up, so that what is counted is
// the part of the time that both were up. What is older than [UptimeDays] is dropped, and so is what is kept of former friends.
func (s *State) Sample(ctx context.Context, here func(radicle.DID) bool) error {
	return s.update(ctx, func(c *change) error {
		today := day(c.now)
		const old = "DELETE FROM uptime WHERE day <= ? OR day > ? OR did NOT IN (SELECT did FROM friend)"
		if err := c.exec(old, today-UptimeDays, today+1); err != nil {
			return err
		}
		for _, f := range s.Friends() {
			present := 0
			if here(f.DID) {
				present = 1
			}
			const add = "INSERT INTO uptime (did, day, samples, present) VALUES (?, ?, 1, ?) ON CONFLICT (did, day) " +
				"DO UPDATE SET samples = samples + 1, present = present + excluded.present"
			if err := c.exec(add, f.DID[:], today, present); err != nil {
				return err
			}
		}
		return nil
	})
}

// day is the number of a time's day.
func day(t time.Time) int64 { return t.Unix() / int64(24*time.Hour/time.Second) }

// Uptime returns how often friends were there in the last [UptimeDays]; those who were never looked for are left out.
func (s *State) Uptime(ctx context.Context) (map[radicle.DID]Uptime, error) {
	all := map[radicle.DID]Uptime{}
	var b []byte
	var u Uptime
	err := s.view(ctx, func(d *database) error {
		const query = "SELECT did, sum(present), sum(samples) FROM uptime WHERE day > ? AND did IN (SELECT did FROM friend) GROUP BY did"
		return d.each(query, []any{day(s.now()) - UptimeDays}, func() error {
			did, err := toDID(b)
			all[did] = u
			return err
		}, &b, &u.Present, &u.Samples)
	})
	return all, err
}

// SetHints keeps addresses, the best first, at which somebody can perhaps be reached: what a person or an invitation said, so
// that nobody has signed it. None removes those that are there. Of more than [MaxHints] people the oldest go. Errors are
// [blobstore.ErrBounds] and [blobstore.ErrEncoding].
func (s *State) SetHints(ctx context.Context, did radicle.DID, addresses []string) error {
	if n := len(addresses); n > MaxAddresses {
		return &blobstore.BoundsError{What: "number of addresses", Got: int64(n), Max: MaxAddresses}
	}
	for _, a := range addresses {
		if !ValidAddress(a) {
			return &blobstore.FieldError{Field: fmt.Sprintf("address %q", a), Err: blobstore.ErrEncoding}
		}
	}
	return s.update(ctx, func(c *change) error {
		if len(addresses) == 0 {
			return c.exec("DELETE FROM hint WHERE did = ?", did[:])
		}
		const put = "INSERT OR REPLACE INTO hint (did, addresses, at) VALUES (?, ?, ?)"
		if err := c.exec(put, did[:], strings.Join(addresses, " "), unix(c.now)); err != nil {
			return err
		}
		return c.exec("DELETE FROM hint WHERE did IN (SELECT did FROM hint ORDER BY at DESC LIMIT -1 OFFSET ?)", s.limit.hints)
	})
}

// Hints returns what SetHints kept; nothing is no error.
func (s *State) Hints(ctx context.Context, did radicle.DID) (addresses []string, err error) {
	var text string
	err = s.view(ctx, func(d *database) error {
		_, err := d.find("SELECT addresses FROM hint WHERE did = ?", []any{did[:]}, &text)
		return err
	})
	return strings.Fields(text), err
}

// AddKeeper notes that an owner told where somebody is who keeps the owner's shares: there the introduction by the owner is of use.
// Of one owner the MaxKeepers that were told last are kept, and of owners the MaxKeepersOf that told last.
func (s *State) AddKeeper(ctx context.Context, owner, keeper radicle.DID) error {
	return s.update(ctx, func(c *change) error {
		const put = "INSERT OR REPLACE INTO keeper (owner, did, turn) VALUES (?, ?, (SELECT coalesce(max(turn), 0) + 1 FROM keeper))"
		if err := c.exec(put, owner[:], keeper[:]); err != nil {
			return err
		}
		const many = "DELETE FROM keeper WHERE owner = ?1 AND did IN " +
			"(SELECT did FROM keeper WHERE owner = ?1 ORDER BY turn DESC LIMIT -1 OFFSET ?2)"
		if err := c.exec(many, owner[:], s.limit.keepers); err != nil {
			return err
		}
		const owners = "DELETE FROM keeper WHERE owner IN " +
			"(SELECT owner FROM keeper GROUP BY owner ORDER BY max(turn) DESC LIMIT -1 OFFSET ?)"
		return c.exec(owners, s.limit.keepersOf)
	})
}

// Keepers returns of all who are known to keep shares of others whose they keep, the owner who told last first.
func (s *State) Keepers(ctx context.Context) (map[radicle.DID][]radicle.DID, error) {
	all := map[radicle.DID][]radicle.DID{}
	var owner, keeper []byte
	err := s.view(ctx, func(d *database) error {
		return d.each("SELECT owner, did FROM keeper ORDER BY turn DESC", nil, func() error {
			o, err := toDID(owner)
			if err != nil {
				return err
			}
			k, err := toDID(keeper)
			all[k] = append(all[k], o)
			return err
		}, &owner, &keeper)
	})
	return all, err
}
