package daemon_test

import (
	"errors"
	"io/fs"
	"os"
	"runtime/debug"
	"testing"

	"radswarm/cmd/internal/daemon"
)

func TestUsageOf(t *testing.T) {
	debug.FreeOSMemory() // or what is taken below may be resident already
	before, err := daemon.UsageOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if before.Resident < 1<<20 || before.Peak < before.Resident || before.Threads < 1 {
		t.Errorf("%+v", before)
	}
	memory := make([]byte, 64<<20)
	for { // until it has used some of the processor
		for i := range memory {
			memory[i]++
		}
		after, err := daemon.UsageOf(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if after.CPU > before.CPU {
			if after.Resident < before.Resident+32<<20 {
				t.Errorf("%d bytes resident, before %d", after.Resident, before.Resident)
			}
			break
		}
	}
	if _, err := daemon.UsageOf(1 << 30); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
