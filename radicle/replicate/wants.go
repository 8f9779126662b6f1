package replicate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"radswarm/radicle"
	"radswarm/radicle/identity"
	"radswarm/radicle/storage"
)

const (
	maxSplit   = maxRequests / 2 // requests after which nothing is tried in smaller parts any more
	maxMissing = 16              // objects that may turn out to be missing over there in one go
)

// fetchData fetches what the candidates sign: first what members do, so that nobody else can take the room away. If what the others
// have is too much, none of it comes.
func (f *fetch) fetchData(ctx context.Context) error {
	members := 0
	for members < len(f.fresh) && f.fresh[members].member {
		members++
	}
	if err := f.fetchFor(ctx, f.fresh[:members], (*candidate).tips); err != nil {
		return err
	}
	err := f.fetchFor(ctx, f.fresh[members:], (*candidate).tips)
	if !errors.As(err, new(*LimitError)) {
		return err
	}
	f.again = maxAgain // the rest of the pack is still on its way
	f.client.conn.cut(err, Bounds)
	for _, c := range f.fresh[members:] {
		if c.err == nil {
			c.err = err
		}
	}
	return nil
}

// fetchFor fetches what candidates need. Who signs what the other side does not have is refused. If it fails, because what
// somebody has there is damaged, halves are tried, delegates first, until it is known who that is.
func (f *fetch) fetchFor(ctx context.Context, of []*candidate, needs func(*candidate) []radicle.Oid) error {
	err := f.fetchWhole(ctx, of, needs)
	if !failed(err) {
		return err
	}
	if len(of) > 1 && f.requests < maxSplit {
		half := len(of) / 2
		if err := f.fetchFor(ctx, of[:half], needs); err != nil {
			return err
		}
		return f.fetchFor(ctx, of[half:], needs)
	}
	for _, c := range of {
		if c.err == nil {
			c.err = err
		}
	}
	return nil
}

// fetchWhole fetches what candidates need in one go, but for what those need whom an object turns out to be missing for.
func (f *fetch) fetchWhole(ctx context.Context, of []*candidate, needs func(*candidate) []radicle.Oid) error {
	for {
		var wants []radicle.Oid
		for _, c := range of {
			if c.err == nil {
				wants = append(wants, needs(c)...)
			}
		}
		wants, err := f.absent(ctx, wants)
		if err != nil || len(wants) == 0 {
			return err
		}
		err = f.fetchAll(ctx, wants)
		remote, ok := errors.AsType[*RemoteError](err)
		if !ok || remote.Missing.IsZero() || f.requests >= maxSplit {
			return err
		}
		before := len(of)
		of = slices.DeleteFunc(slices.Clone(of), func(c *candidate) bool {
			if c.err == nil && slices.Contains(needs(c), remote.Missing) {
				c.err = fmt.Errorf("%w: %w", storage.ErrIncomplete, err)
			}
			return c.err != nil
		})
		if len(of) == before {
			return errNotAsked
		}
	}
}

// errNotAsked is the error for a peer that answers something else than was asked.
var errNotAsked = &MalformedError{What: "the other side misses an object that was not asked for"}

// failed reports whether the other side says that it failed, and may be asked for something else.
func failed(err error) bool {
	remote, ok := errors.AsType[*RemoteError](err)
	return ok && (remote.Code == Internal || !remote.Missing.IsZero())
}

// fetchSome fetches those of the objects that the other side has and that are not here.
func (f *fetch) fetchSome(ctx context.Context, wants []radicle.Oid) error {
	wants, err := f.absent(ctx, wants)
	if err != nil {
		return err
	}
	for range maxMissing {
		if len(wants) == 0 {
			return nil
		}
		err = f.fetchAll(ctx, wants)
		remote, ok := errors.AsType[*RemoteError](err)
		if !ok || remote.Missing.IsZero() {
			return err
		}
		before := len(wants)
		wants = slices.DeleteFunc(wants, func(id radicle.Oid) bool { return id == remote.Missing })
		if len(wants) == before {
			return errNotAsked
		}
	}
	return err
}

// fetchAll fetches objects, here or not.
func (f *fetch) fetchAll(ctx context.Context, wants []radicle.Oid) error {
	if len(wants) > MaxWants {
		return &LimitError{What: "objects to ask for", Got: int64(len(wants)), Max: MaxWants}
	}
	f.requests++
	return f.client.want(want{wants: wants, haves: f.haves()}, func(r io.Reader) error { return f.receive(ctx, r) })
}

// absent returns those of the objects that are not here, each once.
func (f *fetch) absent(ctx context.Context, ids []radicle.Oid) ([]radicle.Oid, error) {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, radicle.Oid.Compare)
	ids = slices.Compact(ids)
	kinds, err := f.q.Repo().Kinds(ctx, ids)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(ids, func(id radicle.Oid) bool { return kinds[id] != 0 }), nil
}

// someHaves is how many objects we say we have: enough for the other side to find what is common.
const someHaves = 2048

// haves are objects that the other side need not send: first what the namespaces to be fetched and the canonical refs point to.
func (f *fetch) haves() []radicle.Oid {
	var haves []radicle.Oid
	seen := make(map[radicle.Oid]bool)
	add := func(id radicle.Oid) {
		if !seen[id] && len(haves) < someHaves {
			seen[id] = true
			haves = append(haves, id)
		}
	}
	if at, ok := f.snapshot.Get(identity.RefCanonical); ok {
		add(at)
	}
	for _, c := range f.fresh {
		for _, ref := range f.snapshot.Prefix(storage.NamespacePrefix(c.NID)) {
			add(ref.ID)
		}
	}
	for _, prefix := range []string{"refs/heads/", "refs/tags/", "refs/"} {
		for _, ref := range f.snapshot.Prefix(prefix) {
			add(ref.ID)
		}
	}
	return haves
}

// receive puts a pack into the quarantine, scanned.
func (f *fetch) receive(ctx context.Context, r io.Reader) error {
	s := newScanner(r, &f.budget, f.client.size())
	objects, err := s.header()
	if err != nil {
		return err
	}
	f.result.Objects, f.result.Bytes = f.budget.objects, f.budget.pack
	if objects == 0 {
		return s.copy(io.Discard, 0)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := f.q.Repo().Git(ctx, "index-pack", "--stdin", "--fix-thin", fmt.Sprintf("--max-input-size=%d", f.Limits.Pack))
	var complaint firstBytes
	complaint.max = maxComplaint
	cmd.Stderr = &complaint
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	w := &sinkWriter{w: stdin}
	err = s.copy(w, objects)
	if err == nil {
		err = stdin.Close()
	} else if w.err == nil {
		cancel() // git must not take what it has for all
	}
	waitErr := cmd.Wait()
	if waitErr != nil && (err == nil || w.err != nil) {
		err = &storage.GitError{Command: "index-pack", Stderr: string(complaint.text), Err: waitErr} // theirs, or our disk's fault
	}
	f.result.Bytes = f.budget.pack
	return err
}

// sinkWriter remembers that writing failed: whoever reads has ended.
type sinkWriter struct {
	w   io.Writer
	err error
}

func (s *sinkWriter) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.err = err
	return n, err
}
