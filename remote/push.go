package remote

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"radswarm/radicle"
	"radswarm/radicle/identity"
)

// push does what first and the lines that follow ask for; see the package comment for its steps.
func (s *session) push(ctx context.Context, first command) error {
	if err := s.mayPush(); err != nil {
		return err
	}
	specs, err := s.batch(ctx, first)
	if err != nil {
		return err
	}
	s.forget(ctx)
	done, files, err := s.perform(ctx, specs)
	if err != nil {
		return s.pushError(ctx, err)
	}
	s.finish(ctx, done)
	if done.ok() {
		s.saySafety(files)
		s.wrote(ctx, files)
	}
	for _, r := range done.results {
		fmt.Fprintln(s.out, r.line())
	}
	_, err = fmt.Fprintln(s.out)
	return err
}

// perform plans, stores and signs. After an error, nothing has moved.
func (s *session) perform(ctx context.Context, specs []string) (done *outcome, files []bigFile, err error) {
	var key radicle.Signer
	var actions []action
	err = s.withKey(ctx, &key, func(ctx context.Context) (err error) {
		if actions, err = s.prepare(ctx, specs); err != nil {
			return err
		}
		if files, err = s.keepBigFiles(ctx, actions); err != nil {
			return err
		}
		return s.send(ctx, actions)
	})
	if err != nil {
		return nil, nil, err
	}
	if err := s.identify(ctx, actions); err != nil {
		return nil, nil, err
	}
	done, err = s.update(ctx, key, actions)
	return done, files, err
}

// mayPush refuses what is not our own namespace.
func (s *session) mayPush() error {
	switch s.url.NID {
	case radicle.NID{}:
		return &Error{Text: textNoNamespace, Hint: s.ownHint()}
	case s.profile.NID:
		return nil
	}
	return &Error{Text: fmt.Sprintf(textForeign, s.url.NID.DID()), Hint: s.ownHint()}
}

// ownHint says where one's own pushes go.
func (s *session) ownHint() string {
	own := URL{RID: s.url.RID, NID: s.profile.NID}
	if s.remote == "" {
		return fmt.Sprintf(hintOwnURL, own)
	}
	return fmt.Sprintf(hintPushURL, s.remote, own)
}

// withKey runs do while the power to sign is looked for, which takes a while if the key file has a passphrase. Without that power,
// do is broken off, and what it says does not matter.
func (s *session) withKey(ctx context.Context, key *radicle.Signer, do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var opening sync.WaitGroup
	var keyErr error
	opening.Go(func() {
		if *key, keyErr = s.profile.Signer(ctx, s.Env); keyErr != nil {
			cancel()
		}
	})
	err := do(ctx)
	opening.Wait()
	if keyErr != nil && !errors.Is(keyErr, context.Canceled) {
		return s.signerError(keyErr)
	}
	return err
}

// prepare makes the plan, and reads the identity document meanwhile.
func (s *session) prepare(ctx context.Context, specs []string) (actions []action, err error) {
	var reading sync.WaitGroup
	reading.Go(func() { _, _ = s.document() }) // whoever needs it gets the error
	actions, err = s.plan(ctx, specs)
	reading.Wait()
	if err != nil {
		return nil, err
	}
	doc, err := s.document()
	if err != nil {
		return nil, s.storageError(err)
	}
	for _, a := range actions {
		if err := s.checkAction(ctx, doc, a); err != nil {
			return nil, err
		}
	}
	return actions, nil
}

// checkAction refuses what ends the push as a whole.
func (s *session) checkAction(ctx context.Context, doc *identity.Document, a action) error {
	switch a.kind {
	case deleteRef:
		head, err := s.head(ctx)
		if err != nil {
			return err
		}
		if a.dst == head && doc.IsDelegate(s.profile.DID()) {
			return &Error{Text: fmt.Sprintf("refusing to delete default branch ref '%s'", a.dst)}
		}
	case openPatch:
		if _, err := s.checkTargets(a); err != nil {
			return fail("", "%v", err)
		}
	}
	return nil
}

// tips are the objects that a push brings.
func tips(actions []action, base radicle.Oid) []radicle.Oid {
	var all []radicle.Oid
	for _, a := range actions {
		if a.kind != deleteRef && !a.unfit() {
			all = append(all, a.object.id)
		}
	}
	if !base.IsZero() {
		all = append(all, base)
	}
	return all
}

// result is what git is told about a ref.
type result struct {
	dst      string
	err      error
	resource string // path of a page about it; "" for none
}

func (r result) line() string {
	if r.err != nil {
		return "error " + r.dst + " " + brief(r.err.Error())
	}
	return "ok " + r.dst
}
