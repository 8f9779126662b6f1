package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
)

// side runs one side of a control stream until the test ends.
type side struct {
	*Ctl
	got  chan Message
	err  error
	done chan struct{}
}

func runSide(ctx context.Context, s Stream, mine *Hello) *side {
	c := &side{Ctl: NewCtl(s), got: make(chan Message, 100), done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.err = c.Run(ctx, mine, func(m Message) error {
			c.got <- m
			return nil
		})
	}()
	return c
}

func (s *side) wait() error {
	<-s.done
	return s.err
}

func hello(who string) *Hello { return &Hello{MinVersion: 1, MaxVersion: Version, Software: who} }

// controlMessages are all messages that can be sent.
func controlMessages() []Message {
	var all []Message
	for _, s := range controlSamples() {
		if k := s.m.Kind(); k >= KindAddresses && k < KindBye {
			all = append(all, s.m)
		}
	}
	return all
}

func TestControl(t *testing.T) {
	for name, dial := range map[string]dialer{"Pipe": pipe, "TCP": loopback(t)} {
		a, b, err := dial()
		if err != nil {
			t.Fatal(err)
		}
		ana, bo := runSide(t.Context(), a, hello("ana")), runSide(t.Context(), b, hello("bo"))
		for _, m := range controlMessages() {
			for _, s := range []*side{ana, bo} {
				if err := s.Send(t.Context(), m); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := ana.Send(t.Context(), &Bye{Code: CodeBusy}); err != nil {
			t.Fatal(err)
		}
		if err := ana.wait(); err != nil {
			t.Errorf("%s: who said BYE: %v", name, err)
		}
		if err := bo.wait(); !errors.Is(err, blobstore.ErrBusy) {
			t.Errorf("%s: who was told: %v", name, err)
		}
		if m := <-bo.got; !reflect.DeepEqual(m, hello("ana")) {
			t.Errorf("%s: the first message is %+v", name, m)
		}
		for _, want := range controlMessages() {
			if got := <-bo.got; !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %+v, want %+v", name, got, want)
			}
		}
		if err := ana.Send(t.Context(), &Busy{}); err != ErrEnded {
			t.Errorf("%s: after the end: %v", name, err)
		}
	}
}

// Many may send at once, and every message arrives whole.
func TestControlFromMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		ana, bo := runSide(t.Context(), a, hello("ana")), runSide(t.Context(), b, hello("bo"))
		var senders sync.WaitGroup
		for i := range 50 {
			senders.Go(func() {
				if err := ana.Send(t.Context(), &Pledge{Give: int64(i), Used: int64(i), Room: int64(i)}); err != nil {
					t.Error(err)
				}
			})
		}
		senders.Wait()
		ana.Send(t.Context(), &Bye{})
		if err := errors.Join(ana.wait(), bo.wait()); err != nil {
			t.Fatal(err)
		}
		<-bo.got
		seen := map[int64]bool{}
		for range 50 {
			m := (<-bo.got).(*Pledge)
			seen[m.Give] = m.Used == m.Give && m.Room == m.Give
		}
		if len(seen) != 50 || seen[7] != true {
			t.Errorf("%d arrived", len(seen))
		}
	})
}

// Two sides that have nothing to say stay for ever, and end when either is told to.
func TestControlIsLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Hour+time.Second) // no PING is on its way
		defer cancel()
		a, b := net.Pipe()
		ana, bo := runSide(ctx, a, hello("ana")), runSide(t.Context(), b, hello("bo"))
		if err := ana.wait(); err != context.DeadlineExceeded {
			t.Error(err)
		}
		// Bo may be in the middle of a PING of his own when Ana's side of the pipe goes.
		if err := bo.wait(); err != ErrCancelled && !errors.Is(err, io.ErrClosedPipe) {
			t.Error(err)
		}
	})
}

// script is a peer that writes what it is told, says HELLO first, and reads everything.
func script(s net.Conn, parts ...any) (answers func() []byte) {
	var running sync.WaitGroup
	var read bytes.Buffer
	running.Go(func() { io.Copy(&read, s); s.Close() })
	running.Go(func() { s.Write(frames(parts...)) })
	return func() []byte {
		running.Wait()
		return read.Bytes()
	}
}

