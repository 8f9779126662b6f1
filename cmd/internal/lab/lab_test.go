package lab_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"radswarm/cmd/internal/app"
	"radswarm/cmd/internal/daemon"
	"radswarm/cmd/internal/lab"
	"radswarm/radicle/profile"
)

// The test binary is rad-swarm when it is called like it, and a lab command that can be killed.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "daemon":
		if err := beDaemon(); err != nil {
			os.Exit(1)
		}
	case len(os.Args) == 3 && os.Args[1] == "lab-up":
		self, _ := os.Executable()
		_, _, err := lab.Up(context.Background(), lab.Options{Dir: os.Args[2], Program: self, Friends: 3})
		if err != nil {
			os.Exit(1)
		}
	case len(os.Args) == 3 && os.Args[1] == "lab-down":
		l, err := lab.Open(lab.Options{Dir: os.Args[2], Program: os.Args[0]})
		if err == nil {
			_, err = l.Down(context.Background())
		}
		if err != nil {
			os.Exit(1)
		}
	default:
		os.Exit(m.Run())
	}
}

func beDaemon() error {
	home, err := profile.Find(os.LookupEnv)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	o := app.Daemon(app.Options{Home: home, Software: "test", Log: log})
	return daemon.Detached(context.Background(), o, os.Stdout)
}

// options are those of a lab that is gone when the test ends, at a short path.
func options(t testing.TB, friends int) lab.Options {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent, err := os.MkdirTemp("", "rs")
	if err != nil {
		t.Fatal(err)
	}
	o := lab.Options{Dir: filepath.Join(parent, "lab"), Program: self, Friends: friends}
	t.Cleanup(func() {
		if l, err := lab.Open(o); err == nil {
			if _, err := l.Down(context.Background()); err != nil {
				t.Error(err)
			}
		}
		if err := os.RemoveAll(parent); err != nil {
			t.Error(err)
		}
	})
	return o
}

