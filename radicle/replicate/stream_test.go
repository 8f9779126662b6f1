package replicate_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/replicate"
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

// aPack is a pack with the objects given, each as it stands in it, and a right hash.
func aPack(count uint32, objects ...[]byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), count)
	b = append(b, bytes.Join(objects, nil)...)
	sum := sha1.Sum(b)
	return append(b, sum[:]...)
}

// anObject is an object of a pack: says is its length as the header has it, base what precedes the data.
func anObject(typ byte, says uint64, base, data []byte) []byte {
	c := typ<<4 | byte(says&0xf)
	var b []byte
	for says >>= 4; says > 0; says >>= 7 {
		b = append(b, c|0x80)
		c = byte(says & 0x7f)
	}
	b = append(append(b, c), base...)
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write(data)
	_ = w.Close()
	return append(b, z.Bytes()...)
}

func blob(text string) []byte { return anObject(3, uint64(len(text)), nil, []byte(text)) }

// aDelta is a delta against the object that starts offset bytes before, from and to these lengths.
func aDelta(offset byte, from, to uint64) []byte {
	d := binary.AppendUvarint(binary.AppendUvarint(nil, from), to)
	d = append(d, 0x80|0x10, 1) // copy one byte
	return anObject(6, uint64(len(d)), []byte{offset}, d)
}

var packLimits = replicate.Limits{Pack: 1 << 20, Objects: 100, Object: 1 << 16, Unpacked: 1 << 18}

// hostilePacks are refused before git sees what is wrong with them.
func hostilePacks() map[string][]byte {
	head := func(s string) []byte { return []byte(s) }
	many := make([][]byte, 6)
	for i := range many {
		many[i] = blob(strings.Repeat(fmt.Sprint(i), 1<<16))
	}
	return map[string][]byte{
		"empty":                      nil,
		"no pack":                    head("HTTP/1.1 200 OK\r\n\r\n"),
		"version 3":                  head("PACK\x00\x00\x00\x03\x00\x00\x00\x00aaaaaaaaaaaaaaaaaaaa"),
		"too many objects":           aPack(101, blob("x")),
		"fewer objects than it says": aPack(3, blob("x")),
		"more bytes behind":          append(aPack(1, blob("x")), 'x'),
		"an object too large":        aPack(1, anObject(3, 1<<16+1, nil, make([]byte, 1<<16+1))),
		"an endless length":          aPack(1, bytes.Repeat([]byte{0xbf}, 100)),
		"a huge length":              aPack(1, anObject(3, 1<<62, nil, nil)),
		"more data than it says":     aPack(1, anObject(3, 10, nil, make([]byte, 1<<16))),
		"less data than it says":     aPack(1, anObject(3, 10, nil, make([]byte, 9))),
		"a zlib bomb":                aPack(1, anObject(3, 10, nil, make([]byte, 64<<20))),
		"too much in sum":            aPack(6, many...),
		"a delta bomb":               aPack(2, blob("x"), aDelta(10, 1, 1<<40)),
		"many delta bombs":           aPack(6, blob("x"), aDelta(10, 1, 1<<16), aDelta(10, 1, 1<<16), aDelta(10, 1, 1<<16), aDelta(10, 1, 1<<16), aDelta(10, 1, 1<<16)),
		"a delta without lengths":    aPack(1, anObject(6, 1, []byte{1}, []byte{0x80})),
		"an endless delta length":    aPack(1, anObject(6, 50, []byte{1}, bytes.Repeat([]byte{0x80}, 50))),
		"an endless offset":          aPack(1, anObject(6, 50, bytes.Repeat([]byte{0x80}, 50), nil)),
		"type 0":                     aPack(1, anObject(0, 1, nil, []byte("x"))),
		"type 5":                     aPack(1, anObject(5, 1, nil, []byte("x"))),
		"no zlib":                    aPack(1, []byte{0x31, 'x', 'x', 'x'}),
		"nothing in much":            aPack(1, append(append([]byte{0x65, 1, 0x78, 0x01}, bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 100_000)...), 1, 0, 0, 0xff, 0xff)),
	}
}

