// Package history reads the commits that some tips reach, and finds out which of them were the first to add a file.
//
// A [Graph] is all commits and their parents. [Added] reads which files commits add: what a path has in a commit and in none of its
// parents. A file may be added many times: by a revert, a new name, on two branches. [Graph.First] leaves those additions that no
// other one is an ancestor of.
//
// Everybody whose work was ever merged has written a part of a history. So its commits are counted, and none is read that has more
// parents than a merge has; git itself does not go deeper into trees than it was told to. Times and names in commits are not looked
// at: whoever makes a commit makes them up.
//
// A Graph never changes, and is safe for concurrent use.
//
// # Differs from the design
//
// DESIGN.md §3 does not list this package. Only packages below radicle/ run git, and this is about git alone.
package history

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os/exec"
	"strings"

	"radswarm/radicle"
)

// Git is a repository in storage. *storage.Repo is one.
type Git interface {
	// Git prepares a git command that reads no configuration of the caller's.
	Git(ctx context.Context, args ...string) *exec.Cmd
}

// Limits bound what is read. What is zero has its default.
type Limits struct {
	Commits int // of a graph; default 262,144: about 12 MB each time it is read, and some seconds
	Parents int // of one commit; default 64: a comparison with each
}

const (
	maxCommits = 1 << 18
	maxParents = 64
)

func (l Limits) withDefaults() Limits {
	if l.Commits == 0 {
		l.Commits = maxCommits
	}
	if l.Parents == 0 {
		l.Parents = maxParents
	}
	return l
}

// LimitError is a history that is larger than it may be.
type LimitError struct {
	What string // commits, parents
	Max  int
}

func (e *LimitError) Error() string { return fmt.Sprintf("history has more than %d %s", e.Max, e.What) }

// Graph is the commits that some tips reach.
type Graph struct {
	commits []radicle.Oid // parents come before their children
	parents [][]int32
	at      map[radicle.Oid]int32
}

// Read reads the commits that tips reach, through tags; tips that are neither count for nothing. The error is a [*LimitError], that
// of git, or the context's.
func Read(ctx context.Context, g Git, tips []radicle.Oid, l Limits) (*Graph, error) {
	l = l.withDefaults()
	h := &Graph{at: make(map[radicle.Oid]int32)}
	if len(tips) == 0 {
		return h, nil
	}
	cmd := g.Git(ctx, "rev-list", "--topo-order", "--reverse", "--parents", "--stdin")
	cmd.Stdin = lines(tips)
	return h, read(ctx, cmd, func(line string) error { return h.add(line, l) })
}

// lines is one id a line.
func lines(ids []radicle.Oid) io.Reader {
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(id.String() + "\n")
	}
	return strings.NewReader(b.String())
}

// add takes a line: a commit, and its parents, which were there before.
func (h *Graph) add(line string, l Limits) error {
	if len(h.commits) == l.Commits {
		return &LimitError{"commits", l.Commits}
	}
	ids := strings.Split(line, " ")
	if len(ids)-1 > l.Parents {
		return &LimitError{"parents of a commit", l.Parents}
	}
	var parents []int32
	for _, text := range ids[1:] {
		id, err := radicle.ParseOid(text)
		if err != nil {
			return err
		}
		at, ok := h.at[id]
		if !ok {
			return fmt.Errorf("git rev-list: parent %v comes after its child", id)
		}
		parents = append(parents, at)
	}
	id, err := radicle.ParseOid(ids[0])
	if err != nil {
		return err
	}
	h.at[id] = int32(len(h.commits))
	h.commits, h.parents = append(h.commits, id), append(h.parents, parents)
	return nil
}

// Has reports whether a commit is in the graph.
func (h *Graph) Has(commit radicle.Oid) bool { _, ok := h.at[commit]; return ok }

// Since returns the commits that none of these reaches; those that are not in the graph reach nothing.
func (h *Graph) Since(old []radicle.Oid) (news []radicle.Oid) {
	reached := make([]bool, len(h.commits))
	for _, id := range old {
		if at, ok := h.at[id]; ok {
			reached[at] = true
		}
	}
	for i := len(h.commits) - 1; i >= 0; i-- {
		if !reached[i] {
			news = append(news, h.commits[i])
			continue
		}
		for _, p := range h.parents[i] {
			reached[p] = true
		}
	}
	return news
}

