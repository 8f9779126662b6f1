package peers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/holder"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// Accept is POST /v1/accept: of an invitation, or of the line that lets a member in. It may be repeated where its answer was
// lost.
func (p *Peers) Accept(ctx context.Context, in control.Accept, tell func(control.Line)) (control.Accepted, error) {
	invited, err := friend.ParseInvitationLine(in.Line)
	if err == nil {
		return p.acceptInvitation(ctx, invited, in, tell)
	}
	if !errors.Is(err, friend.ErrLine) {
		return control.Accepted{}, badLine(err)
	}
	member, err := friend.ParseMemberLine(in.Line)
	if err != nil {
		return control.Accepted{}, badLine(err)
	}
	return p.acceptMember(ctx, member)
}

func badLine(err error) error {
	return &control.Error{Code: control.CodeUsage, Message: "the line: " + err.Error(), Hint: "rad swarm accept LINE"}
}

// acceptInvitation knocks with the secret at the inviter's device. Nothing is written before that has let us in and has shown
// whose it is.
func (p *Peers) acceptInvitation(
	ctx context.Context, l friend.InvitationLine, in control.Accept, tell func(control.Line),
) (control.Accepted, error) {
	f, err := p.promised(l, in)
	if err != nil {
		return control.Accepted{}, err
	}
	tell(control.Line{Note: "asking " + label(friend.Friend{DID: l.DID, Name: l.Name}) + " to let you in"})
	s, err := p.knockWith(ctx, l, in.Give)
	if err != nil {
		return control.Accepted{}, refusedLine(l, err)
	}
	if err := p.befriend(ctx, f, l, s.Certificate); err != nil {
		return control.Accepted{}, explain(err)
	}
	if s.Access&wire.AccessFriend == 0 {
		p.drop(s) // it was said before they were a friend: again, with all that friends are told
	}
	p.welcome(l.DID)
	if err := p.Reach(ctx, l.DID); err != nil {
		p.o.Log.Info("new friend is away", "friend", l.DID, "error", err)
	}
	out, err := p.Friend(ctx, l.DID.String())
	return control.Accepted{Friend: &out, By: l.DID}, err
}

// promised is the friend that the inviter becomes. What would be refused is refused before the secret is used.
func (p *Peers) promised(l friend.InvitationLine, in control.Accept) (friend.Friend, error) {
	f := friend.Friend{DID: l.DID, Name: in.Name, Give: in.Give}
	other, taken := p.state.Named(in.Name)
	switch {
	case p.o.Certificate() == nil:
		return f, noCertificate()
	case l.DID == p.o.Self:
		return f, &control.Error{Code: control.CodeUsage, Message: "this is your own invitation: somebody else accepts it"}
	case !p.o.Now().Before(l.NotAfter):
		return f, &control.Error{
			Code: control.CodeFailed, Message: "the invitation has run out on " + l.NotAfter.UTC().Format(time.DateOnly),
			Hint: "ask for another line",
		}
	case in.Give < 0 || in.Give > friend.MaxPledge:
		return f, &control.Error{Code: control.CodeUsage, Message: fmt.Sprintf("pledge of %d bytes", in.Give)}
	case in.Name != "" && taken && other.DID != l.DID:
		return f, explain(fmt.Errorf("%q: %w", in.Name, friend.ErrNameTaken))
	case in.Name != "":
		if err := friend.CheckName(in.Name); err != nil {
			return f, explain(err)
		}
		return f, nil
	}
	if other, taken := p.state.Named(l.Name); l.Name != "" && (!taken || other.DID == l.DID) {
		f.Name = l.Name
	}
	return f, nil
}

// acceptTries is how often the inviter is asked: an answer may be lost.
const acceptTries = 2

// knockWith presents the secret of an invitation and returns the session with the inviter.
func (p *Peers) knockWith(ctx context.Context, l friend.InvitationLine, give int64) (s *holder.Session, err error) {
	for range acceptTries {
		s, err = p.ask(ctx, l, give)
		answered := errors.Is(err, ErrNotAdmitted) || errors.Is(err, keyring.ErrMismatch)
		if err == nil || answered || ctx.Err() != nil {
			break
		}
	}
	return s, mine(ctx, err)
}

