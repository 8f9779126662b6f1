package profile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// updateTries is how often UpdateConfig starts again when another program wrote the file meanwhile.
const updateTries = 3

// ErrConfigBusy is the error of [UpdateConfig] when other programs keep changing the file.
var ErrConfigBusy = errors.New("other programs keep changing config.json")

// UpdateConfig reads a config.json, gives it to change, and replaces the file by what change returns: atomically and durably,
// with the same permissions, through a symbolic link to the file that it names. Where another program wrote the file after it was
// read, change is called again with the new one.
func UpdateConfig(path string, change func(*Config) (*Config, error)) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return &ConfigError{Path: path, Err: err}
	}
	for range updateTries {
		old, err := ReadConfig(path)
		if err != nil {
			return err
		}
		next, err := change(old)
		if err != nil {
			return err
		}
		if bytes.Equal(next.text, old.text) {
			return nil
		}
		if done, err := replaceConfig(path, old, next); done || err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: %w", path, ErrConfigBusy)
}

// replaceConfig writes next beside the file and renames it, unless the file is not old any more.
func replaceConfig(path string, old, next *Config) (done bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".config-*.json")
	if err != nil {
		return false, err
	}
	defer func() {
		if !done {
			_ = os.Remove(tmp.Name())
		}
	}()
	if err := tmp.Chmod(info.Mode().Perm()); err != nil {
		_ = tmp.Close()
		return false, err
	}
	if err := writeSync(tmp, next.text); err != nil {
		return false, err
	}
	if now, err := readBounded(path, MaxConfig); err != nil || !bytes.Equal(now, old.text) {
		return false, err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return false, err
	}
	return true, syncDir(filepath.Dir(path))
}
