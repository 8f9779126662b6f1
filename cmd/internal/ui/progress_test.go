package ui

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/cmd/internal/control"
)

// play sends progress of 10 MB in ten seconds, ten lines a second, with a note in the middle.
func play(t *testing.T, u *UI, what string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := u.Watch()
		for i := range int64(101) {
			if err := w.Line(control.Line{Progress: &control.Progress{What: what, Bytes: i * 1e5, Total: 1e7}}); err != nil {
				t.Fatal(err)
			}
			if i == 50 {
				if err := w.Line(control.Line{Note: "cy is slow"}); err != nil {
					t.Fatal(err)
				}
			}
			<-time.After(100 * time.Millisecond)
		}
		w.Done()
	})
}

func TestProgressIsALineASecond(t *testing.T) {
	var out, err bytes.Buffer
	play(t, New(Options{Out: &out, Err: &err}), "sending")
	lines := strings.Split(strings.TrimSuffix(err.String(), "\n"), "\n")
	if out.Len() > 0 || len(lines) != 11 { // 1 to 10 s, and the note
		t.Fatalf("%d lines:\n%s", len(lines), err.String())
	}
	for i, want := range map[int]string{
		0: "sending: 1.0 MB of 10 MB (10 %), 1.0 MB/s, 9 s left", 5: "cy is slow",
		10: "sending: 10 MB of 10 MB (100 %), 1.0 MB/s",
	} {
		if lines[i] != want {
			t.Errorf("line %d: %q, want %q", i, lines[i], want)
		}
	}
}

func TestProgressIsDrawn(t *testing.T) {
	var out, err bytes.Buffer
	play(t, New(Options{Out: &out, Err: &err, Terminal: true}), "sending\x1b[2J")
	drawn := err.String()
	for _, want := range []string{`sending\u001b[2J`, "10 MB", "MB/s", "cy is slow\n", "%"} {
		if !strings.Contains(drawn, want) {
			t.Errorf("no %q in %q", want, drawn)
		}
	}
	if out.Len() > 0 || strings.Count(drawn, "\n") != 1 || strings.Contains(drawn, "\x1b[2J") {
		t.Errorf("%q", drawn)
	}
	before, _, _ := strings.Cut(drawn, "cy is slow")
	if last := before[strings.LastIndex(strings.TrimRight(before, "\r"), "\r")+1:]; strings.TrimSpace(last) != "" {
		t.Errorf("the note stands behind %q", last)
	}
}

func TestQuietIsQuiet(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		var out, err bytes.Buffer
		u := New(Options{Out: &out, Err: &err, Terminal: terminal})
		u.Quiet = true
		play(t, u, "sending")
		if out.Len()+err.Len() > 0 {
			t.Errorf("terminal %v: %q %q", terminal, out.String(), err.String())
		}
	}
}

// What has no total, goes beyond it or goes back is shown too.
func TestProgressThatIsOdd(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		var err bytes.Buffer
		w := New(Options{Err: &err, Terminal: terminal}).Watch()
		for _, p := range []control.Progress{
			{What: "a", Bytes: 5}, {What: "a", Bytes: 7, Total: 6}, {What: "a", Bytes: 1, Total: 6}, {What: "b", Total: -1}, {What: "c", Unit: "objects"}, {What: "c", Bytes: 1, Total: 2, Unit: "objects"}, {Bytes: -5, Total: 1},
		} {
			if e := w.Line(control.Line{Progress: &p}); e != nil {
				t.Error(e)
			}
		}
		w.Done()
	}
}
