package node

import (
	"context"
	"errors"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
)

var stamp = time.UnixMilli(1795253824777)

// A line of every type, in the words of radicle-node 1.10, and what it is.
var eventLines = []struct {
	line string
	want Event
}{
	{
		`{"type":"localRefsAnnounced","rid":"` + ridID + `","refs":{"remote":"` + anaID + `","at":"` + oidID + `"},"timestamp":1795253824777}`,
		&LocalRefsAnnounced{RID: rid, Refs: RefsAt{Remote: ana, At: oid}, Time: stamp},
	},
	{
		`{"type":"uploadPack","PackProgress":{"rid":"` + ridID + `","remote":"` + boID + `","transmitted":35}}`,
		&UploadPack{RID: rid, Remote: bo, Stage: "PackProgress", Transmitted: 35},
	},
	{
		`{"type":"uploadPack","Write":{"rid":"` + ridID + `","remote":"` + boID + `","progress":{"counting":{"processed":1,"total":7}}}}`,
		&UploadPack{RID: rid, Remote: bo, Stage: "Write", Progress: raw(`{"counting":{"processed":1,"total":7}}`)},
	},
	{
		`{"type":"uploadPack","Done":{"rid":"` + ridID + `","remote":"` + boID + `","status":"signal: 9 (SIGKILL)"}}`,
		&UploadPack{RID: rid, Remote: bo, Stage: "Done", Status: "signal: 9 (SIGKILL)"},
	},
	{
		`{"type":"uploadPack","Error":{"rid":"` + ridID + `","remote":"` + boID + `","err":"broken"}}`,
		&UploadPack{RID: rid, Remote: bo, Stage: "Error", Err: "broken"},
	},
	{
		`{"type":"refsAnnounced","nid":"` + boID + `","rid":"` + ridID + `","refs":[{"remote":"` + anaID + `","at":"` + oidID + `"}],"timestamp":1795253824777}`,
		&RefsAnnounced{NID: bo, RID: rid, Refs: []RefsAt{{Remote: ana, At: oid}}, Time: stamp},
	},
	{
		`{"type":"refsSynced","remote":"` + boID + `","rid":"` + ridID + `","at":"` + oidID + `"}`,
		&RefsSynced{Remote: bo, RID: rid, At: oid},
	},
	{
		`{"type":"refsFetched","remote":"` + boID + `","rid":"` + ridID + `","updated":[{"skipped":{"name":"refs/x","oid":"` + oidID + `"}}]}`,
		&RefsFetched{Remote: bo, RID: rid, Updated: []RefUpdate{{Kind: RefSkipped, Name: "refs/x", Old: oid, New: oid}}},
	},
	{`{"type":"seedDiscovered","rid":"` + ridID + `","nid":"` + boID + `"}`, &SeedDiscovered{RID: rid, NID: bo}},
	{`{"type":"seedDropped","rid":"` + ridID + `","nid":"` + boID + `"}`, &SeedDropped{RID: rid, NID: bo}},
	{`{"type":"peerConnected","nid":"` + boID + `"}`, &PeerConnected{NID: bo}},
	{`{"type":"peerDisconnected","nid":"` + boID + `","reason":"gone"}`, &PeerDisconnected{NID: bo, Reason: "gone"}},
	{
		`{"type":"inventoryAnnounced","nid":"` + boID + `","inventory":["` + ridID + `"],"timestamp":1795253824777}`,
		&InventoryAnnounced{NID: bo, Inventory: []radicle.RID{rid}, Time: stamp},
	},
	{
		`{"type":"nodeAnnounced","nid":"` + boID + `","alias":"bo","timestamp":1795253824777,"features":1,"addresses":["127.0.0.1:8802"]}`,
		&NodeAnnounced{NID: bo, Alias: "bo", Time: stamp, Features: 1, Addresses: []string{"127.0.0.1:8802"}},
	},
	{
		`{"type":"canonicalRefUpdated","rid":"` + ridID + `","refname":"refs/heads/master","target":"` + oidID + `"}`,
		&CanonicalRefUpdated{RID: rid, Name: "refs/heads/master", Target: oid},
	},
}

func TestParseEvent(t *testing.T) {
	for _, c := range eventLines {
		got := parseEvent([]byte(c.line))
		if diff := cmp.Diff(c.want, got, cmpV, cmpR); diff != "" {
			t.Errorf("%s: %s", c.line, diff)
		}
		more := strings.TrimSuffix(c.line, "}") + `,"more":[1]}`
		if o, ok := parseEvent([]byte(more)).(*OtherEvent); ok && o.Type != "uploadPack" {
			t.Errorf("%s with one more field: %v", c.line, o.Err)
		}
	}
	got := parseEvent([]byte(`{"type":"peerConnected","nid":"` + boID + `","more":[1]}`))
	if diff := cmp.Diff(&PeerConnected{NID: bo, Unknown: Unknown{"more": raw("[1]")}}, got); diff != "" {
		t.Error(diff)
	}
	if e, ok := parseEvent([]byte(`{"type":"uploadPack","New":{"rid":"` + ridID + `","remote":"` + boID + `","x":1}}`)).(*UploadPack); !ok ||
		e.Stage != "New" || len(e.Unknown) != 1 {
		t.Errorf("new stage: %+v", e)
	}
}

