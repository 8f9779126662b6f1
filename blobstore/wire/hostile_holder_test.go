package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
)

// frames is messages in their frames, and bytes as they are.
func frames(parts ...any) (b []byte) {
	for _, p := range parts {
		switch p := p.(type) {
		case Message:
			b = AppendFrame(b, p)
		case []byte:
			b = append(b, p...)
		}
	}
	return b
}

// act is what a holder does with a stream, other than reading what the asker sends.
type act func(s net.Conn)

// says writes and closes.
func says(parts ...any) act {
	return func(s net.Conn) {
		s.Write(frames(parts...))
		s.Close()
	}
}

// against returns a Client of a holder that does what act does and reads everything; wait waits until it is over.
func against(do act) (c *Client, wait func()) {
	var running sync.WaitGroup
	open := func(context.Context) (Stream, error) {
		a, b := net.Pipe()
		running.Go(func() { io.Copy(io.Discard, b); b.Close() })
		running.Go(func() { do(b) })
		return a, nil
	}
	return &Client{open}, running.Wait
}

var errVisit = errors.New("visited")

// asks are calls of all methods, for two ranges, names, leaves or offers.
func asks() map[string]func(context.Context, *Client) error {
	name, two := sampleName(1), []blobstore.Range{{Off: 0, Len: 10}, {Off: 10, Len: 20}}
	visit := func(int, []byte) error { return nil }
	return map[string]func(context.Context, *Client) error{
		"Get":   func(ctx context.Context, c *Client) error { return c.Get(ctx, name, two, visit) },
		"Prove": func(ctx context.Context, c *Client) error { _, err := c.Prove(ctx, name, two); return err },
		"Audit": func(ctx context.Context, c *Client) error { _, err := c.Audit(ctx, name, fill32(1), 2); return err },
		"Have": func(ctx context.Context, c *Client) error {
			_, err := c.Have(ctx, []blobstore.ShareName{name, name}, fill32(1))
			return err
		},
		"Hash":      func(ctx context.Context, c *Client) error { _, err := c.Hash(ctx, name, fill32(1)); return err },
		"Delete":    func(ctx context.Context, c *Client) error { return c.Delete(ctx, []blobstore.ShareName{name, name}) },
		"Manifests": func(ctx context.Context, c *Client) error { _, err := c.Manifests(ctx, fill32(1)); return err },
		"Put": func(ctx context.Context, c *Client) error {
			ana := blobtest.Person(0).NID().DID()
			a, b := blobtest.NewShare(1, 10), blobtest.NewShare(2, 100_000)
			outcomes, err := c.Put(ctx, []blobstore.Offer{a.Offer(ana), b.Offer(ana)})
			if err == nil {
				err = errors.Join(outcomes[0].Err, outcomes[1].Err)
			}
			return err
		},
	}
}

func end(code Code) *endMsg { return &endMsg{status{code: code}} }

