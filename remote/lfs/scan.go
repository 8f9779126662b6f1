package lfs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// Range is what a push adds: all that the tips reach and the other side does not have. Objects of any kind may be named.
type Range struct {
	New  []radicle.Oid // the tips that are pushed
	Have []radicle.Oid // what the other side has, best all its tips; those that are not here either are passed over
}

// Found is a pointer in a range.
type Found struct {
	Blob    radicle.Oid       // git's id of the pointer; several may stand for one object
	Pointer blobstore.Pointer // never that of an empty object, which git-lfs does not store
	// Path is one of the paths at which the blob lies, slashes between names; "" if a tip names the blob itself. It is for people: as
	// git prints it, up to a line's end in it and at most 4096 bytes. [Repo.Paths] has all paths, and exact ones.
	Path string
}

// IncompleteError is the end of a scan of a repository that lacks objects of the range, as partial clones do. There may be more
// pointers; what is missing was not fetched.
type IncompleteError struct {
	Missing int         // objects
	First   radicle.Oid // one of them
}

func (e *IncompleteError) Error() string {
	return fmt.Sprintf("%d objects of what is pushed are not in this repository, among them %v", e.Missing, e.First)
}

// TipError is a tip that is to be pushed and is not in the repository.
type TipError struct{ Tip radicle.Oid }

func (e *TipError) Error() string { return fmt.Sprintf("object %v is not in this repository", e.Tip) }

// maxPath is how much of a path is kept, in bytes.
const maxPath = 4096

// minPointer is the length of the shortest pointer, in bytes: the oldest version line, an object of one digit's size, no last line's end.
const minPointer = len("version http://git-media.io/v/2\noid sha256:\nsize 1") + 64

// Scan finds the pointers in a range: every blob that is one, once, in any order. A blob that was in what the other side has may be
// among them. A repository without small new blobs costs one git process, and so does a push of few objects that are not packed yet;
// others cost two, whatever the number of objects, which are never in memory together. The context's end, or that of the loop, ends
// the processes.
//
// The last element may be an error: an *[IncompleteError] after all others, a *[TipError], a *[GitError], or that of the context.
func (r Repo) Scan(ctx context.Context, rng Range) iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		if len(rng.New) == 0 {
			return
		}
		s, err := r.newScan(ctx)
		if err == nil {
			err = s.run(ctx, rng, func(f Found) bool { return yield(f, nil) })
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(Found{}, err)
		}
	}
}

// errStopped is a scan whose loop has ended.
var errStopped = errors.New("stopped")

// scan is one scan.
type scan struct {
	repo    Repo
	at      layout
	env     []string
	partial bool // some objects are elsewhere, and that is no fault
}

func (r Repo) newScan(ctx context.Context) (*scan, error) {
	at, err := r.layout()
	if err != nil {
		return nil, err
	}
	s := &scan{repo: r, at: at, env: r.objectEnv(at)}
	for _, objects := range append([]string{filepath.Join(at.common, "objects")}, r.Alternates...) {
		s.partial = s.partial || hasPromises(objects)
	}
	return s, ctx.Err()
}

// hasPromises reports whether packs came from a partial fetch: git marks them with an empty file.
func hasPromises(objects string) bool {
	entries, err := os.ReadDir(filepath.Join(objects, "pack"))
	return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return strings.HasSuffix(e.Name(), ".promisor") })
}

// run lists and looks, once more without what is not here of Have if git stumbles over it.
func (s *scan) run(ctx context.Context, rng Range, yield func(Found) bool) error {
	err := s.once(ctx, rng, yield)
	if _, failed := errors.AsType[*GitError](err); !failed {
		return err
	}
	have, missing := s.present(ctx, rng)
	if missing != nil {
		return missing
	}
	if len(have) == len(rng.Have) {
		return err
	}
	return s.once(ctx, Range{rng.New, have}, yield)
}

// present returns the tips of rng.Have that are here. A tip of rng.New that is not is an error.
func (s *scan) present(ctx context.Context, rng Range) ([]radicle.Oid, error) {
	cmd := s.repo.git(ctx, s.env, append(quietConfig(), "cat-file", "--batch-check=%(objectname)")...)
	cmd.Stdin = lines("", rng.New, "", rng.Have)
	count := len(rng.New) + len(rng.Have)
	out, err := output(ctx, cmd, (2*radicle.SHA256Size+len(" missing\n"))*count)
	if err != nil {
		return nil, err
	}
	var have []radicle.Oid
	n := 0
	for line := range strings.Lines(string(out)) {
		missing := strings.HasSuffix(line, " missing\n")
		switch {
		case n >= count:
			return nil, fmt.Errorf("git cat-file: %d lines for %d objects", n+1, count)
		case missing && n < len(rng.New):
			return nil, &TipError{rng.New[n]}
		case !missing && n >= len(rng.New):
			have = append(have, rng.Have[n-len(rng.New)])
		}
		n++
	}
	return have, nil
}

