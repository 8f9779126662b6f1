package radtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
)

// toolsDir finds the folder of the tools once for all tests of a package.
var toolsDir = sync.OnceValues(func() (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	out, err := exec.Command("sh", filepath.Join(root, ".ci", "radicle"), "path").Output()
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(out)), nil
})

// moduleRoot is the folder of go.mod above the working directory, which is that of the package under test.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}

// Tools returns the folder with rad, radicle-node and git-remote-rad. Where they are not built the test ends, see [Missing].
func Tools(t testing.TB) string {
	t.Helper()
	dir, err := toolsDir()
	if err != nil {
		Missing(t, "radicle", "needs Radicle's tools (make radicle)")
	}
	return dir
}

// Missing ends a test that needs something this machine does not have. It fails where RADSWARM_REQUIRE, a list, names it; else it
// adds a line to the file that RADSWARM_SKIPPED names, so that nobody takes a skipped test for a passed one, and skips.
func Missing(t testing.TB, name, needs string) {
	t.Helper()
	required := strings.FieldsFunc(os.Getenv("RADSWARM_REQUIRE"), func(r rune) bool { return r == ',' || r == ' ' })
	for _, r := range required {
		if r == name {
			t.Fatal(needs)
		}
	}
	if path := os.Getenv("RADSWARM_SKIPPED"); path != "" {
		if err := appendLine(path, fmt.Sprintf("%s %s: %s\n", packagePath(), t.Name(), needs)); err != nil {
			t.Error(err)
		}
	}
	t.Skip(needs)
}

func appendLine(path, line string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line)
	return errors.Join(err, f.Close())
}

// packagePath is the import path of the package under test.
func packagePath() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "?"
	}
	return strings.TrimSuffix(info.Path, ".test")
}

// ShortDir makes a directory whose path is short enough for a Unix socket a few levels below, and removes it after the test.
func ShortDir(t testing.TB) string {
	t.Helper()
	parent := "/tmp" // os.TempDir is 49 bytes on macOS
	if info, err := os.Stat(parent); err != nil || !info.IsDir() {
		parent = ""
	}
	dir, err := os.MkdirTemp(parent, "rad")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}