func up(t testing.TB, o lab.Options) *lab.Lab {
	t.Helper()
	l, risen, err := lab.Up(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if risen.Friends != o.Friends || risen.Online != o.Friends {
		t.Fatalf("%d of %d friends are online", risen.Online, risen.Friends)
	}
	return l
}

func states(t *testing.T, l *lab.Lab) string {
	t.Helper()
	homes, err := l.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, h := range homes {
		all = append(all, h.Name+":"+string(h.State))
		if runs := h.State != lab.Dead; runs != (h.PID > 0) || runs != (h.RSS > 0) || h.DID == nil {
			t.Errorf("%+v", h)
		}
		if h.State != lab.Awake {
			continue
		}
		c, err := net.Dial("tcp", h.Address)
		if err != nil {
			t.Errorf("%s does not listen where it is said to: %v", h.Name, err)
			continue
		}
		_ = c.Close()
	}
	return strings.Join(all, " ")
}

func want(t *testing.T, l *lab.Lab, all string) {
	t.Helper()
	if got := states(t, l); got != all {
		t.Errorf("%s, not %s", got, all)
	}
}

func TestLab(t *testing.T) {
	o := options(t, 3)
	var steps []string
	o.Tell = func(s lab.Step) { steps = append(steps, s.What) }
	l := up(t, o)
	slices.Sort(steps)
	if got := strings.Join(slices.Compact(slices.Clone(steps)), " "); got != "befriended made started" || len(steps) != 3+4+4 {
		t.Errorf("%v", steps)
	}
	want(t, l, "you:up ana:up bo:up cy:up")

	changed, err := l.Kill(t.Context(), "2")
	if err != nil || !slices.Equal(changed.Homes, []string{"bo", "cy"}) {
		t.Errorf("%v, %v", changed, err)
	}
	want(t, l, "you:up ana:up bo:dead cy:dead")
	if e, ok := errors.AsType[*lab.TooFewError](second(l.Kill(t.Context(), "2"))); !ok || e.Running != 1 {
		t.Errorf("%v", e)
	}
	if changed, err = l.Start(t.Context(), "cy"); err != nil || !slices.Equal(changed.Homes, []string{"cy"}) {
		t.Errorf("%v, %v", changed, err)
	}
	want(t, l, "you:up ana:up bo:dead cy:up")
	if changed, err = l.Freeze(t.Context(), "ana"); err != nil || !slices.Equal(changed.Homes, []string{"ana"}) {
		t.Errorf("%v, %v", changed, err)
	}
	want(t, l, "you:up ana:frozen bo:dead cy:up")
	if changed, err = l.Add(t.Context(), "reader"); err != nil || !slices.Equal(changed.Homes, []string{"reader"}) {
		t.Errorf("%v, %v", changed, err)
	}
	if changed, err = l.Start(t.Context()); err != nil || !slices.Equal(changed.Homes, []string{"ana", "bo"}) {
		t.Errorf("%v, %v", changed, err)
	}
	want(t, l, "you:up ana:up bo:up cy:up reader:up")

	steps = nil
	if up(t, o); len(steps) != 0 {
		t.Errorf("nothing is left to do, and done was %v", steps)
	}
	goesDown(t, l, 5)
}

// goesDown has a lab go down, with one home frozen, and looks that nothing is left of it.
func goesDown(t *testing.T, l *lab.Lab, homes int) {
	t.Helper()
	before, err := l.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Freeze(t.Context(), "bo"); err != nil { // a frozen one is no hindrance
		t.Fatal(err)
	}
	if changed, err := l.Down(t.Context()); err != nil || len(changed.Homes) != homes {
		t.Errorf("%v, %v", changed, err)
	}
	if _, err := os.Lstat(l.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	for _, h := range before {
		if lab.Running(h.PID) {
			t.Errorf("%s still runs", h.Name)
		}
	}
	if _, ok := errors.AsType[*lab.NoLabError](second(l.Down(t.Context()))); !ok {
		t.Error("a lab that is gone goes down")
	}
}

// Where paths are too long for a socket, daemons listen elsewhere, and nothing of that is left either.
func TestLongPath(t *testing.T) {
	o := options(t, 1)
	parent := filepath.Dir(o.Dir)
	o.Dir = filepath.Join(parent, strings.Repeat("long", 25), "lab")
	runtime := filepath.Join(parent, "r")
	if err := os.Mkdir(runtime, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, x := range []string{"XDG_RUNTIME_DIR", "TMPDIR"} {
		t.Setenv("XDG_RUNTIME_DIR", "")
		t.Setenv(x, runtime)
		l := up(t, o)
		want(t, l, "you:up ana:up")
		if left, err := os.ReadDir(runtime); err != nil || len(left) != 2 {
			t.Errorf("%v, %v", left, err)
		}
		if _, err := l.Freeze(t.Context(), "ana"); err != nil {
			t.Error(err)
		}
		if _, err := l.Down(t.Context()); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(runtime); err != nil || len(left) != 0 {
			t.Errorf("%v, %v", left, err)
		}
	}
}

// What is held are share files, whether a daemon runs or not.
func TestHeld(t *testing.T) {
	l := up(t, options(t, 0))
	if _, err := l.Kill(t.Context(), lab.You); err != nil {
		t.Fatal(err)
	}
	shares := filepath.Join(l.Dir(), lab.You, "swarm", "shares")
	write(t, filepath.Join(shares, "ab", "c", "x.share"), "12345")
	write(t, filepath.Join(shares, "ab", "d", "y.share"), "123")
	write(t, filepath.Join(shares, "ab", "d", "y.lease"), "123")
	homes, err := l.Status(t.Context())
	if err != nil || homes[0].Held != 8 {
		t.Errorf("%+v, %v", homes, err)
	}
}

// One lab can do without the other.
func TestSideBySide(t *testing.T) {
	first, other := up(t, options(t, 1)), up(t, options(t, 1))
	if _, err := other.Down(t.Context()); err != nil {
		t.Error(err)
	}
	want(t, first, "you:up ana:up")
}

// Two that make the same lab at the same time do not make two, and neither breaks what the other makes.
func TestUpTogether(t *testing.T) {
	o := options(t, 3)
	problems := make([]error, 2)
	var both sync.WaitGroup
	for i := range problems {
		both.Go(func() { _, _, problems[i] = lab.Up(t.Context(), o) })
	}
	both.Wait()
	for _, err := range problems {
		if err != nil && !errors.Is(err, lab.ErrBusy) {
			t.Error(err)
		}
	}
	want(t, up(t, o), "you:up ana:up bo:up cy:up")
}

// A home whose port somebody has taken meanwhile gets another one, and its friends find it.
func TestPortTaken(t *testing.T) {
	l := up(t, options(t, 1))
	if _, err := l.Kill(t.Context(), "ana"); err != nil {
		t.Fatal(err)
	}
	homes, err := l.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", homes[1].Address)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, err := l.Start(t.Context(), "ana"); err != nil {
		t.Fatal(err)
	}
	after, err := l.Status(t.Context())
	if err != nil || after[1].State != lab.Awake || after[1].Address == homes[1].Address {
		t.Errorf("%+v, %v", after[1], err)
	}
}

// Labs that found the same port free, and start at once, both start.
func TestPortWantedTwice(t *testing.T) {
	labs := [...]*lab.Lab{up(t, options(t, 0)), up(t, options(t, 0))}
	for range 3 {
		var addresses []string
		for _, l := range labs {
			if _, err := l.Kill(t.Context()); err != nil {
				t.Fatal(err)
			}
			homes, err := l.Status(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			addresses = append(addresses, homes[0].Address)
		}
		changePort(t, labs[1], addresses[1], addresses[0])
		var both sync.WaitGroup
		for _, l := range labs {
			both.Go(func() {
				if _, err := l.Start(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		want(t, labs[0], "you:up")
		want(t, labs[1], "you:up")
	}
}

// changePort has you listen where another does.
func changePort(t *testing.T, l *lab.Lab, from, to string) {
	t.Helper()
	_, from, _ = strings.Cut(from, ":")
	_, to, _ = strings.Cut(to, ":")
	for _, path := range []string{filepath.Join(l.Dir(), "radswarm-lab.json"), filepath.Join(l.Place(lab.You).Dir, "config.json")} {
		text, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path, bytes.ReplaceAll(text, []byte(from), []byte(to)), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// Whenever `up` is killed, the next one completes the lab, and so does down.
func TestKilledInUp(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, way := range []string{"up", "down"} {
		t.Run(way, func(t *testing.T) {
			for _, seen := range []string{"", "radswarm-lab.json", ".making/you", "you", "cy/swarm/daemon.lock", "ana/swarm/control.sock"} {
				killIn(t, self, seen, way)
			}
		})
	}
}

// Whenever `down` is killed, the next one completes it, and so may up.
func TestKilledInDown(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for i, gone := range []string{"you/swarm/control.sock", "you", "ana", "cy", "work", "radswarm-lab.json"} {
		o := options(t, 3)
		l := up(t, o)
		write(t, filepath.Join(l.Work(), "film"), "1")
		killWhen(t, exec.Command(self, "lab-down", o.Dir), func() bool { return !there(o.Dir, gone) })
		l, err := lab.Open(o)
		switch _, none := errors.AsType[*lab.NoLabError](err); {
		case none:
		case err != nil:
			t.Errorf("without %s: %v", gone, err)
		case i%2 == 0:
			want(t, up(t, o), "you:up ana:up bo:up cy:up")
		default:
			if _, err := l.Down(t.Context()); err != nil {
				t.Errorf("without %s: %v", gone, err)
			}
		}
	}
}

// killWhen starts a command and kills it as soon as something is so.
func killWhen(t *testing.T, cmd *exec.Cmd, so func() bool) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	deadline, tick := time.After(30*time.Second), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-deadline:
			t.Fatalf("%v: what was waited for does not come", cmd.Args)
		case <-tick.C:
		}
	}
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
}

func there(dir, name string) bool {
	_, err := os.Lstat(filepath.Join(dir, name))
	return err == nil
}

// killIn kills `up` as soon as a file is seen.
func killIn(t *testing.T, self, seen, way string) {
	t.Helper()
	o := options(t, 3)
	killWhen(t, exec.Command(self, "lab-up", o.Dir), func() bool {
		return there(o.Dir, seen) || there(o.Dir, filepath.Base(seen)) // .making/you may have become you
	})
	if way == "up" {
		want(t, up(t, o), "you:up ana:up bo:up cy:up")
		return
	}
	l, err := lab.Open(o)
	if _, ok := errors.AsType[*lab.NoLabError](err); ok && seen == "" {
		return
	}
	if err == nil {
		_, err = l.Down(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}
