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
	"radswarm/blobstore/blobtest"
)

// The first frame is read to its last byte, and not a byte more.
func TestFirstFrameEndsWhereItEnds(t *testing.T) {
	for _, s := range firstSamples() {
		if s.m.Kind() > KindKnockWhere {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			defer b.Close()
			var asking sync.WaitGroup
			asking.Go(func() { a.Write(append(AppendFrame(nil, s.m), "rest"...)); a.Close() })
			m, err := ReadFirst(t.Context(), b)
			if err != nil || !reflect.DeepEqual(m, s.m) {
				t.Errorf("%s: %+v, %v", s.name, m, err)
			}
			rest, err := io.ReadAll(b)
			if string(rest) != "rest" || err != nil {
				t.Errorf("%s: %q was left, %v", s.name, rest, err)
			}
			asking.Wait()
		})
	}
}

func TestFirstFramesThatAreNone(t *testing.T) {
	type bad struct {
		name  string
		frame []byte
		want  error
	}
	all := []bad{
		{"HELLO", AppendFrame(nil, hello("bo")), ErrProtocol},
		{"GET", AppendFrame(nil, &getMsg{}), ErrProtocol},
		{"WELCOME", AppendFrame(nil, &Welcome{}), ErrProtocol},
		{"unknown", frameOf(15, nil), ErrUnknown},
		{"nothing", nil, ErrCancelled},
		{"half", AppendFrame(nil, &KnockMember{fill(9, 1)})[:4], ErrCancelled},
		{"text", []byte("GET / HTTP/1.1\r\n"), ErrProtocol},
		{"a knock of a byte too many", appendHead(nil, KindKnockRead, maxFirstMessage+1), blobstore.ErrBounds},
	}
	for _, r := range firstBounds() {
		if kind, err := decodeUnchecked(r.frame); err == nil && kind.Kind() <= KindKnockWhere {
			all = append(all, bad{r.name, r.frame, blobstore.ErrBounds})
		}
	}
	for _, c := range all {
		for name, read := range map[string]func(context.Context, Stream) (Message, error){"first": ReadFirst, "knock": ReadKnock} {
			if name == "knock" && strings.HasPrefix(c.name, "open") {
				continue // is none, whatever it says
			}
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				var asking sync.WaitGroup
				asking.Go(func() { a.Write(c.frame); a.Close() })
				if m, err := read(t.Context(), b); m != nil || !errors.Is(err, c.want) {
					t.Errorf("%s, %s: %v, %v", name, c.name, m, err)
				}
				if _, err := b.Read(make([]byte, 1)); err == nil {
					t.Errorf("%s, %s: the stream goes on", name, c.name)
				}
				asking.Wait()
			})
		}
	}
}

// The bound of the first frame counts its lengths, however they are written.
func TestFirstFrameCountsItsLengths(t *testing.T) {
	m := AppendFrame(nil, &KnockRead{Ranges: []blobstore.Range{{Len: 1}}})
	h, err := readHead(bytes.NewReader(m))
	if err != nil {
		t.Fatal(err)
	}
	m = m[len(m)-h.size:]
	padded := func(v uint64, n int) (b []byte) {
		for range n - 1 {
			b, v = append(b, byte(v)|0x80), v>>7
		}
		return append(b, byte(v))
	}
	for _, total := range []int{maxFirst - 1, maxFirst, maxFirst + 1} {
		const sizeLen, bodyLen, fieldHead = 10, 9, 3
		size := total - sizeLen - bodyLen - 1
		filler := size - len(m) - fieldHead
		b := padded(uint64(size+sizeLen+1), bodyLen)
		b = append(append(b, byte(KindKnockRead)<<3|2), padded(uint64(size), sizeLen)...)
		b = append(append(append(b, m...), 15<<3|2), padded(uint64(filler), 2)...) // field 15 has no meaning
		b = append(b, make([]byte, filler)...)
		synctest.Test(t, func(t *testing.T) {
			a, s := net.Pipe()
			defer a.Close()
			var asking sync.WaitGroup
			asking.Go(func() { a.Write(b) })
			if _, err := ReadKnock(t.Context(), s); len(b) != total || (err == nil) != (total <= maxFirst) || err != nil && !errors.Is(err, ErrProtocol) {
				t.Errorf("%d bytes, want %d: %v", len(b), total, err)
			}
			asking.Wait()
		})
	}
}