// Every answer that is none is the holder's fault, and nothing of it is believed.
func TestLyingHolder(t *testing.T) {
	block := func(i, n uint32) []byte { return frames(&blockMsg{i, n}, fill(int(n), 1)) }
	decide := func(i uint32, s status) *decisionMsg { return &decisionMsg{outcomeMsg{index: i, status: s}} }
	outcome := func(i uint32, s status) *outcomeMsg { return &outcomeMsg{index: i, status: s} }
	had := &decisionMsg{outcomeMsg{index: 1, had: true}}
	for _, c := range []struct {
		name, method string
		parts        []any
	}{
		{"END too early", "Get", []any{block(0, 10), &endMsg{}}},
		{"END at once", "Get", []any{&endMsg{}}},
		{"a block twice", "Get", []any{block(0, 10), block(0, 10), &endMsg{}}},
		{"a block too many", "Get", []any{block(0, 10), block(1, 20), block(1, 20), &endMsg{}}},
		{"an unknown block", "Get", []any{block(2, 10)}},
		{"block 2^32 − 1", "Get", []any{&blockMsg{1<<32 - 1, 10}}},
		{"a longer block", "Get", []any{block(0, 11)}},
		{"a shorter block", "Get", []any{block(1, 19)}},
		{"a proof", "Get", []any{&proofMsg{}}},
		{"an unknown kind", "Get", []any{frameOf(31, nil)}},
		{"a frame of 2^63 bytes", "Get", []any{[]byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1}}},
		{"a message that is too long", "Get", []any{frameOf(kindBlock, fill(257, 0))}},
		{"no message", "Get", []any{fill(100, 0xff)}},
		{"WAIT after WAIT", "Get", []any{many2(freeWaits+2, &waitMsg{})}},
		{"END too early", "Prove", []any{&proofMsg{}, &endMsg{}}},
		{"a proof too many", "Prove", []any{&proofMsg{}, &proofMsg{}, &proofMsg{}, &endMsg{}}},
		{"a proof that is too long", "Prove", []any{&proofMsg{fill(maxProof+1, 1)}}},
		{"END too early", "Audit", []any{&leafMsg{}, &endMsg{}}},
		{"a leaf too many", "Audit", []any{&leafMsg{}, &leafMsg{}, &leafMsg{}, &endMsg{}}},
		{"END too early", "Have", []any{&heldMsg{}, &endMsg{}}},
		{"an answer too many", "Have", []any{&heldMsg{}, &heldMsg{}, &heldMsg{}, &endMsg{}}},
		{"no digest", "Hash", []any{&endMsg{}}},
		{"two digests", "Hash", []any{&digestMsg{}, &digestMsg{}, &endMsg{}}},
		{"a digest", "Delete", []any{&digestMsg{}, &endMsg{}}},
		{"nine manifests", "Manifests", []any{many2(9, &sealedMsg{}), &endMsg{}}},
		{"END at once", "Put", []any{&endMsg{}}},
		{"END before a decision", "Put", []any{decide(0, status{}), &endMsg{}}},
		{"an unknown offer decided", "Put", []any{decide(2, status{})}},
		{"offer 2^32 − 1 decided", "Put", []any{decide(1<<32-1, status{})}},
		{"an offer decided twice", "Put", []any{decide(0, status{}), decide(0, status{})}},
		{"an outcome before the decisions", "Put", []any{decide(0, status{}), outcome(0, status{})}},
		{"no outcome", "Put", []any{decide(0, status{}), had, &endMsg{}}},
		{"an outcome that was decided", "Put", []any{decide(0, status{code: CodeFull}), had, outcome(0, status{})}},
		{"an outcome of no offer", "Put", []any{decide(0, status{code: CodeFull}), had, outcome(7, status{})}},
		{"a third decision", "Put", []any{decide(0, status{code: CodeFull}), had, had}},
		{"a skip of no offer", "Put", []any{decide(0, status{code: CodeFull}), had, &skipMsg{indexed{2}}}},
		{"a skip of what is not wanted", "Put", []any{decide(0, status{code: CodeFull}), had, &skipMsg{indexed{0}}}},
	} {
		t.Run(c.method+"/"+c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, wait := against(says(c.parts...))
				defer wait()
				if err := asks()[c.method](t.Context(), client); !errors.Is(err, ErrProtocol) {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

// Outcomes that come twice, or for what was not sent yet, are lies as well.
func TestLyingOutcomes(t *testing.T) {
	wanted := frames(&decisionMsg{outcomeMsg{index: 0}}, &decisionMsg{outcomeMsg{index: 1}})
	twice := frames(&outcomeMsg{index: 0}, &outcomeMsg{index: 0}, &outcomeMsg{index: 1}, &endMsg{})
	synctest.Test(t, func(t *testing.T) {
		client, wait := against(func(s net.Conn) {
			s.Write(wanted)
			<-time.After(time.Second) // all was sent
			says(twice)(s)
		})
		defer wait()
		if err := asks()["Put"](t.Context(), client); !errors.Is(err, ErrProtocol) {
			t.Errorf("an outcome twice: %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		client, wait := against(func(s net.Conn) {
			s.Write(AppendFrame(nil, &decisionMsg{}))
			<-time.After(time.Second) // it was aborted
			says(&outcomeMsg{}, &endMsg{})(s)
		})
		defer wait()
		offer := blobtest.NewShare(1, 10).Offer(person(0xa0))
		offer.Share = func() (io.ReadCloser, error) { return nil, errBroken }
		if outcomes, err := client.Put(t.Context(), []blobstore.Offer{offer}); !errors.Is(err, ErrProtocol) {
			t.Errorf("durable, and not sent: %+v, %v", outcomes, err)
		}
	})
	for name, outcome := range map[string]*outcomeMsg{
		"durable": {index: 1}, "there already": {index: 1, had: true}, "false": {index: 1, status: status{code: CodeRoot}},
	} {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			go func() {
				io.ReadFull(b, make([]byte, 1000)) // of the request, which has more bytes than that
				go io.CopyN(io.Discard, b, 1000)   // the rest of it, and some of the shares
				b.Write(frames(wanted, outcome))
			}()
			err := asks()["Put"](t.Context(), &Client{func(context.Context) (Stream, error) { return a, nil }})
			if !errors.Is(err, ErrProtocol) {
				t.Errorf("%s, before it was sent: %v", name, err)
			}
			b.Close()
		})
	}
}

// A call whose context ends while its answer arrives ends with the context's error, also if the stream cannot be
// killed.
func TestContextThatEndsLate(t *testing.T) {
	for name, answer := range map[string][]byte{
		"Delete": frames(&endMsg{}), "Hash": frames(&digestMsg{}, &endMsg{}), "Manifests": frames(&sealedMsg{}, &endMsg{}),
	} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		client := &Client{func(context.Context) (Stream, error) { return feed{&late{bytes.NewReader(answer), cancel}}, nil }}
		if err := asks()[name](ctx, client); err != context.Canceled {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// late is a reader that calls a function before it gives something.
type late struct {
	io.Reader
	before func()
}

func (l *late) Read(p []byte) (int, error) {
	l.before()
	return l.Reader.Read(p)
}

// many2 is the same message, n times.
func many2(n int, m Message) (b []byte) {
	for range n {
		b = AppendFrame(b, m)
	}
	return b
}

// What the holder says is what comes out, whatever method it was asked with.
func TestRefusingHolder(t *testing.T) {
	for code := CodeNotFound; code <= CodeVersion+1; code++ {
		for name, ask := range asks() {
			synctest.Test(t, func(t *testing.T) {
				client, wait := against(says(end(code)))
				defer wait()
				err := ask(t.Context(), client)
				if !errors.Is(err, code.Err()) || errors.Is(err, ErrProtocol) {
					t.Errorf("%s: %v is %v", name, code, err)
				}
			})
		}
	}
}

// An answer that ends early, wherever that is, is an error, and none that blames more than the stream.
func TestAnswersThatEndEarly(t *testing.T) {
	leaf := blobstore.Leaf{Data: fill(10, 1)}
	for method, answer := range map[string][]byte{
		"Get":       frames(&blockMsg{1, 20}, fill(20, 1), &waitMsg{}, &blockMsg{0, 10}, fill(10, 1), &endMsg{}),
		"Prove":     frames(&proofMsg{}, &proofMsg{fill(32, 1)}, &endMsg{}),
		"Audit":     frames(&leafMsg{leaf}, &leafMsg{leaf}, &endMsg{}),
		"Have":      frames(&heldMsg{}, &heldMsg{blobstore.Held{Len: 10, Leaves: many(3, leaf)}}, &endMsg{}),
		"Hash":      frames(&digestMsg{}, &endMsg{}),
		"Delete":    frames(&endMsg{}),
		"Manifests": frames(&sealedMsg{fill(20, 1)}, &endMsg{}),
	} {
		for n := range len(answer) + 1 {
			synctest.Test(t, func(t *testing.T) {
				client, wait := against(says(answer[:n]))
				defer wait()
				err := asks()[method](t.Context(), client)
				if n == len(answer) {
					if err != nil {
						t.Errorf("%s: %v", method, err)
					}
				} else if !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("%s, %d of %d bytes: %v", method, n, len(answer), err)
				}
			})
		}
	}
}

// A holder that says nothing, takes nothing, or drips, is too slow after 10 s and not before.
func TestSlowHolder(t *testing.T) {
	drip := func(s net.Conn) {
		for _, b := range frames(&waitMsg{}, end(CodeFull)) {
			if _, err := s.Write([]byte{b}); err != nil {
				return
			}
			<-time.After(4 * time.Second)
		}
	}
	for name, ask := range asks() {
		for kind, do := range map[string]act{"mute": func(net.Conn) {}, "drip": drip} {
			synctest.Test(t, func(t *testing.T) {
				client, wait := against(do)
				defer wait()
				start := time.Now()
				err := ask(t.Context(), client)
				if took := time.Since(start); err != ErrTooSlow || took < 10*time.Second || took > 30*time.Second {
					t.Errorf("%s, %s: %v after %v", name, kind, err, took)
				}
			})
		}
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			defer b.Close()
			start := time.Now()
			err := ask(t.Context(), &Client{func(context.Context) (Stream, error) { return a, nil }})
			if took := time.Since(start); err != ErrTooSlow || took != 10*time.Second {
				t.Errorf("%s, nobody reads: %v after %v", name, err, took)
			}
		})
	}
}