func TestHostilePacks(t *testing.T) {
	for name, pack := range hostilePacks() {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := replicate.Scan(&out, bytes.NewReader(pack), packLimits)
			if !as[*replicate.MalformedError](err) && !as[*replicate.LimitError](err) {
				t.Errorf("%v", err)
			}
			if !bytes.HasPrefix(pack, out.Bytes()) {
				t.Error("passed on something else")
			}
		})
	}
}

// A pack that git makes is passed on as it is, whatever the pieces it comes in.
func TestScanPassesOn(t *testing.T) {
	dir, _ := newSource(t)
	for i := range 30 {
		text := strings.Repeat(fmt.Sprintln("line", i), 1000+i)
		if err := os.WriteFile(filepath.Join(dir, "file"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		git(t, dir, "add", "file")
		git(t, dir, "commit", "-q", "-m", fmt.Sprint(i))
	}
	git(t, dir, "repack", "-adq", "--depth=20")
	packs, err := filepath.Glob(filepath.Join(dir, ".git", "objects", "pack", "*.pack"))
	if err != nil || len(packs) != 1 {
		t.Fatal(packs, err)
	}
	pack, err := os.ReadFile(packs[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []io.Reader{bytes.NewReader(pack), &oneByte{bytes.NewReader(pack)}} {
		var out bytes.Buffer
		if err := replicate.Scan(&out, r, replicate.Limits{}); err != nil || !bytes.Equal(out.Bytes(), pack) {
			t.Errorf("%d of %d bytes: %v", out.Len(), len(pack), err)
		}
	}
}

type oneByte struct{ r io.Reader }

func (o *oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), 1)]) }

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
		"a pack with a wrong hash": {then(pack(append(aPack(1, blob("x"))[:30], make([]byte, 11)...)), ok), as[*replicate.MalformedError]},
		"misses what is asked":     {then(replicate.AppendEnd(replicate.NotFound, id), replicate.AppendEnd(replicate.NotFound, id)), as[*replicate.MalformedError]},
		"endless blobs":            {then(endless()), as[*replicate.LimitError]},
		"endless signs of life":    {forever(list), is(replicate.ErrTime)},
		"an unresolved delta":      {then(pack(aPack(1, anObject(7, 4, make([]byte, 20), []byte{1, 1, 0x90, 1}))), ok), as[*replicate.MalformedError]},
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

// raw sends bytes to a server of Ana's and returns the first n bytes that it answers.
func (s *scene) raw(t *testing.T, options replicate.ServerOptions, caller radicle.DID, n int, send ...[]byte) []byte {
	t.Helper()
	stream := serve(t, s.a.server(options), caller)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, part := range send {
			if _, err := stream.Write(part); err != nil {
				return
			}
		}
	}()
	answer, _ := io.ReadAll(io.LimitReader(stream, int64(n))) // fewer if it is closed
	_ = stream.Close()
	<-done
	return answer
}

func TestHostileAsker(t *testing.T) {
	s := newScene(t)
	list := replicate.AppendList(s.listing(t))
	refs := replicate.AppendRefs(s.rid)
	end := func(c replicate.Code, missing radicle.Oid) []byte { return replicate.AppendEnd(c, missing) }
	nothing := oid(t, strings.Repeat("1", 40))
	for name, test := range map[string]struct {
		send []byte
		want []byte
	}{
		"an endless request":     {[]byte{1, 0xff, 0, 0, 0}, end(replicate.Bounds, radicle.Oid{})},
		"half an id":             {replicate.AppendKind(1, []byte{20, 1, 2}), end(replicate.Malformed, radicle.Oid{})},
		"an odd id":              {replicate.AppendKind(1, make([]byte, 22)), end(replicate.Malformed, radicle.Oid{})},
		"no repository":          {replicate.AppendRefs(radicle.NewRID(nothing)), end(replicate.NotFound, radicle.Oid{})},
		"WANT first":             {replicate.AppendWant([]radicle.Oid{nothing}, nil), end(replicate.Malformed, radicle.Oid{})},
		"REFS twice":             {slices.Concat(refs, refs), slices.Concat(list, end(replicate.Malformed, radicle.Oid{}))},
		"a kind of the future":   {replicate.AppendKind(77, []byte("x")), end(replicate.Unknown, radicle.Oid{})},
		"an answer":              {end(replicate.OK, radicle.Oid{}), end(replicate.Unknown, radicle.Oid{})},
		"wants nothing":          {slices.Concat(refs, replicate.AppendWant(nil, nil)), slices.Concat(list, end(replicate.Malformed, radicle.Oid{}))},
		"wants too much":         {slices.Concat(refs, replicate.AppendKind(2, []byte{0, 0xff, 0, 0})), slices.Concat(list, end(replicate.Bounds, radicle.Oid{}))},
		"wants what is not here": {slices.Concat(refs, replicate.AppendWant([]radicle.Oid{nothing}, nil)), slices.Concat(list, end(replicate.NotFound, nothing))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := s.raw(t, replicate.ServerOptions{}, radicle.DID{}, len(test.want), test.send); !bytes.Equal(got, test.want) {
				t.Errorf("%x\nwant %x", got, test.want)
			}
		})
	}
}

