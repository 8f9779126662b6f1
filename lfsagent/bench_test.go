package lfsagent

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkSafeOffer is what the agent adds to an object that is safe already: git-lfs offers whole histories. One of 10,000 is an
// op. "pipes" is the same bytes without an agent, of which git-lfs would have to be waited for in any case.
//
//	go test ./lfsagent -run '^$' -bench SafeOffer -benchtime 10000x
func BenchmarkSafeOffer(b *testing.B) {
	path := filepath.Join(b.TempDir(), "object")
	if err := os.WriteFile(path, make([]byte, 1000), 0o444); err != nil {
		b.Fatal(err)
	}
	oid := strings.Repeat("ab", 32)
	offer := fmt.Sprintf(`{"event":"upload","oid":%q,"size":1000,"path":%q,"action":null}`+"\n", oid, path)
	b.Run("agent", func(b *testing.B) {
		place := Place{GitDir: b.TempDir(), Settings: Settings{Git: settings("remote.origin.url=rad://" + ridText[4:])}}
		offers(b, offer, func(in io.Reader, out io.Writer) {
			if err := Serve(b.Context(), Config{
				In: in, Out: out, Daemon: every(0, 1, 1000),
				Locate: func(context.Context) (Place, error) { return place, nil },
			}); err != nil {
				b.Error(err)
			}
		})
	})
	b.Run("pipes", func(b *testing.B) {
		first := fmt.Sprintf(`{"event":"progress","oid":%q,"bytesSoFar":1,"bytesSinceLast":1}`+"\n", oid)
		rest := fmt.Sprintf(`{"event":"progress","oid":%q,"bytesSoFar":1000,"bytesSinceLast":999}`+"\n"+
			`{"event":"complete","oid":%q}`+"\n", oid, oid)
		offers(b, offer, func(in io.Reader, out io.Writer) {
			lines := bufio.NewReader(in)
			_, _ = lines.ReadSlice('\n')
			_, _ = io.WriteString(out, "{}\n")
			for {
				if _, err := lines.ReadSlice('\n'); err != nil {
					return
				}
				_, _ = io.WriteString(out, first)
				_, _ = io.WriteString(out, rest)
			}
		})
	})
}

// offers measures the time from an offer to its completion, as git-lfs sees it, through pipes of the system.
func offers(b *testing.B, offer string, serve func(in io.Reader, out io.Writer)) {
	toAgent, in := pipe(b)
	out, fromAgent := pipe(b)
	done := make(chan struct{})
	go func() {
		defer close(done)
		serve(toAgent, fromAgent)
	}()
	answers := bufio.NewReader(out)
	ask := func(line string) {
		if _, err := io.WriteString(in, line); err != nil {
			b.Fatal(err)
		}
		for {
			answer, err := answers.ReadString('\n')
			if err != nil || strings.Contains(answer, `"error"`) {
				b.Fatalf("%q, %v", answer, err)
			}
			if !strings.Contains(answer, `"progress"`) {
				return
			}
		}
	}
	ask(`{"event":"init","operation":"upload","remote":"origin"}` + "\n")
	times := make([]time.Duration, 0, b.N)
	for b.Loop() {
		start := time.Now()
		ask(offer)
		times = append(times, time.Since(start))
	}
	in.Close()
	<-done
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "µs-p50")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "µs-p99")
}

func pipe(b *testing.B) (r, w *os.File) {
	b.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}
