package remote

import (
	"fmt"
	"strings"

	"radswarm/radicle"
)

// URL names a repository and, if it is about one, a namespace: rad://<repository>[/<node>].
type URL struct {
	RID radicle.RID
	NID radicle.NID // zero for none
}

const scheme = "rad://"

// ParseURL reads a URL as Radicle does: no further component, no slash at the end. Errors wrap [ErrURL].
func ParseURL(s string) (URL, error) {
	rest, ok := strings.CutPrefix(s, scheme)
	if !ok {
		return URL{}, fmt.Errorf("%w: unsupported scheme: expected `rad://`", ErrURL)
	}
	repo, node, named := strings.Cut(rest, "/")
	if strings.Contains(node, "/") {
		return URL{}, fmt.Errorf("%w: invalid url format: expected `rad://<repo>[/<namespace>]`", ErrURL)
	}
	if strings.HasPrefix(repo, "rad:") { // that is how people write it, and not how a URL has it
		return URL{}, fmt.Errorf("%w: repo: invalid repository id: expected `z…`, without `rad:`", ErrURL)
	}
	rid, err := radicle.ParseRID(repo)
	if err != nil {
		return URL{}, fmt.Errorf("%w: repo: %v", ErrURL, err)
	}
	u := URL{RID: rid}
	if named {
		if u.NID, err = radicle.ParseNID(node); err != nil {
			return URL{}, fmt.Errorf("%w: namespace: %v", ErrURL, err)
		}
	}
	return u, nil
}

// String is the URL.
func (u URL) String() string {
	if u.NID.IsZero() {
		return scheme + u.RID.Canonical()
	}
	return scheme + u.RID.Canonical() + "/" + u.NID.String()
}