func TestControlPeers(t *testing.T) {
	greased := AppendFrame(nil, hello("bo"))
	greased = append(frameOf(KindHello, append(hello("bo").AppendTo(nil), grease()...)), greased[:0]...)
	for _, c := range []struct {
		name  string
		parts []any
		want  error
		took  time.Duration
	}{
		{"says nothing", nil, ErrTooSlow, helloTime},
		{"stops in HELLO", []any{AppendFrame(nil, hello("bo"))[:5]}, ErrTooSlow, helloTime},
		{"says only HELLO", []any{hello("bo")}, ErrTooSlow, maxSilence},
		{"says PING once", []any{hello("bo"), &pingMsg{3}}, ErrTooSlow, maxSilence},
		{"does not say HELLO", []any{&pingMsg{3}}, ErrProtocol, 0},
		{"says something unknown first", []any{frameOf(79, nil), hello("bo")}, ErrUnknown, 0},
		{"says HELLO twice", []any{hello("bo"), hello("bo")}, ErrProtocol, 0},
		{"sends END", []any{hello("bo"), &endMsg{}}, ErrProtocol, 0},
		{"sends OPEN", []any{hello("bo"), &Open{ProtocolControl}}, ErrProtocol, 0},
		{"sends nothing that is anything", []any{hello("bo"), fill(100, 0xff)}, ErrProtocol, 0},
		{"sends a frame of 2^63 bytes", []any{hello("bo"), frameRefusals()[0].frame}, blobstore.ErrBounds, 0},
		{"sends what is too long", []any{hello("bo"), controlBounds()[7].frame}, blobstore.ErrBounds, 0},
		{"says BYE", []any{hello("bo"), &Bye{}}, nil, 0},
		{"says BYE and why", []any{hello("bo"), &Bye{CodeDenied, "no"}}, blobstore.ErrDenied, 0},
		{"is of tomorrow", []any{&Hello{MinVersion: 2, MaxVersion: 3}}, ErrVersion, byeTime},
		{"is of tomorrow and says so", []any{&Hello{MinVersion: 2, MaxVersion: 3}, &Bye{Code: CodeVersion}}, ErrVersion, 0},
		{"greases", []any{greased, frameOf(79, fill(70_000, 1)), frameOf(95, nil), &Busy{5}, frameOf(111, nil), &Bye{}}, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				answers := script(b, c.parts...)
				start := time.Now()
				ana := runSide(t.Context(), a, hello("ana"))
				if err := ana.wait(); !errors.Is(err, c.want) || time.Since(start) != c.took {
					t.Errorf("%v after %v, want %v after %v", err, time.Since(start), c.want, c.took)
				}
				answers()
				if c.name == "greases" {
					<-ana.got
					if m, ok := (<-ana.got).(*Busy); !ok || m.RetryAfter != 5 {
						t.Errorf("between unknown kinds: %+v", m)
					}
				}
			})
		})
	}
}

// PINGs are answered, also a thousand at once, and a peer that reads no answer is cut.
func TestPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		answers := script(b, hello("bo"), many2(1000, &pingMsg{6}), &pingMsg{7}, &Busy{})
		ana := runSide(t.Context(), a, hello("ana"))
		<-ana.got
		<-ana.got
		synctest.Wait()
		ana.Send(t.Context(), &Bye{})
		ana.wait()
		if all := answers(); !bytes.Contains(all, AppendFrame(nil, &pongMsg{pingMsg{7}})) {
			t.Errorf("no answer to the last: %x", all)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer b.Close()
		start := time.Now()
		if err := runSide(t.Context(), a, hello("ana")).wait(); err != ErrTooSlow || time.Since(start) != paceWindow {
			t.Errorf("nobody reads: %v after %v", err, time.Since(start))
		}
	})
}

// A peer that only sends what is not known is there all the same.
func TestUnknownIsASignOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		answers := script(b, hello("bo"))
		go func() {
			for range 10 {
				<-time.After(20 * time.Second)
				b.Write(frameOf(79, nil))
			}
			b.Write(frames(&Bye{}))
		}()
		start := time.Now()
		if err := runSide(t.Context(), a, hello("ana")).wait(); err != nil || time.Since(start) != 200*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		answers()
	})
}

// A peer that reads no PONGs is listened to until the one that it does not read has waited for long enough.
func TestPongsWaitForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer b.Close()
		ana := runSide(t.Context(), a, hello("ana"))
		if _, err := io.ReadFull(b, make([]byte, len(AppendFrame(nil, hello("ana"))))); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := b.Write(frames(hello("bo"), many2(1000, &pingMsg{6}))); err != nil || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if err := ana.wait(); err != ErrTooSlow {
			t.Error(err)
		}
	})
}

