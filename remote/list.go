package remote

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/identity"
	"radswarm/radicle/storage"
)

// list says what can be fetched: a namespace as it is, or the canonical branches and tags, HEAD, and the open patches.
func (s *session) list(ctx context.Context) error {
	if !s.url.NID.IsZero() {
		return s.listNamespace(ctx, s.url.NID, func(name string) bool { return !strings.HasPrefix(name, "refs/tmp/heads/") })
	}
	if target, err := s.head(ctx); err != nil {
		s.say.line("remote: error resolving HEAD: %v", err)
	} else {
		fmt.Fprintf(s.out, "@%s HEAD\n", target)
	}
	for _, dir := range []string{"refs/heads", "refs/tags"} {
		refs, err := s.repo.RefsIn(ctx, dir)
		if err != nil {
			return err
		}
		for _, ref := range refs.Refs {
			fmt.Fprintf(s.out, "%v %s\n", ref.ID, ref.Name)
		}
	}
	if err := s.listPatches(ctx); err != nil {
		s.say.line("remote: error listing patch refs: %v", err)
	}
	fmt.Fprintln(s.out)
	return ctx.Err()
}

// listForPush says what can be replaced or deleted: our branches and tags, whatever the URL says.
func (s *session) listForPush(ctx context.Context) error {
	return s.listNamespace(ctx, s.profile.NID, func(name string) bool {
		return strings.HasPrefix(name, "refs/heads/") || strings.HasPrefix(name, "refs/tags/")
	})
}

func (s *session) listNamespace(ctx context.Context, nid radicle.NID, wanted func(name string) bool) error {
	refs, err := s.repo.NamespaceRefs(ctx, nid)
	if err != nil {
		return err
	}
	for name, id := range refs.Namespace(nid) {
		if wanted(name) {
			fmt.Fprintf(s.out, "%v %s\n", id, name)
		}
	}
	_, err = fmt.Fprintln(s.out)
	return err
}

// head is the branch that stands for the repository: what HEAD in storage names or, where that is none, what the delegates
// agree on.
func (s *session) head(ctx context.Context) (string, error) {
	if target := readHead(s.repo); target != "" {
		if _, err := s.repo.Ref(ctx, target); err == nil {
			return target, nil
		}
	}
	name, _, err := s.canonicalHead(ctx)
	return name, err
}

// readHead returns the ref that HEAD in storage stands for, "" if it is something else.
func readHead(repo *storage.Repo) string {
	target, ok := strings.CutPrefix(readSmall(filepath.Join(repo.Dir(), "HEAD")), "ref:")
	if !ok {
		return ""
	}
	return strings.TrimSpace(target)
}

// checkPeers is an error if nobody has ever signed anything in the repository. A whole one has an identity at the top, which
// is quicker to find out than who is there.
func (s *session) checkPeers(ctx context.Context) error {
	if _, err := s.repo.Ref(ctx, identity.RefCanonical); err == nil {
		return nil
	}
	refs, err := s.repo.Refs(ctx)
	if err != nil {
		return err
	}
	if len(refs.Peers()) == 0 {
		return fail(fmt.Sprintf(hintStorage, s.repo.Dir(), s.url.RID), "remote repository `%s` not found", s.repo.Dir())
	}
	return nil
}
