//go:build unix

package lab

import (
	"io/fs"
	"os"
	"syscall"
)

// owned reports whether a file or folder belongs to who runs this, and nobody else may write to it.
func owned(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Getuid() && info.Mode().Perm()&0o022 == 0
}

const (
	canFreeze    = true
	killSignal   = syscall.SIGKILL
	freezeSignal = syscall.SIGSTOP
	thawSignal   = syscall.SIGCONT
)
