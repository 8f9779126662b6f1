//go:build unix

package proof

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/lab"
)

// A stage is a lab with the program as it is, gone when the test ends.
type stage struct {
	*lab.Lab
	tb      testing.TB
	program string
	dir     string   // for files of the test
	clients sync.Map // by home
}

// newStage brings up a lab in which you has so many friends. Its program is this one.
func newStage(tb testing.TB, friends int) *stage {
	tb.Helper()
	program := filepath.Join(shortDir(tb), programName)
	self, err := os.Executable()
	if err == nil {
		err = copyFile(self, program)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return newStageOf(tb, program, friends)
}

// newStageOf is newStage with a program.
func newStageOf(tb testing.TB, program string, friends int) *stage {
	tb.Helper()
	s := &stage{tb: tb, program: program, dir: shortDir(tb)}
	o := lab.Options{Dir: filepath.Join(s.dir, "lab"), Program: s.program, Friends: friends}
	tb.Cleanup(func() { s.down(o) })
	l, risen, err := lab.Up(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	if risen.Online != friends {
		tb.Fatalf("%d of %d friends are online", risen.Online, friends)
	}
	s.Lab = l
	return s
}

func (s *stage) down(o lab.Options) {
	l, err := lab.Open(o)
	if err != nil {
		return // it did not get so far
	}
	if s.tb.Failed() {
		if b, err := os.ReadFile(l.Place(lab.You).Log()); err == nil {
			s.tb.Logf("daemon of you:\n%s", b[max(0, len(b)-4000):])
		}
	}
	if _, err := l.Down(context.Background()); err != nil {
		s.tb.Error(err)
	}
}

// copyFile links a program to another name, or copies it where that is another file system.
func copyFile(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// client asks the daemon of a home.
func (s *stage) client(name string) *control.Client {
	s.tb.Helper()
	if c, ok := s.clients.Load(name); ok {
		return c.(*control.Client)
	}
	c, _, err := control.Connect(s.tb.Context(), s.Place(name))
	if err != nil {
		s.tb.Fatal(err)
	}
	s.tb.Cleanup(c.Close)
	s.clients.Store(name, c)
	return c
}

// pid is the process of a home's daemon.
func (s *stage) pid(name string) int {
	s.tb.Helper()
	c, hello, err := control.Connect(s.tb.Context(), s.Place(name))
	if err != nil {
		s.tb.Fatal(err)
	}
	c.Close()
	return hello.PID
}

// friends are the homes beside you.
func (s *stage) friends() []string {
	s.tb.Helper()
	names, err := s.Names()
	if err != nil {
		s.tb.Fatal(err)
	}
	return names[1:]
}

// file makes a file of random bytes.
func (s *stage) file(name string, size int64, seed ...byte) string {
	s.tb.Helper()
	path := filepath.Join(s.dir, name)
	randomFile(s.tb, path, size, seed...)
	return path
}

// kill ends daemons as a loss of power would.
func (s *stage) kill(names ...string) {
	s.tb.Helper()
	if _, err := s.Kill(s.tb.Context(), names...); err != nil {
		s.tb.Fatal(err)
	}
}

// start starts daemons, and lets those that are frozen go on.
func (s *stage) start(names ...string) {
	s.tb.Helper()
	if _, err := s.Start(s.tb.Context(), names...); err != nil {
		s.tb.Fatal(err)
	}
}

// freeze stops daemons in the middle. They go on at the end of the test.
func (s *stage) freeze(names ...string) {
	s.tb.Helper()
	if _, err := s.Freeze(s.tb.Context(), names...); err != nil {
		s.tb.Fatal(err)
	}
}

// A said line is one that a command wrote to standard error.
type said struct {
	at   time.Duration // since the command began
	line string
}

// A run is a command that has ended.
type run struct {
	code int
	out  string
	says []said
	took time.Duration
}

func (r *run) stderr() string {
	var b strings.Builder
	for _, s := range r.says {
		b.WriteString(s.line + "\n")
	}
	return b.String()
}

// said returns when a line with all these words was written; false for never.
func (r *run) said(words ...string) (time.Duration, bool) {
	for _, s := range r.says {
		holds := true
		for _, w := range words {
			holds = holds && strings.Contains(s.line, w)
		}
		if holds {
			return s.at, true
		}
	}
	return 0, false
}

// command runs the program through the eyes of you. Where enough is not nil, the command is interrupted when that says so of
// what was said by then.
func (s *stage) command(enough func(*run) bool, args ...string) *run {
	s.tb.Helper()
	eyes, err := s.Env(lab.You)
	if err != nil {
		s.tb.Fatal(err)
	}
	cmd := exec.CommandContext(s.tb.Context(), s.program, args...)
	cmd.Env = []string{"RAD_HOME=" + eyes.RadHome, lab.Variable + "=" + eyes.Lab, "PATH=" + eyes.Path, "HOME=" + s.dir, "LANG=C.UTF-8"}
	var out strings.Builder
	cmd.Stdout = &out
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.tb.Fatal(err)
	}
	r, start := &run{}, time.Now()
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		r.says = append(r.says, said{time.Since(start), lines.Text()})
		if enough != nil && enough(r) {
			_ = cmd.Process.Signal(os.Interrupt) // it may have ended
			enough = nil
		}
	}
	err = cmd.Wait()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		s.tb.Fatal(err)
	}
	r.took, r.code, r.out = time.Since(start), cmd.ProcessState.ExitCode(), out.String()
	return r
}

// must is command, which has to succeed.
func (s *stage) must(args ...string) *run {
	s.tb.Helper()
	r := s.command(nil, args...)
	if r.code != 0 {
		s.tb.Fatalf("%s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.out, r.stderr())
	}
	return r
}

// ask asks the daemon of you for an answer in lines.
func ask[Out any](s *stage, path string, in any, each func(control.Line)) (out Out, err error) {
	if each == nil {
		each = func(control.Line) {}
	}
	err = s.client(lab.You).Watch(s.tb.Context(), http.MethodPost, path, in, &out, func(l control.Line) error {
		each(l)
		return nil
	})
	return out, err
}

// holding is who holds an object, as you know it.
func (s *stage) holding(oid blobstore.OID) control.Holding {
	s.tb.Helper()
	var h control.Holding
	if err := s.client(lab.You).Call(s.tb.Context(), http.MethodGet, "/v1/objects/"+oid.String(), nil, &h); err != nil {
		s.tb.Fatal(err)
	}
	return h
}

// A shareFile is the file of a share on a friend's disk. Who sends a share again makes another one.
type shareFile struct {
	inode uint64
	size  int64
}

// shareFiles are all files of shares that are whole, by path.
func (s *stage) shareFiles() map[string]shareFile {
	s.tb.Helper()
	all := map[string]shareFile{}
	for _, name := range s.friends() {
		root := filepath.Join(s.Place(name).Dir, "shares")
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) || err == nil && !strings.HasSuffix(path, ".share") {
				return nil // it went meanwhile
			}
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			all[path] = shareFile{info.Sys().(*syscall.Stat_t).Ino, info.Size()}
			return nil
		})
		if err != nil {
			s.tb.Fatal(err)
		}
	}
	return all
}

// until waits until a condition holds.
func until(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	const patience = 3 * time.Minute // for a test that hangs: on a busy machine friends are left alone for a while and asked again
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			tb.Fatalf("%s: not within %v", what, patience)
		case <-tick.C:
		}
	}
}

// oidOf returns the name of a file's bytes.
func oidOf(tb testing.TB, path string) blobstore.OID {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		tb.Fatal(err)
	}
	return blobstore.OID(sum.Sum(nil))
}