// quietConfig outranks the repository's configuration: nothing is fetched, and nothing is run.
func quietConfig() []string {
	return []string{"-c", "core.useReplaceRefs=false", "-c", "core.fsmonitor=false", "-c", "protocol.allow=never"}
}

// lines reads as one id a line: first those of a, each after its prefix, then those of b.
func lines(prefixA string, a []radicle.Oid, prefixB string, b []radicle.Oid) io.Reader {
	var text strings.Builder
	text.Grow((len(a) + len(b)) * (2*radicle.SHA256Size + 2))
	for _, id := range a {
		text.WriteString(prefixA + id.String() + "\n")
	}
	for _, id := range b {
		text.WriteString(prefixB + id.String() + "\n")
	}
	return strings.NewReader(text.String())
}

// candidate is a blob that is short enough to be a pointer, or an object that is not here. In a partial clone it may also be a tag or a
// tree.
type candidate struct {
	blob    radicle.Oid
	path    string
	missing bool
	commit  bool
}

// parseCandidate reads a line of rev-list without its end: "<id>" for a commit, "<id> <path>" for other objects, "?<id>" for those that
// are missing.
func parseCandidate(line string) (candidate, error) {
	line, missing := strings.CutPrefix(line, "?")
	id, path, object := strings.Cut(line, " ")
	blob, err := radicle.ParseOid(id)
	if err != nil {
		return candidate{}, fmt.Errorf("git rev-list: %w", err)
	}
	return candidate{blob, path[:min(len(path), maxPath)], missing, !object && !missing}, nil
}

// readLine reads up to a line's end, which is not part of what it returns, and passes over what does not fit into the buffer.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	text := strings.TrimSuffix(string(line), "\n")
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = r.ReadSlice('\n')
	}
	if err == io.EOF && text != "" {
		err = io.ErrUnexpectedEOF
	}
	return text, err
}

// parseHeader reads what cat-file says before an object: "<id> <type> <size> :<path>:", or "<id> missing".
func parseHeader(line string) (blob radicle.Oid, kind string, size int64, path string, err error) {
	id, rest, _ := strings.Cut(line, " ")
	if blob, err = radicle.ParseOid(id); err != nil {
		return blob, "", 0, "", fmt.Errorf("git cat-file: %w", err)
	}
	if rest == "missing" {
		return blob, rest, 0, "", nil
	}
	kind, rest, _ = strings.Cut(rest, " ")
	digits, rest, _ := strings.Cut(rest, " ")
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || len(rest) < 2 || rest[0] != ':' || rest[len(rest)-1] != ':' {
		return blob, "", 0, "", fmt.Errorf("git cat-file: line %s", printable(line))
	}
	return blob, kind, int64(n), rest[1 : len(rest)-1], nil
}

// readObject reads an object as cat-file prints it. What is no pointer is nil.
func readObject(r *bufio.Reader) (*Found, error) {
	line, err := readLine(r)
	if err != nil {
		return nil, err
	}
	blob, kind, size, path, err := parseHeader(line)
	if err != nil {
		return nil, err
	}
	if kind == "missing" { // since rev-list saw it
		return nil, &IncompleteError{1, blob}
	}
	if size >= blobstore.MaxPointer || kind != "blob" {
		_, err := io.CopyN(io.Discard, r, size+1)
		return nil, unexpected(err)
	}
	var text [blobstore.MaxPointer]byte
	if _, err := io.ReadFull(r, text[:size+1]); err != nil {
		return nil, unexpected(err)
	}
	if text[size] != '\n' {
		return nil, fmt.Errorf("git cat-file: %v is longer than %d bytes", blob, size)
	}
	if hashLike(blob, text[:size]) != blob { // which git does not look at
		return nil, fmt.Errorf("object %v is not what its name says", blob)
	}
	return found(blob, path, text[:size]), nil
}

// unexpected is err in the middle of something.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// found is the pointer with this text, nil if it is none or that of an empty object.
func found(blob radicle.Oid, path string, text []byte) *Found {
	pointer, err := blobstore.ParsePointer(text)
	if err != nil || pointer.Size == 0 {
		return nil
	}
	return &Found{blob, pointer, path}
}
