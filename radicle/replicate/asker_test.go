package replicate_test

import (
	"bytes"
	"context"
	"errors"
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

// Bo is let in, opens a stream, and is not any more.
func TestAccessIsLost(t *testing.T) {
	a := newHome(t, ana)
	draft := a.draft()
	draft.SetPrivate(true)
	if err := draft.Allow(bo.NID().DID()); err != nil {
		t.Fatal(err)
	}
	r := a.init(t, draft)
	s := &scene{a: a, r: r, rid: r.RID()}
	list, err := replicate.List(t.Context(), serve(t, s.a.server(replicate.ServerOptions{}), bo.NID().DID()), r.RID(), 0)
	if err != nil {
		t.Fatal(err)
	}
	stream := serve(t, s.a.server(replicate.ServerOptions{}), bo.NID().DID())
	if _, err := stream.Write(replicate.AppendRefs(r.RID())); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(stream, make([]byte, len(replicate.AppendList(list)))); err != nil {
		t.Fatal(err)
	}
	next := draft
	next.Visibility.Allow = nil
	if err := next.Allow(radicle.DID{}); err != nil { // a key like any other
		t.Fatal(err)
	}
	doc, err := next.Verify()
	if err != nil {
		t.Fatal(err)
	}
	propose(t, r, ana, doc)
	if _, err := stream.Write(replicate.AppendWant([]radicle.Oid{list.Identity}, nil)); err != nil {
		t.Fatal(err)
	}
	want := replicate.AppendEnd(replicate.NotFound, radicle.Oid{})
	answer := make([]byte, len(want))
	if _, err := io.ReadFull(stream, answer); err != nil || !bytes.Equal(answer, want) {
		t.Errorf("%x, %v", answer, err)
	}
	if answer := s.raw(t, replicate.ServerOptions{}, radicle.DID{}, len(want), replicate.AppendRefs(r.RID())); !bytes.Equal(answer, want) {
		t.Errorf("for nobody: %x", answer)
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