// An object of another repository of the same home is not there, whoever asks; one that no ref reaches is, as with Radicle.
func TestObjectsThatAreNotAdvertised(t *testing.T) {
	s := newScene(t)
	private := s.a.draft()
	private.SetPrivate(true)
	other := s.a.init(t, private)
	secret := write(t, other, gitobj.KindBlob, []byte("secret"))
	hidden := commit(t, other, nil)
	list := replicate.AppendList(s.listing(t))
	for _, id := range []radicle.Oid{secret, hidden} {
		want := slices.Concat(list, replicate.AppendEnd(replicate.NotFound, id))
		got := s.raw(t, replicate.ServerOptions{}, radicle.DID{}, len(want), replicate.AppendRefs(s.rid), replicate.AppendWant([]radicle.Oid{id}, nil))
		if !bytes.Equal(got, want) {
			t.Errorf("%x\nwant %x", got, want)
		}
	}
	unreached := commit(t, s.r, nil)
	got := s.raw(t, replicate.ServerOptions{}, radicle.DID{}, len(list)+1, replicate.AppendRefs(s.rid), replicate.AppendWant([]radicle.Oid{unreached}, nil))
	if !bytes.HasPrefix(bytes.TrimPrefix(got, list), replicate.AppendPack([]byte("PACK"))[:1]) {
		t.Errorf("%x", got)
	}
}

