package lfstest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/radicle/radtest"
	"radswarm/remote/lfs/lfstest"
)

// The version that is pinned is the one that runs.
func TestTool(t *testing.T) { runs(t, lfstest.Tool, lfstest.Version, "git-lfs") }

func TestOldTool(t *testing.T) { runs(t, lfstest.OldTool, lfstest.Old, "old-git-lfs") }

func runs(t *testing.T, tool func() (string, error), version, name string) {
	t.Helper()
	dir, err := tool()
	if err != nil {
		radtest.Missing(t, name, err.Error())
	}
	out, err := exec.Command(filepath.Join(dir, "git-lfs"), "version").Output()
	if err != nil || !strings.HasPrefix(string(out), "git-lfs/"+strings.TrimPrefix(version, "v")+" ") {
		t.Errorf("%s, %v", out, err)
	}
}

// Where it is not built and cannot be, tests are skipped and say so, or fail if it is required.
func TestMissing(t *testing.T) {
	for require, fails := range map[string]bool{"": false, "radicle": false, "radicle,git-lfs": true} {
		skipped := filepath.Join(t.TempDir(), "skipped")
		cmd := exec.Command(os.Args[0], "-test.run=^TestTool$", "-test.v")
		cmd.Env = append(os.Environ(), "RADSWARM_CACHE="+t.TempDir(), "RADSWARM_SKIPPED="+skipped, "RADSWARM_REQUIRE="+require,
			"GOPROXY=off", "GOMODCACHE="+t.TempDir())
		out, err := cmd.CombinedOutput()
		text, _ := os.ReadFile(skipped)
		if (err != nil) != fails || !strings.Contains(string(out), "needs git-lfs "+lfstest.Version) {
			t.Errorf("required %q: %v\n%s", require, err, out)
		}
		if want := "radswarm/remote/lfs/lfstest TestTool: needs git-lfs "; !fails && !strings.HasPrefix(string(text), want) {
			t.Errorf("required %q: skipped file %q", require, text)
		}
	}
}
