package lfsagent

import (
	"strings"

	"radswarm/radicle"
)

// patchBranches are the branches that stand for patches, as remotes have them.
const patchBranches = "refs/heads/patches/"

// NamesPatches reports whether a branch follows a patch: which branch is checked out says then what is read.
func (s Settings) NamesPatches() bool {
	for _, e := range s.Git {
		if strings.HasPrefix(e.Key, "branch.") && strings.HasPrefix(e.Value, patchBranches) {
			return true
		}
	}
	return false
}

// Namespace is the one that a person reads by a remote of a repository, zero where it is none: rad://RID/NID. Only git's own
// configuration counts. What a repository carries must not say whom its readers believe.
func (s Settings) Namespace(remote string, rid radicle.RID) radicle.NID {
	for _, key := range []string{"lfs.url", "remote." + remote + ".lfsurl", "remote." + remote + ".url"} {
		url, _ := last(s.Git, key)
		got, nid, ok := parseEndpoint(s.rewrite(Download, url))
		if ok && got == rid && !nid.IsZero() {
			return nid
		}
	}
	return radicle.NID{}
}

// Patch is the one that a branch follows in a repository, zero where it follows none. The branch is refs/heads/….
func (s Settings) Patch(branch string, rid radicle.RID) (none radicle.Oid) {
	name, ok := strings.CutPrefix(branch, "refs/heads/")
	if !ok {
		return none
	}
	merge, _ := last(s.Git, "branch."+name+".merge")
	remote, _ := last(s.Git, "branch."+name+".remote")
	url, _ := last(s.Git, "remote."+remote+".url")
	text, ok := strings.CutPrefix(merge, patchBranches)
	if got, is := ParseEndpoint(s.rewrite(Download, url)); !ok || !is || got != rid {
		return none
	}
	id, err := radicle.ParseOid(text)
	if err != nil {
		return none
	}
	return id
}
