//go:build unix

package lfsagent

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"radswarm/radicle/radtest"
	"radswarm/remote/lfs/lfstest"
)

// world is real git and git-lfs with the agent of main_test.go, and a bare repository through which commits go.
type world struct {
	t     testing.TB
	top   string
	shelf shelf
	env   []string
}

// keys are what the remote helper writes, for a remote of whatever kind.
var keys = []string{
	"lfs.customtransfer.rad.path=" + agentName, "lfs.rad::.standalonetransferagent=rad", "lfs.customtransfer.rad.concurrent=true",
	"filter.lfs.process=git-lfs filter-process", "filter.lfs.clean=git-lfs clean -- %f", "filter.lfs.smudge=git-lfs smudge -- %f",
	"filter.lfs.required=true", "lfs.locksverify=false",
}

func newWorld(t testing.TB) *world {
	t.Helper()
	tools, err := lfstest.Tool()
	if err != nil {
		radtest.Missing(t, "git-lfs", err.Error())
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, top: t.TempDir()}
	w.shelf = shelf{dir: w.folder("shelf")}
	bin := w.folder("bin")
	if err := os.Symlink(self, filepath.Join(bin, agentName)); err != nil {
		t.Fatal(err)
	}
	home := w.folder("home")
	w.env = []string{
		"HOME=" + home, "XDG_CONFIG_HOME=" + home, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C",
		"GIT_AUTHOR_NAME=Ana", "GIT_AUTHOR_EMAIL=ana@example.org", "GIT_COMMITTER_NAME=Ana", "GIT_COMMITTER_EMAIL=ana@example.org",
		"PATH=" + strings.Join([]string{bin, tools, os.Getenv("PATH")}, ":"), envShelf + "=" + w.shelf.dir,
		"TMPDIR=" + os.TempDir(), "GOCOVERDIR=" + os.Getenv("GOCOVERDIR"),
	}
	for _, key := range keys {
		name, value, _ := strings.Cut(key, "=")
		w.in(w.top).git("config", "--global", name, value)
	}
	w.in(w.top).git("config", "--global", "remote.origin.lfsurl", "rad::"+ridText[4:])
	w.in(w.top).git("init", "-q", "--bare", "-b", "main", "bare")
	return w
}

func (w *world) folder(name string) string {
	w.t.Helper()
	dir := filepath.Join(w.top, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		w.t.Fatal(err)
	}
	return dir
}

// seat is a folder in which commands run.
type seat struct {
	*world
	dir string
}

func (w *world) in(dir string) *seat { return &seat{w, dir} }

// ana is a repository that tracks *.bin and whose origin is the bare one.
func (w *world) ana(dir string) *seat {
	w.t.Helper()
	s := w.in(dir)
	s.git("init", "-q", "-b", "main")
	s.git("remote", "add", "origin", filepath.Join(w.top, "bare"))
	s.git("lfs", "install", "--local")
	s.git("lfs", "track", "*.bin")
	return s
}

func (s *seat) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.t.Context(), name, args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	return cmd
}

func (s *seat) git(args ...string) string {
	s.t.Helper()
	out, code := s.try(args...)
	if code != 0 {
		s.t.Fatalf("git %s: exit %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// try runs git and returns what people see, and its exit code.
func (s *seat) try(args ...string) (out string, code int) {
	s.t.Helper()
	var text bytes.Buffer
	cmd := s.command("git", args...)
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	return strings.TrimSuffix(text.String(), "\n"), cmd.ProcessState.ExitCode()
}

// commit commits files and returns their oids.
func (s *seat) commit(files map[string]string) map[string]string {
	s.t.Helper()
	oids := map[string]string{}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644); err != nil {
			s.t.Fatal(err)
		}
		oids[name] = fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
	}
	s.git("add", "-A")
	s.git("commit", "-q", "-m", "x")
	return oids
}

// clone clones the bare repository without content, and git-lfs is not to fetch by itself.
func (w *world) clone(dir string, args ...string) *seat {
	w.t.Helper()
	env := w.env
	w.env = append(env[:len(env):len(env)], "GIT_LFS_SKIP_SMUDGE=1")
	w.in(w.top).git(append([]string{"clone", "-q"}, append(args, filepath.Join(w.top, "bare"), dir)...)...)
	w.env = env
	return w.in(dir)
}

func (s *seat) read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// count is how often the daemon did something.
func (w *world) count(verb string) int {
	w.t.Helper()
	n := 0
	for _, line := range w.shelf.lines(w.t) {
		if strings.HasPrefix(line, verb+" ") {
			n++
		}
	}
	return n
}

// object is where git-lfs keeps one.
func object(storage, oid string) string {
	return filepath.Join(storage, "objects", oid[:2], oid[2:4], oid)
}

// wantKept checks an object in an LFS storage, and that no download was left beside it.
func (w *world) wantKept(storage, oid string) fs.FileInfo {
	w.t.Helper()
	info, err := os.Stat(object(storage, oid))
	if err != nil {
		w.t.Error(err)
	}
	w.wantTidy(storage)
	return info
}

func (w *world) wantTidy(storage string) {
	w.t.Helper()
	if got := folder(w.t, filepath.Join(storage, "radswarm", "incoming")); len(got) > 0 {
		w.t.Errorf("left behind: %q", got)
	}
}

var anyOID = regexp.MustCompile(`[0-9a-f]{64}`)
