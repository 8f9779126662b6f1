//go:build !windows

package disk

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Variables that make the test binary another process with the store of a folder.
const (
	envWriter = "RADSWARM_TEST_DISK_WRITER" // writes until it is killed
	envOpener = "RADSWARM_TEST_DISK_OPENER" // opens, and says how that went
	envSeed   = "RADSWARM_TEST_DISK_SEED"
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(envWriter) != "":
		writer(os.Getenv(envWriter))
	case os.Getenv(envOpener) != "":
		_, err := Open(context.Background(), os.Getenv(envOpener), Options{})
		fmt.Println(err)
	default:
		os.Exit(m.Run())
	}
}

// writer does this and that, and says before and after it what. It ends when it is killed, or with an error.
func writer(dir string) {
	var seed uint64
	_, err := fmt.Sscan(os.Getenv(envSeed), &seed)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	w := newWorld(77)
	w.random = rand.New(rand.NewPCG(seed, 3))
	s, err := Open(context.Background(), dir, Options{Limits: Limits{Floor: noFloor}, Now: w.now})
	for err == nil {
		share, owner := w.random.IntN(len(w.shares)), w.random.IntN(len(w.owners))
		if w.random.IntN(3) > 0 {
			fmt.Println("try", share, owner)
			if err = w.put(context.Background(), s, owner, share); err == nil {
				fmt.Println("kept", share, owner)
			}
		} else {
			fmt.Println("try", share, owner)
			if err = w.delete(context.Background(), s, owner, share); err == nil {
				fmt.Println("gone", share, owner)
			}
		}
	}
	fmt.Println("error", err)
}

// A process that is killed at any moment loses nothing that it acknowledged, and leaves nothing behind.
func TestKill(t *testing.T) {
	kills := 200
	if testing.Short() {
		kills = 20
	}
	dir := filepath.Join(t.TempDir(), "shares")
	s, err := Create(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	w, random := newWorld(77), rand.New(rand.NewPCG(1, 4))
	acts := 0
	for i := range kills {
		acts += w.kill(t, dir, i, time.Duration(random.IntN(25_000))*time.Microsecond)
		s, err := Open(t.Context(), dir, Options{Limits: Limits{Floor: noFloor}, Now: w.now})
		if err != nil {
			t.Fatalf("kill %d: %v", i, err)
		}
		w.check(t, s)
		closeStore(t, s)
		if t.Failed() {
			t.Fatalf("kill %d", i)
		}
	}
	t.Logf("%d kills, %d acknowledged", kills, acts)
	if acts < kills {
		t.Errorf("only %d acknowledged", acts)
	}
}

// kill lets a writer run for a time after its first word, kills it, and believes what it said.
func (w *world) kill(t *testing.T, dir string, seed int, after time.Duration) (acts int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envWriter+"="+dir, fmt.Sprintf("%s=%d", envSeed, seed))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var timer *time.Timer
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if timer == nil {
			timer = time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
			defer timer.Stop()
		}
		acts += w.hear(t, lines.Text())
	}
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("writer ended by itself: %v", err)
	}
	return acts
}

// hear believes a line, if it came whole.
func (w *world) hear(t *testing.T, line string) (acts int) {
	t.Helper()
	var word string
	var key leaseKey
	if strings.HasPrefix(line, "error") {
		t.Fatal(line)
	}
	if n, _ := fmt.Sscan(line, &word, &key.share, &key.owner); n < 3 {
		return 0
	}
	switch word {
	case "try":
		w.leases[key] = unknown
		return 0
	case "kept":
		w.leases[key] = kept
	case "gone":
		w.leases[key] = gone
	}
	return 1
}

// Another process cannot open a store that is open.
func TestTwoProcesses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shares")
	s, err := Create(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if said := openElsewhere(t, dir); !strings.Contains(said, ErrLocked.Error()) {
		t.Errorf("another process opened it: %s", said)
	}
	closeStore(t, s)
	if said := openElsewhere(t, dir); said != "<nil>" {
		t.Errorf("another process cannot open it: %s", said)
	}
	reopen(t, dir, Options{}) // and the lock ended with it
}

func openElsewhere(t *testing.T, dir string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envOpener+"="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}
