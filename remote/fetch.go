package remote

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"radswarm/radicle"
)

// fetch copies objects from storage into the working copy: first and the lines that follow name them. git itself moves the refs.
//
// "git fetch-pack" does it, with the person's configuration: it knows what is there already, checks what it gets if it was told
// to, and respects shallow repositories. What it complains about is kept for errors.
func (s *session) fetch(ctx context.Context, first command) error {
	values, err := s.batch(ctx, first)
	if err != nil {
		return err
	}
	ids, err := parseIDs(values)
	if err != nil {
		return err
	}
	cmd := s.work.git(ctx, fetchPack(s.options.verbosity, s.repo.Dir())...)
	cmd.Stdin = strings.NewReader(wanted(ids))
	// That git may talk rad:// was decided before it came here; that this takes a path is nobody's business. What is printed is a line
	// for each ref, which nobody needs.
	cmd.Env = append(cmd.Env, "GIT_ALLOW_PROTOCOL=file")
	if err := runCommand(ctx, cmd); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fail(fmt.Sprintf(hintFsck, s.repo.Dir()), "%v", err)
	}
	_, err = fmt.Fprintln(s.out)
	return err
}

// fetchPack is the command: protocol 2, because older ones only give what a ref points to.
func fetchPack(verbosity int, dir string) []string {
	args := []string{"-c", "protocol.version=2", "fetch-pack", "--stdin"}
	if flag := verbosityFlag(min(verbosity, 2)); flag != "" {
		args = append(args, flag)
	}
	return append(args, dir) // an absolute path
}

// verbosityFlag is what makes a git command as talkative as the helper should be; 1 is the usual.
func verbosityFlag(verbosity int) string {
	switch {
	case verbosity < 1:
		return "-q"
	case verbosity > 1:
		return "-v"
	}
	return ""
}

// parseIDs reads object ids; git asks for some of them twice.
func parseIDs(values []string) ([]radicle.Oid, error) {
	ids := make([]radicle.Oid, 0, len(values))
	for _, v := range values {
		id, err := radicle.ParseOid(v)
		if err != nil {
			return nil, fail(hintGit, "invalid oid: %v", err)
		}
		ids = append(ids, id)
	}
	slices.SortFunc(ids, radicle.Oid.Compare)
	return slices.Compact(ids), nil
}

// wanted is what git fetch-pack reads: a line each.
func wanted(ids []radicle.Oid) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(id.String() + "\n")
	}
	return b.String()
}
