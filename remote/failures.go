package remote

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/profile"
	"radswarm/radicle/storage"
)

// profileError is why there is no home to work with.
func profileError(err error) error {
	if e, ok := errors.AsType[*profile.NotFoundError](err); ok {
		return &Error{Text: fmt.Sprintf(textNoProfile, fmt.Sprintf("no Radicle profile found at path '%s'", e.Dir)), Hint: hintAuth, Err: err}
	}
	if e, ok := errors.AsType[*profile.ConfigError](err); ok {
		if e.Key == "" && errors.Is(e.Err, fs.ErrNotExist) {
			return &Error{Text: fmt.Sprintf(textNoProfile, e.Path+" is not there"), Hint: hintNewConfig, Err: err}
		}
		return fail(hintConfig, textNoProfile, err)
	}
	if e, ok := errors.AsType[*profile.KeyFileError](err); ok {
		secret := strings.TrimSuffix(e.Path, ".pub")
		return fail(fmt.Sprintf(hintPublicKey, secret, e.Path), textNoProfile, err)
	}
	return fail("", textNoProfile, err)
}

// repositoryError is why there is no repository to work with.
func repositoryError(err error, path string, rid radicle.RID) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &Error{Text: fmt.Sprintf("repository %v is not in storage", rid), Hint: fmt.Sprintf(hintNotStored, rid), Err: err}
	}
	return fail(fmt.Sprintf(hintStorage, path, rid), "repository %v cannot be opened: %v", rid, err)
}

// inputError is why git's lines cannot be gone along with.
func inputError(err error) error { return fail(hintGit, "%v", err) }

// seconds reads a variable with a Unix time, as Radicle's tools write it. Other dates are not for us.
func seconds(env profile.Env, key string) (time.Time, bool) {
	text, set := env(key)
	if !set {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return time.Unix(n, 0).UTC(), err == nil && n >= 0
}

// signerError is why the key cannot sign: first what Radicle's helper says, then what to do.
func (s *session) signerError(err error) error {
	var text, hint string
	if e, ok := errors.AsType[*profile.PassphraseError](err); ok && e.Wrong {
		text, hint = "invalid passphrase", "RAD_PASSPHRASE does not open "+e.Path
	} else if e, ok := errors.AsType[*profile.AgentError](err); ok && e.Socket == "" {
		text = "error connecting to ssh-agent: Unable to read environment variable 'SSH_AUTH_SOCK': environment variable not found"
	} else if e, ok := errors.AsType[*profile.AgentError](err); ok {
		text = fmt.Sprintf("error connecting to ssh-agent: %v", e.Err)
	} else if e, ok := errors.AsType[*profile.NotInAgentError](err); ok && !e.Refused {
		text = fmt.Sprintf("Identity %v not found in agent.", e.NID)
	} else {
		text = err.Error()
	}
	if hint == "" && errors.Is(err, profile.ErrLocked) {
		hint = hintLocked
	}
	return &Error{Text: text, Hint: hint, Err: err}
}

// storageError is what is wrong with the repository in storage.
func (s *session) storageError(err error) error {
	return fail(fmt.Sprintf(hintStorage, s.repo.Dir(), s.url.RID), "%v", err)
}

// pushError is why nothing was pushed.
func (s *session) pushError(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fail(hintAgain, "%v", ctx.Err())
	case errors.As(err, new(*Error)):
		return err
	case errors.Is(err, profile.ErrLocked), errors.As(err, new(*profile.AgentSizeError)):
		return s.signerError(err)
	case errors.Is(err, storage.ErrBusy):
		return fail(hintBusy, "%v", err)
	}
	return fail("", "%v", err)
}
