package repos

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"radswarm/blobstore/friend"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/identity"
	"radswarm/radicle/storage"
)

// AddMember lets somebody into a repository, and returns the line that they accept.
func (r *Repos) AddMember(
	ctx context.Context, rid radicle.RID, in control.AddMember, tell func(control.Line),
) (out control.AddedMember, err error) {
	if err := in.DID.Validate(); err != nil {
		return out, usage("%v: %v", in.DID, err)
	}
	err = r.edit(ctx, rid, "Add member", tell, func(v *view, d *identity.Draft) error {
		switch private := v.doc.Visibility().Private; {
		case v.doc.IsDelegate(in.DID) || !in.Delegate && v.names(in.DID):
			return errUnchanged
		case in.Delegate:
			d.AddDelegate(in.DID)
		case !private:
			return &control.Error{
				Code: control.CodeConflict, Message: "repository is public: its members are its delegates",
				Hint: "rad swarm member add " + in.DID.String() + " --delegate",
			}
		default:
			return d.Allow(in.DID)
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	if err := r.setNoRead(rid, in.DID, in.NoRead); err != nil {
		return out, err
	}
	if err := r.Round(ctx, rid); err != nil {
		return out, err
	}
	if out.Line, err = r.memberLine(ctx, rid, in.DID); err != nil {
		return out, err
	}
	out.Repository, err = r.Repository(ctx, rid)
	return out, err
}

// RemoveMember takes somebody out of a repository: what is added from then on, they cannot open.
func (r *Repos) RemoveMember(
	ctx context.Context, rid radicle.RID, did radicle.DID, tell func(control.Line),
) (out control.Repository, err error) {
	err = r.edit(ctx, rid, "Remove member", tell, func(v *view, d *identity.Draft) error {
		if !v.names(did) {
			return &control.Error{Code: control.CodeNotFound, Message: did.String() + " is not a member"}
		}
		if d.RemoveDelegate(did) {
			d.Threshold = max(1, min(d.Threshold, len(d.Delegates)))
		}
		if slices.Contains(d.Visibility.Allow, did) {
			return d.Disallow(did)
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	if err := r.setNoRead(rid, did, false); err != nil {
		return out, err
	}
	if err := r.Round(ctx, rid); err != nil {
		return out, err
	}
	r.revoke(ctx, did)
	return r.Repository(ctx, rid)
}

// revoke takes back the introductions of who reads nothing of ours any more.
func (r *Repos) revoke(ctx context.Context, did radicle.DID) {
	for _, rid := range r.MemberOf(did) {
		if r.Reads(did, rid) {
			return
		}
	}
	if r.People == nil {
		return
	}
	if err := r.People.Revoke(ctx, did); err != nil && ctx.Err() == nil {
		r.Log.Warn("introductions were not taken back", "guest", did, "err", err)
	}
}

// setNoRead notes whether a member reads.
func (r *Repos) setNoRead(rid radicle.RID, did radicle.DID, no bool) error {
	if slices.Contains(r.settings.noRead(rid), did) == no {
		return nil
	}
	return r.settings.edit(rid, func(s *repositorySet) {
		s.NoRead = slices.DeleteFunc(s.NoRead, func(d radicle.DID) bool { return d == did })
		if no {
			s.NoRead = append(s.NoRead, did)
		}
	})
}

// errUnchanged is a change of a document that says already what is wanted.
var errUnchanged = errors.New("nothing to change")

// edit proposes another identity document, as "rad id update" does, and makes it the current one where our vote is enough.
func (r *Repos) edit(
	ctx context.Context, rid radicle.RID, title string, tell func(control.Line), change func(*view, *identity.Draft) error,
) error {
	signer, err := r.Keys.Signer(ctx)
	if err != nil {
		return err
	}
	err = r.writing(ctx, rid, func(e *repository, v *view) error {
		if !v.doc.IsDelegate(r.self) {
			return &control.Error{Code: control.CodeConflict, Message: "only delegates change who is a member: you are none"}
		}
		draft := v.doc.Edit()
		if err := change(v, &draft); err != nil {
			return err
		}
		doc, err := draft.Verify()
		if err == nil {
			err = doc.CheckProposal()
		}
		if err != nil {
			return err
		}
		return r.propose(ctx, e, signer, doc, title, tell)
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return r.notThere(rid, err)
}

// propose writes a revision of the identity, signs it, and spreads it.
func (r *Repos) propose(
	ctx context.Context, e *repository, signer radicle.Signer, doc *identity.Document, title string, tell func(control.Line),
) error {
	var revision *identity.Revision
	_, err := e.repo.Update(ctx, signer, func(ctx context.Context, tx *storage.Tx) error {
		id, err := e.repo.Identity(ctx)
		if err != nil {
			return err
		}
		pen := cob.Pen{Objects: tx, Signer: signer, Who: cob.Author(r.Profile.Config.Alias, r.Profile.NID, r.Now())}
		proposed, err := id.Propose(ctx, pen, doc, identity.Text{Title: title})
		if err != nil {
			return err
		}
		revision, _ = id.Revision(proposed)
		return tx.Set(ctx, identity.Ref(id.Root()), proposed)
	})
	if err != nil {
		return err
	}
	if c, err := e.repo.SetIdentity(ctx); err != nil || c.Err != nil {
		return errors.Join(err, c.Err)
	}
	if revision != nil && revision.State == identity.Active {
		note(tell, fmt.Sprintf("revision %v waits for the votes of other delegates: rad id accept %v", revision.ID, revision.ID))
	}
	r.spread(e.rid, true)
	_, err = r.fresh(ctx, e)
	return err
}

// memberLine is what a new member accepts: where we are, and an introduction to our holders. Empty where nobody can be reached.
func (r *Repos) memberLine(ctx context.Context, rid radicle.RID, did radicle.DID) (string, error) {
	if r.People == nil {
		return "", nil
	}
	i, err := r.People.Introduce(ctx, did, rid)
	if err != nil {
		return "", err
	}
	line := friend.MemberLine{Introduction: i}
	if name := string(r.Profile.Config.Alias); friend.CheckName(name) == nil {
		line.Name = name
	}
	if r.Addresses != nil {
		line.Addresses = r.Addresses()
	}
	if len(line.Addresses) > friend.MaxAddresses {
		line.Addresses = line.Addresses[:friend.MaxAddresses]
	}
	return line.Encode()
}

// introduce makes sure that the readers of a repository can go to our holders when we are away.
func (r *Repos) introduce(ctx context.Context, rid radicle.RID, readers []radicle.DID) {
	if r.People == nil {
		return
	}
	for _, did := range readers {
		if did == r.self || r.State.IsMine(did) {
			continue
		}
		if _, err := r.People.Introduce(ctx, did, rid); err != nil && ctx.Err() == nil {
			r.Log.Debug("reader was not introduced", "rid", rid, "guest", did, "err", err)
		}
	}
}
