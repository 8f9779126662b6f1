package lab

// Running reports whether a process is there and is no zombie.
func Running(pid int) bool {
	u, _ := usage(pid)
	return u.RSS > 0
}
