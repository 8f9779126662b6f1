package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// maxForEachRef bounds what git prints about refs, in bytes.
const maxForEachRef = 512 << 20

// refsByGit reads the refs below dir as git prints them: for repositories that keep them in another way than as
// files, and to hold the own reader against.
func (r *Repo) refsByGit(ctx context.Context, dir string) (*Snapshot, error) {
	cmd := r.Git(ctx, "for-each-ref", "--format=%(objectname) %(refname) %(symref)", "--end-of-options", dir+"/")
	out, err := r.storage.git.output(ctx, cmd, maxForEachRef)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		if len(fields) != 3 || len(s.Refs) == MaxRefs {
			return nil, fmt.Errorf("%w, or git for-each-ref prints %.100q", ErrTooManyRefs, line)
		}
		id, err := radicle.ParseOid(fields[0])
		if err != nil {
			return nil, err
		}
		s.Refs = append(s.Refs, Ref{Name: fields[1], ID: id, Target: fields[2]})
	}
	return s, nil
}

// refByGit resolves one ref.
func (r *Repo) refByGit(ctx context.Context, name string) (radicle.Oid, error) {
	if !gitobj.GitTakesRefName(name) {
		return radicle.Oid{}, &RefError{Name: name, Reason: "not the name of a ref"}
	}
	out, err := r.storage.git.output(ctx, r.Git(ctx, "show-ref", "--verify", "--hash", "--", name), 1<<10)
	if e, ok := errors.AsType[*GitError](err); ok {
		return radicle.Oid{}, fmt.Errorf("%s: %w (%s)", name, fs.ErrNotExist, strings.TrimSpace(e.Stderr))
	}
	if err != nil {
		return radicle.Oid{}, err
	}
	return radicle.ParseOid(strings.TrimSpace(string(out)))
}
