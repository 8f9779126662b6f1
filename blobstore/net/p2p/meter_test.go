package p2p

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	stdnet "net"
	"testing"
	"time"

	"radswarm/blobstore/net"
)

// tcpLinks are the two ends of a connection without TLS. The readers of the second may pause for as long as is said.
func tcpLinks(t *testing.T, paused time.Duration) (near, far *tcpLink) {
	t.Helper()
	l, err := stdnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	out, err := stdnet.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	in, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	p := &pool{free: tcpPool}
	if near, err = newTCPLink(out, out, proof{device: key(2).Device()}, net.Addr{}, p, false); err != nil {
		t.Fatal(err)
	}
	if far, err = newTCPLink(in, in, proof{device: key(1).Device()}, net.Addr{}, p, true); err != nil {
		t.Fatal(err)
	}
	far.meter.mu.Lock()
	far.meter.paused = paused
	far.meter.mu.Unlock()
	for _, l := range []*tcpLink{near, far} {
		l.Admit()
		t.Cleanup(func() { l.Close(0) })
	}
	return near, far
}

// pair opens a stream and takes its other end.
func pair(t *testing.T, near, far *tcpLink) (a, b net.Stream) {
	t.Helper()
	a, err := near.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err = far.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return a, b
}

// TestUnreadIsBounded fills streams that nobody reads: what the receiver holds stays within its bound.
func TestUnreadIsBounded(t *testing.T) {
	near, far := tcpLinks(t, time.Hour)
	var streams []net.Stream
	for range 20 { // 40 MiB, as far as yamux is concerned
		a, _ := pair(t, near, far)
		streams = append(streams, a)
	}
	for _, s := range streams {
		go func() { _, _ = s.Write(make([]byte, 1<<20)) }()
	}
	for end := time.Now().Add(patience); far.meter.holds() < tcpUnread; {
		if time.Now().After(end) {
			t.Fatalf("it holds %d", far.meter.holds())
		}
	}
	<-time.After(50 * time.Millisecond) // whatever else there is to come
	if got := far.meter.holds(); got > tcpUnread+frameSize {
		t.Errorf("it holds %d", got)
	}
}

// TestTinyFrames has a peer send its bytes one by one: they are bounded by what they take, not by what they say.
func TestTinyFrames(t *testing.T) {
	l, err := stdnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err := stdnet.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	in, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	link, err := newTCPLink(in, in, proof{device: key(1).Device()}, net.Addr{}, &pool{free: tcpPool}, true)
	if err != nil {
		t.Fatal(err)
	}
	link.Admit()
	defer link.Close(0)
	go func() {
		frames := append(frameOf(1, 1, 1, nil), bytes.Repeat(frameOf(0, 0, 1, []byte("x")), 200_000)...)
		_, _ = peer.Write(frames)
	}()
	for end := time.Now().Add(patience); link.meter.holds() < tcpUnread; {
		if time.Now().After(end) {
			t.Fatalf("it holds %d", link.meter.holds())
		}
	}
	link.meter.mu.Lock()
	defer link.meter.mu.Unlock()
	if h := link.meter.streams[1]; h.bytes > tcpUnread/frameCost+1 || h.frames < h.bytes {
		t.Errorf("%d bytes in %d frames", h.bytes, h.frames)
	}
}

func (m *meter) holds() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held
}

// TestPausedReader has readers pause that hold up a connection: theirs are reset, and another stream goes on.
func TestPausedReader(t *testing.T) {
	near, far := tcpLinks(t, 100*time.Millisecond)
	var paused, writers []net.Stream
	for range 10 {
		a, b := pair(t, near, far)
		go func() { _, _ = a.Write(make([]byte, 4<<20)) }()
		writers, paused = append(writers, a), append(paused, b)
	}
	a, b := pair(t, near, far)
	data := bytes.Repeat([]byte("going on "), 100_000)
	go func() {
		_, _ = a.Write(data)
		_ = a.CloseWrite()
	}()
	got, err := io.ReadAll(b)
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%d bytes of %d, %v", len(got), len(data), err)
	}
	var busy int
	for i := range paused {
		if _, err := paused[i].Read(make([]byte, 1)); errors.Is(err, net.ErrBusy) {
			busy++
			_, err := io.ReadAll(writers[i])
			if e, ok := errors.AsType[*net.ResetError](err); !ok || e.Code != net.CodeBusy {
				t.Errorf("the writer hears %v", err)
			}
		}
	}
	if busy == 0 {
		t.Error("none of the paused ones was reset")
	}
}

