//go:build unix

package main_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// world is a lab with a working copy, for benchmarks.
type world struct {
	tb  testing.TB
	dir string
	env []string
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	tool := gitLFS(tb)
	bin, err := programs()
	if err != nil {
		tb.Fatal(err)
	}
	short, err := os.MkdirTemp("", "rs")
	if err != nil {
		tb.Fatal(err)
	}
	w := &world{tb: tb, dir: short, env: []string{
		"PATH=" + strings.Join([]string{bin, tool, os.Getenv("PATH")}, string(os.PathListSeparator)),
		"HOME=" + short, "TMPDIR=" + short, "RADSWARM_LAB=" + filepath.Join(short, "lab"),
		"RAD_PASSPHRASE=", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C", "GIT_AUTHOR_NAME=Ana", "GIT_AUTHOR_EMAIL=ana@example.org",
		"GIT_COMMITTER_NAME=Ana", "GIT_COMMITTER_EMAIL=ana@example.org",
	}}
	plain := len(w.env) // a lab is not brought up or down through the eyes of one of its homes
	tb.Cleanup(func() {
		w.dir, w.env = short, w.env[:plain]
		w.run("rad-swarm", "lab", "down")
		_ = os.RemoveAll(short)
	})
	w.run("rad-swarm", "lab", "up", "--friends", "3")
	w.env = append(w.env, "RAD_HOME="+filepath.Join(short, "lab", "you"))
	w.dir = filepath.Join(short, "demo")
	if err := os.Mkdir(w.dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	w.run("git", "init", "-q", "-b", "main")
	w.run("git", "lfs", "install", "--local")
	w.run("git", "lfs", "track", "*.bin")
	w.run("git", "add", ".")
	w.run("git", "commit", "-q", "-m", "first")
	w.run("rad-swarm", "init", "--private")
	return w
}

func (w *world) command(name string, args ...string) *exec.Cmd {
	path := name
	for _, dir := range filepath.SplitList(strings.TrimPrefix(w.env[0], "PATH=")) {
		if found, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			path = found
			break
		}
	}
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Env = w.dir, w.env
	return cmd
}

func (w *world) run(name string, args ...string) {
	w.tb.Helper()
	if out, err := w.command(name, args...).CombinedOutput(); err != nil {
		w.tb.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// BenchmarkOffers is how long an agent takes to answer an offer of an object that is safe already; git-lfs offers whole histories.
func BenchmarkOffers(b *testing.B) {
	const objects = 100
	w := newWorld(b)
	offers := make([]string, objects)
	for i := range objects {
		text := fmt.Sprintf("object %d", i)
		if err := os.WriteFile(filepath.Join(w.dir, fmt.Sprintf("%d.bin", i)), []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
		oid := fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
		path := filepath.Join(w.dir, ".git/lfs/objects", oid[:2], oid[2:4], oid)
		offers[i] = fmt.Sprintf(`{"event":"upload","oid":%q,"size":%d,"path":%q,"action":null}`, oid, len(text), path)
	}
	w.run("git", "add", ".")
	w.run("git", "commit", "-q", "-m", "many")
	w.run("git", "-c", "swarm.require=full", "push", "-q", "rad", "main")
	agent := w.command("git-lfs-rad")
	in, err := agent.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := agent.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	var said bytes.Buffer
	agent.Stderr = &said
	if err := agent.Start(); err != nil {
		b.Fatal(err)
	}
	answers := bufio.NewReader(out)
	ask(b, in, answers, `{"event":"init","operation":"upload","remote":"rad","concurrent":true,"concurrenttransfers":8}`)
	ask(b, in, answers, offers[0]) // git is asked, and the daemon
	var times []time.Duration
	for b.Loop() {
		start := time.Now()
		ask(b, in, answers, offers[len(times)%objects])
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "µs/p50")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "µs/p99")
	fmt.Fprintln(in, `{"event":"terminate"}`)
	if err := agent.Wait(); err != nil {
		b.Error(err, said.String())
	}
}

// ask sends a line and reads answers up to the one that ends it, which must be good.
func ask(tb testing.TB, in io.Writer, answers *bufio.Reader, line string) {
	tb.Helper()
	if _, err := io.WriteString(in, line+"\n"); err != nil {
		tb.Fatal(err)
	}
	for {
		text, err := answers.ReadString('\n')
		if err != nil {
			tb.Fatal(err)
		}
		var answer struct {
			Event string
			Error *struct{ Message string }
		}
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			tb.Fatal(err)
		}
		switch {
		case answer.Error != nil:
			tb.Fatal(answer.Error.Message)
		case answer.Event != "progress":
			return
		}
	}
}
