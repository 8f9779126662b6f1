package proof

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// tick is the unit of times in /proc: USER_HZ, which is 100 on every architecture that Go runs on.
const tick = 10 * time.Millisecond

// processorTime is what a process has used, all its threads together.
func processorTime(tb testing.TB, pid int) time.Duration {
	tb.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		tb.Fatal(err)
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]) // from the third on
	sum := 0
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(string(f))
		if err != nil {
			tb.Fatal(err)
		}
		sum += n
	}
	return time.Duration(sum) * tick
}

// resident returns a line of /proc/PID/status in bytes: VmRSS, or VmHWM for the most there ever was.
func resident(tb testing.TB, pid int, what string) int64 {
	tb.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		tb.Fatal(err)
	}
	for line := range bytes.Lines(status) {
		if f := bytes.Fields(line); len(f) == 3 && string(f[0]) == what+":" {
			n, err := strconv.ParseInt(string(f[1]), 10, 64)
			if err != nil {
				tb.Fatal(err)
			}
			return n << 10
		}
	}
	tb.Fatalf("process %d has no %s", pid, what)
	return 0
}
