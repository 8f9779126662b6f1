package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/share"
)

// over sends an error to a peer and returns what arrives.
func over(t *testing.T, err error) error {
	t.Helper()
	m, decoded := decodeFrame(AppendFrame(nil, &endMsg{statusOf(err)}))
	if decoded != nil {
		t.Fatalf("%v cannot be sent: %v", err, decoded)
	}
	return m.(*endMsg).status.err()
}

// Every error that a holder returns arrives as itself; what is nobody's business arrives as ErrInternal.
func TestErrorsArrive(t *testing.T) {
	for _, want := range []error{
		fs.ErrNotExist, blobstore.ErrFull, blobstore.ErrDenied, blobstore.ErrBusy, blobstore.ErrRoot, blobstore.ErrTruncated,
		blobstore.ErrExtended, blobstore.ErrBounds, ErrCancelled, ErrTooSlow, ErrUnknown, ErrMalformed, ErrInternal, ErrVersion,
	} {
		for _, sent := range []error{want, fmt.Errorf("/home/ana/shares: %w", want), &blobstore.ShareError{Index: 3, Offset: 5, Err: want}} {
			if got := over(t, sent); !errors.Is(got, want) || strings.Contains(got.Error(), "ana") {
				t.Errorf("%v arrives as %v", sent, got)
			}
		}
	}
	for _, sent := range []error{
		errors.New("disk on fire at /dev/sda"), os.ErrPermission, blobstore.ErrProof, net.ErrClosed, os.ErrDeadlineExceeded,
	} {
		if got := over(t, sent); got != ErrInternal {
			t.Errorf("%v arrives as %v", sent, got)
		}
	}
	for _, sent := range []error{context.Canceled, context.DeadlineExceeded} {
		if got := over(t, sent); got != ErrCancelled {
			t.Errorf("%v arrives as %v", sent, got)
		}
	}
	if got := over(t, nil); got != nil {
		t.Errorf("nothing arrives as %v", got)
	}
	if got := over(t, fmt.Errorf("%w: seven", ErrProtocol)); got != ErrMalformed {
		t.Errorf("a breach arrives as %v", got)
	}
}

// Each code is one error, and each error one code.
func TestCodesAndErrors(t *testing.T) {
	for code := CodeNotFound; code <= CodeVersion; code++ {
		if got := codeOf(code.Err()); got != code {
			t.Errorf("%v is %v", code, got)
		}
	}
	if CodeOK.Err() != nil || (CodeVersion+1).Err() != ErrInternal || Code(1<<32-1).Err() != ErrInternal {
		t.Error("OK, or codes to come")
	}
	if got := Code(99).String(); got != "code 99" {
		t.Errorf("%q", got)
	}
}

func TestNumbersArrive(t *testing.T) {
	for _, want := range []blobstore.BoundsError{
		{What: "share length", Got: -1 << 63, Min: 1, Max: 1<<63 - 1},
		{What: "K", Got: 65, Min: 1, Max: 64},
	} {
		got, ok := errors.AsType[*blobstore.BoundsError](over(t, fmt.Errorf("x: %w", &want)))
		if !ok || *got != want {
			t.Errorf("%+v arrives as %+v", want, got)
		}
	}
	r := &share.RangeError{Range: blobstore.Range{Off: 5, Len: 7}, Length: 100}
	if got, ok := errors.AsType[*blobstore.BoundsError](over(t, r)); !ok || got.Got != 5 || got.Max != 100 {
		t.Errorf("a range that is no node arrives as %+v", got)
	}
	for sent, want := range map[time.Duration]time.Duration{
		0: 0, -time.Second: 0, 1500 * time.Millisecond: 1500 * time.Millisecond, time.Hour: time.Hour, 1000 * time.Hour: time.Hour,
	} {
		if got, ok := errors.AsType[*BusyError](over(t, &BusyError{sent})); !ok || got.RetryAfter != want {
			t.Errorf("busy for %v arrives as %v", sent, got)
		}
	}
}

