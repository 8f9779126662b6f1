package remote

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/profile"
)

// profileError is why there is no home to work with.
func profileError(err error) error {
	if e, ok := errors.AsType[*profile.NotFoundError](err); ok {
		return &Error{Text: fmt.Sprintf(textNoProfile, fmt.Sprintf("no Radicle profile found at path '%s'", e.Dir)), Hint: hintAuth, Err: err}
	}
	return fail(hintConfig, textNoProfile, err)
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
