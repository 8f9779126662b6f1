package replicate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/identity"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

// ServerOptions say what a [Server] does for others.
type ServerOptions struct {
	// Seeds reports whether the home's policy lets a repository be served at all. Default: whatever is in storage.
	Seeds func(context.Context, radicle.RID) (bool, error)
	// Packs is how many packs are made at once. Default: 2, for they cost a core each.
	Packs int
	// Queue is how long an asker waits for its turn before it is told to come back. Default: 10 s.
	Queue time.Duration
	// Idle is how long an asker may do nothing while we wait for it. Default: 30 s.
	Idle time.Duration
	// Time bounds a stream as a whole. Default: 1 h.
	Time time.Duration
	// MaxPack bounds what is sent on one stream, in bytes of packs. Default: 16 GiB.
	MaxPack int64
	// Hide is what "it is not there" takes at least, and is rounded up to, so that its time does not tell a repository that
	// is not there from one that is not for the asker. Default: 200 ms.
	Hide time.Duration
}

func (o ServerOptions) withDefaults() ServerOptions {
	if o.Seeds == nil {
		o.Seeds = func(context.Context, radicle.RID) (bool, error) { return true, nil }
	}
	o.Packs = orDefault(o.Packs, 2)
	o.Queue = orDefault(o.Queue, 10*time.Second)
	o.Idle = orDefault(o.Idle, 30*time.Second)
	o.Time = orDefault(o.Time, time.Hour)
	o.MaxPack = orDefault(o.MaxPack, 16<<30)
	o.Hide = orDefault(o.Hide, 200*time.Millisecond)
	return o
}

func orDefault[T int | int64 | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

// Server gives repositories of a storage to those who may have them. Safe for concurrent use.
type Server struct {
	storage *storage.Storage
	options ServerOptions
	slots   chan struct{} // holds a token for each pack that is being made
}

// NewServer makes a server. It holds nothing that must be closed.
func NewServer(s *storage.Storage, options ServerOptions) *Server {
	options = options.withDefaults()
	return &Server{storage: s, options: options, slots: make(chan struct{}, options.Packs)}
}

const (
	maxRequests = 64 // on one stream
	retryAfter  = 15 * time.Second
)

// errHidden is what an asker is not told: why it gets nothing.
var errHidden = errors.New("not for the asker")

// Serve answers one stream, and closes it. caller is who is at the other end, proved by the transport; the zero DID is
// nobody and gets public repositories only. The error is for a log: what the asker was told, or why it was cut off.
func (s *Server) Serve(ctx context.Context, stream io.ReadWriteCloser, caller radicle.DID) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.options.Time, ErrTime)
	defer cancel()
	a := &answer{server: s, conn: newConn(ctx, stream, s.options.Idle), caller: caller, left: s.options.MaxPack}
	err := a.all(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	if a.repo != nil {
		err = errors.Join(err, a.repo.Close())
	}
	return errors.Join(err, a.conn.close())
}

// answer is one stream that is served.
type answer struct {
	server *Server
	conn   *conn
	caller radicle.DID
	repo   *storage.Repo // that REFS named; nil before
	left   int64         // bytes of packs that may be sent
}

// all answers requests until the asker has no more, or one could not be answered after which it makes no sense to go on.
func (a *answer) all(ctx context.Context) error {
	for range maxRequests {
		k, body, err := a.conn.read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = a.one(ctx, k, body)
		}
		if err == nil {
			continue
		}
		e := endOf(err)
		if writeErr := a.conn.write(kindEnd, appendEnd(nil, e)); writeErr != nil || !e.goesOn() || ctx.Err() != nil {
			return err
		}
	}
	err := &LimitError{What: "requests on a stream", Got: maxRequests + 1, Max: maxRequests}
	return errors.Join(err, a.conn.write(kindEnd, appendEnd(nil, endOf(err))))
}

// goesOn reports whether the asker may ask for something else: what it asked for last is missing, or damaged here.
func (e end) goesOn() bool { return e.code == Internal || !e.missing.IsZero() }

