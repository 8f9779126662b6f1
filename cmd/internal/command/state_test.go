package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/daemon"
	"radswarm/cmd/internal/ui"
)

// However much there is to say, rad swarm alone says it in ten lines, and status all of it.
func TestTenLines(t *testing.T) {
	s := &control.Status{Alias: "ana", Home: "/h"}
	for i := range 50 {
		s.Jobs = append(s.Jobs, control.Job{What: fmt.Sprintf("job %d", i), Total: 9, Why: "cy is away"})
		s.Warnings = append(s.Warnings, control.Warning{Text: fmt.Sprintf("trouble %d", i), Hint: "rad swarm doctor"})
		s.Addresses = append(s.Addresses, "127.0.0.1:8777")
	}
	for short, lines := range map[bool]int{true: 10, false: 109} {
		var out bytes.Buffer
		if err := showStatus(ui.New(ui.Options{Out: &out, Program: "rad-swarm"}), s, short, time.Now()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(out.String(), "\n"); got != lines {
			t.Errorf("short %v: %d lines, want %d:\n%s", short, got, lines, out.String())
		}
		if strings.Contains(out.String(), "rad swarm") {
			t.Errorf("the program is called otherwise here:\n%s", out.String())
		}
	}
}

// What a verification has found decides how it ends.
func TestVerdict(t *testing.T) {
	shares := func(states ...string) (list []control.Share) {
		for _, s := range states {
			s, healed := strings.CutSuffix(s, "+")
			list = append(list, control.Share{State: s, Healed: healed})
		}
		return list
	}
	stored, lost := control.Safety{Stored: true, K: 3}, control.Safety{K: 3}
	for name, test := range map[string]struct {
		object control.VerifiedObject
		exit   int
		want   string
	}{
		"all held":          {control.VerifiedObject{Safety: stored, Shares: shares("held", "held")}, 0, ""},
		"one is away":       {control.VerifiedObject{Safety: stored, Shares: shares("held", "unreachable")}, 0, ""},
		"healed":            {control.VerifiedObject{Safety: stored, Shares: shares("damaged+", "missing+")}, 0, ""},
		"damaged":           {control.VerifiedObject{Safety: stored, Shares: shares("held", "damaged")}, ui.Unsafe, "1 share is missing or damaged"},
		"missing":           {control.VerifiedObject{Safety: stored, Shares: shares("missing", "damaged")}, ui.Unsafe, "2 shares are missing or damaged"},
		"too many are away": {control.VerifiedObject{Safety: lost, Shares: shares("held", "unreachable")}, ui.Missing, "1 object has too few shares within reach to bring it back"},
		"never stored":      {control.VerifiedObject{}, 0, ""},
	} {
		err := verdict(&control.Verified{Objects: []control.VerifiedObject{test.object}})
		got := ui.Problem{}
		if err != nil {
			got = ui.Explain(err)
		}
		if got.Exit != test.exit || got.Line != test.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A daemon of another version is told of, with what helps, and daemon --restart does end it.
func TestOtherVersion(t *testing.T) {
	w := newWorld(t).with(t)
	place := control.At(w.home)
	if err := place.Make(); err != nil {
		t.Fatal(err)
	}
	socket, err := place.NewSocket()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(rw).Encode(control.Hello{API: 99, Software: "of later\x1b[2J", PID: os.Getpid()})
	})}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	checkRefused(t, "status", w.line(t, "status"), ui.Version, `the running daemon (of later\u001b[2J) speaks version 99`, "rad swarm daemon --restart")
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}

// A daemon that dies in the middle of an answer is said to have ended.
func TestDaemonDies(t *testing.T) {
	w := newWorld(t).with(t)
	answers := answersOf(t)
	answers["lines POST /v1/put"] = func(_ *daemon.Request, tell func(control.Line)) (any, error) {
		tell(control.Line{Note: "it begins"})
		panic(http.ErrAbortHandler) // the connection is cut
	}
	w.daemon(t, answers)
	got := w.line(t, "put "+file(t, "film"))
	want := "it begins\nerror: daemon has ended before it answered\nhint: rad swarm daemon --log\n"
	if got.exit != ui.NoDaemon || got.err != want {
		t.Error(got)
	}
}

// The README has the table of exit codes as the program prints it.
func TestReadmeHasExitCodes(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range ui.Exits() {
		row := fmt.Sprintf("| %d | `%s` | %s |", e.Number, e.Code, e.Meaning)
		if e.Code == "" {
			row = fmt.Sprintf("| %d | | %s |", e.Number, e.Meaning)
		}
		if !strings.Contains(string(text), row) {
			t.Errorf("no row %q in the README", row)
		}
	}
}

// What is put into a hint is one word of a shell, whatever it is.
func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"film.mp4": "film.mp4", "a b": "'a b'", "": "''", "it's": `'it'\''s'`, "$(x)": "'$(x)'", "did:key:z6Mk": "did:key:z6Mk", "~": "'~'", "ü": "'ü'",
	} {
		if got := quote(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
