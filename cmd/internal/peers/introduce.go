package peers

import (
	"context"
	"errors"
	"slices"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// Introduce returns an introduction of a guest: the one that was issued, or a new one where half of its life is over. A guest
// who is there is told of a new one, and of where the holders are.
func (p *Peers) Introduce(ctx context.Context, guest radicle.DID, rid radicle.RID) (*friend.Introduction, error) {
	if i, err := p.issued(ctx, guest, rid); i != nil || err != nil {
		return i, err
	}
	cert := p.o.Certificate()
	if cert == nil {
		return nil, keyring.ErrExpired
	}
	now, err := p.afterRevoked(ctx, guest)
	if err != nil {
		return nil, err
	}
	i, err := friend.NewIntroduction(p.o.Key, cert, friend.IntroductionRequest{Guest: guest, RID: rid, Now: now})
	if err != nil {
		return nil, err
	}
	if err := p.state.AddIssued(ctx, i); err != nil {
		return nil, err
	}
	if l := p.lineWith(guest); l != nil {
		err := l.Send(ctx, &wire.Introductions{Introductions: [][]byte{i.Bytes()}})
		if err = errors.Join(err, p.tellAddresses(ctx, l)); err != nil {
			p.o.Log.Debug("introduction is told later", "to", guest, "error", err)
		}
	}
	return i, nil
}

// issued returns the introduction of a guest that needs no renewal, nil where there is none.
func (p *Peers) issued(ctx context.Context, guest radicle.DID, rid radicle.RID) (*friend.Introduction, error) {
	all, err := p.valid(ctx, guest)
	for _, i := range all {
		if i.RID() == rid && p.o.Now().Before(i.RenewAt()) {
			return i, nil
		}
	}
	return nil, err
}

// valid returns the introductions of a guest that hold, those that end last first; of all guests for the zero DID.
func (p *Peers) valid(ctx context.Context, guest radicle.DID) (all []*friend.Introduction, err error) {
	issued, err := p.state.Issued(ctx, guest)
	for _, i := range issued {
		if !i.Revoked {
			all = append(all, i.Introduction)
		}
	}
	return all, err
}

// introduced reports whether somebody has an introduction by us.
func (p *Peers) introduced(ctx context.Context, did radicle.DID) bool {
	all, err := p.valid(ctx, did)
	return err == nil && len(all) > 0
}

// afterRevoked is when a new introduction of a guest is dated: now, but not before what a revocation ends.
func (p *Peers) afterRevoked(ctx context.Context, guest radicle.DID) (time.Time, error) {
	now := p.o.Now()
	notices, err := p.state.Notices(ctx)
	for _, r := range notices {
		if of, before, ok := r.Guest(); ok && of == guest && now.Before(before) {
			now = before
		}
	}
	return now, err
}

// Revoke takes back all introductions of a guest, and tells friends.
func (p *Peers) Revoke(ctx context.Context, guest radicle.DID) error {
	cert := p.o.Certificate()
	if cert == nil {
		return keyring.ErrExpired
	}
	now := p.o.Now()
	// Words are dated to the second: what was issued in this one ends too.
	r, err := friend.RevokeGuest(p.o.Key, cert, guest, now.Add(time.Second), now)
	if err != nil {
		return err
	}
	if err := p.state.AddNotice(ctx, r); err != nil {
		return err
	}
	for _, l := range p.lines() {
		if !p.isFriend(l.DID) {
			continue
		}
		if err := l.Send(ctx, &wire.Revocations{Notices: [][]byte{r.Bytes()}}); err != nil {
			p.o.Log.Debug("revocation is told later", "to", l.DID, "error", err)
		}
	}
	return nil
}

// tellNotices tells a friend who came what was revoked.
func (p *Peers) tellNotices(ctx context.Context, l *line) error {
	if !p.isFriend(l.DID) {
		return nil
	}
	all, err := p.state.Notices(ctx)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(all, wire.MaxList) {
		if err := l.Send(ctx, &wire.Revocations{Notices: encoded(some)}); err != nil {
			return err
		}
	}
	return nil
}

// tellIntroductions hands somebody who came the introductions by us: of each repository the one that ends last.
func (p *Peers) tellIntroductions(ctx context.Context, l *line) error {
	all, err := p.valid(ctx, l.DID)
	if err != nil {
		return err
	}
	seen := map[radicle.RID]bool{}
	all = slices.DeleteFunc(all, func(i *friend.Introduction) bool {
		again := seen[i.RID()]
		seen[i.RID()] = true
		return again
	})
	for some := range slices.Chunk(all, wire.MaxList) {
		if err := l.Send(ctx, &wire.Introductions{Introductions: encoded(some)}); err != nil {
			return err
		}
	}
	return nil
}

// renew issues introductions anew of which half of the life is over, and which are still wanted.
func (p *Peers) renew(ctx context.Context) error {
	all, err := p.valid(ctx, radicle.DID{})
	if err != nil {
		return err
	}
	repos := p.repositories()
	for _, i := range all {
		if p.o.Now().Before(i.RenewAt()) || !i.RID().IsZero() && !repos.Reads(i.Guest(), i.RID()) {
			continue
		}
		if _, err := p.Introduce(ctx, i.Guest(), i.RID()); err != nil {
			return err
		}
	}
	return nil
}

func encoded[T interface{ Bytes() []byte }](words []T) (all [][]byte) {
	for _, w := range words {
		all = append(all, w.Bytes())
	}
	return all
}
