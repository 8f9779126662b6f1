package remote_test

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"radswarm/radicle/radtest"
	"radswarm/remote"
)

// Whatever git says, what it gets is lines of the protocol, and people get one line and a hint.
func TestWhatGitSays(t *testing.T) {
	w := newWorld(t)
	master := w.id(t, "HEAD").String() + " refs/heads/master\n"
	huge := strings.Repeat("x", remote.MaxLine+1)
	for name, c := range map[string]struct {
		in, out string
		code    int
		said    string
	}{
		"nothing":                {},
		"a blank line":           {in: "\n"},
		"capabilities":           {in: "capabilities\n\n", out: "option\npush\nfetch\n\n"},
		"list for push":          {in: "list for-push\n\n", out: master + "\n"},
		"options":                {in: "option verbosity 0\noption progress true\noption cloning true\n\n", out: "ok\nunsupported\nunsupported\n"},
		"no command":             {in: "capabilities\nbogus x\n", out: "option\npush\nfetch\n\n", code: 1, said: "error: invalid command `bogus x`\nhint: "},
		"a terminal's commands":  {in: "\x1b[2J\n", code: 1, said: "error: invalid command `?[2J`\nhint: "},
		"half a line":            {in: "capabil", code: 1, said: "error: unexpected EOF: capabil\nhint: "},
		"a line without an end":  {in: huge, code: 1, said: "error: line from git is too long: more than 1048576 bytes\nhint: "},
		"list within a push":     {in: "push a:b\nlist\n\n", code: 1, said: "error: unexpected command after first `push`: list\nhint: "},
		"push within a fetch":    {in: "fetch " + strings.Repeat("1", 40) + " x\npush a:b\n\n", code: 1, said: "error: unexpected command after first `fetch`: push a:b\nhint: "},
		"a fetch of no object":   {in: "fetch xyz refs/x\n\n", code: 1, said: "error: invalid oid: "},
		"a fetch that ends":      {in: "fetch " + strings.Repeat("1", 40) + " x\n", code: 1, said: "error: git went away in the middle of a batch\nhint: "},
		"a fetch of nothing":     {in: "fetch " + strings.Repeat("1", 40) + " x\n\n", code: 1, said: "error: git fetch-pack: "},
		"an unknown push option": {in: "option push-option foo\n", code: 1, said: "error: unknown push option \"foo\"\nhint: push options: "},
		"bad quotes":             {in: "option push-option \"foo\n", code: 1, said: "error: invalid quotes: "},
		"a base that is nothing": {in: "option push-option patch.base=nope\n", code: 1, said: "error: failed to parse base revision: nope: "},
		"a bad lease":            {in: "option cas x\n", code: 1, said: "error: invalid lease `x`"},
	} {
		got := w.run(t, []string{"rad", w.url()}, c.in)
		if got.out != c.out || got.code != c.code || !strings.HasPrefix(got.err, c.said) || c.said == "" && got.err != "" {
			t.Errorf("%s: exit %d\n%s--\n%s", name, got.code, got.out, got.err)
		}
		if lines := strings.Count(got.err, "\n"); lines > 2 {
			t.Errorf("%s: %d lines\n%s", name, lines, got.err)
		}
	}
}

func TestLists(t *testing.T) {
	w := newWorld(t)
	master := w.id(t, "HEAD").String() + " refs/heads/master\n"
	canonical := remote.URL{RID: w.rid}.String()
	w.run(t, []string{"rad", canonical}, "list\n\n").expect(t, "@refs/heads/master HEAD\n"+master+"\n", 0)
	w.run(t, []string{"rad", canonical}, "list for-push\n\n").expect(t, master+"\n", 0)

	own := w.run(t, []string{"rad", w.url()}, "list\n\n")
	for _, name := range []string{" refs/heads/master\n", " refs/rad/root\n", " refs/rad/sigrefs\n", " refs/cobs/xyz.radicle.id/"} {
		if !strings.Contains(own.out, name) || own.code != 0 {
			t.Errorf("a namespace without %q: exit %d\n%s", name, own.code, own.out)
		}
	}
	nobody := remote.URL{RID: w.rid, NID: radtest.Bo.NID()}.String()
	w.run(t, []string{"rad", nobody}, "list\n\n").expect(t, "\n", 0)

	// HEAD in storage that leads nowhere: the delegates say what it should be.
	write(t, w.repo.Dir()+"/HEAD", "ref: refs/heads/none\n")
	w.run(t, []string{"rad", canonical}, "list\n\n").expect(t, "@refs/heads/master HEAD\n"+master+"\n", 0)
}

