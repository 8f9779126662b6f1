package lfstest

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Version is the git-lfs that people should have, and Old the one that Debian 12 gives them.
const (
	Version = "v3.8.1"
	Old     = "v3.3.0"
)

// sums are of the modules, as in go.sum. Each names in its go.mod what else it is made of.
var sums = map[string]string{
	Version: "h1:SzfllBjlYuSaswBmhUeDPGgXSA74aIQ3/QHxbZmyyfM=",
	Old:     "h1:cbRy9akD9/hDD7BaVifyNkWkURwC8RSPLzX9+siS+OE=",
}

// buildTime is how long the build may take: a slow machine downloads and compiles 30 modules.
const buildTime = 8 * time.Minute

// Tool returns the folder with git-lfs, and builds it if need be. Its error is for radtest.Missing.
func Tool() (dir string, err error) { return tool() }

// OldTool is Tool for the old one.
func OldTool() (dir string, err error) { return oldTool() }

// Each is built once for all tests of a package.
var (
	tool    = sync.OnceValues(func() (string, error) { return find(Version) })
	oldTool = sync.OnceValues(func() (string, error) { return find(Old) })
)

// find returns the folder with a version.
func find(version string) (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "git-lfs-"+version+"-"+runtime.GOOS+"-"+runtime.GOARCH)
	if !built(dir) {
		if err := build(cache, dir, version); err != nil {
			return "", fmt.Errorf("needs git-lfs %s: %w", version, err)
		}
	}
	return dir, nil
}

func built(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, name("git-lfs")))
	return err == nil && info.Mode().IsRegular()
}

// build installs into a folder of its own and renames that: of two that build at a time, the first one wins.
func build(cache, dir, version string) error {
	temp, err := os.MkdirTemp(cache, "git-lfs-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	ctx, cancel := context.WithTimeout(context.Background(), buildTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "install", "github.com/git-lfs/git-lfs/v3@"+version)
	cmd.Dir = temp
	cmd.Env = append(os.Environ(), "GOBIN="+temp, "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, lines[len(lines)-1])
	}
	if err := check(filepath.Join(temp, name("git-lfs")), version); err != nil {
		return err
	}
	if err := os.Rename(temp, dir); err != nil && !built(dir) {
		return err
	}
	return nil
}

// check refuses a program that was made of something else: the proxy and the checksum database are the machine's to choose.
func check(program, version string) error {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return err
	}
	if info.Main.Version != version || info.Main.Sum != sums[version] {
		return fmt.Errorf("made of git-lfs %s %s, not of %s %s", info.Main.Version, info.Main.Sum, version, sums[version])
	}
	return nil
}

// cacheDir is where .ci/radicle keeps its tools too. A folder of somebody else's is not used: its programs would be run.
func cacheDir() (string, error) {
	dir := os.Getenv("RADSWARM_CACHE")
	if dir != "" {
		if !filepath.IsAbs(dir) {
			return "", fmt.Errorf("RADSWARM_CACHE=%s: an absolute path, please", dir)
		}
		return dir, os.MkdirAll(dir, 0o700)
	}
	parent := "/var/tmp"
	if runtime.GOOS == "windows" {
		parent = os.TempDir()
	}
	dir = filepath.Join(parent, "radswarm-cache-"+strconv.Itoa(os.Getuid()))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err == nil && (!info.IsDir() || !mine(info)) {
		err = fmt.Errorf("%s belongs to somebody else", dir)
	}
	return dir, err
}

// name is that of a program's file.
func name(program string) string {
	if runtime.GOOS == "windows" {
		return program + ".exe"
	}
	return program
}
