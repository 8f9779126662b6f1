package lfsagent

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// sharing is the mode of files for a core.sharedRepository, as git-lfs reads it; 0 is what umask says.
func sharing(value string) fs.FileMode {
	switch strings.ToLower(value) {
	case "group", "true", "1", "on", "yes", "t":
		return 0o660
	case "all", "world", "everybody", "2":
		return 0o664
	case "umask", "false", "0", "off", "no", "f", "":
		return 0
	}
	mode, err := strconv.ParseInt(value, 8, 16)
	if err != nil || mode < 0 {
		return 0
	}
	return fs.FileMode(mode) & 0o666
}

// forFolders lets those enter a folder who may read it.
func forFolders(perms fs.FileMode) fs.FileMode { return perms | perms&0o444>>2 }

// makeFolders makes a folder and those above it that are missing. Its group follows the folder above, where that has the bit.
func makeFolders(dir string, perms fs.FileMode) error {
	err := os.Mkdir(dir, 0o777)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir {
		if err = makeFolders(filepath.Dir(dir), perms); err == nil {
			err = os.Mkdir(dir, 0o777)
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return nil // another agent was faster; that it is a folder shows
	}
	if err != nil || perms == 0 {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	return os.Chmod(dir, info.Mode()&fs.ModeSetgid|forFolders(perms))
}
