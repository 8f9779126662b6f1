package lfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
)

// A lock that somebody holds, and a file that changed: nothing happens, and what is there stays.
func TestConfigureLocked(t *testing.T) {
	p := newRad(t, "rad")
	before := p.config()
	lock := p.configFile() + ".lock"
	if err := os.WriteFile(lock, []byte("theirs"), 0o644); err != nil {
		t.Fatal(err)
	}
	p.configure(radRemote(t, "rad"))
	if text, err := os.ReadFile(lock); err != nil || string(text) != "theirs" || p.config() != before {
		t.Errorf("lock has %q, %v; config\n%s", text, err, p.config())
	}
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	c, err := p.repo().ReadConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.git("config", "user.name", "Bo")
	before = p.config()
	if _, err := c.Configure(t.Context(), radRemote(t, "rad")); err != nil || p.config() != before {
		t.Errorf("%v\n%s", err, p.config())
	}
	if _, err := os.Lstat(lock); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("lock: %v", err)
	}
}

// Where the folder cannot be written, nothing happens either.
func TestConfigureReadOnly(t *testing.T) {
	if os.Getuid() <= 0 {
		t.Skip("permissions mean nothing to root, and are another thing on Windows")
	}
	p := newRad(t, "rad")
	before := p.config()
	dir := filepath.Dir(p.configFile())
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
	if p.configure(radRemote(t, "rad")); p.config() != before {
		t.Error(p.config())
	}
}

func TestQuietly(t *testing.T) {
	for _, err := range []error{fs.ErrExist, fs.ErrPermission, syscall.EROFS, syscall.EACCES, errChanged} {
		if got := quietly(&fs.PathError{Op: "open", Path: "x", Err: err}); got != nil {
			t.Error(got)
		}
	}
	if quietly(fmt.Errorf("x: %w", ErrTooLarge)) != nil {
		t.Error("too large")
	}
	if quietly(syscall.EIO) == nil {
		t.Error("a broken disk is said to be nothing")
	}
}

// Helpers that run at the same time write every key once.
func TestConfigureTogether(t *testing.T) {
	p := newRad(t, "rad")
	repo, remote := p.repo(), radRemote(t, "rad")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			c, err := repo.ReadConfig(t.Context())
			if err == nil {
				_, err = c.Configure(t.Context(), remote)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for key, n := range p.counts() {
		if n != 1 && key != keyWrote || n > 2 {
			t.Errorf("%s has %d values", key, n)
		}
	}
	if p.get(keyAgent) != "rad" {
		t.Error("nobody wrote")
	}
}

// The file keeps its permissions, and a symbolic link stays one.
func TestConfigureFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions and links of Unix")
	}
	for _, mode := range []os.FileMode{0o600, 0o664, 0o666} {
		p := newRad(t, "rad")
		file := p.configFile()
		real := filepath.Join(t.TempDir(), "real")
		if err := errors.Join(os.Rename(file, real), os.Symlink(real, file), os.Chmod(real, mode)); err != nil {
			t.Fatal(err)
		}
		p.configure(radRemote(t, "rad"))
		link, err := os.Readlink(file)
		info, err2 := os.Stat(file)
		if err := errors.Join(err, err2); err != nil || link != real || info.Mode().Perm() != mode || p.get(keyAgent) != "rad" {
			t.Errorf("%v: link %q, mode %v, %v", mode, link, info.Mode(), err)
		}
	}
}

// However the file ends, what we add is read as it was meant, and what was there too.
func TestConfigureEndings(t *testing.T) {
	for _, end := range []string{
		"", "\n", "\n\n", "[a]\n\tb", "[a]\n\tb = c", "[a]\n\tb = c \\", "[a]\n\tb = c \\\n", "[a]\n\tb = c\\\r\n", "[a]\n\tb = \\",
		"# comment", "; comment \\", "[a] b = c", "[a]\n\tb = c ; x\r\n",
	} {
		p := newRad(t, "rad")
		text := p.config() + end
		if err := os.WriteFile(p.configFile(), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		was := p.get("a.b")
		p.configure(radRemote(t, "rad"))
		if p.get("a.b") != was || p.get(keyPath) != Agent || p.get("remote.rad.lfsurl") != "rad::"+ridText {
			t.Errorf("after %q:\n%s", end, p.config())
		}
	}
}

// Values are read as they were written.
func TestQuoteValue(t *testing.T) {
	p := newPlace(t)
	for _, value := range []string{"", " ", "a b", "a;b", "#", `\`, `"`, "a\nb", "\t", "ü", "\xff", " x", `\"\`, "true", "x\\"} {
		ch := change{add: []setting{{"test.key", value}}}
		if err := os.WriteFile(p.configFile(), ch.appended([]byte("[core]\n\trepositoryformatversion = 0\n")), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := p.git("config", "-z", "--get", "test.key"); got != value+"\x00" {
			t.Errorf("%q came back as %q", value, got)
		}
	}
}
