package daemon

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ticks is how many ticks of the processor's clock make a second in /proc: USER_HZ, which is 100 on every Linux.
const ticks = 100

// Usage is what a process takes of its machine.
type Usage struct {
	Resident int64         // bytes of memory
	Peak     int64         // most bytes of memory since it began
	CPU      time.Duration // of the processor since it began
	Threads  int
	Stopped  bool // by a signal, until it is told to go on
}

// UsageOf reads the usage of a process from /proc. One that is not there is fs.ErrNotExist.
func UsageOf(pid int) (u Usage, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, err
	}
	// The name of the program, in parentheses, may hold anything.
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 18 {
		return u, fmt.Errorf("/proc/%d/stat: %d fields", pid, len(fields))
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return u, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	if err != nil {
		return u, err
	}
	u.Stopped = fields[0] == "T"
	u.CPU = time.Duration(user+system) * (time.Second / ticks)
	if u.Threads, err = strconv.Atoi(fields[17]); err != nil {
		return u, err
	}
	return u, u.memory(pid)
}

// memory reads the lines of /proc/PID/status that are about memory.
func (u *Usage) memory(pid int) error {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(line, ":")
		to := map[string]*int64{"VmRSS": &u.Resident, "VmHWM": &u.Peak}[name]
		if to == nil {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return err
		}
		*to = kib << 10
	}
	return nil
}