// A private repository and one that is not there look the same, and take as long.
func TestPrivateRepositoryIsInvisible(t *testing.T) {
	s := newScene(t)
	draft := s.a.draft()
	draft.SetPrivate(true)
	if err := draft.Allow(bo.NID().DID()); err != nil {
		t.Fatal(err)
	}
	r := s.a.init(t, draft)
	const hide = 250 * time.Millisecond
	want := replicate.AppendEnd(replicate.NotFound, radicle.Oid{})
	ask := func(rid radicle.RID, caller radicle.DID, o replicate.ServerOptions) ([]byte, time.Duration) {
		o.Hide = hide
		start := time.Now()
		return s.raw(t, o, caller, len(want), replicate.AppendRefs(rid)), time.Since(start)
	}
	notSeeded := replicate.ServerOptions{Seeds: func(context.Context, radicle.RID) (bool, error) { return false, nil }}
	for name, got := range map[string]func() ([]byte, time.Duration){
		"not there": func() ([]byte, time.Duration) {
			return ask(radicle.NewRID(oid(t, strings.Repeat("1", 40))), cy.NID().DID(), replicate.ServerOptions{})
		},
		"not for Cy":     func() ([]byte, time.Duration) { return ask(r.RID(), cy.NID().DID(), replicate.ServerOptions{}) },
		"not for nobody": func() ([]byte, time.Duration) { return ask(r.RID(), radicle.DID{}, replicate.ServerOptions{}) },
		"not seeded":     func() ([]byte, time.Duration) { return ask(s.rid, bo.NID().DID(), notSeeded) },
	} {
		if answer, took := got(); !bytes.Equal(answer, want) || took < hide {
			t.Errorf("%s: %x after %v", name, answer, took)
		}
	}
	s.b.mustFetch(t, s.a, replicate.Options{RID: r.RID()}) // Bo is allowed
	c := newHome(t, cy)
	if _, err := c.fetch(t, s.a, replicate.Options{RID: r.RID()}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// An asker that does nothing is cut off, also between and within requests, and when it does not read.
func TestSlowAskerIsCutOff(t *testing.T) {
	s := newScene(t)
	refs := replicate.AppendRefs(s.rid)
	for name, send := range map[string][]byte{
		"nothing": nil, "one byte": refs[:1], "half": refs[:10], "no more": refs,
		"reads nothing": slices.Concat(refs, replicate.AppendWant([]radicle.Oid{s.listing(t).Identity}, nil)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asker, answerer := net.Pipe()
			defer asker.Close()
			go func() { _, _ = asker.Write(send) }()
			err := s.a.server(replicate.ServerOptions{Idle: short}).Serve(t.Context(), answerer, radicle.DID{})
			if !errors.Is(err, replicate.ErrStalled) {
				t.Error(err)
			}
		})
	}
	t.Run("drips", func(t *testing.T) { // a byte now and then is not enough
		t.Parallel()
		asker, answerer := net.Pipe()
		defer asker.Close()
		go func() {
			tick := time.NewTicker(short / 5)
			defer tick.Stop()
			for _, b := range refs {
				if _, err := asker.Write([]byte{b}); err != nil {
					return
				}
				<-tick.C
			}
		}()
		err := s.a.server(replicate.ServerOptions{Idle: short}).Serve(t.Context(), answerer, radicle.DID{})
		if !errors.Is(err, replicate.ErrStalled) {
			t.Error(err)
		}
	})
	t.Run("takes too long", func(t *testing.T) {
		t.Parallel()
		asker, answerer := net.Pipe()
		defer asker.Close()
		err := s.a.server(replicate.ServerOptions{Time: short}).Serve(t.Context(), answerer, radicle.DID{})
		if !errors.Is(err, replicate.ErrTime) {
			t.Error(err)
		}
	})
}

func TestServerIsBusy(t *testing.T) {
	s := newScene(t)
	server := s.a.server(replicate.ServerOptions{Queue: short})
	back := server.Withdraw()
	_, err := newHome(t, cy).fetchStream(t, serve(t, server, radicle.DID{}), s.options())
	if e, ok := errors.AsType[*replicate.RemoteError](err); !ok || e.Code != replicate.Busy || e.RetryAfter <= 0 {
		t.Error(err)
	}
	back()
	if _, err := newHome(t, cy).fetchStream(t, serve(t, server, radicle.DID{}), s.options()); err != nil {
		t.Error(err)
	}
}

func TestServerBoundsPacks(t *testing.T) {
	s := newScene(t)
	server := s.a.server(replicate.ServerOptions{MaxPack: 100})
	_, err := newHome(t, cy).fetchStream(t, serve(t, server, radicle.DID{}), s.options())
	if e, ok := errors.AsType[*replicate.RemoteError](err); !ok || e.Code != replicate.Bounds {
		t.Error(err)
	}
}

// Nothing that configuration can make git run is run: not from the repository's, the home's or the system's.
func TestConfigurationRunsNothing(t *testing.T) {
	s := newScene(t)
	ran := filepath.Join(t.TempDir(), "ran")
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\ntouch "+ran+"\nexec \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "gitconfig")
	for _, key := range []string{"uploadpack.packObjectsHook", "core.fsmonitor", "core.alternateRefsCommand", "core.sshCommand"} {
		git(t, s.r.Dir(), "config", key, script)
		git(t, s.r.Dir(), "config", "--file", config, key, script)
	}
	hooks := filepath.Join(s.r.Dir(), "hooks")
	if err := os.MkdirAll(hooks, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, hook := range []string{"pre-upload", "post-upload", "reference-transaction", "post-checkout"} {
		if err := os.Symlink(script, filepath.Join(hooks, hook)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GIT_CONFIG_GLOBAL", config)
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("GIT_CONFIG_KEY_0", "uploadpack.packObjectsHook")
	t.Setenv("GIT_CONFIG_VALUE_0", script)
	plain := exec.Command("git", "clone", "-q", "--bare", "--no-local", s.r.Dir(), t.TempDir())
	if out, err := plain.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.Remove(ran); err != nil {
		t.Fatalf("the hook does not work: %v", err)
	}
	if _, err := newHome(t, cy).fetch(t, s.a, s.options()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(ran); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something ran: %v", err)
	}
}