// Text arrives as it was, if it is text, and as nothing that could do harm.
func TestTextIsHarmless(t *testing.T) {
	for sent, want := range map[string]string{
		"": "", "the clock is wrong": "the clock is wrong", "größe 日本": "größe 日本",
		"a\x1b[31mred\x07":          "a?[31mred?",
		"two\nlines\r\tand a tab":   "two?lines??and a tab",
		"\u202eright to left\u2066": "?right to left?",
		"bro\xffken\xc3":            "bro?ken?",
		"zero\x00":                  "zero?", "no-break\u00a0space\u200b": "no-break?space?",
		strings.Repeat("x", 300):       strings.Repeat("x", 200),
		strings.Repeat("日", 100):       strings.Repeat("日", 66),
		"x" + strings.Repeat("ö", 150): "x" + strings.Repeat("ö", 99),
		strings.Repeat("\xff", 300):    strings.Repeat("?", 1),
	} {
		got := printable(sent)
		if got != want && !strings.HasPrefix(sent, "\xff") || len(got) > MaxText || !utf8.ValidString(got) {
			t.Errorf("%q is shown as %q", sent, got)
		}
		if c := clip(sent); len(c) > MaxText || !utf8.ValidString(c) {
			t.Errorf("%q is sent as %q", sent, c)
		}
	}
	hostile := &endMsg{status{code: CodeDenied, text: "\x1b]0;owned\x07", what: "\x1b"}}
	if got := hostile.status.err(); !errors.Is(got, blobstore.ErrDenied) || got.Error() != "holder denies this: ?]0;owned?" {
		t.Errorf("%q", got)
	}
	bounds := &endMsg{status{code: CodeBounds, what: "\x1b[2J"}}
	if got := bounds.status.err(); got.Error() != "?[2J 0 is not in 0..0" {
		t.Errorf("%q", got)
	}
	said := &RemoteError{CodeDenied, "because"}
	if got := over(t, said); got.Error() != "holder denies this: because" {
		t.Errorf("%v arrives as %v", said, got)
	}
	if said := (&RemoteError{Code: CodeFull}).Error(); said != "holder is full" {
		t.Error(said)
	}
	if busy := (&BusyError{}).Error() + ", " + (&BusyError{time.Minute}).Error(); busy != "holder is busy, holder is busy for 1m0s" {
		t.Error(busy)
	}
}

// powerful is a stream that can reset, and one that was reset.
type powerful struct {
	net.Conn
	reset  chan Code
	closed bool
}

func (p *powerful) Reset(code uint32) error {
	p.reset <- Code(code)
	return p.Conn.Close()
}

// curt is a stream whose Reset says nothing.
type curt struct {
	net.Conn
	reset chan Code
}

func (c curt) Reset(code uint32) {
	c.reset <- Code(code)
	c.Conn.Close()
}

func TestResetWithoutError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		reset := make(chan Code, 1)
		if err := Serve(t.Context(), curt{b, reset}, nil); err != ErrTooSlow || <-reset != CodeTooSlow {
			t.Error(err)
		}
		a.Close()
	})
}

func (p *powerful) Close() error {
	p.closed = true
	return p.Conn.Close()
}

type resetError struct{ code Code }

func (e *resetError) Error() string     { return "stream reset" }
func (e *resetError) ResetCode() uint32 { return uint32(e.code) }

// wasReset is a stream that the other side has reset.
type wasReset struct {
	net.Conn
	code Code
}

func (w wasReset) Write(p []byte) (int, error) { return len(p), nil }
func (w wasReset) Read([]byte) (int, error)    { return 0, fmt.Errorf("yamux: %w", &resetError{w.code}) }

