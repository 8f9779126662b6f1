package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
)

// seed adds the vectors of folders, as far as use wants them.
func seed(f *testing.F, use func(v vector) []byte, folders ...string) {
	f.Helper()
	for _, v := range loadVectors(f, folders...) {
		if b := use(v); b != nil {
			f.Add(b)
		}
	}
}

// What decodes may be sent, and comes back from what it is sent as.
func FuzzMessage(f *testing.F) {
	seed(f, func(v vector) []byte { return v.body }, "message", "refused")
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decodeFrame(b)
		if err != nil {
			return
		}
		again, err := decodeFrame(AppendFrame(nil, m))
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Errorf("%+v came back as %+v: %v", m, again, err)
		}
	})
}

// Whatever is sent to a holder: it ends, its store is what it was or has whole shares more, and what it says is frames.
func FuzzServe(f *testing.F) {
	opened := len(AppendFrame(nil, &Open{ProtocolBlocks}))
	seed(f, func(v vector) []byte {
		asked, err := strconv.Atoi(v.get("asker"))
		if err != nil || bytes.Contains([]byte(v.name), []byte("knock")) {
			return nil
		}
		return v.body[opened:asked]
	}, "dialogue")
	seed(f, func(v vector) []byte { return v.body }, "refused")
	f.Fuzz(func(t *testing.T, b []byte) {
		synctest.Test(t, func(t *testing.T) {
			m := dialogueStore(t)
			s := serveTo(t.Context(), m.For(person(0xa0)), sends(b))
			s.last(t)
			if s.err == nil && s.last(t) > CodeVersion {
				t.Error("served without END")
			}
			if errors.Is(s.err, context.Canceled) || m.Charged() > m.Limit {
				t.Errorf("%v, %d bytes charged", s.err, m.Charged())
			}
		})
	})
}

// Whatever a holder answers: the call ends, with all it promises or an error.
func FuzzClient(f *testing.F) {
	methods := []string{"Audit", "Delete", "Get", "Hash", "Have", "Manifests", "Prove", "Put"}
	for _, v := range loadVectors(f, "dialogue") {
		asked, err := strconv.Atoi(v.get("asker"))
		if err != nil {
			f.Fatal(err)
		}
		for i := range methods {
			f.Add(uint8(i), v.body[asked:])
		}
	}
	for _, v := range loadVectors(f, "message") {
		if len(v.body) < 1000 {
			f.Add(uint8(len(v.body)), slices.Concat(v.body, v.body, AppendFrame(nil, &endMsg{})))
		}
	}
	f.Fuzz(func(t *testing.T, method uint8, b []byte) {
		synctest.Test(t, func(t *testing.T) {
			client, wait := against(func(s net.Conn) { s.Write(b) })
			err := asks()[methods[int(method)%len(methods)]](t.Context(), client)
			wait()
			if errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	})
}

// Whatever a peer sends on a control stream: it ends, and only valid messages are handed on, HELLO first.
func FuzzControl(f *testing.F) {
	first := AppendFrame(nil, hello("bo"))
	seed(f, func(v vector) []byte { return slices.Concat(first, v.body, v.body) }, "message", "refused")
	seed(f, func(v vector) []byte { return v.body }, "message")
	f.Fuzz(func(t *testing.T, b []byte) {
		synctest.Test(t, func(t *testing.T) {
			a, p := net.Pipe()
			answers, n := script(p, b), 0
			err := NewCtl(a).Run(t.Context(), hello("ana"), func(m Message) error {
				if (n == 0) != (m.Kind() == KindHello) || m.Validate() != nil {
					t.Errorf("message %d: %+v", n, m)
				}
				n++
				return nil
			})
			answers()
			if errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	})
}

// Whatever a stranger sends first: it is understood to its last byte or cut.
func FuzzFirst(f *testing.F) {
	seed(f, func(v vector) []byte { return v.body }, "message", "refused")
	f.Fuzz(func(t *testing.T, b []byte) {
		synctest.Test(t, func(t *testing.T) {
			a, p := net.Pipe()
			go func() { a.Write(b); a.Close() }()
			m, err := ReadFirst(t.Context(), p)
			if err != nil {
				return
			}
			rest, _ := io.ReadAll(p)
			p.Close()
			if again, err := decodeFrame(b[:len(b)-len(rest)]); err != nil || !reflect.DeepEqual(again, m) || m.Validate() != nil {
				t.Errorf("%+v of %d bytes: %v", m, len(b)-len(rest), err)
			}
		})
	})
}
