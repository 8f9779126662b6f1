package profile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// createFile writes a new file and makes it durable. A file that is there is an [*ExistsError] and stays as it is; after any
// other error nothing is left behind.
func createFile(path string, text []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return &ExistsError{Path: path}
	}
	if err != nil {
		return err
	}
	if err := writeSync(f, text); err != nil {
		_ = os.Remove(path)
		return err
	}
	return syncDir(filepath.Dir(path))
}

// writeSync writes text to f, forces it to the disk and closes f.
func writeSync(f *os.File, text []byte) error {
	_, err := f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
