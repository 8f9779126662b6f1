package lab

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// userHZ is the ticks a second in which Linux tells processor time, on every machine that Go runs on.
const userHZ = 100

// usage is what a process uses, as /proc says, and whether it is frozen; else its state is empty.
func usage(pid int) (Usage, State) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Usage{}, ""
	}
	_, text, _ = bytes.Cut(text[max(0, bytes.LastIndexByte(text, ')')):], []byte(" ")) // the name may hold anything
	f := strings.Fields(string(text))                                                  // from the third field: proc(5)
	if len(f) < 22 {
		return Usage{}, ""
	}
	user, _ := strconv.ParseInt(f[14-3], 10, 64)
	system, _ := strconv.ParseInt(f[15-3], 10, 64)
	pages, _ := strconv.ParseInt(f[24-3], 10, 64)
	u := Usage{RSS: pages * int64(os.Getpagesize()), CPU: (user + system) * 1000 / userHZ}
	if f[0] == "T" {
		return u, Frozen
	}
	return u, ""
}