// Somebody unknown cannot open a stream.
func TestOpenIsNoKnock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		var asking sync.WaitGroup
		asking.Go(func() { WriteOpen(t.Context(), a, ProtocolBlocks) })
		if m, err := ReadKnock(t.Context(), b); !errors.Is(err, ErrProtocol) {
			t.Errorf("%v, %v", m, err)
		}
		asking.Wait()
		a.Close()
	})
}

// The first frame has 5 s, however it comes.
func TestFirstFrameIsTimed(t *testing.T) {
	frame := AppendFrame(nil, &KnockMember{fill(300, 1)})
	for name, do := range map[string]act{
		"mute": func(net.Conn) {},
		"drip": func(s net.Conn) {
			for _, b := range frame {
				if _, err := s.Write([]byte{b}); err != nil {
					return
				}
				<-time.After(100 * time.Millisecond)
			}
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			var asking sync.WaitGroup
			asking.Go(func() { do(a) })
			start := time.Now()
			if _, err := ReadKnock(t.Context(), b); err != ErrTooSlow || time.Since(start) != firstFrame {
				t.Errorf("%s: %v after %v", name, err, time.Since(start))
			}
			asking.Wait()
			a.Close()
		})
	}
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer a.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := ReadFirst(ctx, b); err != context.DeadlineExceeded {
			t.Error(err)
		}
	})
}

func TestOpenNamesTheProtocol(t *testing.T) {
	for _, dial := range []dialer{pipe, loopback(t)} {
		a, b, err := dial()
		if err != nil {
			t.Fatal(err)
		}
		var asking sync.WaitGroup
		asking.Go(func() {
			if err := WriteOpen(t.Context(), a, ProtocolGit); err != nil {
				t.Error(err)
			}
			a.Write([]byte("0000"))
			a.Close()
		})
		m, err := ReadFirst(t.Context(), b)
		if err != nil || m.(*Open).Protocol != ProtocolGit {
			t.Errorf("%+v, %v", m, err)
		}
		if rest, err := io.ReadAll(b); string(rest) != "0000" || err != nil {
			t.Errorf("%q, %v", rest, err)
		}
		asking.Wait()
		b.Close()
	}
	if err := WriteOpen(t.Context(), nil, ""); !errors.Is(err, blobstore.ErrBounds) {
		t.Error(err)
	}
}

// knocked is a stream to somebody who lets do deal with the knock.
func knocked(t *testing.T, do func(ctx context.Context, s Stream, m Message) error) (Stream, func()) {
	t.Helper()
	a, b := net.Pipe()
	var answering sync.WaitGroup
	answering.Go(func() {
		m, err := ReadKnock(t.Context(), b)
		if err == nil {
			err = do(t.Context(), b, m)
		}
		if err != nil {
			t.Errorf("who was knocked at: %v", err)
		}
	})
	return a, answering.Wait
}

func TestKnock(t *testing.T) {
	cert := fill(183, 1)
	for _, knock := range []Message{
		&KnockMember{cert}, &KnockGuest{cert, fill(200, 2)}, &KnockInvitation{cert, fill(32, 3), 5 << 30, [][]byte{cert}, "bo"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, wait := knocked(t, func(ctx context.Context, s Stream, m Message) error {
				if !reflect.DeepEqual(m, knock) {
					t.Errorf("%+v arrived as %+v", knock, m)
				}
				return AnswerKnock(ctx, s, &Welcome{AccessMember})
			})
			if access, err := Knock(t.Context(), s, knock); access != AccessMember || err != nil {
				t.Errorf("%v: %v, %v", knock.Kind(), access, err)
			}
			wait()
		})
		synctest.Test(t, func(t *testing.T) {
			s, wait := knocked(t, func(_ context.Context, s Stream, _ Message) error { return s.Close() })
			if access, err := Knock(t.Context(), s, knock); access != 0 || err != blobstore.ErrDenied {
				t.Errorf("%v, cut unanswered: %v, %v", knock.Kind(), access, err)
			}
			wait()
		})
		synctest.Test(t, func(t *testing.T) {
			s, wait := knocked(t, func(ctx context.Context, s Stream, _ Message) error { return AnswerKnock(ctx, s, &Found{}) })
			if access, err := Knock(t.Context(), s, knock); access != 0 || !errors.Is(err, ErrProtocol) {
				t.Errorf("%v, another answer: %v, %v", knock.Kind(), access, err)
			}
			wait()
		})
	}
	if _, err := Knock(t.Context(), nil, &KnockWhere{}); err == nil {
		t.Error("WHERE asks to be let in")
	}
}

