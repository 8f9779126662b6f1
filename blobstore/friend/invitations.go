package friend

import (
	"context"
	"errors"
	"fmt"
	"time"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// MaxInvitations is how many invitations may wait to be accepted.
const MaxInvitations = 256

// keptUsed is how long an invitation that ended is listed.
const keptUsed = 30 * 24 * time.Hour

// Invitation is what is kept of an invitation: not its secret.
type Invitation struct {
	ID     InvitationID
	Give   int64  // bytes that whoever accepts gets
	Name   string // what we call whoever accepts; may be empty
	Made   time.Time
	Ends   time.Time
	UsedBy radicle.DID // zero: nobody yet
	UsedAt time.Time
}

// Invite makes an invitation that can be accepted once during its life, at most MaxInvitationLife, and returns its secret, of
// which only a hash is kept. Name is what the new friend will be called, and may be empty. Errors are [ErrName],
// [ErrNameTaken], [ErrLimit] and [blobstore.ErrBounds].
func (s *State) Invite(ctx context.Context, give int64, name string, life time.Duration) (Secret, Invitation, error) {
	seconds, err := wholeSeconds("life of an invitation in seconds", life, MaxInvitationLife)
	if err != nil {
		return Secret{}, Invitation{}, err
	}
	if err := between("pledge", give, 0, MaxPledge); err != nil {
		return Secret{}, Invitation{}, err
	}
	if name != "" {
		if err := CheckName(name); err != nil {
			return Secret{}, Invitation{}, err
		}
	}
	secret := newSecret()
	i := Invitation{ID: secret.ID(s.self), Give: give, Name: name}
	err = s.update(ctx, func(c *change) error {
		i.Made = time.Unix(c.now.Unix(), 0)
		i.Ends = i.Made.Add(time.Duration(seconds) * time.Second)
		return s.putInvitation(c, i)
	})
	if err != nil {
		return Secret{}, Invitation{}, err
	}
	return secret, i, nil
}

func (s *State) putInvitation(c *change, i Invitation) error {
	if _, taken := s.Named(i.Name); taken {
		return fmt.Errorf("%q: %w", i.Name, ErrNameTaken)
	}
	if err := c.exec("DELETE FROM invitation WHERE max(ends, used_at) < ?", unix(c.now.Add(-keptUsed))); err != nil {
		return err
	}
	var n int
	err := c.one("SELECT count(*) FROM invitation WHERE used_by = x'' AND ends > ?", []any{unix(c.now)}, &n)
	if err != nil {
		return err
	}
	if n >= s.limit.invitations {
		return &LimitError{"invitations", s.limit.invitations}
	}
	return c.exec("INSERT INTO invitation (id, give, name, made, ends, used_by, used_at) VALUES (?, ?, ?, ?, ?, x'', 0)",
		i.ID[:], i.Give, i.Name, unix(i.Made), unix(i.Ends))
}

// Accept lets somebody in who knocks with the secret of an invitation: it is used up, and its bearer a friend with the pledge
// that it promised, in one step. Give is what the new friend will give. Whoever is a friend already keeps name and attributes
// and gets the larger pledge. The same DID may knock again with the same secret, for an answer may be lost; for anybody else it
// is [ErrUsed]. A secret that is none is [ErrInvitation], one that is too late [ErrEnded]; further errors are those of
// [State.AddCertificate] for the certificate of the new friend, and [blobstore.ErrBounds] for give.
func (s *State) Accept(ctx context.Context, secret Secret, cert *keyring.Certificate, give int64) (f Friend, err error) {
	err = s.update(ctx, func(c *change) error {
		i, ok, err := invitationOf(c.database, secret.ID(s.self))
		switch {
		case err != nil:
			return err
		case !ok:
			return ErrInvitation
		case !i.UsedBy.IsZero():
			if f, ok = s.Friend(cert.DID()); ok && i.UsedBy == f.DID {
				return s.admit(c, cert) // again: the answer was lost
			}
			return ErrUsed // or removed since
		case !c.now.Before(i.Ends):
			return fmt.Errorf("the invitation %w on %s", ErrEnded, i.Ends.UTC().Format(time.DateOnly))
		}
		did := cert.DID()
		f = s.bearer(c, i, did, give)
		if err := errors.Join(s.admit(c, cert), s.putFriend(c, f)); err != nil {
			return err
		}
		return c.exec("UPDATE invitation SET used_by = ?, used_at = ? WHERE id = ?", did[:], unix(c.now), i.ID[:])
	})
	return f, err
}

// admit remembers a certificate, or refuses it and with it all of the change.
func (s *State) admit(c *change, cert *keyring.Certificate) error {
	_, refused, err := s.putCertificate(c, cert, true)
	if err != nil {
		return err
	}
	return refused
}

// bearer is the friend that an invitation makes.
func (s *State) bearer(c *change, i Invitation, did radicle.DID, give int64) Friend {
	f, known := s.Friend(did)
	if !known {
		f = Friend{DID: did, Added: c.now}
		if _, taken := s.Named(i.Name); !taken {
			f.Name = i.Name
		}
	}
	f.Give = max(f.Give, i.Give)
	f.Given.Give, f.Given.At = give, c.now
	return f
}

// Invitations returns those that wait, and those that were used or ran out in the last 30 days, the newest first.
func (s *State) Invitations(ctx context.Context) (all []Invitation, err error) {
	err = s.view(ctx, func(d *database) error {
		return eachInvitation(d, "ORDER BY made DESC, id", nil, func(i Invitation) { all = append(all, i) })
	})
	return all, err
}

// Uninvite takes back an invitation that nobody used, or removes one that was used from the list. One that is not there is
// [fs.ErrNotExist].
func (s *State) Uninvite(ctx context.Context, id InvitationID) error {
	return s.update(ctx, func(c *change) error {
		n, err := c.change("DELETE FROM invitation WHERE id = ?", id[:])
		if err == nil && n == 0 {
			err = &UnknownError{"invitation " + id.String()}
		}
		return err
	})
}

func invitationOf(d *database, id InvitationID) (i Invitation, ok bool, err error) {
	err = eachInvitation(d, "WHERE id = ?", []any{id[:]}, func(found Invitation) { i, ok = found, true })
	return i, ok, err
}

func eachInvitation(d *database, where string, args []any, f func(Invitation)) error {
	const query = "SELECT id, give, name, made, ends, used_by, used_at FROM invitation "
	var i Invitation
	var id, by []byte
	var made, ends, usedAt int64
	return d.each(query+where, args, func() error {
		copy(i.ID[:], id)
		i.UsedBy = radicle.DID{}
		copy(i.UsedBy[:], by)
		i.Made, i.Ends, i.UsedAt = fromUnix(made), fromUnix(ends), fromUnix(usedAt)
		f(i)
		return nil
	}, &id, &i.Give, &i.Name, &made, &ends, &by, &usedAt)
}
