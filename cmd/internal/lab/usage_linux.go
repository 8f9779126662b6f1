package lab

import "radswarm/cmd/internal/daemon"

// usage is what a process uses, as /proc says, and whether it is frozen; else its state is empty.
func usage(pid int) (Usage, State) {
	used, err := daemon.UsageOf(pid)
	if err != nil {
		return Usage{}, ""
	}
	u := Usage{RSS: used.Resident, CPU: used.CPU.Milliseconds()}
	if used.Stopped {
		return u, Frozen
	}
	return u, ""
}
