package peers

import (
	"context"
	"fmt"
	"strings"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/cmd/internal/control"
)

// inviteLife is how long an invitation can be accepted where nothing else is said.
const inviteLife = 14 * 24 * time.Hour

// Invite is POST /v1/invitations.
func (p *Peers) Invite(ctx context.Context, in control.Invite) (control.Invitation, error) {
	if p.o.Certificate() == nil {
		return control.Invitation{}, noCertificate()
	}
	life := in.Life
	if life == 0 {
		life = inviteLife
	}
	secret, i, err := p.state.Invite(ctx, in.Give, in.Name, life)
	if err != nil {
		return control.Invitation{}, explain(err)
	}
	line, err := friend.InvitationLine{
		DID: p.o.Self, Device: p.o.Key.Device(), Secret: secret, NotAfter: i.Ends, Give: i.Give, Name: p.alias(), Addresses: p.Addresses(),
	}.Encode()
	if err != nil {
		return control.Invitation{}, err
	}
	out := invitation(i)
	out.Line = line
	return out, nil
}

func noCertificate() error {
	return &control.Error{
		Code: control.CodeLocked, Message: "this device has no certificate yet: the radicle key must sign one", Hint: "rad swarm unlock",
	}
}

// alias is what this person calls itself, as far as it is a name.
func (p *Peers) alias() string {
	if a := p.o.Alias(); friend.CheckName(a) == nil {
		return a
	}
	return ""
}

// invitation is an invitation as clients see it.
func invitation(i friend.Invitation) control.Invitation {
	out := control.Invitation{ID: i.ID.String()[:shortID], Give: i.Give, Name: i.Name, Made: i.Made, Ends: i.Ends}
	if !i.UsedBy.IsZero() {
		out.UsedBy = &i.UsedBy
	}
	return out
}

// shortID is how many digits of an invitation's id are shown, and leastID how many must be said.
const (
	shortID = 16
	leastID = 4
)

// Uninvite is DELETE /v1/invitations/{id}. The beginning of an id will do.
func (p *Peers) Uninvite(ctx context.Context, id string) error {
	all, err := p.state.Invitations(ctx)
	if err != nil {
		return err
	}
	var found []friend.Invitation
	for _, i := range all {
		if len(id) >= leastID && strings.HasPrefix(i.ID.String(), strings.ToLower(id)) {
			found = append(found, i)
		}
	}
	switch len(found) {
	case 1:
		return explain(p.state.Uninvite(ctx, found[0].ID))
	case 0:
		return &control.Error{
			Code: control.CodeNotFound, Message: fmt.Sprintf("no invitation %q", id), Hint: "rad swarm friend list",
		}
	}
	return &control.Error{Code: control.CodeUsage, Message: fmt.Sprintf("%d invitations begin with %q", len(found), id)}
}
