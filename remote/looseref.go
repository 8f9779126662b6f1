package remote

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// maxSmall bounds the small files of a git directory that are read here, in bytes.
const maxSmall = 4 << 10

// common is the git directory that all worktrees share (gitrepository-layout(5)).
func (w workingCopy) common() string {
	path := readSmall(filepath.Join(w.dir, "commondir"))
	switch {
	case path == "":
		return w.dir
	case filepath.IsAbs(path):
		return path
	}
	return filepath.Join(w.dir, path)
}

// loose reads a branch or tag, or HEAD, where git keeps it as a file of its own: what was just committed is there, and a process is
// spared. For everything else git is asked: packed refs, reftables, other names.
func (w workingCopy) loose(name string) (radicle.Oid, bool) {
	if name == "HEAD" {
		target, ok := strings.CutPrefix(readSmall(filepath.Join(w.dir, name)), "ref: ")
		if !ok {
			return radicle.Oid{}, false
		}
		name = target
	}
	if w.dir == "" || !isBranch(name) && !isTag(name) || gitobj.CheckRefName(name) != nil {
		return radicle.Oid{}, false
	}
	id, err := radicle.ParseOid(readSmall(filepath.Join(w.common(), filepath.FromSlash(name))))
	return id, err == nil
}

// readSmall reads a file of one line; nothing if there is none.
func readSmall(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close() // only read
	text, err := io.ReadAll(io.LimitReader(f, maxSmall))
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(text), "\r\n")
}
