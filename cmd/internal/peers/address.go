package peers

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// addressTick is how often it is looked whether this machine has other addresses.
const addressTick = time.Minute

// Addresses returns where others are told that this machine is, the best first: what its person said, then what it listens on.
func (p *Peers) Addresses() (all []string) {
	n, _, err := p.house()
	if err != nil {
		return nil
	}
	add := func(s string) {
		if friend.ValidAddress(s) && !slices.Contains(all, s) && len(all) < friend.MaxAddresses {
			all = append(all, s)
		}
	}
	for _, s := range p.o.Advertise() {
		add(s)
	}
	for _, a := range n.Addrs() {
		add(a.String())
	}
	return all
}

// Readdress makes a new address record where the old one is no longer right, and tells those who may know. It is called when
// what is advertised has changed, and by itself from time to time.
func (p *Peers) Readdress(ctx context.Context) error {
	cert := p.o.Certificate()
	if cert == nil {
		return nil
	}
	old, err := p.state.Address(ctx, p.o.Self)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	all := p.Addresses()
	if old != nil && p.holds(old, cert, all) {
		return nil
	}
	request := friend.AddressRequest{Addresses: all, Now: p.o.Now()}
	if p.o.Named() {
		request.Flags = friend.FlagNamed
	}
	if old != nil {
		request.Known = old.Seq()
	}
	r, err := friend.NewAddressRecord(p.o.Key, cert, request)
	if err != nil {
		return err
	}
	if err := p.state.AddAddress(ctx, r, p.o.Self); err != nil {
		return err
	}
	p.tellAbout(ctx, r)
	return nil
}

// holds reports whether our record is as it should be, and less than half of its life is over.
func (p *Peers) holds(r *friend.AddressRecord, cert *keyring.Certificate, all []string) bool {
	return r.Device() == cert.Device() && r.Certificate().Seq() == cert.Seq() && slices.Equal(r.Addresses(), all) &&
		r.Named() == p.o.Named() && p.o.Now().Before(r.NotAfter().Add(-friend.MaxRecordLife/2))
}

// mayHave reports whether somebody may be told where another is (DESIGN.md §7): of us, who has our pledge or an introduction by us;
// of those who keep our shares, who has an introduction by us; of others, who presented an introduction by them.
func (p *Peers) mayHave(ctx context.Context, l *line, subject radicle.DID) bool {
	if subject == l.DID {
		return false // it knows
	}
	if subject == p.o.Self {
		return p.isFriend(l.DID) || p.introduced(ctx, l.DID)
	}
	return p.keepsOurs(subject) && p.introduced(ctx, l.DID) || slices.Contains(p.issuers(l), subject)
}

// issuers returns by whom a peer presented introductions on its connection.
func (p *Peers) issuers(l *line) []radicle.DID {
	_, service, err := p.house()
	if err != nil {
		return nil
	}
	return service.Issuers(l.Peer)
}

// keepsOurs reports whether a friend keeps shares of ours, as it says itself or, since that comes late, as was noted here.
func (p *Peers) keepsOurs(did radicle.DID) bool {
	f, ok := p.state.Friend(did)
	if !ok || f.Given.Used > 0 {
		return ok
	}
	p.mu.Lock()
	mover := p.mover
	p.mu.Unlock()
	return mover.Held(did) > 0
}

// tellKeepers tells who is there where those are who have begun to keep shares of ours since it was called last.
func (p *Peers) tellKeepers(ctx context.Context) {
	more := false
	for _, f := range p.state.Friends() {
		if p.ours[f.DID] || !p.keepsOurs(f.DID) {
			continue
		}
		p.ours[f.DID], more = true, true
	}
	if !more {
		return
	}
	for _, l := range p.lines() {
		if err := p.tellAddresses(ctx, l); err != nil {
			p.o.Log.Debug("addresses are told later", "to", l.DID, "error", err)
		}
	}
}

// tellAddresses tells somebody who came where those are whom it may find.
func (p *Peers) tellAddresses(ctx context.Context, l *line) error {
	subjects := append([]radicle.DID{p.o.Self}, p.issuers(l)...)
	for _, f := range p.state.Friends() {
		subjects = append(subjects, f.DID)
	}
	var records [][]byte
	for _, did := range subjects {
		if !p.mayHave(ctx, l, did) {
			continue
		}
		r, err := p.state.Address(ctx, did)
		if err == nil && p.notTold(l, r) {
			records = append(records, r.Bytes())
		}
	}
	for some := range slices.Chunk(records, wire.MaxList) {
		if err := l.Send(ctx, &wire.Addresses{Records: some}); err != nil {
			return err
		}
	}
	return nil
}

// notTold reports whether a record did not go over a line yet, and notes that it does.
func (p *Peers) notTold(l *line, r *friend.AddressRecord) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	told := l.told[r.DID()]
	l.told[r.DID()] = r.Seq()
	return told != r.Seq()
}

// tellAbout tells everybody who is there and may know where somebody is now.
func (p *Peers) tellAbout(ctx context.Context, r *friend.AddressRecord) {
	for _, l := range p.lines() {
		if !p.mayHave(ctx, l, r.DID()) || !p.notTold(l, r) {
			continue
		}
		if err := l.Send(ctx, &wire.Addresses{Records: [][]byte{r.Bytes()}}); err != nil {
			p.o.Log.Debug("address is not told", "to", l.DID, "error", err)
		}
	}
}

// heardAddresses keeps what somebody says about where people are.
func (p *Peers) heardAddresses(ctx context.Context, from radicle.DID, m *wire.Addresses) {
	for _, b := range m.Records {
		if err := p.heardAddress(ctx, from, b); err != nil {
			p.o.Log.Info("address record is left out", "from", from, "reason", err)
		}
	}
}

func (p *Peers) heardAddress(ctx context.Context, from radicle.DID, b []byte) error {
	r, err := friend.ParseAddressRecord(b)
	if err != nil {
		return err
	}
	if r.DID() == p.o.Self {
		return nil // we know
	}
	if err := p.heardKeeper(ctx, from, r.DID()); err != nil {
		return err
	}
	old, err := p.state.Address(ctx, r.DID())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if old != nil && old.Device() == r.Device() && old.Seq() == r.Seq() {
		return nil
	}
	if err := p.state.AddAddress(ctx, r, from); err != nil {
		return err
	}
	if p.isFriend(r.DID()) {
		p.hurry(r.DID())
	}
	p.tellAbout(ctx, r)
	return nil
}

// heardKeeper notes that somebody who introduced us tells where another is: it keeps their shares.
func (p *Peers) heardKeeper(ctx context.Context, owner, keeper radicle.DID) error {
	if owner == keeper || slices.Contains(p.ownersAt(keeper), owner) {
		return nil
	}
	if all, err := p.state.Received(ctx, owner); err != nil || len(all) == 0 {
		return err
	}
	if err := p.state.AddKeeper(ctx, owner, keeper); err != nil {
		return err
	}
	p.readKeepers(ctx)
	return nil
}
