package lab

// Running reports whether a process runs.
func Running(pid int) bool { return running(pid) }
