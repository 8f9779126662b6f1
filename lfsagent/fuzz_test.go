package lfsagent

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever git-lfs sends: what needs an answer gets exactly one, in order and about its object, in lines that git-lfs can read, and
// nothing else is written.
func FuzzServe(f *testing.F) {
	oid := strings.Repeat("ab", 32)
	up := `{"event":"init","operation":"upload","remote":"origin","concurrent":true,"concurrenttransfers":8}` + "\n"
	down := `{"event":"init","operation":"download","remote":"origin","concurrent":true,"concurrenttransfers":8}` + "\n"
	end := `{"event":"terminate"}` + "\n"
	f.Add([]byte(up + `{"event":"upload","oid":"` + oid + `","size":7,"path":"/etc/hostname","action":null}` + "\n" + end))
	f.Add([]byte(down + `{"event":"download","oid":"` + oid + `","size":7,"action":null}` + "\n" + end))
	f.Add([]byte(down + `{"event":"download","oid":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0}` + "\n"))
	f.Add([]byte(up + up + down))
	f.Add([]byte(up + `{"event":"upload","oid":7,"size":"7"}` + "\nhello\n\n[]\n{}\nnull\n{\"event\":\"later\"}\n"))
	f.Add([]byte(`{"event":"upload","oid":"\ud800","size":-1,"action":{"href":"x"}}` + "\n{"))
	f.Add(append(bytes.Repeat([]byte("x"), maxLine+1), '\n'))
	dir := f.TempDir()
	place := Place{GitDir: dir, Settings: Settings{Git: settings("remote.origin.url=rad://" + ridText[4:])}}
	f.Fuzz(func(t *testing.T, text []byte) {
		toAgent, in := io.Pipe()
		out, fromAgent := io.Pipe()
		done := make(chan error, 1)
		go func() {
			err := Serve(t.Context(), Config{
				In: toAgent, Out: fromAgent, Daemon: every(0, 3, 5),
				Locate: func(context.Context) (Place, error) { return place, nil },
			})
			fromAgent.Close()
			toAgent.CloseWithError(io.ErrClosedPipe)
			done <- err
		}()
		answers := bufio.NewReader(out)
		for line := range bytes.Lines(text) {
			if _, err := in.Write(line); err != nil || line[len(line)-1] != '\n' {
				break
			}
			m := parseMessage(line)
			if len(line) > maxLine {
				m = message{bad: true}
			}
			if m.Event == eventTerminate {
				break
			}
			if m.known() {
				readAnswer(t, answers, m)
			}
		}
		in.Close()
		if rest, err := io.ReadAll(answers); err != nil || len(rest) > 0 {
			t.Errorf("nobody asked for %q, %v", rest, err)
		}
		if err := <-done; err != nil {
			t.Errorf("ends with %v", err)
		}
	})
}

// readAnswer reads progress and the end of a request, as git-lfs does.
func readAnswer(t *testing.T, answers *bufio.Reader, m message) {
	t.Helper()
	for sum := int64(0); ; {
		line, err := answers.ReadBytes('\n')
		if err != nil {
			t.Fatalf("no answer to %+v: %v", m, err)
		}
		var r reply
		if err := json.Unmarshal(line, &r); err != nil || !utf8.Valid(line) {
			t.Fatalf("%q: %v", line, err)
		}
		if m.Event == eventInit {
			if r.Event != "" {
				t.Errorf("init is answered with %q", line)
			}
			return
		}
		if r.OID != m.OID {
			t.Errorf("%q about %q", line, m.OID)
		}
		switch r.Event {
		case "progress":
			if sum += r.BytesSinceLast; r.BytesSinceLast < 0 || r.BytesSoFar != sum || sum > m.Size {
				t.Errorf("%q after %d bytes of %d", line, sum, m.Size)
			}
		case "complete":
			if r.Error == nil && sum != m.Size || r.Error != nil && (r.Path != "" || r.Error.Message == "" || len(r.Error.Message) > 1100) {
				t.Errorf("%q after %d bytes of %d", line, sum, m.Size)
			}
			return
		default:
			t.Fatalf("%q", line)
		}
	}
}

// A RID that only the repository names never counts, and one that counts is what parseEndpoint reads from some setting.
func FuzzResolve(f *testing.F) {
	f.Add([]byte("remote.origin.url\nrad://"+ridText[4:]+"\x00"), []byte("lfs.url\nrad::"+otherRID[4:]+"\x00"), "origin", true)
	f.Add([]byte("url.rad://.insteadof\nr:\x00remote.a.b.url\nr:x\x00"), []byte("remote.a.b.lfsurl\nrad::x\x00"), "a.b", false)
	f.Add([]byte("swarm.repository\n"+ridText+"\x00"), []byte("lfs.pushurl\nrad::"+ridText[4:]+"\x00"), "", true)
	f.Fuzz(func(t *testing.T, git, carried []byte, remote string, push bool) {
		var s Settings
		var err error
		if s.Git, err = ParseSettings(git); err != nil {
			return
		}
		if s.Carried, err = ParseSettings(carried); err != nil {
			return
		}
		op := Download
		if push {
			op = Upload
		}
		rid, err := s.Resolve(op, remote)
		if err != nil {
			if _, text := sentence(err); len(text) > maxSentence+10 {
				t.Errorf("%d bytes of error", len(text))
			}
			return
		}
		// Every RID comes from a value that git itself has: a URL, or setup.
		for _, e := range s.Git {
			if got, ok := ParseEndpoint(s.rewrite(op, e.Value)); ok && got == rid {
				return
			}
			if got, ok := ParseEndpoint(s.rewrite(Download, e.Value)); ok && got == rid {
				return
			}
			if e.Key == SetupKey && strings.Contains("rad:"+e.Value, rid.Canonical()) {
				return
			}
		}
		t.Errorf("%v, which git does not know", rid)
	})
}