// TestPoolIsGivenBack has a connection read everything, or close: what it drew is there again.
func TestPoolIsGivenBack(t *testing.T) {
	near, far := tcpLinks(t, time.Hour)
	pool := far.meter.allowance.pool
	const n = 600 << 10
	var streams []net.Stream
	for range 3 {
		a, b := pair(t, near, far)
		go func() { _, _ = a.Write(make([]byte, n/3)) }()
		streams = append(streams, b)
	}
	for end := time.Now().Add(patience); far.meter.holds() < n; {
		if time.Now().After(end) {
			t.Fatalf("it holds %d", far.meter.holds())
		}
	}
	if left := pool.left(); left != tcpPool-(n-tcpBase+poolStep-1)/poolStep*poolStep {
		t.Errorf("%d are left", left)
	}
	_, _ = io.CopyN(io.Discard, streams[0], n/3)
	_ = streams[1].Close()
	_ = streams[2].Reset(1)
	if left := pool.left(); left != tcpPool || far.meter.holds() != 0 {
		t.Errorf("%d are left, %d are held", left, far.meter.holds())
	}
}

func (p *pool) left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.free
}

func TestAllowance(t *testing.T) {
	p := &pool{free: 300}
	a := &allowance{pool: p, base: 100, most: 300}
	if a.limit() != 100 || a.draw(1) {
		t.Error("a stranger draws")
	}
	a.admit()
	if !a.draw(200) || a.limit() != 300 || a.draw(1) || p.left() != 100 {
		t.Error("it draws something else than its most")
	}
	b := &allowance{pool: p, base: 100, most: 1000, admitted: true}
	if b.draw(101) || !b.draw(100) || b.limit() != 200 {
		t.Error("the pool has something else")
	}
	a.ease()
	if p.left() != 200 || a.limit() != 100 {
		t.Error("easing gives something else back")
	}
	a.close()
	b.close()
	b.close()
	b.ease()
	if p.left() != 300 || b.draw(1) {
		t.Errorf("%d are left", p.left())
	}
}

// frameOf is a yamux frame.
func frameOf(kind uint8, flags uint16, stream uint32, body []byte) []byte {
	f := []byte{0, kind}
	f = binary.BigEndian.AppendUint16(f, flags)
	f = binary.BigEndian.AppendUint32(f, stream)
	f = binary.BigEndian.AppendUint32(f, uint32(len(body)))
	return append(f, body...)
}

// FuzzMeter reads anything in any portions: what is counted does not depend on them, and adds up.
func FuzzMeter(f *testing.F) {
	f.Add(bytes.Join([][]byte{
		frameOf(0, 1, 1, []byte("abc")), frameOf(1, 1, 3, nil), frameOf(0, 0, 3, make([]byte, 100)),
		frameOf(0, 0, 99, []byte("of none")), frameOf(2, 1, 0, nil), frameOf(1, 8, 3, nil),
	}, nil), uint8(5))
	f.Fuzz(func(t *testing.T, data []byte, portion uint8) {
		whole, parts := newMeter(nil, nil, &pool{}), newMeter(nil, nil, &pool{})
		whole.follow(data)
		for p := data; len(p) > 0; {
			n := min(len(p), int(portion)+1)
			parts.follow(p[:n])
			p = p[n:]
		}
		var sum int
		for id, h := range whole.streams {
			sum += h.cost()
			if parts.streams[id] == nil || parts.streams[id].cost() != h.cost() {
				t.Fatalf("stream %d holds %d, or %v", id, h.bytes, parts.streams[id])
			}
			whole.read(id, h.bytes/2)
			whole.forget(id)
		}
		if sum > len(data)*(1+frameCost/headerSize) || parts.held != sum || whole.held != 0 || len(whole.streams) != 0 {
			t.Errorf("%d in all, %d in parts, %d after", sum, parts.held, whole.held)
		}
	})
}
