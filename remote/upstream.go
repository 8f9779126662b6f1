package remote

import (
	"context"
	"fmt"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// patchUpstream is the remote-tracking branch of a patch in a working copy: below "rad", whatever the remote is called, where
// Radicle's tools look for it.
func patchUpstream(id radicle.Oid) string { return "refs/remotes/rad/patches/" + id.String() }

// setUpBranch makes pushes update a new patch: from a branch of its own if that was asked for, else from the current branch if that
// is at the patch and has no upstream yet. What goes wrong is said; the patch is there all the same.
func (s *session) setUpBranch(ctx context.Context, id, head radicle.Oid) {
	if s.remote == "" {
		return
	}
	var err error
	if s.options.mirror || s.options.branch != "" {
		err = s.makeBranch(ctx, id, head)
	} else {
		err = s.followPatch(ctx, id, head)
	}
	if err != nil && ctx.Err() == nil {
		s.say.warn("the branch for the patch was not set up: " + brief(err.Error()))
	}
}

// makeBranch makes the local branch that was asked for.
func (s *session) makeBranch(ctx context.Context, id, head radicle.Oid) error {
	name := s.options.branch
	switch {
	case s.options.mirror:
		name = patchBranch(id)
	case gitobj.CheckQualified(name) != nil:
		name = "refs/heads/" + name
	}
	for _, ref := range []string{name, patchUpstream(id)} {
		if err := runCommand(ctx, s.work.git(ctx, "update-ref", "-m", "Create branch for patch", "--end-of-options", ref, head.String())); err != nil {
			return err
		}
	}
	branch := strings.Join(strings.Split(name, "/")[2:], "/")
	if err := s.work.setUpstream(ctx, s.remote, branch, patchBranch(id)); err != nil {
		return err
	}
	s.say.line(textBranch, s.say.success(), s.say.paint(cyan, branch))
	s.say.hint(fmt.Sprintf(textPushBranch, s.remote, branch))
	return nil
}

// followPatch makes the current branch follow the patch.
func (s *session) followPatch(ctx context.Context, id, head radicle.Oid) error {
	current, err := s.work.resolve(ctx, []string{"HEAD^{commit}"})
	if err != nil || current[0].id != head {
		return err
	}
	name, err := output(ctx, s.work.git(ctx, "symbolic-ref", "-q", "HEAD"), maxName)
	branch, ok := strings.CutPrefix(name, "refs/heads/")
	if exited(err, 1) || err == nil && !ok {
		return nil // no branch
	}
	if err != nil || s.work.hasUpstream(ctx) {
		return err
	}
	cmd := s.work.git(ctx, "update-ref", "-m", "Create remote tracking branch for patch", "--end-of-options", patchUpstream(id), head.String())
	if err := runCommand(ctx, cmd); err != nil {
		return err
	}
	if err := s.work.setUpstream(ctx, s.remote, branch, patchBranch(id)); err != nil {
		return err
	}
	if s.profileHints() {
		s.say.hint(fmt.Sprintf(textPushPatch, s.remote, "patches/"+id.String()))
	}
	return nil
}

// maxName bounds the name of a ref that git prints, in bytes.
const maxName = 8 << 10

// hasUpstream reports whether the current branch follows another one that is there.
func (w workingCopy) hasUpstream(ctx context.Context) bool {
	_, err := output(ctx, w.git(ctx, "rev-parse", "--quiet", "--verify", "@{upstream}"), maxName)
	return err == nil
}

// setUpstream makes a local branch follow a branch of a remote.
func (w workingCopy) setUpstream(ctx context.Context, remote, branch, merge string) error {
	for _, pair := range [][2]string{{"remote", remote}, {"merge", merge}} {
		cmd := w.git(ctx, "config", "--replace-all", "branch."+branch+"."+pair[0], pair[1])
		if err := runCommand(ctx, cmd); err != nil {
			return err
		}
	}
	return nil
}

// deleteRef removes a ref, if it is there.
func (w workingCopy) deleteRef(ctx context.Context, name string) {
	_ = runCommand(ctx, w.git(ctx, "update-ref", "-d", "--end-of-options", name)) // it only helps people
}
