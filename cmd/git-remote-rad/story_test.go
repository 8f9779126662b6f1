//go:build unix

package main_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"radswarm/radicle/radtest"
)

// Stories lie in testdata/script/remote, several in an archive. A line of a story is a command of one shell that runs them all;
// what each prints and how it ends is recorded. Before the commands, lines that begin with @ say what the story needs:
//
//	@home NAME   a copy of that home, made by the story of this name in homes.txtar with Radicle's tools
//	@agent       an ssh-agent without keys
//	@needs NAME  a program, or the story is skipped
//
// T is the story's folder. Each person's home is $T/<name>; working copies are in $T/work, where a story begins as Ana.
const prelude = `
as() {
	export RAD_HOME="$T/$1" GIT_AUTHOR_NAME="$1" GIT_AUTHOR_EMAIL="$1@localhost"
	export GIT_COMMITTER_NAME="$1" GIT_COMMITTER_EMAIL="$1@localhost"
}
# at SECONDS: all that is written from now on is so much later.
at() {
	export RAD_LOCAL_TIME=$((1671125284 + $1))
	export GIT_AUTHOR_DATE="$RAD_LOCAL_TIME +0000" GIT_COMMITTER_DATE="$RAD_LOCAL_TIME"
}
# write FILE TEXT: commits a file.
write() { printf '%s\n' "$2" >"$1" && git add "$1" && git commit -q -m "Write $1"; }
# stored REPO-COMMAND: git in Ana's storage.
stored() { git -C "$T/ana/storage/$Z" "$@"; }
# bring FROM TO NID: what replication does to a namespace.
bring() { git -C "$T/$2/storage/$Z" fetch -q --no-write-fetch-head "$T/$1/storage/$Z" "+refs/namespaces/$3/*:refs/namespaces/$3/*"; }
# sorted COMMAND: sorts what it prints, where two processes print at once; ours puts that on one line.
sorted() {
	local code=0
	"$@" >"$T/printed" 2>&1 || code=$?
	awk '{ gsub(/; /, "\n"); sub(/git fetch-pack: /, "git fetch-pack:\n"); print }' "$T/printed" | sort
	rm "$T/printed"
	return $code
}
# agree: Bo accepts what Ana did to the identity last, and both know.
agree() {
	local id
	bring ana bo $ANA
	id=$(stored for-each-ref --format='%(objectname)' "refs/namespaces/$ANA/refs/cobs/xyz.radicle.id")
	( as bo; cd "$T/work/bo"; rad id accept "$id" --no-confirm ) || return
	bring bo ana $BO
	stored update-ref refs/rad/id "$id"
}
# patches: the ids of Ana's patches.
patches() { stored for-each-ref --format='%(refname:lstrip=-1)' "refs/namespaces/$ANA/refs/heads/patches"; }
as ana
at 0
RID=$(cat "$T/rid" 2>/dev/null)
Z=${RID#rad:}
cd "$T/work"
`

// A story is one case of an archive.
type story struct {
	name  string
	home  string   // story that makes its home; empty: none
	agent bool     // needs an ssh-agent
	needs []string // programs
	lines []string
}

// storyDir is testdata/script/remote.
var storyDir = filepath.Join("..", "..", "testdata", "script", "remote")

// unrace makes equal what depends on who is faster when a helper ends at once: git says that it cannot write to it, or nothing, or
// dies of the signal.
func (s *step) unrace() {
	s.stderr = strings.Replace(s.stderr, "fatal: full write to remote helper failed: Broken pipe\n", "", 1)
	if s.exit == strconv.Itoa(128+int(syscall.SIGPIPE)) {
		s.exit = "128"
	}
}

// A part is one file of a txtar archive.
type part struct{ name, text string }

// readArchive reads a txtar archive, named without its extension. The line feed before the next heading is not part of a part.
func readArchive(name string) ([]part, error) {
	text, err := os.ReadFile(filepath.Join(storyDir, name+".txtar"))
	if err != nil {
		return nil, err
	}
	var parts []part
	for i, text := range strings.Split("\n"+string(text), "\n-- ") {
		if i == 0 { // the comment
			continue
		}
		heading, text, ok := strings.Cut(text, " --\n")
		if !ok {
			return nil, fmt.Errorf("%s.txtar: no end of a heading: %.40q", name, text)
		}
		parts = append(parts, part{heading, text})
	}
	return parts, nil
}

func readStories(t testing.TB, archive string) []story {
	t.Helper()
	parts, err := readArchive(archive)
	if err != nil {
		t.Fatal(err)
	}
	var stories []story
	for _, p := range parts {
		stories = append(stories, parseStory(t, p.name, p.text))
	}
	return stories
}