func TestParseEventTolerates(t *testing.T) {
	for line, wrong := range map[string]bool{
		`{"type":"earthquake","x":1}`:         false,
		`{"type":"peerConnected"}`:            true,
		`{"type":"peerConnected","nid":7}`:    true,
		`{"type":7}`:                          true,
		`{}`:                                  false,
		`[]`:                                  true,
		``:                                    true,
		`hello`:                               true,
		`{"type":"uploadPack"}`:               false,
		`{"type":"uploadPack","A":{},"B":{}}`: false,
		`{"type":"uploadPack","Done":{}}`:     true,
		`{"type":"refsFetched","remote":"` + boID + `","rid":"` + ridID + `","updated":[{}]}`: true,
	} {
		e, ok := parseEvent([]byte(line)).(*OtherEvent)
		if !ok || (e.Err != nil) != wrong || string(e.Text) != line {
			t.Errorf("%s: %+v", line, e)
		}
	}
}

// Every event type of ours is in the table above.
func TestEveryEventHasALine(t *testing.T) {
	have := make(map[reflect.Type]bool)
	for _, c := range eventLines {
		have[reflect.TypeOf(c.want)] = true
	}
	if len(have) != 12 {
		t.Errorf("%d types", len(have))
	}
}

func FuzzEvent(f *testing.F) {
	for _, c := range eventLines {
		f.Add([]byte(c.line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if parseEvent(line) == nil {
			t.Fatal("nil")
		}
	})
}

func TestSubscription(t *testing.T) {
	more := make(chan string)
	c := listen(t, func(conn net.Conn, line string) {
		if line != `{"command":"subscribe"}` {
			return
		}
		for text := range more {
			_, _ = io.WriteString(conn, text)
		}
	})
	s, err := c.Subscribe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := func(nid radicle.NID) {
		t.Helper()
		e, err := s.Next(t.Context())
		if p, ok := e.(*PeerConnected); !ok || p.NID != nid || err != nil {
			t.Fatalf("%v, %v", e, err)
		}
	}
	line := func(id string) string { return `{"type":"peerConnected","nid":"` + id + "\"}\n" }
	more <- line(anaID) + line(boID)
	want(ana)
	want(bo)
	// A wait that is cut short in the middle of a line loses nothing.
	for i, half := range []string{line(anaID)[:20], line(anaID)[20:30]} {
		more <- half
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if e, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%d: %v, %v", i, e, err)
		}
		cancel()
	}
	more <- line(anaID)[30:]
	want(ana)
	more <- strings.TrimSuffix(line(boID), "\n") // the last line has no line feed
	close(more)
	got := []Event{}
	for e, err := range s.All(t.Context()) {
		if got = append(got, e); err != nil && !errors.Is(err, ErrNotRunning) {
			t.Error(err)
		}
	}
	if len(got) != 2 || got[1] != nil {
		t.Errorf("%v", got)
	}
}

// A wait that was given up in the moment in which a line came does not disturb the next one.
func TestSubscriptionAfterALateCancel(t *testing.T) {
	const line = `{"type":"peerConnected","nid":"` + anaID + `"}` + "\n"
	here, there := net.Pipe()
	defer here.Close()
	s := &Subscription{lines: &lineReader{conn: here, max: MaxLine}}
	for range 2000 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_, _ = io.WriteString(there, line)
		}()
		go cancel()
		for err := error(context.Canceled); err != nil; ctx = t.Context() {
			if _, err = s.Next(ctx); err != nil && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
	}
}

func TestSubscriptionRefused(t *testing.T) {
	c, _ := answers(t, map[string]string{"subscribe": `{"error":"runtime error: no"}`})
	s, err := c.Subscribe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Next(t.Context()); err == nil {
		t.Error("no error")
	} else if _, ok := errors.AsType[*CommandError](err); !ok {
		t.Errorf("%v", err)
	}
}

// However a stream is cut into reads, its lines are the same, or it ends with a line that is too long.
func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nbb\n\nccc"), uint8(1), uint8(10))
	f.Add([]byte("aaaaaaaaaaaaaaaaaaaa\n"), uint8(3), uint8(5))
	f.Fuzz(func(t *testing.T, stream []byte, step, limit uint8) {
		here, there := net.Pipe()
		go func() {
			defer there.Close()
			for data := stream; len(data) > 0; {
				n := min(int(step)+1, len(data))
				if _, err := there.Write(data[:n]); err != nil {
					return
				}
				data = data[n:]
			}
		}()
		defer here.Close()
		r := &lineReader{conn: here, max: int(limit)}
		want := strings.Split(string(stream), "\n")
		if want[len(want)-1] == "" {
			want = want[:len(want)-1]
		}
		for i := 0; ; i++ {
			line, err := r.next(t.Context())
			switch {
			case errors.Is(err, io.EOF) && i == len(want):
				return
			case errors.Is(err, ErrLineTooLong) && i < len(want) && len(want[i]) > int(limit):
				return
			case err != nil || i >= len(want) || string(line) != want[i]:
				t.Fatalf("line %d: %q, %v", i, line, err)
			}
		}
	})
}
