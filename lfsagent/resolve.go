package lfsagent

import (
	"strings"

	"radswarm/radicle"
)

// SetupKey is where git's configuration of a repository says that the person agreed to a RID that only .lfsconfig names: "rad swarm
// setup" adds one value for each.
const SetupKey = "swarm.repository"

const hintSetup = "rad swarm setup"

// Resolve finds the repository to which the objects of a remote belong, in the order of git-lfs (git-lfs.md §2.1): the same setting
// that made git-lfs start the agent. A RID that only .lfsconfig names counts where a remote of this repository has it too, or
// where the person agreed to it ([SetupKey]): a stranger's repository must not fill the disks of friends. Errors are a *[Failure].
func (s Settings) Resolve(op Operation, remote string) (radicle.RID, error) {
	url, carried, ok := s.endpoint(op, remote)
	if !ok {
		return radicle.RID{}, refuse(CodeRequest, "git remote -v", "there is no URL for the remote %s", printable(remote, 80))
	}
	rid, ok := ParseEndpoint(url)
	if !ok {
		return radicle.RID{}, refuse(CodeRequest, "git lfs env", "%s names no Radicle repository, for the remote %s",
			printable(url, 120), printable(remote, 80))
	}
	if carried && !s.agreed(rid) {
		return radicle.RID{}, refuse(CodeRefused, hintSetup,
			"the .lfsconfig of this repository wants big files in %v, and you have not agreed to that", rid)
	}
	return rid, nil
}

// endpoint is the URL that git-lfs takes, and whether the repository carries it.
func (s Settings) endpoint(op Operation, remote string) (url string, carried, ok bool) {
	keys := []string{"lfs.pushurl", "lfs.url"}
	for _, name := range []string{remote, "origin"} {
		if name != "" {
			prefix := "remote." + name + "."
			keys = append(keys, prefix+"lfspushurl", prefix+"lfsurl", prefix+"pushurl", prefix+"url")
		}
	}
	for _, key := range keys {
		if op != Upload && strings.HasSuffix(key, "pushurl") {
			continue
		}
		if url, ok := last(s.Git, key); ok {
			return s.rewrite(op, url), false, true
		}
		if url, ok := last(s.Carried, key); ok && mayCarry(key) {
			return s.rewrite(op, url), true, true
		}
	}
	return "", false, false
}

// mayCarry reports whether git-lfs takes a URL from .lfsconfig.
func mayCarry(key string) bool {
	return key == "lfs.url" || key == "lfs.pushurl" || strings.HasPrefix(key, "remote.") && strings.HasSuffix(key, ".lfsurl")
}

// rewrite follows url.<base>.insteadOf and pushInsteadOf, the longest that fits.
func (s Settings) rewrite(op Operation, url string) string {
	if op == Upload {
		if to, ok := s.alias(".pushinsteadof", url); ok {
			return to
		}
	}
	to, _ := s.alias(".insteadof", url)
	return to
}

func (s Settings) alias(suffix, url string) (string, bool) {
	base, longest := "", ""
	for _, e := range s.Git {
		name, ok := strings.CutPrefix(e.Key, "url.")
		if name, fits := strings.CutSuffix(name, suffix); ok && fits && e.Value != "" &&
			strings.HasPrefix(url, e.Value) && len(e.Value) >= len(longest) {
			base, longest = name, e.Value
		}
	}
	return base + url[len(longest):], longest != ""
}

// agreed reports whether the person knows of a repository here: a remote leads to it, or setup was run.
func (s Settings) agreed(rid radicle.RID) bool {
	for _, e := range s.Git {
		switch {
		case e.Key == SetupKey:
			if got, err := radicle.ParseRID(e.Value); err == nil && got == rid {
				return true
			}
		case strings.HasPrefix(e.Key, "remote.") && strings.HasSuffix(e.Key, "url"):
			if got, ok := ParseEndpoint(s.rewrite(Download, e.Value)); ok && got == rid {
				return true
			}
		}
	}
	return false
}

// ParseEndpoint reads the endpoints that git-lfs hands to us: rad::<rid>, rad://<rid>, either with a namespace, and rad::rad://<rid>.
func ParseEndpoint(url string) (radicle.RID, bool) {
	rid, _, ok := parseEndpoint(url)
	return rid, ok
}

// parseEndpoint reads an endpoint with its namespace, zero where it has none.
func parseEndpoint(url string) (rid radicle.RID, nid radicle.NID, ok bool) {
	text, helper := strings.CutPrefix(url, "rad::")
	text, full := strings.CutPrefix(text, "rad://")
	if !helper && !full {
		return rid, nid, false
	}
	text, node, named := strings.Cut(text, "/")
	var err error
	if named {
		if nid, err = radicle.ParseNID(node); err != nil {
			return rid, nid, false
		}
	}
	rid, err = radicle.ParseRID(text)
	return rid, nid, err == nil
}
