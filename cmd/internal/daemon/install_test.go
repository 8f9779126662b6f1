package daemon_test

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"radswarm/cmd/internal/daemon"
)

var update = flag.Bool("update", false, "write the files of testdata anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what it was:\n%s", name, got)
	}
}

var plain = daemon.Service{
	Program: "/usr/local/bin/rad-swarm", Home: "/home/ana/.radicle", User: "/home/ana", Path: "/usr/local/bin:/usr/bin:/bin",
}

// Nothing in a path may mean anything to systemd or launchd.
var strange = daemon.Service{
	Program: `/opt/a "b" $c%d\e<&>/rad-swarm`, Home: "/home/ana/my homes/$one%h", User: "/home/ana", Path: "/bin:/a b",
}

func TestUnit(t *testing.T) {
	golden(t, "plain.service", plain.Unit())
	golden(t, "strange.service", strange.Unit())
}

func TestAgent(t *testing.T) {
	golden(t, "plain.plist", plain.Agent())
	golden(t, "strange.plist", strange.Agent())
}

func TestServicePaths(t *testing.T) {
	for got, want := range map[string]string{
		plain.UnitPath():  "/home/ana/.config/systemd/user/radswarm.service",
		plain.AgentPath(): "/home/ana/Library/LaunchAgents/xyz.radswarm.plist",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if strange.UnitPath() == plain.UnitPath() || strange.AgentPath() == plain.AgentPath() {
		t.Error("two homes share a service")
	}
}

// The unit is one that systemd reads.
func TestUnitVerifies(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not here: the unit is compared with its golden file only")
	}
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	for _, dir := range []string{"plain", "a b $c%d"} {
		at := filepath.Join(t.TempDir(), dir)
		s := daemon.Service{Program: filepath.Join(at, "rad-swarm"), Home: at, User: at, Path: "/bin"}
		if err := os.MkdirAll(at, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(s.Program, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		unit := filepath.Join(at, "radswarm.service")
		if err := os.WriteFile(unit, []byte(s.Unit()), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(analyze, "--user", "--man=no", "verify", unit).CombinedOutput()
		if err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}

// fakeSystem puts programs on PATH that note how they were called, and do what a line of shell says.
func fakeSystem(t *testing.T, programs map[string]string) (calls func() string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there is no shell")
	}
	dir := t.TempDir()
	log := filepath.Join(dir, "calls")
	for name, does := range programs {
		script := "#!/bin/sh\necho " + name + ` "$@" >>'` + log + "'\n" + does + "\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	return func() string {
		b, _ := os.ReadFile(log)
		return string(b)
	}
}

func service(t *testing.T, system string) daemon.Service {
	t.Helper()
	user := t.TempDir()
	return daemon.Service{
		Program: "/usr/bin/rad-swarm", Home: filepath.Join(user, ".radicle"), User: user, Path: "/usr/bin", OS: system,
	}
}

func TestInstallUnit(t *testing.T) {
	for name, linger := range map[string]string{"echo yes": "", "echo no": "loginctl enable-linger", "exit 1": "loginctl enable-linger"} {
		t.Run(name, func(t *testing.T) {
			calls := fakeSystem(t, map[string]string{"systemctl": "", "loginctl": name})
			s := service(t, "linux")
			for range 2 { // again is as good
				in, err := s.Install(t.Context())
				if err != nil || in.Path != s.UnitPath() || in.Linger != linger {
					t.Fatalf("%+v, %v", in, err)
				}
			}
			if text, err := os.ReadFile(s.UnitPath()); err != nil || string(text) != s.Unit() {
				t.Errorf("%s, %v", text, err)
			}
			want := "systemctl --user daemon-reload\nsystemctl --user enable radswarm.service\nsystemctl --user restart radswarm.service\n"
			if !strings.Contains(calls(), want) {
				t.Errorf("calls:\n%s", calls())
			}
			if err := s.Uninstall(t.Context()); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(calls(), "systemctl --user disable --now radswarm.service") {
				t.Errorf("calls:\n%s", calls())
			}
			if err := s.Uninstall(t.Context()); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestInstallAgent(t *testing.T) {
	calls := fakeSystem(t, map[string]string{"launchctl": `test "$1" = bootstrap`}) // bootout fails: nothing is loaded
	s := service(t, "darwin")
	in, err := s.Install(t.Context())
	if err != nil || in != (daemon.Installed{Path: s.AgentPath()}) {
		t.Fatalf("%+v, %v", in, err)
	}
	if text, err := os.ReadFile(s.AgentPath()); err != nil || string(text) != s.Agent() {
		t.Errorf("%s, %v", text, err)
	}
	if !strings.Contains(calls(), "launchctl bootstrap gui/") {
		t.Errorf("calls:\n%s", calls())
	}
	if err := s.Uninstall(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.AgentPath()); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// Where nothing would run it, nothing is written.
func TestInstallNowhere(t *testing.T) {
	fakeSystem(t, nil)
	for _, system := range []string{"linux", "darwin", "plan9"} {
		s := service(t, system)
		if _, err := s.Install(t.Context()); !errors.Is(err, daemon.ErrNoService) {
			t.Errorf("%s: %v", system, err)
		}
		if entries, err := os.ReadDir(s.User); err != nil || len(entries) != 0 {
			t.Errorf("%s: %v, %v", system, entries, err)
		}
	}
}

func TestInstallSaysWhatFailed(t *testing.T) {
	fakeSystem(t, map[string]string{"systemctl": `test "$2" != restart || { echo "Job failed." >&2; exit 1; }`})
	_, err := service(t, "linux").Install(t.Context())
	if e, ok := errors.AsType[*daemon.ServiceError](err); !ok || e.Said != "Job failed." ||
		e.Command != "systemctl --user restart radswarm.service" {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := service(t, "linux").Install(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