func TestCommandLines(t *testing.T) {
	w := newWorld(t)
	for _, args := range [][]string{nil, {"rad"}, {"rad", "rad://x"}, {"rad", w.url() + "/x"}, {"rad", "https://example.org"}, {"", ""}} {
		got := w.run(t, args, "capabilities\n\n")
		if got.code != 1 || got.out != "" || !strings.HasPrefix(got.err, "error: inv") || !strings.Contains(got.err, "\nhint: ") {
			t.Errorf("%q: exit %d\n%s%s", args, got.code, got.out, got.err)
		}
	}
	for _, args := range [][]string{{w.url()}, {w.url(), w.url()}, {"bad..name", w.url()}} {
		w.run(t, args, "capabilities\n\n").expect(t, "option\npush\nfetch\n\n", 0)
	}
}

// A home or a repository that is not as it should be is one line and a hint.
func TestBrokenHomes(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, w *world)
		in    string
		said  string
	}{
		"no home":                       {func(t *testing.T, w *world) { w.env["RAD_HOME"] = filepath.Join(w.home.Work, "none") }, "list\n\n", "error: couldn't load profile: no Radicle profile found at path '"},
		"no key":                        {func(t *testing.T, w *world) { remove(t, w.home.PublicKey()) }, "list\n\n", "error: couldn't load profile: no Radicle profile found"},
		"no alias in the configuration": {func(t *testing.T, w *world) { write(t, w.home.Config(), "{}") }, "list\n\n", "error: couldn't load profile: "},
		"half a configuration":          {func(t *testing.T, w *world) { write(t, w.home.Config(), `{"node":`) }, "list\n\n", "error: couldn't load profile: "},
		"no repository":                 {func(t *testing.T, w *world) { remove(t, w.repo.Dir()) }, "list\n\n", "error: repository rad:z"},
		"an empty repository":           {func(t *testing.T, w *world) { remove(t, w.repo.Dir()); mkdir(t, w.repo.Dir()) }, "list\n\n", "error: remote repository `"},
		"a file for a repository":       {func(t *testing.T, w *world) { remove(t, w.repo.Dir()); write(t, w.repo.Dir(), "") }, "list\n\n", "error: repository rad:z"},
		"no objects":                    {func(t *testing.T, w *world) { remove(t, w.repo.Dir()+"/objects"); mkdir(t, w.repo.Dir()+"/objects") }, "push HEAD:refs/heads/x\n\n", "error: "},
		"an identity that is no commit": {func(t *testing.T, w *world) { write(t, w.repo.Dir()+"/refs/rad/id", strings.Repeat("1", 40)+"\n") }, "push HEAD:refs/heads/x\n\n", "error: "},
		"a key file of garbage":         {func(t *testing.T, w *world) { remove(t, w.home.SecretKey()); write(t, w.home.SecretKey(), "garbage") }, "push HEAD:refs/heads/x\n\n", "error: "},
		"a key file of somebody else":   {func(t *testing.T, w *world) { swapKey(t, w) }, "push HEAD:refs/heads/x\n\n", "error: "},
		"no key file and no agent":      {func(t *testing.T, w *world) { remove(t, w.home.SecretKey()) }, "push HEAD:refs/heads/x\n\n", "error: error connecting to ssh-agent: Unable to read environment variable 'SSH_AUTH_SOCK': environment variable not found\nhint: "},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.spoil(t, w)
			got := w.run(t, []string{"rad", w.url()}, c.in)
			if got.code != 1 || got.out != "" || !strings.HasPrefix(got.err, c.said) || strings.Count(got.err, "\n") > 2 {
				t.Errorf("exit %d\n%s--\n%s", got.code, got.out, got.err)
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, fs.ModePerm); err != nil {
		t.Fatal(err)
	}
}

// swapKey gives Ana Bo's key file.
func swapKey(t *testing.T, w *world) {
	t.Helper()
	key, err := os.ReadFile(radtest.NewHome(t, radtest.Bo).SecretKey())
	if err != nil {
		t.Fatal(err)
	}
	remove(t, w.home.SecretKey())
	write(t, w.home.SecretKey(), string(key))
}

// A helper that is told to end does, while git has nothing to say.
func TestToldToEnd(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	in, git := io.Pipe()
	defer git.Close()
	ended := make(chan int, 1)
	go func() {
		ended <- remote.Main(ctx, remote.Config{Args: []string{"rad", w.url()}, Env: w.lookup, In: in, Out: io.Discard, Err: io.Discard})
	}()
	if _, err := io.WriteString(git, "capabilities\n"); err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case code := <-ended:
		if code != 1 {
			t.Errorf("exit %d", code)
		}
	case <-time.After(radtest.WaitTime):
		t.Error("still waiting for git")
	}
}