// A stream that can be reset is, and the other side is told why.
func TestReset(t *testing.T) {
	_, h, sh := store(t, 1000)
	for name, c := range map[string]struct {
		do   act
		want Code
	}{
		"too slow":   {sends(), CodeTooSlow},
		"gone":       {says(), CodeCancelled},
		"said twice": {sends(&getMsg{sh.Name, sh.Ranges(100)}, &getMsg{sh.Name, sh.Ranges(100)}), CodeMalformed},
	} {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			p := &powerful{Conn: b, reset: make(chan Code, 1)}
			go c.do(a)
			if err := Serve(t.Context(), p, blobstore.Holder(slowly(h))); err == nil {
				t.Errorf("%s: no error", name)
			}
			if got := <-p.reset; got != c.want || p.closed {
				t.Errorf("%s: reset with %v, want %v; closed %v", name, got, c.want, p.closed)
			}
			a.Close()
		})
	}
	synctest.Test(t, func(t *testing.T) {
		client, wait := against(says(&endMsg{}))
		defer wait()
		open := client.Open
		var p *powerful
		client.Open = func(ctx context.Context) (Stream, error) {
			s, err := open(ctx)
			p = &powerful{Conn: s.(net.Conn), reset: make(chan Code, 1)}
			return p, err
		}
		if err := client.Delete(t.Context(), nil); err != nil || !p.closed || len(p.reset) != 0 {
			t.Errorf("%v, closed %v, reset %d times", err, p.closed, len(p.reset))
		}
	})
}

// stubborn is a stream that only a deadline ends.
type stubborn struct{ net.Conn }

func (stubborn) Close() error { return nil }

func TestDeadlineEndsAStream(t *testing.T) {
	for name, ask := range asks() {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			go io.Copy(io.Discard, b)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := ask(ctx, &Client{func(context.Context) (Stream, error) { return stubborn{a}, nil }})
			if err != context.DeadlineExceeded {
				t.Errorf("%s: %v", name, err)
			}
			b.Close()
		})
	}
}

// observant is a stream whose Write returns after the other side has gone.
type observant struct {
	powerful
	gone chan struct{}
}

func (o *observant) Read(p []byte) (int, error) {
	n, err := o.powerful.Read(p)
	if err != nil {
		close(o.gone)
	}
	return n, err
}

func (o *observant) Write(p []byte) (int, error) {
	n, err := o.powerful.Write(p)
	<-o.gone
	<-time.After(time.Second) // whoever read it has had time to think
	return n, err
}

// An asker that leaves when it has END is not reset: END might get lost.
func TestLeavingAfterEndIsNoCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		o := &observant{powerful{Conn: b, reset: make(chan Code, 1)}, make(chan struct{})}
		go func() {
			a.Write(frames(&deleteMsg{}))
			io.ReadFull(a, make([]byte, len(frames(&endMsg{}))))
			a.Close()
		}()
		err := Serve(t.Context(), o, new(blobtest.Memory).For(person(0xa0)))
		if err != nil || !o.closed || len(o.reset) != 0 {
			t.Errorf("%v, closed %v, reset %d times", err, o.closed, len(o.reset))
		}
	})
}

// slowly is a Holder that needs a second for everything.
func slowly(h blobstore.Holder) blobstore.Holder { return &slow{h} }

type slow struct{ blobstore.Holder }

func (s *slow) Get(ctx context.Context, _ blobstore.ShareName, _ []blobstore.Range, _ func(int, []byte) error) error {
	<-ctx.Done()
	return ctx.Err()
}

// What the other side said with its reset is what the caller is told.
func TestWasReset(t *testing.T) {
	for code := CodeOK; code <= CodeVersion+1; code++ {
		want := code.Err()
		if code == CodeOK {
			want = ErrCancelled
		}
		for name, ask := range asks() {
			client := &Client{func(context.Context) (Stream, error) {
				a, _ := net.Pipe()
				return wasReset{a, code}, nil
			}}
			if err := ask(t.Context(), client); !errors.Is(err, want) {
				t.Errorf("%s: reset with %v: %v", name, code, err)
			}
		}
	}
}

// A holder that takes no more streams says when it will.
func TestRefuse(t *testing.T) {
	for _, dial := range []dialer{pipe, loopback(t)} {
		client := &Client{func(ctx context.Context) (Stream, error) {
			a, b, err := dial()
			if err != nil {
				return nil, err
			}
			go func() {
				if _, err := ReadFirst(t.Context(), b); err != nil {
					t.Error(err)
				}
				if err := Refuse(t.Context(), b, &BusyError{time.Minute}); err != nil {
					t.Error(err)
				}
			}()
			return a, nil
		}}
		err := client.Delete(t.Context(), nil)
		if busy, ok := errors.AsType[*BusyError](err); !ok || busy.RetryAfter != time.Minute {
			t.Errorf("%v", err)
		}
	}
}
