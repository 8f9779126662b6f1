package proof

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"radswarm/cmd/internal/app"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/lab"
	"radswarm/radicle/profile"
)

// BenchmarkOffers is how long a daemon with ten friends takes to answer an offer of an object that is safe already, from the request
// that it has read to the answer: git-lfs offers whole histories. One of 10,000 is an op. Aim: 1 ms for 99 of 100. What the
// agent and the socket add is in BenchmarkOffers of git-lfs-rad.
//
//	go test ./cmd/internal/proof -run '^$' -bench Offers -benchtime 10000x
func BenchmarkOffers(b *testing.B) {
	const objects, size = 100, 1000
	d := newDesk(b, all)
	repository := d.repository("offers")
	names := d.fill(repository, load{"offers", objects, size, 1}, 0)
	d.run(repository, "git", "-c", "swarm.require=full", "push", "-q", "rad", "main")
	rid := "rad:" + strings.TrimPrefix(d.run(repository, "git", "config", "remote.rad.url"), "rad://")
	var offers [][]byte
	for _, oid := range names {
		offer, err := json.Marshal(control.Store{
			Files: []control.File{{
				Pointer: control.Pointer{OID: oid, Size: size},
				Path:    filepath.Join(repository, ".git/lfs/objects", oid.String()[:2], oid.String()[2:4], oid.String()),
			}},
			Storage: filepath.Join(repository, ".git/lfs"),
		})
		if err != nil {
			b.Fatal(err)
		}
		offers = append(offers, offer)
	}
	h := d.inside(b)
	runtime.LockOSThread() // whose processor time is that of an answer, whoever else the machine works for
	defer runtime.UnlockOSThread()
	var times, worked []time.Duration
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/v1/repositories/"+rid+"/store", bytes.NewReader(offers[len(times)%objects]))
		w := httptest.NewRecorder()
		used, start := threadTime(b), time.Now()
		h.ServeHTTP(w, r)
		times, worked = append(times, time.Since(start)), append(worked, threadTime(b)-used)
		if w.Code != http.StatusOK || !bytes.Contains(w.Body.Bytes(), []byte(`"safe":true`)) {
			b.Fatal(w.Body.String())
		}
	}
	for name, all := range map[string][]time.Duration{"µs": times, "cpu-µs": worked} {
		slices.Sort(all)
		b.ReportMetric(float64(all[len(all)/2].Microseconds()), name+"/p50")
		b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), name+"/p99")
	}
}

func threadTime(b *testing.B) time.Duration {
	b.Helper()
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}

// inside is the daemon of you in this process, with all friends online.
func (d *desk) inside(b *testing.B) http.Handler {
	b.Helper()
	d.kill(lab.You)
	home, err := profile.Find(func(key string) (string, bool) {
		return filepath.Join(d.Lab.Dir(), lab.You), key == "RAD_HOME"
	})
	if err != nil {
		b.Fatal(err)
	}
	a, err := app.Open(b.Context(), app.Options{Home: home, Software: "proof", Env: func(string) (string, bool) { return "", true }})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := a.Close(); err != nil {
			b.Error(err)
		}
	})
	until(b, "all friends are online", func() bool {
		status, err := a.Status(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		return status.Friends.Online == all
	})
	return a.Routes()
}
