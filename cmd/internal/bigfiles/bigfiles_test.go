package bigfiles

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/blobstore"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/remote"
)

// script is a daemon that answers by route and notes what it was asked.
type script struct {
	t       *testing.T
	asked   []string
	bodies  []any
	lines   []control.Line
	answers map[string]any // the answer, or an error
}

func (s *script) Call(_ context.Context, method, path string, in, out any) error {
	s.asked, s.bodies = append(s.asked, method+" "+path), append(s.bodies, in)
	name := path[strings.LastIndexByte(path, '/')+1:]
	answer, ok := s.answers[name]
	if !ok {
		s.t.Fatalf("asked for %s", path)
	}
	if err, ok := answer.(error); ok {
		return err
	}
	if make, ok := answer.(func(any) any); ok {
		answer = make(in)
	}
	text, err := json.Marshal(answer)
	if err != nil {
		s.t.Fatal(err)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

func (s *script) Watch(ctx context.Context, method, path string, in, out any, each func(control.Line) error) error {
	for _, l := range s.lines {
		if err := each(l); err != nil {
			return err
		}
	}
	return s.Call(ctx, method, path, in, out)
}

func newBigFiles(t *testing.T, answers map[string]any, lines ...control.Line) (*BigFiles, *script) {
	s := &script{t: t, answers: answers, lines: lines}
	return &BigFiles{env: os.LookupEnv, caller: s}, s
}

func testRID(t *testing.T) radicle.RID {
	t.Helper()
	rid, err := radicle.ParseRID("rad:z3gqcJUoA1n9HaHKufZs5FCSGazv5")
	if err != nil {
		t.Fatal(err)
	}
	return rid
}

func object(n int) blobstore.Pointer {
	p := blobstore.Pointer{Size: int64(n + 1)}
	p.OID[0], p.OID[1] = byte(n), byte(n>>8)
	return p
}

// safetyBySize answers each object by its size, so that the order shows.
func safetyBySize(in any) any {
	var out control.Looked
	switch in := in.(type) {
	case control.Look:
		for _, o := range in.Objects {
			out.Objects = append(out.Objects, control.Safety{Stored: true, People: int(o.Size), Spare: 1, By: "bo"})
		}
	case control.Store:
		for _, f := range in.Files {
			out.Objects = append(out.Objects, control.Safety{Stored: true, People: int(f.Size), Spare: 1})
		}
	}
	return out
}

func TestLookInSteps(t *testing.T) {
	b, s := newBigFiles(t, map[string]any{"look": safetyBySize})
	const n = perRequest + 3
	var objects []blobstore.Pointer
	for i := range n {
		objects = append(objects, object(i))
	}
	found, err := b.Look(t.Context(), testRID(t), objects)
	if err != nil || len(found) != n || len(s.asked) != 2 {
		t.Fatalf("%d, %v, asked %d times", len(found), err, len(s.asked))
	}
	for i, safety := range found {
		if safety != (remote.Safety{Stored: true, People: i + 1, Spare: 1, By: "bo"}) {
			t.Fatalf("%d: %+v", i, safety)
		}
	}
	if want := "POST /v1/repositories/rad:z3gqcJUoA1n9HaHKufZs5FCSGazv5/look"; s.asked[0] != want {
		t.Errorf("%s, not %s", s.asked[0], want)
	}
}

func TestStore(t *testing.T) {
	b, s := newBigFiles(t, map[string]any{"store": safetyBySize},
		control.Line{Note: "waiting for bo\x1b[2J"},
		control.Line{Progress: &control.Progress{What: "storing", Bytes: 1_500_000, Total: 3_000_000}},
		control.Line{Progress: &control.Progress{What: "storing", Bytes: 1_600_000, Total: 3_000_000}},
	)
	var said bytes.Buffer
	files := []remote.File{{Object: object(1), Path: "/x/lfs/objects/aa/bb/oid", Name: "a\xff.mp4"}}
	found, err := b.Store(t.Context(), testRID(t), files, remote.Full, &said)
	if err != nil || len(found) != 1 || found[0].People != 2 {
		t.Fatal(found, err)
	}
	in, _ := s.bodies[0].(control.Store)
	if in.Require != control.Full || in.Storage != "/x/lfs" || in.Files[0].Name != "a\uFFFD.mp4" || in.Files[0].Path != files[0].Path {
		t.Errorf("%+v", in)
	}
	if want := "waiting for bo [2J\n"; said.String() != want { // it does not take a second
		t.Errorf("said %q", said.String())
	}
}

func TestProgress(t *testing.T) {
	var said bytes.Buffer
	p := progress{w: &said} // a second ago nothing was said
	for _, bytes := range []int64{1_500_000, 1_600_000} {
		if err := p.line(control.Line{Progress: &control.Progress{What: "storing", Bytes: bytes, Total: 3_000_000}}); err != nil {
			t.Fatal(err)
		}
	}
	if want := "storing: 1.5 MB of 3.0 MB, 50 %\n"; said.String() != want {
		t.Errorf("said %q", said.String())
	}
}

func TestErrorsAreOneLine(t *testing.T) {
	said := &control.Error{Code: control.CodeUnsafe, Message: "2 of 3 needed; missing: bo\nand cy", Hint: "rad swarm friend"}
	b, _ := newBigFiles(t, map[string]any{"look": said})
	_, err := b.Look(t.Context(), testRID(t), []blobstore.Pointer{object(1)})
	if err == nil || err.Error() != "2 of 3 needed; missing: bo and cy (rad swarm friend)" {
		t.Error(err)
	}
	b, _ = newBigFiles(t, map[string]any{"look": control.Looked{}})
	if _, err := b.Look(t.Context(), testRID(t), []blobstore.Pointer{object(1)}); err == nil {
		t.Error("an answer about nothing is no answer")
	}
}

func TestSighted(t *testing.T) {
	truths := []control.Warning{{Text: "Bo will read\x1b film.mp4", Hint: "rad swarm zone"}}
	b, s := newBigFiles(t, map[string]any{"records": control.Batch{Truths: truths}, "recorded": nil})
	var said []string
	say := func(text, hint string) { said = append(said, text+"|"+hint) }
	in := []remote.Sighting{{Object: object(1), Paths: []string{"film\xff.mp4"}, Asked: []string{"private"}}}
	if err := b.Sighted(t.Context(), testRID(t), in, say); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"Bo will read  film.mp4|rad swarm zone"}, said); d != "" {
		t.Error(d)
	}
	settle, _ := s.bodies[0].(control.Settle)
	want := control.Sighting{Pointer: pointer(object(1)), Paths: []string{"film\uFFFD.mp4"}, Asked: []string{"private"}}
	if d := cmp.Diff([]control.Sighting{want}, settle.Sightings); d != "" {
		t.Error(d)
	}
	if err := b.Record(t.Context(), testRID(t), nil); err != nil {
		t.Error("nothing to write, and", err)
	}
	b.Recorded(t.Context(), testRID(t))
	if len(s.asked) != 1 {
		t.Errorf("asked %v", s.asked)
	}
}

// A batch that makes no sense ends the push; it is never written in part.
func TestHostileBatch(t *testing.T) {
	for name, b := range map[string]control.Batch{
		"base":        {Records: []control.BatchRecord{{Base: []byte{1}}}},
		"long base":   {Records: []control.BatchRecord{{Base: make([]byte, 33)}}},
		"record":      {Records: []control.BatchRecord{{Record: []byte("nonsense")}}},
		"envelope":    {Envelopes: []control.BatchEnvelope{{Envelope: []byte("nonsense"), ID: make([]byte, 16)}}},
		"card":        {Cards: [][]byte{[]byte("nonsense")}},
		"certificate": {Certificate: []byte("nonsense")},
	} {
		if _, err := batchOf(b); !errors.Is(err, errNoBatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b, err := batchOf(control.Batch{Records: []control.BatchRecord{{Base: make([]byte, 32)}}}); err != nil || b.Records[0].Record != nil {
		t.Error(b, err)
	}
}
