package p2p_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"radswarm/blobstore/net"
	"radswarm/blobstore/net/nettest"
)

// memoryChild names the scenario that a process of its own runs, so that nothing else is in its memory.
const memoryChild = "RADSWARM_TEST_MEMORY"

// idleFor makes the idle scenario also measure processor time, for as long as it says ("60s").
const idleFor = "RADSWARM_TEST_IDLE"

// TestMemory measures what this process has resident, in scenarios that must stay small:
//
//   - slow: 1,000 streams of 8 peers, each writing 16 MiB in one go to readers that take 4 KiB every 50 ms; under 64 MiB
//     more than before the streams, both ends counted.
//   - idle: one network with ten connections on which nothing happens.
func TestMemory(t *testing.T) {
	if scenario := os.Getenv(memoryChild); scenario != "" {
		transport := map[string]net.Transport{"tcp": net.TCP, "quic": net.QUIC}[scenario[:strings.Index(scenario, "/")]]
		if strings.HasSuffix(scenario, "slow") {
			slowReaders(t, transport)
		} else {
			idlePeers(t, transport)
		}
		return
	}
	if raceEnabled {
		t.Skip("the race detector has its own memory")
	}
	for _, scenario := range []string{"tcp/slow", "quic/slow", "tcp/idle", "quic/idle"} {
		t.Run(scenario, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMemory$", "-test.v")
			cmd.Env = append(os.Environ(), memoryChild+"="+scenario)
			out, err := cmd.CombinedOutput()
			for line := range strings.Lines(string(out)) {
				if strings.Contains(line, "MiB") {
					t.Log(strings.TrimSpace(line))
				}
			}
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func slowReaders(t *testing.T, transport net.Transport) {
	const (
		peers  = 8
		each   = 125
		limit  = 64.0
		length = 2 * time.Second
	)
	b := nettest.New(transport)
	var served sync.WaitGroup
	listener := b.Join(t, 100, nettest.Handler{Serves: func(ctx context.Context, _ net.Conn, s net.Stream) {
		served.Add(1)
		defer served.Done()
		buf := make([]byte, 4<<10)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			<-tick.C
			if _, err := s.Read(buf); err != nil {
				return
			}
		}
	}})
	var conns []net.Conn
	for i := range peers {
		conns = append(conns, nettest.Connect(t, b.Join(t, byte(i+1), nettest.Handler{}), listener))
	}
	data := make([]byte, 16<<20)
	for i := range data {
		data[i] = byte(i)
	}
	before, peak := resident(t), 0.0
	var writers sync.WaitGroup
	for _, s := range openAll(t, conns, each) {
		writers.Go(func() { _, _ = s.Write(data) })
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(length); time.Now().Before(end); {
		<-tick.C
		peak = max(peak, resident(t))
	}
	fmt.Printf("1000 streams with slow readers: %.1f MiB before, %.1f MiB at most, %.1f MiB more\n", before, peak, peak-before)
	if peak-before > limit {
		t.Errorf("%.1f MiB more than before, the limit is %.0f MiB", peak-before, limit)
	}
	for _, c := range conns {
		_ = c.Close(0)
	}
	writers.Wait()
}

func openAll(t *testing.T, conns []net.Conn, each int) []net.Stream {
	t.Helper()
	var all []net.Stream
	for _, c := range conns {
		for range each {
			s, err := c.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, s)
		}
	}
	return all
}

func idlePeers(t *testing.T, transport net.Transport) {
	b := nettest.New(transport)
	listener := b.Join(t, 100, nettest.Handler{})
	debug.FreeOSMemory()
	before, goroutines := resident(t), runtime.NumGoroutine()
	for i := range 10 {
		nettest.Connect(t, b.Join(t, byte(i+1), nettest.Handler{}), listener)
	}
	debug.FreeOSMemory()
	after := resident(t)
	fmt.Printf("ten idle peers: %.1f MiB before, %.1f MiB after with both ends, %d goroutines more\n",
		before, after, runtime.NumGoroutine()-goroutines)
	if long, _ := time.ParseDuration(os.Getenv(idleFor)); long > 0 {
		<-time.After(5 * time.Second) // probes of the path come first
		cpu := processorTime(t)
		<-time.After(long)
		fmt.Printf("then, in %v: %.3f %% of a processor, 0 MiB\n", long, 100*(processorTime(t)-cpu).Seconds()/long.Seconds())
	}
	if after > 60 {
		t.Errorf("%.1f MiB", after)
	}
}

// resident is what this process has in memory, in MiB.
func resident(t *testing.T) float64 {
	t.Helper()
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1])
	if err != nil {
		t.Fatal(err)
	}
	return float64(pages*os.Getpagesize()) / (1 << 20)
}
