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

// maxBatches is how many parts a fetch falls into at most if the other side fails at the whole.
const maxBatches = 16

// fetchFor fetches what the candidates need. If the other side fails at that, because what somebody has there is damaged, it is asked
// for in batches, delegates first; who cannot be had is refused.
func (f *fetch) fetchFor(ctx context.Context, needs func(*candidate) []radicle.Oid) error {
	whole := f.fetchWants(ctx, allNeeds(f.fresh, needs))
	if !failed(whole) {
		return whole
	}
	for batch := range slices.Chunk(f.fresh, (len(f.fresh)+maxBatches-1)/maxBatches) {
		err := f.fetchWants(ctx, allNeeds(batch, needs))
		if err != nil && !failed(err) {
			return err
		}
		for _, c := range batch {
			if err != nil && c.err == nil {
				c.err = err
			}
		}
	}
	return nil
}

func allNeeds(of []*candidate, needs func(*candidate) []radicle.Oid) (all []radicle.Oid) {
	for _, c := range of {
		all = append(all, needs(c)...)
	}
	return all
}

// failed reports whether the other side says that it failed, and may be asked for something else.
func failed(err error) bool {
	remote, ok := errors.AsType[*RemoteError](err)
	return ok && remote.Code == Internal
}

// maxMissing is how many objects the other side may turn out not to have, before it is left alone.
const maxMissing = 16

// fetchWants fetches those of the objects that are not here. An object that the other side does not have is left out; what that
// means for namespaces is found out when they are checked.
func (f *fetch) fetchWants(ctx context.Context, wants []radicle.Oid) error {
	wants, err := f.absent(ctx, wants)
	if err != nil || len(wants) == 0 {
		return err
	}
	return f.fetchAll(ctx, wants)
}

// fetchAll fetches objects, here or not.
func (f *fetch) fetchAll(ctx context.Context, wants []radicle.Oid) error {
	if len(wants) > MaxWants {
		return &LimitError{What: "objects to ask for", Got: int64(len(wants)), Max: MaxWants}
	}
	haves := f.haves()
	for range maxMissing {
		err := f.client.want(want{wants: wants, haves: haves}, func(r io.Reader) error { return f.receive(ctx, r) })
		remote, ok := errors.AsType[*RemoteError](err)
		if !ok || remote.Missing.IsZero() {
			return err
		}
		before := len(wants)
		wants = slices.DeleteFunc(wants, func(id radicle.Oid) bool { return id == remote.Missing })
		switch len(wants) {
		case 0:
			return nil
		case before:
			return &MalformedError{What: "the other side misses an object that was not asked for"}
		}
	}
	return &LimitError{What: "objects that the other side signs and does not have", Got: maxMissing, Max: maxMissing - 1}
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
