package keyring

import "os"

// What the tests of faults reach into: the folder that a device key is created in.
type (
	Folder = folder
	File   = file
)

// CreateDeviceKeyIn is CreateDeviceKey in a folder of the test's own.
func CreateDeviceKeyIn(dir Folder) (*DeviceKey, error) { return createDeviceKey(dir) }

// FolderOf is a folder on a disk.
func FolderOf(dir *os.Root) Folder { return rootFolder{dir} }

// CheckX25519 is checkX25519.
func CheckX25519(u []byte) error { return checkX25519(u) }
