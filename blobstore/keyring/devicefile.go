package keyring

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// DeviceKeyFile is the name of the file in the swarm folder.
const DeviceKeyFile = "device.key"

// tempPrefix starts the names of files that are not yet a device key. One that is left over is the trace of a crash.
const tempPrefix = DeviceKeyFile + ".new-"

// folder is what creating a file durably takes of a directory.
type folder interface {
	Create(name string) (file, error) // for writing, mode 0600; fs.ErrExist if it is there
	Link(from, to string) error       // fs.ErrExist if to is there
	Remove(name string) error
	Sync() error // the names in it
}

type file interface {
	io.WriteCloser
	Sync() error
}

// CreateDeviceKey makes a new device key in the swarm folder. When it returns the key is durable; a crash leaves all of the
// file or none. A device key that is there is [fs.ErrExist] and stays as it is.
func CreateDeviceKey(dir *os.Root) (*DeviceKey, error) {
	return createDeviceKey(rootFolder{dir})
}

func createDeviceKey(dir folder) (*DeviceKey, error) {
	var seed [ed25519.SeedSize]byte
	_, _ = rand.Read(seed[:]) // never fails
	key := NewDeviceKey(seed)
	var tag [8]byte
	_, _ = rand.Read(tag[:])
	temp := tempPrefix + hex.EncodeToString(tag[:])
	if err := writeNew(dir, temp, key.encode()); err != nil {
		return nil, err
	}
	err := dir.Link(temp, DeviceKeyFile)
	if err != nil { // a file system without links, or it is there: then this refuses too
		err = writeNew(dir, DeviceKeyFile, key.encode())
	}
	if err := errors.Join(err, dir.Remove(temp)); err != nil {
		return nil, err
	}
	if err := dir.Sync(); err != nil {
		return nil, err
	}
	return key, nil
}

// writeNew writes a file that must not exist and forces it to the disk. What it could not finish it removes.
func writeNew(dir folder, name string, text []byte) error {
	f, err := dir.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = dir.Remove(name)
	}
	return err
}

// LoadDeviceKey reads the device key in the swarm folder. A missing one is [fs.ErrNotExist]; a file that others may read or
// write, or that is no regular file, is [ErrMode]; further errors are those of [ParseDeviceKey].
func LoadDeviceKey(dir *os.Root) (*DeviceKey, error) {
	info, err := dir.Lstat(DeviceKeyFile)
	if err != nil {
		return nil, err
	}
	if err := checkMode(info.Mode()); err != nil {
		return nil, err
	}
	f, err := dir.Open(DeviceKeyFile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, int64(deviceFileLen)+1))
	if err != nil {
		return nil, err
	}
	key, err := ParseDeviceKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", DeviceKeyFile, err)
	}
	return key, nil
}

func checkMode(mode fs.FileMode) error {
	if !mode.IsRegular() {
		return fmt.Errorf("%s: %w: %v", DeviceKeyFile, ErrMode, mode)
	}
	if runtime.GOOS != "windows" && mode.Perm()&0o077 != 0 { // Windows reports no such modes
		return fmt.Errorf("%s: %w: mode %04o, want 0600", DeviceKeyFile, ErrMode, mode.Perm())
	}
	return nil
}

// rootFolder is a folder on a disk.
type rootFolder struct{ *os.Root }

func (r rootFolder) Create(name string) (file, error) {
	return r.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

func (r rootFolder) Sync() error {
	if runtime.GOOS == "windows" { // which cannot; NTFS journals names itself
		return nil
	}
	d, err := r.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