// A holder that needs an hour and says so is given an hour.
func TestPatientClient(t *testing.T) {
	hour := func(parts ...any) act {
		return func(s net.Conn) {
			for range 20 * 60 {
				<-time.After(3 * time.Second)
				s.Write(frames(&waitMsg{}))
			}
			says(parts...)(s)
		}
	}
	for method, parts := range map[string][]any{
		"Get":       {&blockMsg{1, 20}, fill(20, 1), &blockMsg{0, 10}, fill(10, 1), &endMsg{}},
		"Hash":      {&digestMsg{}, &endMsg{}},
		"Delete":    {&endMsg{}},
		"Manifests": {&sealedMsg{fill(20, 1)}, &endMsg{}},
		"Put":       {&decisionMsg{outcomeMsg{index: 1, had: true}}, &decisionMsg{outcomeMsg{index: 0, had: true}}, &endMsg{}},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, wait := against(hour(parts...))
			defer wait()
			start := time.Now()
			if err := asks()[method](t.Context(), client); err != nil || time.Since(start) < time.Hour {
				t.Errorf("%s: %v after %v", method, err, time.Since(start))
			}
		})
	}
}

// A context that ends ends the call at once, whatever the holder does.
func TestClientContext(t *testing.T) {
	for name, ask := range asks() {
		synctest.Test(t, func(t *testing.T) {
			client, wait := against(func(net.Conn) {})
			defer wait()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			start := time.Now()
			if err := ask(ctx, client); err != context.DeadlineExceeded || time.Since(start) != time.Second {
				t.Errorf("%s: %v after %v", name, err, time.Since(start))
			}
		})
	}
}

