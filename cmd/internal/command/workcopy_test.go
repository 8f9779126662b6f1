package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/cmd/internal/ui"
)

// inRepository makes a git repository, goes there and returns it.
func inRepository(t *testing.T, lines ...string) workcopy {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	w := workcopy{"."}
	for _, line := range append([]string{"init -q -b main"}, lines...) {
		if _, err := w.git(t.Context(), strings.Fields(line)...); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

const (
	oneRID   = "z3gqcJUoA1n9HaHKufZs5FCSGazv5"
	otherRID = "z3Tr6bC7ctEg2EHmLvknUr29mEDLH"
)

// Which repository a command is about: that of the remote rad, else of the one that there is.
func TestRIDOfWorkingCopy(t *testing.T) {
	for name, test := range map[string]struct {
		lines []string
		want  string // RID, or the beginning of the error
		exit  int
	}{
		"the remote rad":   {[]string{"remote add other rad://" + otherRID, "remote add rad rad://" + oneRID}, oneRID, 0},
		"with a namespace": {[]string{"remote add rad rad://" + oneRID + "/z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"}, oneRID, 0},
		"another name":     {[]string{"remote add origin rad://" + oneRID, "remote add hub https://example.org/x"}, oneRID, 0},
		"twice the same":   {[]string{"remote add a rad://" + oneRID, "remote add b rad://" + oneRID}, oneRID, 0},
		"two":              {[]string{"remote add a rad://" + oneRID, "remote add b rad://" + otherRID}, "remotes name 2 Radicle repositories", ui.Usage},
		"none":             {nil, "this is no copy of a Radicle repository", ui.NotFound},
		"no Radicle one":   {[]string{"remote add rad https://example.org/x"}, "this is no copy of a Radicle repository", ui.NotFound},
		"none that is one": {[]string{"remote add rad rad://nothing"}, "this is no copy of a Radicle repository", ui.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := inRepository(t, test.lines...).rid(t.Context())
			switch {
			case test.exit == 0 && (err != nil || got.Canonical() != test.want):
				t.Errorf("%v, %v", got, err)
			case test.exit != 0 && (err == nil || !strings.HasPrefix(err.Error(), test.want) || ui.Explain(err).Exit != test.exit):
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	t.Run("no working copy", func(t *testing.T) {
		t.Chdir(t.TempDir())
		if _, err := (workcopy{"."}).rid(t.Context()); err == nil || err.Error() != "there is no git repository here" {
			t.Error(err)
		}
	})
}

// An object may be named by the path that stands for it in git.
func TestZoneOfAPath(t *testing.T) {
	w := newWorld(t).with(t)
	d := w.daemon(t, answersOf(t))
	copy := inRepository(t, "remote add rad rad://"+oneRID)
	text := "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("ab", 32) + "\nsize 12\n"
	for name, content := range map[string]string{"film.mp4": text, "README": "hello\n"} {
		if err := os.WriteFile(filepath.Join(".", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := copy.git(t.Context(), "add", name); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.line(t, "zone set public film.mp4 --sure"); got.exit != 0 {
		t.Error(got)
	}
	want := []asked{{
		"POST /v1/repositories/rad:" + oneRID + "/zone",
		`{"object":{"oid":"` + strings.Repeat("ab", 32) + `","size":12},"zone":"public","sure":true}`,
	}}
	if diff := cmp.Diff(want, d.requests()); diff != "" {
		t.Error(diff)
	}
	checkRefused(t, "no big file", w.line(t, "zone set public README"), ui.Usage, "README is not in git as a big file", "git lfs track README")
	checkRefused(t, "no file", w.line(t, "zone set public nothing"), ui.Usage, `"nothing" is no OID`, "rad swarm zone set --help")
	if err := os.WriteFile("--upload-pack=x", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := w.run(t, "zone", "set", "public", "--", "--upload-pack=x"); got.exit != ui.Usage || len(d.requests()) != 0 {
		t.Error(got)
	}
}
