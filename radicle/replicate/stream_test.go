package replicate_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
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

// Whatever the other side sends instead of what it should, a fetch ends with an error, soon, and leaves nothing behind.
func TestHostileServer(t *testing.T) {
	s := newScene(t)
	list := replicate.AppendList(s.listing(t))
	id := s.listing(t).Identity
	then := func(parts ...[]byte) func(io.Writer) {
		return func(w io.Writer) {
			for _, part := range append([][]byte{list}, parts...) {
				if _, err := w.Write(part); err != nil {
					return
				}
			}
		}
	}
	only := func(part []byte) func(io.Writer) { return func(w io.Writer) { _, _ = w.Write(part) } }
	ends := func(say func(io.Writer)) func(io.Writer) {
		return func(w io.Writer) { say(w); _ = w.(io.Closer).Close() }
	}
	pack := func(b []byte) []byte { return replicate.AppendPack(b) }
	ok := replicate.AppendEnd(replicate.OK, radicle.Oid{})
	wrong := aPack(1, blob("x"))
	wrong[len(wrong)-1] ^= 1
	failed := replicate.AppendEnd(replicate.Internal, radicle.Oid{})
	remote := func(code replicate.Code) func(error) bool {
		return func(err error) bool {
			e, ok := errors.AsType[*replicate.RemoteError](err)
			return ok && e.Code == code
		}
	}
	for name, test := range map[string]struct {
		say  func(io.Writer)
		want func(error) bool
	}{
		"silence": {func(io.Writer) {}, is(replicate.ErrStalled)},
		"ends at once": {ends(func(io.Writer) {}), func(err error) bool {
			return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) // while it reads, or writes
		}},
		"half a header":            {only([]byte{16, 0}), is(replicate.ErrStalled)},
		"half a listing":           {ends(only(list[:len(list)-1])), is(io.ErrUnexpectedEOF)},
		"an endless listing":       {only([]byte{16, 0xff, 0xff, 0xff, 0xff}), as[*replicate.LimitError]},
		"a short listing":          {only(replicate.AppendKind(16, make([]byte, 20))), as[*replicate.MalformedError]},
		"another message":          {only(ok), as[*replicate.MalformedError]},
		"a request":                {only(replicate.AppendRefs(s.rid)), as[*replicate.MalformedError]},
		"not found":                {only(replicate.AppendEnd(replicate.NotFound, radicle.Oid{})), is(fs.ErrNotExist)},
		"a code that is not known": {only(replicate.AppendEnd(99, radicle.Oid{})), remote(replicate.Internal)},
		"busy":                     {then(replicate.AppendEnd(replicate.Busy, radicle.Oid{})), remote(replicate.Busy)},
		"no pack":                  {then(), is(replicate.ErrStalled)},
		"a listing within a pack":  {then(pack([]byte("PACK")), list), as[*replicate.MalformedError]},
		"an empty pack":            {then(pack(aPack(0)), ok), is(replicate.ErrIdentity)},
		"no pack at all":           {then(ok), as[*replicate.MalformedError]},
		"a pack of something else": {then(pack(aPack(1, blob("x"))), ok), is(replicate.ErrIdentity)},
		"half a pack":              {then(pack(aPack(1, blob("x"))[:20]), ok), as[*replicate.MalformedError]},
		"half a pack, then failed": {then(pack(aPack(1, blob("x"))[:20]), failed, failed), remote(replicate.Internal)}, // also at the identity alone
		"a pack that stalls":       {then(pack(aPack(1, blob("x"))[:20])), is(replicate.ErrStalled)},
		"a pack with a wrong hash": {then(pack(wrong), ok), as[*storage.GitError]},
		"misses what is asked":     {then(replicate.AppendEnd(replicate.NotFound, id), replicate.AppendEnd(replicate.NotFound, id)), as[*replicate.MalformedError]},
		"endless blobs":            {then(endless()), as[*replicate.LimitError]},
		"endless signs of life":    {forever(list), is(replicate.ErrTime)},
		"an unresolved delta":      {then(pack(aPack(1, anObject(7, 4, make([]byte, 20), []byte{1, 1, 0x90, 1}))), ok), as[*storage.GitError]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stream := answers(t, test.say)
			if name == "endless signs of life" {
				o := s.options()
				o.Limits.Time = short
				if _, err := newHome(t, cy).fetchStream(t, stream, o); !test.want(err) {
					t.Error(err)
				}
				return
			}
			var idle time.Duration
			if test.want(replicate.ErrStalled) {
				idle = short
			}
			if err := s.clone(t, stream, idle); !test.want(err) {
				t.Error(err)
			}
		})
	}
	t.Run("packs", func(t *testing.T) {
		for name, p := range hostilePacks() {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				var parts [][]byte
				for part := range slices.Chunk(p, 60_000) {
					parts = append(parts, pack(part))
				}
				err := s.clone(t, answers(t, then(append(parts, ok)...)), 0)
				if !as[*replicate.MalformedError](err) && !as[*replicate.LimitError](err) {
					t.Error(err)
				}
			})
		}
	})
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