func (p *Peers) ask(ctx context.Context, l friend.InvitationLine, give int64) (*holder.Session, error) {
	n, service, err := p.house()
	if err != nil {
		return nil, err
	}
	if err := p.Readdress(ctx); err != nil {
		return nil, err
	}
	m := &wire.KnockInvitation{Certificate: p.o.Certificate().Bytes(), Secret: l.Secret.Bytes(), Give: give, Name: p.alias()}
	if r, err := p.state.Address(ctx, p.o.Self); err == nil {
		m.Records = [][]byte{r.Bytes()}
	}
	connect := func() (net.Conn, error) { return n.Connect(ctx, l.Device, addrs(l.Addresses)) }
	conn, err := connect()
	if err != nil {
		return nil, err
	}
	if err := p.say(ctx, conn, m); err != nil {
		return nil, err
	}
	return p.hello(ctx, service, conn, connect, l.DID)
}

// refusedLine says why an invitation came to nothing.
func refusedLine(l friend.InvitationLine, err error) error {
	who := label(friend.Friend{DID: l.DID, Name: l.Name})
	switch {
	case errors.Is(err, ErrNotAdmitted):
		return &control.Error{
			Code: control.CodeFailed, Message: who + " does not take this invitation: it was used, taken back, or has run out",
			Hint: "ask for another line",
		}
	case errors.Is(err, keyring.ErrMismatch):
		return &control.Error{Code: control.CodeFailed, Message: "the line names another person than the machine: " + err.Error()}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, ErrStopped):
		return err
	}
	return &control.Error{
		Code: control.CodeMissing, Message: who + " is not reachable: " + err.Error(), Hint: "try the same line again when they are there",
	}
}

// befriend writes that the inviter is a friend, with what the line says of them.
func (p *Peers) befriend(ctx context.Context, f friend.Friend, l friend.InvitationLine, cert *keyring.Certificate) error {
	if _, err := p.state.AddCertificate(ctx, cert); err != nil {
		return err
	}
	f.Given = friend.Given{Give: l.Give, Room: l.Give, At: p.o.Now()}
	err := p.state.AddFriend(ctx, f)
	if errors.Is(err, fs.ErrExist) {
		err = p.state.SetFriend(ctx, f.DID, func(old *friend.Friend) error {
			old.Give = max(old.Give, f.Give)
			if old.Name == "" {
				old.Name = f.Name
			}
			return nil
		})
	}
	if err != nil {
		return err
	}
	return p.hint(ctx, l.DID, l.Addresses)
}

// acceptMember keeps the introduction, and where its issuer is.
func (p *Peers) acceptMember(ctx context.Context, l friend.MemberLine) (control.Accepted, error) {
	by := l.Introduction.DID()
	if err := p.state.AddReceived(ctx, l.Introduction); errors.Is(err, keyring.ErrMismatch) {
		return control.Accepted{}, &control.Error{
			Code: control.CodeFailed, Message: fmt.Sprintf("the line is for %v, and you are %v", l.Introduction.Guest(), p.o.Self),
		}
	} else if err != nil {
		return control.Accepted{}, badLine(err)
	}
	if _, err := p.state.AddPublished(ctx, l.Introduction.Certificate()); err != nil {
		p.o.Log.Info("certificate of a line is left out", "of", by, "reason", err)
	}
	if err := p.hint(ctx, by, l.Addresses); err != nil {
		return control.Accepted{}, err
	}
	if err := p.repositories().Joined(ctx, l); err != nil {
		return control.Accepted{}, err
	}
	rid := l.Introduction.RID()
	return control.Accepted{Repository: &rid, By: by}, nil
}

// hint keeps the addresses of a line: those that can be dialled.
func (p *Peers) hint(ctx context.Context, did radicle.DID, all []string) error {
	var valid []string
	for _, a := range all {
		if friend.ValidAddress(a) {
			valid = append(valid, a)
		}
	}
	if len(valid) == 0 {
		return nil
	}
	return p.state.SetHints(ctx, did, valid)
}
