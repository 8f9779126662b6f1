package node

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"radswarm/radicle"

	"github.com/google/go-cmp/cmp"
)

// A node that is broken or hostile gives an error of a kind that we know, and never makes us wait or grow without bound.
func TestHostileNode(t *testing.T) {
	for name, text := range map[string]string{
		"empty line":  "\n",
		"no JSON":     "hello\n",
		"cut":         `[{"nid":"`,
		"other shape": `{"a":1}` + "\n",
		"null":        "[null]\n",
		"wrong nid":   `[{"nid":"x","link":"inbound","addr":"a","state":"initial"}]`,
		"no link":     `[{"nid":"` + boID + `","addr":"a","state":"initial"}]`,
		"bad state":   `[{"nid":"` + boID + `","link":"inbound","addr":"a","state":{}}]`,
		"two states":  `[{"nid":"` + boID + `","link":"inbound","addr":"a","state":{"connected":{},"initial":{}}}]`,
		"late":        `[{"nid":"` + boID + `","link":"inbound","addr":"a","state":{"connected":{"since":253402300800}}}]`,
		"negative":    `[{"nid":"` + boID + `","link":"inbound","addr":"a","state":{"connected":{"since":-1}}}]`,
	} {
		c, _ := answers(t, map[string]string{"sessions": text})
		sessions, err := c.Sessions(t.Context())
		if e, ok := errors.AsType[*AnswerError](err); !ok || e.Command != "sessions" {
			t.Errorf("%s: %v, %v", name, sessions, err)
		}
	}
	for name, err := range map[string]error{
		"fetch": func() error {
			c, _ := answers(t, map[string]string{"fetch": `{"status":"x"}`})
			_, err := c.Fetch(t.Context(), rid, bo, FetchOptions{})
			return err
		}(),
		"connect": func() error {
			c, _ := answers(t, map[string]string{"connect": `{"status":"x"}`})
			return c.Connect(t.Context(), bo, "a:1", ConnectOptions{})
		}(),
	} {
		if _, ok := errors.AsType[*AnswerError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A node that ends before it answers is one that is not running, whether it read the command or not.
func TestNodeThatEnds(t *testing.T) {
	for name, serve := range map[string]func(net.Conn, string){
		"after the command": func(net.Conn, string) {},
		"before it":         nil,
	} {
		c := listen(t, serve)
		if running, err := c.Running(t.Context()); running || err != nil {
			t.Errorf("%s: %v, %v", name, running, err)
		}
		if _, err := c.Sessions(t.Context()); !errors.Is(err, ErrNotRunning) {
			t.Errorf("%s: %v", name, err)
		}
		s, err := c.Subscribe(t.Context())
		if err == nil {
			_, err = s.Next(t.Context())
		}
		if !errors.Is(err, ErrNotRunning) {
			t.Errorf("%s: subscription: %v", name, err)
		}
	}
}

func TestEndlessLine(t *testing.T) {
	sent := make(chan int, 1)
	c := listen(t, func(conn net.Conn, _ string) {
		total := 0
		for chunk := make([]byte, 1<<20); ; total += len(chunk) {
			if _, err := conn.Write(chunk); err != nil {
				sent <- total
				return
			}
		}
	})
	if _, err := c.Sessions(t.Context()); !errors.Is(err, ErrLineTooLong) {
		t.Errorf("%v", err)
	}
	if n := <-sent; n > 2*MaxLine {
		t.Errorf("%d bytes were taken", n)
	}
}

func TestSilentNode(t *testing.T) {
	c := listen(t, func(conn net.Conn, _ string) { _, _ = io.Copy(io.Discard, conn) })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Running(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("our deadline: %v", err)
	}
	var answer raw
	err := c.call(t.Context(), 20*time.Millisecond, request{"command": "status"}, &answer)
	if e, ok := errors.AsType[*TimeoutError](err); !ok || e.Command != "status" || e.After != 20*time.Millisecond {
		t.Errorf("default: %v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := c.Running(canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// What a newer node says more is kept.
func TestUnknownFields(t *testing.T) {
	c, _ := answers(t, map[string]string{"sessions": `[{"nid":"` + boID +
		`","link":"sideways","addr":"a:1","state":{"dreaming":{"of":1}},"mood":"good"},` +
		`{"nid":"` + boID + `","link":"inbound","addr":"a:1","state":{"connected":{"since":1,"fetching":["` + ridID + `"],"x":2}}},` +
		`{"nid":"` + boID + `","link":"inbound","addr":"a:1","state":"asleep"}]`})
	got, err := c.Sessions(t.Context())
	want := []Session{
		{
			NID: bo, Link: "sideways", Addr: "a:1", Unknown: Unknown{"mood": raw(`"good"`)},
			State: SessionState{Phase: "dreaming", Unknown: Unknown{"dreaming": raw(`{"of":1}`)}},
		},
		{
			NID: bo, Link: Inbound, Addr: "a:1",
			State: SessionState{Phase: Connected, Since: time.Unix(1, 0), Fetching: []radicle.RID{rid}, Unknown: Unknown{"x": raw("2")}},
		},
		{NID: bo, Link: Inbound, Addr: "a:1", State: SessionState{Phase: "asleep"}},
	}
	if diff := cmp.Diff(want, got, cmpV, cmpR); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func FuzzAnswers(f *testing.F) {
	for _, line := range []string{seedsLine, fetchLine, "[" + sessionLine + "]", `{"error":"x"}`, "null", `{"updated":true}`, `["a"]`} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		_, _ = errorText(line)
		for _, into := range []any{new([]Seed), new([]Session), new(fetchAnswer), new(connectAnswer), new(updatedAnswer), new(RefsAt)} {
			err := decodeAnswer("x", line, into)
			if err == nil {
				continue
			}
			_, isAnswer := errors.AsType[*AnswerError](err)
			_, isCommand := errors.AsType[*CommandError](err)
			if !isAnswer && !isCommand {
				t.Fatalf("%T: %v", into, err)
			}
		}
	})
}
