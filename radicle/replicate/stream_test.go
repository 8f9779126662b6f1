package replicate_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net"
	"slices"
	"testing"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/replicate"
	"radswarm/radicle/storage"
)

// answers is the other side of a stream, which reads all that it is sent and says what say writes.
func answers(t *testing.T, say func(w io.Writer)) io.ReadWriteCloser {
	t.Helper()
	here, there := net.Pipe()
	done := make(chan struct{}, 2)
	go func() { _, _ = io.Copy(io.Discard, there); done <- struct{}{} }()
	go func() { say(there); done <- struct{}{} }()
	t.Cleanup(func() {
		_ = here.Close()
		_ = there.Close()
		<-done
		<-done
	})
	return here
}

// clone makes Cy clone from a stream, in small limits.
func (s *scene) clone(t *testing.T, stream io.ReadWriteCloser, idle time.Duration) error {
	t.Helper()
	o := s.options()
	o.Limits, o.Idle = packLimits, idle
	c := newHome(t, cy)
	result, err := c.fetchStream(t, stream, o)
	if rids, listErr := c.storage.Repositories(t.Context()); listErr != nil || len(rids) > 0 {
		t.Errorf("in storage: %v, %v", rids, listErr)
	}
	if err == nil {
		t.Errorf("cloned: %+v", result)
	}
	return err
}

// listing is what Ana's repository has.
func (s *scene) listing(t *testing.T) *replicate.Listing {
	t.Helper()
	l, err := replicate.List(t.Context(), serve(t, s.a.server(replicate.ServerOptions{}), radicle.DID{}), s.rid, 0)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// misbehaviour is what the other side says, and what comes of it.
type misbehaviour struct {
	say  func(io.Writer)
	want func(error) bool
}

// says writes all parts.
func says(parts ...[]byte) func(io.Writer) {
	return func(w io.Writer) {
		for _, part := range parts {
			if _, err := w.Write(part); err != nil {
				return
			}
		}
	}
}

// saysAndEnds closes the stream after that.
func saysAndEnds(parts ...[]byte) func(io.Writer) {
	return func(w io.Writer) { says(parts...)(w); _ = w.(io.Closer).Close() }
}

// remote wants that code.
func remote(code replicate.Code) func(error) bool {
	return func(err error) bool {
		e, ok := errors.AsType[*replicate.RemoteError](err)
		return ok && e.Code == code
	}
}

var sent = replicate.AppendEnd(replicate.OK, radicle.Oid{}) // what ends an answer

// insteadOfAListing is what may come first.
func insteadOfAListing(s *scene, list []byte) map[string]misbehaviour {
	return map[string]misbehaviour{
		"silence":        {func(io.Writer) {}, is(replicate.ErrStalled)},
		"half a header":  {says([]byte{16, 0}), is(replicate.ErrStalled)},
		"half a listing": {saysAndEnds(list[:len(list)-1]), is(io.ErrUnexpectedEOF)},
		"ends at once": {saysAndEnds(), func(err error) bool {
			return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) // while it reads, or writes
		}},
		"an endless listing":       {says([]byte{16, 0xff, 0xff, 0xff, 0xff}), as[*replicate.LimitError]},
		"a short listing":          {says(replicate.AppendKind(16, make([]byte, 20))), as[*replicate.MalformedError]},
		"another message":          {says(sent), as[*replicate.MalformedError]},
		"a request":                {says(replicate.AppendRefs(s.rid)), as[*replicate.MalformedError]},
		"not found":                {says(replicate.AppendEnd(replicate.NotFound, radicle.Oid{})), is(fs.ErrNotExist)},
		"a code that is not known": {says(replicate.AppendEnd(99, radicle.Oid{})), remote(replicate.Internal)},
	}
}

