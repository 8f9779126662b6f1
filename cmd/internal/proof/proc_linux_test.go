package proof

import (
	"testing"
	"time"

	"radswarm/cmd/internal/daemon"
)

func usageOf(tb testing.TB, pid int) daemon.Usage {
	tb.Helper()
	u, err := daemon.UsageOf(pid)
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

// processorTime is what a process has used, all its threads together.
func processorTime(tb testing.TB, pid int) time.Duration {
	tb.Helper()
	return usageOf(tb, pid).CPU
}

// peak is the most bytes of memory that a process had at once.
func peak(tb testing.TB, pid int) int64 {
	tb.Helper()
	return usageOf(tb, pid).Peak
}
