//go:build !linux

package lab

import (
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// usage is what a process uses, as ps says, and whether it is frozen; else its state is empty. Where there is no ps, nothing is
// known.
func usage(pid int) (Usage, State) {
	out, err := exec.Command("ps", "-o", "rss=,time=,state=", "-p", strconv.Itoa(pid)).Output()
	f := strings.Fields(string(out))
	if err != nil || len(f) != 3 {
		return Usage{}, ""
	}
	kib, _ := strconv.ParseInt(f[0], 10, 64)
	u := Usage{RSS: kib << 10, CPU: psTime(f[1]).Milliseconds()}
	if strings.HasPrefix(f[2], "T") {
		return u, Frozen
	}
	return u, ""
}

// psTime reads minutes:seconds.hundredths, perhaps with hours before.
func psTime(text string) time.Duration {
	var sum float64
	for part := range strings.SplitSeq(text, ":") {
		n, _ := strconv.ParseFloat(part, 64)
		sum = sum*60 + n
	}
	return time.Duration(sum * float64(time.Second))
}
