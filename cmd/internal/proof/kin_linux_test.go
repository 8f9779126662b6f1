package proof

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"radswarm/cmd/internal/daemon"
)

// kin are the processes of a command and of all that it starts: they are in one process group, which a daemon leaves.
type kin struct {
	group int
	seen  map[int]relative // by process
}

// relative is what was seen of a process last.
type relative struct {
	program string
	daemon.Usage
}

// glance is how often kin are looked at. What a process takes in its last moments is not seen: its memory hardly grows then.
const glance = 50 * time.Millisecond

// look looks at all processes of the group.
func (k *kin) look() {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if group, err := syscall.Getpgid(pid); err != nil || group != k.group {
			continue
		}
		program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		if err != nil {
			continue
		}
		if u, err := daemon.UsageOf(pid); err == nil && u.Peak > 0 { // else it has ended
			k.seen[pid] = relative{filepath.Base(program), u}
		}
	}
}

// An effort is what something took: time, and of the processors.
type effort struct {
	took        time.Duration
	git         time.Duration // git and git-lfs
	ours        time.Duration // helpers and agents, where there are such
	here, there time.Duration // the daemon of you, those of friends
	peak        map[string]int64
}

// spend runs a command that must succeed, and looks at its kin.
func spend(tb testing.TB, cmd *exec.Cmd) (e effort) {
	tb.Helper()
	var says strings.Builder
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = &says, &says, &syscall.SysProcAttr{Setpgid: true}
	start := time.Now()
	err := cmd.Start()
	if err != nil {
		tb.Fatal(err)
	}
	k, done := &kin{cmd.Process.Pid, map[int]relative{}}, make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for ended := false; !ended; {
		select {
		case err = <-done:
			ended = true
		case <-tick.C:
			k.look()
		}
	}
	e.took = time.Since(start)
	if err != nil {
		tb.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, says.String())
	}
	e.git = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	e.peak = map[string]int64{}
	for _, one := range k.seen {
		e.peak[one.program] = max(e.peak[one.program], one.Peak)
		if strings.HasSuffix(one.program, "-rad") {
			e.git, e.ours = e.git-one.CPU, e.ours+one.CPU
		}
	}
	return e
}