func TestOpenFails(t *testing.T) {
	gone := errors.New("no route")
	for name, ask := range asks() {
		client := &Client{func(context.Context) (Stream, error) { return nil, gone }}
		if err := ask(t.Context(), client); err != gone {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	client := &Client{func(context.Context) (Stream, error) { cancel(); return nil, gone }}
	if err := client.Delete(ctx, nil); err != context.Canceled {
		t.Errorf("cancelled while dialling: %v", err)
	}
}

// What nobody may ask is not sent.
func TestClientAsksNothingThatIsRefused(t *testing.T) {
	client := &Client{func(context.Context) (Stream, error) { t.Error("a stream was opened"); return nil, io.EOF }}
	name, visit := sampleName(1), func(int, []byte) error { return nil }
	get := func(r ...blobstore.Range) error { return client.Get(t.Context(), name, r, visit) }
	_, prove := client.Prove(t.Context(), name, []blobstore.Range{{Off: 0, Len: maxChunk + 1}})
	_, audit := client.Audit(t.Context(), name, fill32(1), blobstore.MaxLeaves+1)
	_, none := client.Audit(t.Context(), name, fill32(1), -1)
	_, have := client.Have(t.Context(), many(blobstore.MaxNames+1, name), fill32(1))
	_, put := client.Put(t.Context(), make([]blobstore.Offer, blobstore.MaxOffers+1))
	for what, err := range map[string]error{
		"1025 ranges": get(many(blobstore.MaxRanges+1, blobstore.Range{Off: 0, Len: 1})...), "a range before the share": get(blobstore.Range{Off: -1, Len: 1}),
		"an empty range": get(blobstore.Range{Off: 0, Len: 0}), "a long proof": prove, "1025 leaves": audit, "-1 leaves": none, "1025 names": have,
		"65 offers": put, "1025 deletes": client.Delete(t.Context(), many(blobstore.MaxNames+1, name)),
	} {
		if _, ok := errors.AsType[*blobstore.BoundsError](err); !ok {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// HAVE with leaves that do not prove it is "not held", and no error: a holder may have lost a disk.
func TestHaveIsVerified(t *testing.T) {
	var m blobtest.Memory
	ana := blobtest.Person(0).NID().DID()
	sh := blobtest.NewShare(1, 5000)
	blobtest.MustPut(t, m.For(ana), ana, sh)
	nonce := blobstore.Nonce{7}
	honest, err := m.For(ana).Have(t.Context(), []blobstore.ShareName{sh.Name}, nonce)
	if err != nil {
		t.Fatal(err)
	}
	for what, bend := range map[string]func(*blobstore.Held){
		"honest":        func(*blobstore.Held) {},
		"no leaves":     func(h *blobstore.Held) { h.Leaves = nil },
		"two leaves":    func(h *blobstore.Held) { h.Leaves = h.Leaves[:2] },
		"a false leaf":  func(h *blobstore.Held) { h.Leaves[1].Data[0]++ },
		"a false proof": func(h *blobstore.Held) { h.Leaves[2].Proof[0]++ },
		"another order": func(h *blobstore.Held) { h.Leaves[0], h.Leaves[1] = h.Leaves[1], h.Leaves[0] },
		"a long length": func(h *blobstore.Held) { h.Len = 70_000 },
		"no length":     func(h *blobstore.Held) { h.Len = 0 },
	} {
		synctest.Test(t, func(t *testing.T) {
			held := blobstore.Held{Len: honest[0].Len}
			for _, l := range honest[0].Leaves {
				held.Leaves = append(held.Leaves, blobstore.Leaf{Data: append([]byte(nil), l.Data...), Proof: append([]byte(nil), l.Proof...)})
			}
			bend(&held)
			client, wait := against(says(&heldMsg{held}, &endMsg{}))
			defer wait()
			got, err := client.Have(t.Context(), []blobstore.ShareName{sh.Name}, nonce)
			if err != nil || len(got) != 1 {
				t.Fatalf("%s: %v, %v", what, got, err)
			}
			if is, want := got[0].Len != 0, what == "honest"; is != want || !want && got[0].Leaves != nil {
				t.Errorf("%s: held %v", what, is)
			}
		})
	}
}

// The eight sealed manifests that a holder may send all arrive; none is absence.
func TestManifestsOfHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, wait := against(says(many2(8, &sealedMsg{fill(blobstore.MaxSealed, 1)}), &endMsg{}))
		defer wait()
		if got, err := client.Manifests(t.Context(), fill32(1)); len(got) != 8 || err != nil {
			t.Errorf("%d, %v", len(got), err)
		}
		none, wait := against(says(&endMsg{}))
		defer wait()
		if got, err := none.Manifests(t.Context(), fill32(1)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%d, %v", len(got), err)
		}
	})
}

// A visit that fails ends Get with its error, though the holder has more.
func TestVisitFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, wait := against(says(&blockMsg{1, 20}, fill(20, 1), &blockMsg{0, 10}, fill(10, 1), &endMsg{}))
		defer wait()
		two := []blobstore.Range{{Off: 0, Len: 10}, {Off: 10, Len: 20}}
		if err := client.Get(t.Context(), sampleName(1), two, func(int, []byte) error { return errVisit }); err != errVisit {
			t.Error(err)
		}
	})
}
