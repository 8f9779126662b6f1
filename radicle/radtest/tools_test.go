package radtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/radicle/radtest"
)

// TestThatNeedsTools is run by the test below, on a machine without them.
func TestThatNeedsTools(t *testing.T) { radtest.Tools(t) }

// Where the tools are missing, a test is skipped and says so, or fails if they are required.
func TestMissingTools(t *testing.T) {
	for require, fails := range map[string]bool{"": false, "git-lfs": false, "radicle": true, "git-lfs,radicle": true} {
		skipped := filepath.Join(t.TempDir(), "skipped")
		cmd := exec.Command(os.Args[0], "-test.run=^TestThatNeedsTools$", "-test.v")
		cmd.Env = append(os.Environ(), "RADSWARM_CACHE="+t.TempDir(), "RADSWARM_SKIPPED="+skipped, "RADSWARM_REQUIRE="+require)
		out, err := cmd.CombinedOutput()
		text, _ := os.ReadFile(skipped)
		switch {
		case (err != nil) != fails:
			t.Errorf("required %q: %v\n%s", require, err, out)
		case !strings.Contains(string(out), "needs Radicle's tools (make radicle)"):
			t.Errorf("required %q: says\n%s", require, out)
		case !fails && string(text) != "radswarm/radicle/radtest TestThatNeedsTools: needs Radicle's tools (make radicle)\n":
			t.Errorf("required %q: skipped file %q", require, text)
		}
	}
}

// A home of the tests knows nothing of the machine's: no agent, no git configuration, no dates.
func TestEnvironment(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "/somewhere")
	t.Setenv("GIT_DIR", "/somewhere")
	t.Setenv("RAD_SOCKET", "/somewhere")
	h := radtest.NewHome(t, radtest.Ana)
	for _, pair := range h.Env() {
		if strings.Contains(pair, "/somewhere") {
			t.Error(pair)
		}
	}
	if home, ok := h.Lookup("RAD_HOME"); !ok || home != h.Dir() {
		t.Errorf("RAD_HOME is %q", home)
	}
	if value, ok := h.With("X=1", "X=2").Lookup("X"); !ok || value != "2" {
		t.Errorf("X is %q", value)
	}
	if _, ok := h.Lookup("X"); ok {
		t.Error("With changed the home itself")
	}
}