// The queue holds 16 messages; who sends one more waits, and not for longer than it wants to.
func TestControlQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := NewCtl(a)
		for i := range queueLen {
			if err := c.Send(t.Context(), &Busy{uint64(i)}); err != nil {
				t.Fatal(i, err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Send(ctx, &Busy{}); err != context.DeadlineExceeded {
			t.Error(err)
		}
		blocked := make(chan error)
		go func() { blocked <- c.Send(t.Context(), &Busy{}) }()
		synctest.Wait()
		b.Close()
		if err := c.Run(t.Context(), hello("ana"), nil); err == nil {
			t.Error("ran without a peer")
		}
		if err := <-blocked; err != ErrEnded {
			t.Error(err)
		}
	})
}

func TestControlRefusesToSend(t *testing.T) {
	c := NewCtl(nil)
	for _, m := range []Message{hello("x"), &pingMsg{}, &pongMsg{}, &Open{ProtocolBlocks}, &endMsg{}} {
		if err := c.Send(t.Context(), m); err == nil {
			t.Errorf("%v was sent", m.Kind())
		}
	}
	for _, r := range controlBounds() {
		m, err := decodeUnchecked(r.frame)
		if err != nil || m.Kind() == KindHello {
			continue
		}
		if err := c.Send(t.Context(), m); !errors.Is(err, blobstore.ErrBounds) {
			t.Errorf("%s: %v", r.name, err)
		}
	}
	bad := &Hello{Software: strings.Repeat("x", MaxSoftware+1)}
	a, b := net.Pipe()
	if err := NewCtl(a).Run(t.Context(), bad, nil); !errors.Is(err, blobstore.ErrBounds) {
		t.Error(err)
	}
	if n, err := b.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("the stream goes on: %d bytes, %v", n, err)
	}
}

// decodeUnchecked decodes a frame without validating its message.
func decodeUnchecked(b []byte) (Message, error) {
	r := bytes.NewReader(b)
	h, err := readHead(r)
	if err != nil {
		return nil, err
	}
	m := h.kind.info().make()
	return m, decode(b[len(b)-h.size:], m)
}

// An error of who handles the messages ends the stream, and is returned.
func TestHandleFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		answers, enough := script(b, hello("bo"), &Busy{}), errors.New("enough")
		if err := NewCtl(a).Run(t.Context(), hello("ana"), func(Message) error { return enough }); err != enough {
			t.Error(err)
		}
		answers()
	})
}

func TestCommonVersion(t *testing.T) {
	for _, c := range []struct {
		a, b, c, d uint32
		want       uint32
		err        error
	}{
		{1, 1, 1, 1, 1, nil},
		{1, 3, 2, 5, 3, nil},
		{2, 5, 1, 3, 3, nil},
		{1, 1, 2, 3, 0, ErrVersion},
		{2, 3, 1, 1, 0, ErrVersion},
		{0, 0, 0, 0, 0, nil},
	} {
		got, features, err := Common(
			&Hello{MinVersion: c.a, MaxVersion: c.b, Features: []string{"x", "b", "a", "a"}},
			&Hello{MinVersion: c.c, MaxVersion: c.d, Features: []string{"a", "c", "b"}},
		)
		if got != c.want || err != c.err || err == nil && !reflect.DeepEqual(features, []string{"a", "b"}) {
			t.Errorf("%d–%d and %d–%d: %d, %q, %v", c.a, c.b, c.c, c.d, got, features, err)
		}
	}
}

func TestAccessIsNamed(t *testing.T) {
	for a, want := range map[Access]string{
		0: "stranger", AccessGuest: "guest", AccessMember | AccessFriend: "member+friend", AccessGuest | 0x18: "guest+0x18",
	} {
		if got := a.String(); got != want {
			t.Errorf("%d is %q, want %q", a, got, want)
		}
	}
}

// The hash of a repository depends on all of it and on the nonce.
func TestHasHash(t *testing.T) {
	seen := map[[32]byte]bool{}
	for _, nonce := range [][32]byte{fill32(1), fill32(2)} {
		for _, size := range []int{20, 32} {
			seen[HasHash(nonce, sampleRID(size))] = true
		}
	}
	if len(seen) != 4 {
		t.Errorf("%d hashes of four", len(seen))
	}
}
