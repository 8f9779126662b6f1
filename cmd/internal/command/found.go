package command

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/ui"
	"radswarm/radicle"
	"radswarm/radicle/identity"
	"radswarm/radicle/node"
	"radswarm/radicle/profile"
	"radswarm/radicle/storage"
	"radswarm/remote"
)

// founded is a repository that was made.
type founded struct {
	RID    radicle.RID `json:"rid"`
	Name   string      `json:"name"`
	Branch string      `json:"default_branch"`
	Public bool        `json:"public"`
	Seeded bool        `json:"seeded"` // the Radicle node offers it
}

// found makes the repository in storage, then joins the working copy to it. Interrupted between the two, the same command
// does the rest.
func (e *env) found(c *cli.Context, p founding) error {
	home, err := profile.Find(e.lookup)
	if err != nil {
		return err
	}
	who, err := profile.Load(home)
	if err != nil {
		return err
	}
	rid, err := e.store(c.Context, who, p)
	if err != nil {
		return err
	}
	if err := p.join(c.Context, rid, who.NID); err != nil {
		return err
	}
	out := founded{rid, p.project.Name, p.project.DefaultBranch, !p.private, false}
	if p.seed {
		out.Seeded = e.seed(c.Context, home, rid, p)
	}
	return e.ui.Result(out, func() error {
		if err := e.ui.Say("%s is %s, %s", out.Name, rid, yesNo(out.Public, "public", "private")); err != nil {
			return err
		}
		e.ui.Note("hint: git push rad")
		return nil
	})
}

// store makes the repository, if it is not the same one that is there already.
func (e *env) store(ctx context.Context, who *profile.Profile, p founding) (radicle.RID, error) {
	signer, err := e.signer(ctx, who)
	if err != nil {
		return radicle.RID{}, err
	}
	document, err := identity.New(p.project, who.DID(), identity.Visibility{Private: p.private}).Verify()
	if err != nil {
		return radicle.RID{}, err
	}
	s, err := storage.Open(ctx, who.Home.Storage(), storage.Options{})
	if err != nil {
		return radicle.RID{}, err
	}
	repo, _, err := s.Init(ctx, signer, storage.New{Document: document, Alias: who.Config.Alias, Source: p.commonDir, Head: p.head})
	if errors.Is(err, storage.ErrExists) {
		return p.same(ctx, s, document, who.NID)
	}
	if err != nil {
		return radicle.RID{}, err
	}
	return repo.RID(), repo.Close()
}

// same accepts a repository that is there, if it begins as this one would.
func (p founding) same(ctx context.Context, s *storage.Storage, document *identity.Document, nid radicle.NID) (radicle.RID, error) {
	rid, err := document.RID(radicle.SHA1Size)
	if err != nil {
		return rid, err
	}
	repo, err := s.Repository(rid)
	if err != nil {
		return rid, err
	}
	defer repo.Close()
	head, err := repo.Ref(ctx, storage.NamespacePrefix(nid)+p.project.Branch())
	if err != nil || head != p.head {
		return rid, ui.HintErrorf("rad swarm init --name NAME", ui.Conflict,
			"%s of this name, description and branch is in storage already, with other commits", rid)
	}
	return rid, nil
}

// signer returns the power to sign, and asks for a passphrase where somebody is there.
func (e *env) signer(ctx context.Context, who *profile.Profile) (radicle.Signer, error) {
	signer, err := who.Signer(ctx, e.lookup)
	if !errors.Is(err, profile.ErrLocked) || !e.ui.CanAsk() {
		return signer, lockedHint(err)
	}
	passphrase, err := e.ui.Passphrase("passphrase of the Radicle key")
	if err != nil {
		return nil, err
	}
	signer, err = who.SignerWith(ctx, e.lookup, []byte(passphrase))
	return signer, lockedHint(err)
}

// lockedHint says what helps a command that signs itself.
func lockedHint(err error) error {
	if errors.Is(err, profile.ErrLocked) {
		return &ui.HintError{Err: err, Hint: "set RAD_PASSPHRASE, or ssh-add the key"}
	}
	return err
}

// join gives the working copy the remote rad, its branch and what the branch follows, as rad init does.
func (p founding) join(ctx context.Context, rid radicle.RID, nid radicle.NID) error {
	url := cloneURL(rid)
	branch := p.project.DefaultBranch
	lines := [][]string{
		{"update-ref", "refs/remotes/rad/" + branch, p.head.String()},
		{"config", "push.default", "upstream"},
		{"config", "--replace-all", "remote.rad.fetch", "+refs/heads/*:refs/remotes/rad/*"},
		{"config", "--add", "remote.rad.fetch", "+refs/tags/*:refs/remotes/rad/tags/*"},
		{"config", "remote.rad.pushurl", remote.URL{RID: rid, NID: nid}.String()},
	}
	follows, err := p.work.config(ctx, "branch."+branch+".merge")
	if err != nil {
		return err
	}
	if follows == "" || p.upstream {
		lines = append(lines, []string{"config", "branch." + branch + ".remote", "rad"},
			[]string{"config", "branch." + branch + ".merge", p.project.Branch()})
	}
	// The URL comes last: with it the remote is there, and init has nothing more to do.
	for _, line := range append(lines, []string{"config", "remote.rad.url", url}) {
		if _, err := p.work.git(ctx, line...); err != nil {
			return err
		}
	}
	return nil
}

// seed has the Radicle node offer the repository, if one runs. Where none does, or it cannot, that is said: it is no reason to
// fail, for the repository is there.
func (e *env) seed(ctx context.Context, home profile.Home, rid radicle.RID, p founding) bool {
	client := node.New(node.SocketPath(home.Dir(), e.lookup))
	_, err := client.Seed(ctx, rid, p.scope)
	if err == nil {
		_, err = client.AddInventory(ctx, rid)
	}
	if err == nil && !p.private {
		err = client.AnnounceInventory(ctx)
	}
	switch {
	case err == nil:
		return true
	case errors.Is(err, node.ErrNotRunning):
		e.ui.Note("no Radicle node runs; for one that will: rad seed %s --scope %s", rid, p.scope)
	default:
		e.ui.Warn("the Radicle node does not offer it: "+err.Error(), "rad seed "+rid.String())
	}
	return false
}
