package lfs

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"radswarm/radicle"
)

const (
	// maxCommits is how many commits of a range are looked at: this is advice, and may be incomplete.
	maxCommits = 10_000
	// maxNames bounds what git says about their files, in bytes.
	maxNames = 4 << 20
)

// Raw finds files in a range that an attribute gives to git-lfs, and that the commits have as they are: whoever added them had git-lfs
// not set up. It returns their paths; pointers are the blobs that are pointers. The attribute files are those of the working tree. Where
// none at its top speaks of git-lfs this takes no process, and else one or two.
func (r Repo) Raw(ctx context.Context, rng Range, pointers map[radicle.Oid]bool) ([]string, error) {
	at, err := r.layout()
	if err != nil || len(rng.New) == 0 {
		return nil, err
	}
	top, ok := at.top()
	if !ok || !tracks(top, at) {
		return nil, nil
	}
	paths, err := r.plain(ctx, at, rng, pointers)
	if err != nil || len(paths) == 0 {
		return nil, err
	}
	cmd := r.git(ctx, r.objectEnv(at), append(quietConfig(), "check-attr", "--stdin", "-z", "filter")...)
	cmd.Dir, cmd.Stdin = top, strings.NewReader(strings.Join(paths, "\x00")+"\x00")
	said, err := output(ctx, cmd, maxAttributes)
	if err != nil {
		return nil, err
	}
	filters, err := parseAttributes(said, paths)
	if err != nil {
		return nil, err
	}
	var raw []string
	for i, filter := range filters {
		if filter == "lfs" {
			raw = append(raw, paths[i])
		}
	}
	return raw, nil
}

// top is the folder of the working tree that a git directory is for. Where it does not lie in it, only git knows.
func (l layout) top() (string, bool) {
	if link, err := readLink(filepath.Join(l.git, "gitdir"), ""); err == nil { // a linked worktree
		return filepath.Dir(link), true
	}
	return filepath.Dir(l.git), filepath.Base(l.git) == ".git"
}

// tracks reports whether attributes at the top of a working tree speak of git-lfs.
func tracks(top string, at layout) bool {
	return slices.ContainsFunc([]string{filepath.Join(top, ".gitattributes"), filepath.Join(at.common, "info", "attributes")},
		func(name string) bool {
			text, err := readFile(name, maxConfig)
			return err == nil && bytes.Contains(text, []byte("filter=lfs"))
		})
}

// plain lists paths of the blobs of a range that are no pointers. Empty ones git-lfs leaves as they are itself.
func (r Repo) plain(ctx context.Context, at layout, rng Range, pointers map[radicle.Oid]bool) (paths []string, err error) {
	cmd := r.git(ctx, r.objectEnv(at), append(quietConfig(), "rev-list", "--objects", "--stdin", "--filter=object:type=blob",
		"--max-count="+strconv.Itoa(maxCommits))...)
	cmd.Stdin = lines("", rng.New, "^", rng.Have)
	listed, err := output(ctx, cmd, maxNames)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(listed)) {
		c, err := parseCandidate(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, err
		}
		if c.path != "" && !pointers[c.blob] && c.blob != hashLike(c.blob, nil) {
			paths = append(paths, c.path)
		}
	}
	return paths, nil
}