// insteadOfAPack is what may come after the listing.
func insteadOfAPack(list []byte, id radicle.Oid) map[string]misbehaviour {
	pack := replicate.AppendPack
	wrong := aPack(1, blob("x"))
	wrong[len(wrong)-1] ^= 1
	failed := replicate.AppendEnd(replicate.Internal, radicle.Oid{})
	missing := replicate.AppendEnd(replicate.NotFound, id)
	unresolved := aPack(1, anObject(7, 4, make([]byte, 20), []byte{1, 1, 0x90, 1}))
	return map[string]misbehaviour{
		"busy":                     {says(list, replicate.AppendEnd(replicate.Busy, radicle.Oid{})), remote(replicate.Busy)},
		"no pack":                  {says(list), is(replicate.ErrStalled)},
		"a listing within a pack":  {says(list, pack([]byte("PACK")), list), as[*replicate.MalformedError]},
		"an empty pack":            {says(list, pack(aPack(0)), sent), is(replicate.ErrIdentity)},
		"no pack at all":           {says(list, sent), as[*replicate.MalformedError]},
		"a pack of something else": {says(list, pack(aPack(1, blob("x"))), sent), is(replicate.ErrIdentity)},
		"half a pack":              {says(list, pack(aPack(1, blob("x"))[:20]), sent), as[*replicate.MalformedError]},
		"half a pack, then failed": {says(list, pack(aPack(1, blob("x"))[:20]), failed, failed), remote(replicate.Internal)}, // at the identity alone, too
		"a pack that stalls":       {says(list, pack(aPack(1, blob("x"))[:20])), is(replicate.ErrStalled)},
		"a pack with a wrong hash": {says(list, pack(wrong), sent), as[*storage.GitError]},
		"an unresolved delta":      {says(list, pack(unresolved), sent), as[*storage.GitError]},
		"misses what is asked":     {says(list, missing, missing), as[*replicate.MalformedError]},
		"endless blobs":            {says(list, endless()), as[*replicate.LimitError]},
	}
}

// Whatever the other side sends instead of what it should, a fetch ends with an error, soon, and leaves nothing behind.
func TestHostileServer(t *testing.T) {
	s := newScene(t)
	l := s.listing(t)
	list := replicate.AppendList(l)
	all := insteadOfAListing(s, list)
	maps.Copy(all, insteadOfAPack(list, l.Identity))
	for name, test := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var idle time.Duration
			if test.want(replicate.ErrStalled) {
				idle = short
			}
			if err := s.clone(t, answers(t, test.say), idle); !test.want(err) {
				t.Error(err)
			}
		})
	}
	t.Run("endless signs of life", func(t *testing.T) {
		t.Parallel()
		o := s.options()
		o.Limits.Time = short
		if _, err := newHome(t, cy).fetchStream(t, answers(t, forever(list)), o); !errors.Is(err, replicate.ErrTime) {
			t.Error(err)
		}
	})
}

// The packs that are refused by the scanner end a fetch, too.
func TestServerOfHostilePacks(t *testing.T) {
	s := newScene(t)
	list := replicate.AppendList(s.listing(t))
	for name, p := range hostilePacks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parts := [][]byte{list}
			for part := range slices.Chunk(p, 60_000) {
				parts = append(parts, replicate.AppendPack(part))
			}
			err := s.clone(t, answers(t, says(append(parts, sent)...)), 0)
			if !as[*replicate.MalformedError](err) && !as[*replicate.LimitError](err) {
				t.Error(err)
			}
		})
	}
}

// endless is the beginning of a pack that says it has 100 objects, one of them too much to come.
func endless() []byte {
	b := []byte("PACK\x00\x00\x00\x02\x00\x00\x00\x64")
	var all []byte
	all = append(all, replicate.AppendPack(b)...)
	random := make([]byte, 1<<16)
	for i := range 100 {
		for j := range random {
			random[j] = byte(i*j>>3 ^ j*j>>5)
		}
		o := anObject(3, uint64(len(random)), nil, random)
		for part := range slices.Chunk(o, 60_000) {
			all = append(all, replicate.AppendPack(part)...)
		}
	}
	return all
}

// forever says that it is alive.
func forever(list []byte) func(io.Writer) {
	return func(w io.Writer) {
		_, err := w.Write(list)
		for err == nil {
			_, err = w.Write(replicate.AppendWait())
		}
	}
}

// The asker's context ends while it waits.
func TestFetchIsCancelled(t *testing.T) {
	s := newScene(t)
	ctx, cancel := context.WithCancel(t.Context())
	c := newHome(t, cy)
	stream := answers(t, func(io.Writer) { cancel() })
	_, err := replicate.Fetch(ctx, stream, replicate.Options{Storage: c.storage, RID: s.rid})
	if err != context.Canceled { //nolint:errorlint // bare
		t.Error(err)
	}
}