func parseStory(t testing.TB, name, text string) story {
	t.Helper()
	s := story{name: name}
	for line := range strings.SplitSeq(text, "\n") {
		word, arg, _ := strings.Cut(line, " ")
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
		case word == "@home":
			s.home = arg
		case word == "@agent":
			s.agent = true
		case word == "@needs":
			s.needs = append(s.needs, arg)
		case word[0] == '@':
			t.Fatalf("story %s: %s", name, line)
		default:
			s.lines = append(s.lines, line)
		}
	}
	return s
}

// A side is one of the two helpers that are compared.
type side struct {
	name string
	bin  string // folder that comes first on PATH
}

// env is the environment of a story in dir: nothing of the machine's but PATH.
func (s side) env(t testing.TB, dir string) []string {
	t.Helper()
	env := []string{
		"PATH=" + strings.Join([]string{s.bin, radtest.Tools(t), os.Getenv("PATH")}, string(os.PathListSeparator)),
		"T=" + dir, "HOME=" + dir, "LANG=C", "LC_ALL=C", "TZ=UTC", "EDITOR=true",
		"RAD_PASSPHRASE=", "RAD_RNG_SEED=0", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_TEMPLATE_DIR=" + scratchDir(t, "template"), // no sample hooks: they are most of what a working copy copies
	}
	for _, p := range []radtest.Person{radtest.Ana, radtest.Bo, radtest.Cy} {
		name := strings.ToUpper(p.Alias().String())
		env = append(env, name+"="+p.NID().String(), name+"_SEED="+fmt.Sprintf("%x", p.Seed()))
	}
	return env
}

// storyTime is how long a story may take on a busy machine.
const storyTime = 2 * time.Minute

// A step is a line of a story and what came of it.
type step struct{ line, stdout, stderr, exit string }

// play runs a story in dir, where its home is already, and returns its steps.
func (s story) play(t testing.TB, by side, dir string, env ...string) []step {
	t.Helper()
	return s.playIn(t, by, dir, "record", env...)
}

// playIn is play for several stories at once: record is the name of a folder in dir that is the story's own.
func (s story) playIn(t testing.TB, by side, dir, record string, env ...string) []step {
	t.Helper()
	rec := filepath.Join(dir, record)
	if err := os.MkdirAll(rec, 0o755); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(rec) }()
	if err := os.MkdirAll(filepath.Join(dir, "work"), 0o755); err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	script.WriteString(prelude)
	for i, line := range s.lines {
		fmt.Fprintf(&script, "{ %s\n} >%s/%d.out 2>%s/%d.err </dev/null\necho $? >%s/%d.rc\n", line, rec, i, rec, i, rec, i)
	}
	ctx, cancel := context.WithTimeout(t.Context(), storyTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", script.String())
	// Radicle's helper gives the file for an editor the same name each time.
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, append(by.env(t, dir), append(env, "TMPDIR="+rec)...), time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("story %s with %s: %v\n%s", s.name, by.name, err, out)
	}
	return s.steps(t, rec)
}

func (s story) steps(t testing.TB, rec string) []step {
	t.Helper()
	steps := make([]step, len(s.lines))
	for i, line := range s.lines {
		read := func(ext string) string {
			text, err := os.ReadFile(filepath.Join(rec, fmt.Sprintf("%d.%s", i, ext)))
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		steps[i] = step{line, read("out"), read("err"), strings.TrimSpace(read("rc"))}
		steps[i].unrace()
	}
	return steps
}

// scratch is the folder of what all tests of this package share, removed by TestMain. It is in memory where that can be: homes are
// copied hundreds of times, and what is compared is no different.
var scratch = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("/dev/shm", "rad")
	if err != nil {
		dir, err = os.MkdirTemp("", "rad")
	}
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(dir)
})

func TestMain(m *testing.M) {
	dir, err := scratch()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// scratchDir makes a folder that stays until all tests have ended.
func scratchDir(t testing.TB, name string) string {
	t.Helper()
	dir, err := scratch()
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// stock is Radicle's own helper.
func stock(t testing.TB) side {
	t.Helper()
	return side{"Radicle's", radtest.Tools(t)}
}

// ours is this package's program, built once.
func ours(t testing.TB) side {
	t.Helper()
	dir, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return side{"ours", dir}
}

var build = sync.OnceValues(func() (string, error) {
	dir, err := scratch()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "bin")
	out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "git-remote-rad"), ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return bin, nil
})
