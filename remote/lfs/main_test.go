package lfs

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// place is a repository on disk for a test, in an environment that knows nothing of the machine's.
type place struct {
	t   testing.TB
	dir string // where git runs
	env []string
}

func newPlace(t testing.TB, args ...string) *place {
	t.Helper()
	top := t.TempDir()
	p := &place{t: t, dir: filepath.Join(top, "work"), env: cleanEnv(top)}
	if err := os.Mkdir(p.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p.git(append([]string{"init", "-q", "-b", "main"}, args...)...)
	return p
}

// cleanEnv is the environment with a home of its own, which is empty.
func cleanEnv(home string) []string {
	env := []string{
		"HOME=" + home, "XDG_CONFIG_HOME=" + home, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C",
		"GIT_AUTHOR_NAME=Ana", "GIT_AUTHOR_EMAIL=ana@example.org", "GIT_AUTHOR_DATE=1700000000 +0000",
		"GIT_COMMITTER_NAME=Ana", "GIT_COMMITTER_EMAIL=ana@example.org", "GIT_COMMITTER_DATE=1700000000 +0000",
	}
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch strings.ToUpper(name) {
		case "PATH", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "GOCOVERDIR":
			env = append(env, v)
		}
	}
	return env
}

func (p *place) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(p.t.Context(), "git", args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	return cmd
}

func (p *place) git(args ...string) string {
	p.t.Helper()
	return p.run(p.command(args...))
}

func (p *place) gitIn(input string, args ...string) string {
	p.t.Helper()
	cmd := p.command(args...)
	cmd.Stdin = strings.NewReader(input)
	return p.run(cmd)
}

func (p *place) run(cmd *exec.Cmd) string {
	p.t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("%s: %v\n%s%s", strings.Join(cmd.Args, " "), err, out, &stderr)
	}
	return strings.TrimSuffix(string(out), "\n")
}

// repo is the repository as the helper sees it.
func (p *place) repo() Repo {
	return Repo{Dir: p.git("rev-parse", "--absolute-git-dir"), Env: p.env}
}

func (p *place) write(path, text string) {
	p.t.Helper()
	path = filepath.Join(p.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// commit writes files and commits them.
func (p *place) commit(files map[string]string) radicle.Oid {
	p.t.Helper()
	for path, text := range files {
		p.write(path, text)
	}
	p.git("add", "-A")
	p.git("commit", "-q", "--allow-empty", "-m", "x")
	return p.oid("HEAD")
}

func (p *place) oid(rev string) radicle.Oid {
	p.t.Helper()
	id, err := radicle.ParseOid(p.git("rev-parse", "--verify", rev))
	if err != nil {
		p.t.Fatal(err)
	}
	return id
}

// pointer is one whose object has n for its first bytes.
func pointer(n, size int64) blobstore.Pointer {
	p := blobstore.Pointer{Size: size}
	p.OID[0], p.OID[1], p.OID[2] = byte(n), byte(n>>8), byte(n>>16)
	return p
}