func TestKnockForHolders(t *testing.T) {
	knock := &KnockWhere{sampleRID(20), fill32(1)}
	for _, records := range [][][]byte{nil, {fill(150, 1), fill(160, 2)}, many(MaxList, fill(MaxRecord, 3))} {
		synctest.Test(t, func(t *testing.T) {
			s, wait := knocked(t, func(ctx context.Context, s Stream, m Message) error {
				if !reflect.DeepEqual(m, knock) {
					t.Errorf("arrived as %+v", m)
				}
				return AnswerKnock(ctx, s, &Found{records})
			})
			if got, err := KnockForHolders(t.Context(), s, knock); err != nil || !reflect.DeepEqual(got, records) {
				t.Errorf("%d records: %v", len(got), err)
			}
			wait()
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s, wait := knocked(t, func(ctx context.Context, s Stream, _ Message) error { return Refuse(ctx, s, blobstore.ErrBusy) })
		if _, err := KnockForHolders(t.Context(), s, knock); !errors.Is(err, blobstore.ErrBusy) {
			t.Error(err)
		}
		wait()
	})
}

// Anybody reads an open share, and nobody another one.
func TestKnockForBlocks(t *testing.T) {
	m, ana := new(blobtest.Memory), blobtest.Person(0).NID().DID()
	open, closed := blobtest.NewShare(1, 3*maxChunk), blobtest.NewShare(2, 1000)
	offer := open.Offer(ana)
	offer.Open = true
	if outcomes, err := m.For(ana).Put(t.Context(), []blobstore.Offer{offer, closed.Offer(ana)}); err != nil || outcomes[0].Err != nil {
		t.Fatal(outcomes, err)
	}
	strangers := m.For(blobtest.Person(7).NID().DID())
	serve := func(ctx context.Context, s Stream, m Message) error {
		return ServeRead(ctx, s, m.(*KnockRead), strangers)
	}
	synctest.Test(t, func(t *testing.T) {
		s, wait := knocked(t, serve)
		ranges, seen := open.Ranges(maxChunk), 0
		err := KnockForBlocks(t.Context(), s, &KnockRead{Name: open.Name, Ranges: ranges}, func(i int, b []byte) error {
			if seen++; !bytes.Equal(b, open.At(ranges[i])) {
				t.Errorf("block %d differs", i)
			}
			return nil
		})
		if err != nil || seen != len(ranges) {
			t.Error(seen, err)
		}
		wait()
	})
	synctest.Test(t, func(t *testing.T) {
		s, wait := knocked(t, serve)
		proofs, err := KnockForProofs(t.Context(), s, &KnockRead{Name: open.Name, Ranges: open.Ranges(maxChunk), Prove: true})
		if err != nil || len(proofs) != 3 {
			t.Error(len(proofs), err)
		}
		wait()
		s, wait = knocked(t, serve)
		err = KnockForBlocks(t.Context(), s, &KnockRead{Name: closed.Name}, func(int, []byte) error { return nil })
		if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, blobstore.ErrDenied) && err == nil {
			t.Error("a stranger read a share that is not open")
		}
		wait()
	})
	if err := KnockForBlocks(t.Context(), nil, &KnockRead{Prove: true}, nil); err == nil {
		t.Error("proofs are no blocks")
	}
	if _, err := KnockForProofs(t.Context(), nil, &KnockRead{}); err == nil {
		t.Error("blocks are no proofs")
	}
}