// First leaves of each set the commits that no other one of the set is an ancestor of. Those that are not in the graph are left
// out. The time it takes does not depend on how the commits hang together. The error is the context's.
func (h *Graph) First(ctx context.Context, sets [][]radicle.Oid) ([][]radicle.Oid, error) {
	first := make([][]radicle.Oid, len(sets))
	for from := 0; from < len(sets); from += 64 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		to := min(from+64, len(sets))
		h.firstOf(sets[from:to], first[from:to])
	}
	return first, nil
}

// firstOf does it for up to 64 sets at once: a bit for each.
func (h *Graph) firstOf(sets, first [][]radicle.Oid) {
	in := make([]uint64, len(h.commits))
	for n, set := range sets {
		for _, id := range set {
			if at, ok := h.at[id]; ok {
				in[at] |= 1 << n
			}
		}
	}
	after := make([]uint64, len(h.commits)) // the sets of which a commit or an ancestor of it is one
	for i, parents := range h.parents {
		for _, p := range parents {
			after[i] |= after[p]
		}
		for rest := in[i] &^ after[i]; rest != 0; rest &= rest - 1 {
			n := bits.TrailingZeros64(rest)
			first[n] = append(first[n], h.commits[i])
		}
		after[i] |= in[i]
	}
}

// Added calls found for every file that one of the commits has at a path and none of its parents has there. It ends with the first
// error of found. Other errors are those of git, and the context's.
func Added(ctx context.Context, g Git, commits []radicle.Oid, found func(commit, blob radicle.Oid) error) error {
	if len(commits) == 0 {
		return nil
	}
	cmd := g.Git(ctx, "diff-tree", "--stdin", "--root", "-r", "-c", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff",
		"--ignore-submodules=all")
	cmd.Stdin = lines(commits)
	var commit radicle.Oid
	return read(ctx, cmd, func(line string) (err error) {
		if !strings.HasPrefix(line, ":") {
			commit, err = radicle.ParseOid(line)
			return err
		}
		blob, err := parseRaw(line)
		if err != nil || blob.IsZero() {
			return err
		}
		return found(commit, blob)
	})
}

// parseRaw reads a line of git's raw format (gitformat-diff): a colon, a mode and an id for each parent, then mode and id of the
// commit's own. The id is null for what the commit does not have.
func parseRaw(line string) (radicle.Oid, error) {
	head, _, _ := strings.Cut(line, "\t")
	rest := strings.TrimLeft(head, ":")
	parents := len(head) - len(rest)
	fields := strings.Split(rest, " ")
	if len(fields) != 2*parents+3 {
		return radicle.Oid{}, fmt.Errorf("git diff-tree: %d fields about %d parents", len(fields), parents)
	}
	return radicle.ParseOid(fields[2*parents+1])
}

const (
	// longest is how much of a line is looked at, in bytes: ids for the most parents, without the path.
	longest = 64 << 10
	// maxStderr bounds what is kept of git's complaints, in bytes.
	maxStderr = 4 << 10
)

// GitError is a git command that did not succeed.
type GitError struct {
	Stderr string // the beginning of what it said
	Err    error
}

func (e *GitError) Error() string {
	return fmt.Sprintf("git: %v: %q", e.Err, e.Stderr)
}

// Unwrap returns e.Err.
func (e *GitError) Unwrap() error { return e.Err }

// read runs a command and hands on the lines it prints, without their ends, until one is an error.
func read(ctx context.Context, cmd *exec.Cmd, line func(string) error) error {
	complaints := &firstBytes{}
	cmd.Stderr = complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return errors.Join(err, ctx.Err())
	}
	wrong := eachLine(out, line)
	if wrong != nil {
		_ = cmd.Process.Kill() // whatever it has to say, nobody listens
	}
	ended := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case wrong != nil:
		return wrong
	case ended != nil:
		return &GitError{Stderr: complaints.text.String(), Err: ended}
	}
	return nil
}

func eachLine(r io.Reader, line func(string) error) error {
	in := bufio.NewReaderSize(r, longest)
	for {
		text, err := in.ReadSlice('\n')
		if err == io.EOF {
			return nil // what git could not say to its end, its exit code says
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		wrong := line(strings.TrimSuffix(string(text), "\n"))
		for errors.Is(err, bufio.ErrBufferFull) { // a very long path
			_, err = in.ReadSlice('\n')
		}
		if wrong != nil {
			return wrong
		}
	}
}

// firstBytes keeps the beginning of what is written to it.
type firstBytes struct{ text strings.Builder }

func (b *firstBytes) Write(p []byte) (int, error) {
	b.text.Write(p[:min(len(p), maxStderr-b.text.Len())])
	return len(p), nil
}