// endOf is what the asker is told about an error.
func endOf(err error) end {
	if remote, ok := errors.AsType[*RemoteError](err); ok {
		return end{code: remote.Code, retry: uint32(remote.RetryAfter / time.Millisecond), missing: remote.Missing}
	}
	switch {
	case errors.As(err, new(*MalformedError)):
		return end{code: Malformed}
	case errors.As(err, new(*LimitError)):
		return end{code: Bounds}
	case errors.Is(err, errHidden):
		return end{code: NotFound}
	}
	return end{code: Internal}
}

// one answers one request.
func (a *answer) one(ctx context.Context, k kind, body []byte) error {
	switch {
	case k == kindRefs && a.repo == nil:
		return a.list(ctx, body)
	case k == kindWant && a.repo != nil:
		w, err := parseWant(body, a.repo.RID().Oid().Len())
		if err == nil {
			_, err = a.document(ctx, a.repo) // which may have changed since
		}
		if err != nil {
			return err
		}
		return a.pack(ctx, w)
	case k == kindRefs || k == kindWant:
		return &MalformedError{What: "requests in another order"}
	}
	return &RemoteError{Code: Unknown}
}

// list answers REFS.
func (a *answer) list(ctx context.Context, body []byte) error {
	rid, err := parseRefs(body)
	if err != nil {
		return err
	}
	asked := time.Now()
	doc, err := a.open(ctx, rid)
	if err != nil {
		return errors.Join(errHidden, fmt.Errorf("%v for %v: %w", rid, a.caller, err), a.hide(ctx, asked))
	}
	l, err := listing(ctx, a.repo, doc)
	if err != nil {
		return err
	}
	return a.conn.write(kindList, appendList(nil, l))
}

// hide waits until whoever measures learns nothing.
func (a *answer) hide(ctx context.Context, since time.Time) error {
	step := a.server.options.Hide
	took := time.Since(since)
	timer := time.NewTimer(took.Truncate(step) + step - took)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// open opens a repository if it may be served to the caller, as Radicle's node decides: its policy, then the visibility in
// the identity document.
func (a *answer) open(ctx context.Context, rid radicle.RID) (*identity.Document, error) {
	seeded, err := a.server.options.Seeds(ctx, rid)
	if err == nil && !seeded {
		err = fmt.Errorf("not seeded: %w", fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	repo, err := a.server.storage.Repository(rid)
	if err != nil {
		return nil, err
	}
	doc, err := a.document(ctx, repo)
	if err != nil {
		return nil, errors.Join(err, repo.Close())
	}
	a.repo = repo
	return doc, nil
}

// document reads the identity document, if the repository is for the caller.
func (a *answer) document(ctx context.Context, repo *storage.Repo) (*identity.Document, error) {
	doc, err := repo.Document(ctx)
	if err != nil {
		return nil, err
	}
	if !doc.VisibleTo(a.caller) || a.caller.IsZero() && doc.Visibility().Private { // zeros are a key that can be listed, too
		return nil, fmt.Errorf("%w: %w", errHidden, fs.ErrPermission)
	}
	return doc, nil
}

// listing reads what there is. Where there are more namespaces than a listing holds, members come first.
func listing(ctx context.Context, repo *storage.Repo, doc *identity.Document) (*Listing, error) {
	snapshot, err := repo.Refs(ctx)
	if err != nil {
		return nil, err
	}
	l := &Listing{}
	var ok bool
	if l.Identity, ok = snapshot.Get(identity.RefCanonical); !ok {
		return nil, storage.ErrNoIdentity
	}
	members := make(map[radicle.NID]bool)
	for _, did := range doc.Members() {
		members[did.NID()] = true
	}
	nids := snapshot.Peers()
	slices.SortStableFunc(nids, func(x, y radicle.NID) int {
		switch {
		case members[x] == members[y]:
			return 0
		case members[x]:
			return -1
		}
		return 1
	})
	for _, nid := range nids[:min(len(nids), MaxListed)] {
		head, _ := snapshot.Get(storage.NamespacePrefix(nid) + sigrefs.RefSigrefs)
		l.Peers = append(l.Peers, Peer{NID: nid, Head: head})
	}
	return l, nil
}
