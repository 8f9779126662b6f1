package lfs

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"os/exec"
	"strconv"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// maxLoose is how many objects are looked for outside packs before git is started for the rest.
const maxLoose = 64

// bufferSize holds the longest line of which nothing is lost, in bytes: an id and a path, twice over.
const bufferSize = 64 << 10

// process is a git that prints.
type process struct {
	cmd    *exec.Cmd
	stdout *bufio.Reader
	stderr *limitedBuffer
}

func start(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, stderr: &limitedBuffer{max: maxStderr}}
	cmd.Stderr = p.stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.stdout = bufio.NewReaderSize(out, bufferSize)
	return p, cmd.Start()
}

// wait ends the process; nobody may read from it any more.
func (p *process) wait(ctx context.Context) error {
	return gitError(ctx, p.cmd, p.stderr, p.cmd.Wait())
}

// listing is rev-list at work: the small blobs of a range, and what is missing of it.
type listing struct {
	*process
	missing int
	first   radicle.Oid
}

// list starts rev-list. Its filters leave out what is too large to be a pointer, the tips themselves included. With the filter for
// blobs git says nothing about missing trees, and without it lists them all; so partial clones do without, and in others what is
// missing is an error.
func (s *scan) list(ctx context.Context, rng Range) (*listing, error) {
	kind := "--filter=object:type=blob"
	if s.partial {
		kind = "--missing=print"
	}
	cmd := s.repo.git(ctx, s.env, append(quietConfig(), "rev-list", "--objects", "--stdin", kind,
		"--filter=blob:limit="+strconv.Itoa(blobstore.MaxPointer), "--filter-provided-objects")...)
	cmd.Stdin = lines("", rng.New, "^", rng.Have)
	p, err := start(cmd)
	return &listing{process: p}, err
}

// next returns the next small blob, or io.EOF.
func (l *listing) next() (candidate, error) {
	for {
		line, err := readLine(l.stdout)
		if err != nil {
			return candidate{}, err
		}
		c, err := parseCandidate(line)
		if c.commit {
			continue
		}
		if err != nil || !c.missing {
			return c, err
		}
		if l.missing++; l.missing == 1 {
			l.first = c.blob
		}
	}
}

// once runs the pipeline: rev-list, and cat-file behind it if there are more blobs than a look at loose objects can settle. What goes
// wrong first ends all of it.
func (s *scan) once(ctx context.Context, rng Range, yield func(Found) bool) error {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	list, err := s.list(inner, rng)
	if err != nil {
		return cmp.Or(ctx.Err(), err)
	}
	rest, err := s.loose(list, yield)
	if err == nil && rest != nil {
		err = s.packed(inner, cancel, list, *rest, yield)
	}
	if err != nil && err != io.ErrUnexpectedEOF { // which list itself knows more about
		cancel(err)
	}
	ended := list.wait(inner)
	if err := cmp.Or(ctx.Err(), context.Cause(inner), ended, err); err != nil {
		return err
	}
	if list.missing > 0 {
		return &IncompleteError{list.missing, list.first}
	}
	return nil
}

// loose settles the first blobs without another process. It returns the first one that needs one, nil if none does.
func (s *scan) loose(list *listing, yield func(Found) bool) (*candidate, error) {
	for range maxLoose {
		c, err := list.next()
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		text, ok := readLoose(s.at.common, c.blob)
		if !ok {
			return &c, nil
		}
		if f := found(c.blob, c.path, text); f != nil && !yield(*f) {
			return nil, errStopped
		}
	}
	c, err := list.next()
	if err == io.EOF {
		return nil, nil
	}
	return &c, err
}

// packed lets cat-file read all other blobs: one goroutine writes their names, this one reads. Their paths go through git and come
// back with the objects, so that nothing is kept here.
func (s *scan) packed(ctx context.Context, cancel context.CancelCauseFunc, list *listing, first candidate, yield func(Found) bool) error {
	cmd := s.repo.git(ctx, s.env, append(quietConfig(), "cat-file", "--buffer",
		"--batch=%(objectname) %(objecttype) %(objectsize) %(rest)")...)
	names, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	cat, err := start(cmd)
	if err != nil {
		return err
	}
	fed := make(chan error, 1)
	go func() { fed <- feed(names, list, first) }()

	if err := drain(cat.stdout, yield); err != nil && err != io.ErrUnexpectedEOF { // which cat itself knows more about
		cancel(err)
	}
	if err := cat.wait(ctx); err != nil {
		cancel(err) // also ends feed, which may wait for list
	}
	return <-fed
}

// feed writes the names of blobs to cat-file, with their paths between colons, which save white space at their ends.
func feed(names io.WriteCloser, list *listing, c candidate) error {
	w := bufio.NewWriterSize(names, bufferSize)
	var line []byte
	for {
		line = append(line[:0], c.blob.String()...)
		line = append(append(append(line, " :"...), c.path...), ":\n"...)
		if _, err := w.Write(line); err != nil {
			return err
		}
		var err error
		if c, err = list.next(); err == io.EOF {
			return errors.Join(w.Flush(), names.Close())
		} else if err != nil {
			return errors.Join(err, names.Close())
		}
	}
}

// drain reads objects up to the end and hands on those that are pointers.
func drain(r *bufio.Reader, yield func(Found) bool) error {
	for {
		f, err := readObject(r)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if f != nil && !yield(*f) {
			return errStopped
		}
	}
}
