package gitlfs_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/blobstore"
	"radswarm/lfsagent/gitlfs"
	"radswarm/radicle/radtest"
	"radswarm/remote/lfs/lfstest"
)

// place is a folder with a home of its own, in which git and git-lfs run.
type place struct {
	t   *testing.T
	top string
	env []string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	tool, err := lfstest.Tool()
	if err != nil {
		radtest.Missing(t, "git-lfs", err.Error())
	}
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &place{t: t, top: top, env: []string{
		"PATH=" + tool + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + top, "XDG_CONFIG_HOME=" + top,
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + filepath.Join(top, "gitconfig"), "GIT_TERMINAL_PROMPT=0", "LC_ALL=C",
		"GIT_AUTHOR_NAME=Ana", "GIT_AUTHOR_EMAIL=ana@example.org", "GIT_COMMITTER_NAME=Ana", "GIT_COMMITTER_EMAIL=ana@example.org",
	}}
}

// repository makes one with git-lfs in it, which tracks *.bin.
func (p *place) repository(name string) string {
	p.t.Helper()
	dir := filepath.Join(p.top, name)
	p.git(p.top, "init", "-q", "-b", "main", dir)
	p.git(dir, "lfs", "install", "--local")
	p.write(filepath.Join(dir, ".gitattributes"), "*.bin filter=lfs diff=lfs merge=lfs -text\n")
	return dir
}

func (p *place) git(dir string, args ...string) string {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), "git", args...)
	cmd.Dir, cmd.Env = dir, p.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(bytes.TrimSpace(out))
}

func (p *place) write(path, text string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) read(path string) string {
	p.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

func (p *place) commit(dir string) {
	p.t.Helper()
	p.git(dir, "add", "-A")
	p.git(dir, "commit", "-q", "-m", "x")
}

func (p *place) open(dir string) *gitlfs.Copy {
	p.t.Helper()
	c, err := gitlfs.Open(p.t.Context(), dir, p.env)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// files are those of a working copy, by path.
func (p *place) files(c *gitlfs.Copy, paths ...string) map[string]gitlfs.File {
	p.t.Helper()
	list, err := c.Files(p.t.Context(), c.Top, paths...)
	if err != nil {
		p.t.Fatal(err)
	}
	files := make(map[string]gitlfs.File)
	for _, f := range list {
		files[f.Path] = f
	}
	return files
}

func (p *place) clean(dir string) {
	p.t.Helper()
	if s := p.git(dir, "status", "--porcelain"); s != "" {
		p.t.Errorf("git sees changes:\n%s", s)
	}
}

// pointerOf is the pointer of a text.
func pointerOf(text string) blobstore.Pointer {
	return blobstore.Pointer{OID: sha256.Sum256([]byte(text)), Size: int64(len(text))}
}

// pointerText is what git has for a text.
func pointerText(text string) string {
	p := pointerOf(text)
	return "version https://git-lfs.github.com/spec/v1\noid sha256:" + hex.EncodeToString(p.OID[:]) + "\nsize " + itoa(p.Size) + "\n"
}
