package lfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"radswarm/radicle"
)

const (
	// maxAttributes bounds what git says about the attributes of all paths of a push, in bytes.
	maxAttributes = 256 << 20
	// anyAttributes are the attribute files of a commit, wherever they lie.
	anyAttributes = ":(top,glob)**/.gitattributes"
)

// ErrAttributes is the error for attribute files that git does not read to their end: what they say is not known.
var ErrAttributes = errors.New("git ignores a part of .gitattributes")

// Attribute says what an attribute has for paths in a commit, in the words of "git check-attr" and in the order of paths. nil means
// that nothing speaks of it, which takes one git process; else it takes three and a temporary index. What counts are the attribute
// files of the commit and the info/attributes of the repository, not those of the working tree. A line that git ignores because it
// is too long is an error that wraps [ErrAttributes].
func (r Repo) Attribute(ctx context.Context, commit radicle.Oid, name string, paths []string) ([]string, error) {
	at, err := r.layout()
	if err != nil || len(paths) == 0 {
		return nil, err
	}
	spoken, err := r.speaks(ctx, at, commit, name)
	if err != nil || !spoken {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "radswarm-index-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	env := append(r.objectEnv(at), "GIT_INDEX_FILE="+filepath.Join(dir, "index"), "GIT_ATTR_NOSYSTEM=1")
	args := append(quietConfig(), "-c", "core.attributesFile="+os.DevNull)
	if _, err := output(ctx, r.git(ctx, env, append(args, "read-tree", commit.String())...), maxStderr); err != nil {
		return nil, err
	}
	cmd := r.git(ctx, env, append(args, "check-attr", "--cached", "--stdin", "-z", name)...)
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\x00") + "\x00")
	said, err := complaining(ctx, cmd)
	if err != nil {
		return nil, err
	}
	return parseAttributes(said, paths)
}

// speaks reports whether an attribute file has a word.
func (r Repo) speaks(ctx context.Context, at layout, commit radicle.Oid, word string) (bool, error) {
	text, err := readFile(filepath.Join(at.common, "info", "attributes"), maxConfig)
	if err == nil && bytes.Contains(text, []byte(word)) {
		return true, nil
	}
	args := append(quietConfig(), "grep", "-q", "-a", "-F", "-e", word, commit.String(), "--", anyAttributes)
	_, err = output(ctx, r.git(ctx, r.objectEnv(at), args...), maxStderr)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
		return false, nil
	}
	return err == nil, err
}

// complaining is output for a command whose complaints are errors, although it succeeds.
func complaining(ctx context.Context, cmd *exec.Cmd) ([]byte, error) {
	stdout, stderr := &limitedBuffer{max: maxAttributes}, &limitedBuffer{max: maxStderr}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	switch err := cmd.Run(); {
	case err != nil:
		return nil, gitError(ctx, cmd, stderr, err)
	case stderr.buf.Len() > 0:
		line, _, _ := strings.Cut(stderr.buf.String(), "\n")
		return nil, fmt.Errorf("%w: %s", ErrAttributes, printable(line))
	case stdout.over:
		return nil, fmt.Errorf("git %s: %w: more than %d bytes", verb(cmd), ErrTooLarge, maxAttributes)
	}
	return stdout.buf.Bytes(), nil
}

// parseAttributes reads what "git check-attr -z" prints: path NUL attribute NUL value NUL.
func parseAttributes(said []byte, paths []string) ([]string, error) {
	values := make([]string, 0, len(paths))
	fields := bytes.Split(said, []byte{0})
	if len(fields) != 3*len(paths)+1 {
		return nil, fmt.Errorf("git check-attr: %d fields about %d paths", len(fields)-1, len(paths))
	}
	for i, path := range paths {
		if string(fields[3*i]) != path {
			return nil, fmt.Errorf("git check-attr: answers about %s, asked about %s", printable(string(fields[3*i])), printable(path))
		}
		values = append(values, string(fields[3*i+2]))
	}
	return values, nil
}
