package app

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"

	"radswarm/blobstore/keyring"
)

// readFile reads a small file of the swarm folder; one that is longer than limit bytes is an error.
func readFile(dir *os.Root, name string, limit int64) ([]byte, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s: longer than %d bytes", name, limit)
	}
	return b, err
}

// writeFile replaces a file of the swarm folder, for its owner only: after a crash it has the old bytes or the new ones.
func writeFile(dir *os.Root, name string, b []byte) error {
	var tag [8]byte
	_, _ = rand.Read(tag[:]) // never fails
	temp := name + ".new-" + hex.EncodeToString(tag[:])
	err := writeNew(dir, temp, b)
	if err == nil {
		err = dir.Rename(temp, name)
	}
	if err != nil {
		_ = dir.Remove(temp)
		return err
	}
	return syncDir(dir)
}

// clearTemps removes what a crash has left of files that only the daemon writes; one of them may hold a device key.
func clearTemps(dir *os.Root) error {
	entries, err := fs.ReadDir(dir.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		name, _, temp := strings.Cut(e.Name(), ".new-")
		if temp && slices.Contains([]string{keyring.DeviceKeyFile, certificateFile, cardFile, instanceFile, storeFile}, name) {
			if err := dir.Remove(e.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}

func writeNew(dir *os.Root, name string, b []byte) error {
	f, err := dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func syncDir(dir *os.Root) error {
	if runtime.GOOS == "windows" { // which cannot; NTFS journals names itself
		return nil
	}
	d, err := dir.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
