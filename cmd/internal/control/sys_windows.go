package control

import (
	"io/fs"
	"syscall"
)

// ours trusts the rights of the user's temporary folder: it is not shared on Windows.
func ours(fs.FileInfo) bool { return true }

const detachedProcess = 0x00000008

// detached gives a process no console, so that closing one does not end it.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP | detachedProcess}
}
