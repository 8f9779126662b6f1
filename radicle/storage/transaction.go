package storage

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"radswarm/radicle"
)

// change moves a ref from one object to another; the null id stands for no ref, at either end.
type change struct {
	name     string // whole
	from, to radicle.Oid
}

// stays reports whether a change is none, but the condition that a ref is where it is.
func (c change) stays() bool { return c.from == c.to || c.from.IsZero() && c.to.IsZero() }

// moveRefs makes all changes in one "git update-ref" transaction, in their order, or none. Every ref must still be
// where its change starts from; else, as for every other refusal, the error is a [*GitError]. Symbolic refs are
// changed themselves, not their targets.
//
// The transaction is prepared and committed explicitly: git drops it if this process dies before the last word.
func (r *Repo) moveRefs(ctx context.Context, changes []change) error {
	cmd := r.Git(ctx, "update-ref", "--no-deref", "--stdin", "-z")
	stderr := &limitedBuffer{max: maxStderr}
	cmd.Stderr = stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	r.writing("update-ref")
	if err := cmd.Start(); err != nil {
		return commandError(ctx, cmd, stderr, err)
	}
	talkErr := r.talk(stdin, bufio.NewReader(stdout), changes)
	if talkErr != nil {
		_ = stdin.Close() // ends the transaction, if git has not
	}
	err = cmd.Wait()
	if err == nil {
		err = talkErr
	}
	return commandError(ctx, cmd, stderr, err)
}

// talk says what to change, and goes on when git agrees.
func (r *Repo) talk(stdin io.WriteCloser, stdout *bufio.Reader, changes []change) error {
	w := bufio.NewWriter(stdin)
	null := radicle.Oid{}
	fmt.Fprint(w, "start\x00")
	for _, c := range changes {
		switch from := orNull(c.from, r.hashSize()); {
		case c.stays():
			fmt.Fprintf(w, "verify %s\x00%s\x00", c.name, from)
		case c.to.IsZero():
			fmt.Fprintf(w, "delete %s\x00%s\x00", c.name, from)
		case c.from == null:
			fmt.Fprintf(w, "create %s\x00%s\x00", c.name, c.to)
		default:
			fmt.Fprintf(w, "update %s\x00%s\x00%s\x00", c.name, c.to, from)
		}
	}
	fmt.Fprint(w, "prepare\x00")
	if err := w.Flush(); err != nil { // holds the error of every Fprint
		return err
	}
	for _, answer := range []string{"start: ok\n", "prepare: ok\n"} {
		if line, err := stdout.ReadString('\n'); err != nil || line != answer {
			return fmt.Errorf("answers %.100q: %w", line, orUnexpected(err))
		}
	}
	r.writing("commit")
	if _, err := io.WriteString(stdin, "commit\x00"); err != nil {
		return err
	}
	if line, err := stdout.ReadString('\n'); err != nil || line != "commit: ok\n" {
		return fmt.Errorf("answers %.100q: %w", line, orUnexpected(err))
	}
	return stdin.Close()
}

func orUnexpected(err error) error {
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// orNull spells the null id with as many digits as the repository's ids have.
func orNull(id radicle.Oid, size int) string {
	if id.IsZero() {
		return fmt.Sprintf("%0*d", 2*size, 0)
	}
	return id.String()
}

// setSymbolic makes name stand for target.
func (r *Repo) setSymbolic(ctx context.Context, name, target string) error {
	r.writing("symbolic-ref " + name)
	return r.storage.git.run(ctx, r.Git(ctx, "symbolic-ref", "--", name, target))
}
