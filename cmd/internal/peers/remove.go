package peers

import (
	"context"
	"errors"
	"fmt"

	"radswarm/blobstore/friend"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// RemoveFriend is DELETE /v1/friends/{who}. Without Drain and Force it removes only with whom nothing is left on either side.
// With Drain nothing new is placed on either side from now on, and the friend is removed when nothing is left, here or later.
func (p *Peers) RemoveFriend(
	ctx context.Context, who string, in control.RemoveFriend, tell func(control.Line),
) (control.RemovedFriend, error) {
	f, err := p.friendNamed(who)
	if err != nil {
		return control.RemovedFriend{}, err
	}
	if in.Force {
		return p.removeAtOnce(ctx, f)
	}
	if in.Drain {
		if err := p.windUp(ctx, f); err != nil {
			return control.RemovedFriend{}, err
		}
		tell(control.Line{Note: "placing with others what " + label(f) + " keeps for you"})
		return p.drain(ctx, f.DID)
	}
	holds, err := p.o.Store.Kept(ctx, f.DID)
	if err != nil {
		return control.RemovedFriend{}, err
	}
	if f.Given.Used > 0 || holds > 0 {
		return control.RemovedFriend{}, stillThere(f, holds)
	}
	return control.RemovedFriend{Done: true}, p.remove(ctx, f.DID)
}

func stillThere(f friend.Friend, holds int64) error {
	return &control.Error{
		Code:    control.CodeConflict,
		Message: fmt.Sprintf("%s keeps %d bytes of yours, and you keep %d of theirs", label(f), f.Given.Used, holds),
		Hint:    "rad swarm friend remove " + label(f) + " --drain",
	}
}

// windUp marks a friend as one who is being removed, and tells both sides.
func (p *Peers) windUp(ctx context.Context, f friend.Friend) error {
	err := p.state.SetFriend(ctx, f.DID, func(f *friend.Friend) error {
		if f.Draining.IsZero() {
			f.Draining = p.o.Now()
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.recheck()
	if l := p.lineWith(f.DID); l != nil {
		if err := p.tellPledge(ctx, l); err != nil {
			p.o.Log.Debug("pledge is told later", "to", f.DID, "error", err)
		}
	}
	p.changes.tell()
	return nil
}

// drain goes on with removing a friend, and does so when nothing is left.
func (p *Peers) drain(ctx context.Context, did radicle.DID) (out control.RemovedFriend, err error) {
	select {
	case p.turn <- struct{}{}: // one at a time: what one moves the other must not count
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return out, ctx.Err()
	}
	if f, ok := p.state.Friend(did); !ok || f.Draining.IsZero() {
		return control.RemovedFriend{Done: !ok}, nil // meanwhile
	}
	p.mu.Lock()
	mover := p.mover
	p.mu.Unlock()
	if out.Moved, out.Left, err = mover.Drain(ctx, did); err != nil {
		return out, err
	}
	if out.Holds, err = p.o.Store.Kept(ctx, did); err != nil {
		return out, err
	}
	if out.Left > 0 || out.Holds > 0 {
		return out, nil
	}
	out.Done = true
	return out, p.remove(ctx, did)
}

// drainAll goes on with all who are being removed.
func (p *Peers) drainAll(ctx context.Context) error {
	var all []error
	for _, f := range p.state.Friends() {
		if !f.Draining.IsZero() {
			_, err := p.drain(ctx, f.DID)
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// removeAtOnce removes a friend with what is here of theirs.
func (p *Peers) removeAtOnce(ctx context.Context, f friend.Friend) (control.RemovedFriend, error) {
	if err := p.remove(ctx, f.DID); err != nil {
		return control.RemovedFriend{}, err
	}
	if err := p.o.Store.Drop(ctx, f.DID); err != nil {
		return control.RemovedFriend{Done: true}, err
	}
	return control.RemovedFriend{Done: true}, nil
}

// remove ends a friendship. When it returns, the connection is cut.
func (p *Peers) remove(ctx context.Context, did radicle.DID) error {
	if err := p.state.RemoveFriend(ctx, did); err != nil {
		return explain(err)
	}
	if !p.isFriend(did) {
		p.release(did)
	}
	p.recheck()
	p.changes.tell()
	return p.state.SetHints(ctx, did, nil)
}
