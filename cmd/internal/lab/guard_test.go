package lab_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"radswarm/cmd/internal/lab"
)

// environment has HOME at a folder, and perhaps more.
func environment(home string, more map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if name == "HOME" {
			return home, true
		}
		v, ok := more[name]
		return v, ok
	}
}

// snapshot lists what lies below a folder.
func snapshot(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		all = append(all, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// write writes a file and the folders above it.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const emptyMarker = `{"kind": "radswarm-lab", "version": 1, "homes": []}`

// Neither up nor down touches a folder that is, contains or lies in a real home, whatever it is called and whatever lies there.
func TestRealHomes(t *testing.T) {
	for name, x := range map[string]struct {
		dir   string // in the folder HOME
		real  string // RAD_HOME there, if any
		link  bool   // by way of a symbolic link beside HOME
		there bool   // the real home exists
	}{
		"is the home":          {dir: ".radicle", there: true},
		"is to be the home":    {dir: ".radicle"},
		"lies in the home":     {dir: ".radicle/swarm/lab", there: true},
		"contains the home":    {dir: "", there: true},
		"is another home":      {dir: "other", real: "other", there: true},
		"contains another":     {dir: "other", real: "other/ana", there: true},
		"lies in another":      {dir: "other/lab", real: "other"},
		"is it through a link": {dir: ".radicle", link: true, there: true},
		"lies through a link":  {dir: ".radicle/lab", link: true},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			more := map[string]string{}
			if x.real != "" {
				more["RAD_HOME"] = filepath.Join(home, x.real)
			}
			if x.there {
				write(t, filepath.Join(home, ".radicle", "keys", "radicle"), "secret")
			}
			o := lab.Options{Dir: filepath.Join(home, x.dir), Program: os.Args[0], Env: environment(home, more), Friends: 1}
			if x.link {
				link := filepath.Join(t.TempDir(), "link")
				if err := os.Symlink(home, link); err != nil {
					t.Skip(err)
				}
				o.Dir = filepath.Join(link, x.dir)
			}
			before := snapshot(t, home)
			_, _, err := lab.Up(t.Context(), o)
			refusedReal(t, err)
			if _, err := os.Lstat(o.Dir); err != nil {
				return
			}
			write(t, filepath.Join(o.Dir, "radswarm-lab.json"), emptyMarker) // even if it has the marker
			_, err = lab.Open(o)
			refusedReal(t, err)
			if err := os.Remove(filepath.Join(o.Dir, "radswarm-lab.json")); err != nil {
				t.Fatal(err)
			}
			if after := snapshot(t, home); !slices.Equal(before, after) {
				t.Errorf("%v, before %v", after, before)
			}
		})
	}
}

func refusedReal(t *testing.T, err error) {
	t.Helper()
	if _, ok := errors.AsType[*lab.RealHomeError](err); !ok {
		t.Errorf("not refused as a real home: %v", err)
	}
}

// What is not a lab, or holds more than a lab, stays as it is.
func TestForeign(t *testing.T) {
	for name, x := range map[string]struct {
		files map[string]string
		link  string // a symbolic link, to a folder beside
		none  bool   // refused by Open as no lab; else as foreign
	}{
		"a folder of something else":      {files: map[string]string{"thesis.txt": "1"}, none: true},
		"a file beside the homes":         {files: map[string]string{"radswarm-lab.json": emptyMarker, "thesis.txt": "1"}},
		"a folder beside the homes":       {files: map[string]string{"radswarm-lab.json": emptyMarker, "photos/1.jpg": "1"}},
		"a home that is a file":           {files: map[string]string{"radswarm-lab.json": `{"kind": "radswarm-lab", "version": 1, "homes": [{"name": "ana"}]}`, "ana": "1"}},
		"a home that is a link":           {files: map[string]string{"radswarm-lab.json": `{"kind": "radswarm-lab", "version": 1, "homes": [{"name": "ana"}]}`}, link: "ana"},
		"work that is a link":             {files: map[string]string{"radswarm-lab.json": emptyMarker}, link: "work"},
		"a marker that is a link":         {link: "radswarm-lab.json"},
		"a marker of something else":      {files: map[string]string{"radswarm-lab.json": `{"kind": "x", "version": 1}`}},
		"a marker of a later version":     {files: map[string]string{"radswarm-lab.json": `{"kind": "radswarm-lab", "version": 2}`}},
		"a marker that is no JSON":        {files: map[string]string{"radswarm-lab.json": "lab\n"}},
		"a marker with a name that leads": {files: map[string]string{"radswarm-lab.json": `{"kind": "radswarm-lab", "version": 1, "homes": [{"name": "../x"}]}`}},
		"a marker with a name twice": {files: map[string]string{
			"radswarm-lab.json": `{"kind": "radswarm-lab", "version": 1, "homes": [{"name": "ana"}, {"name": "ana"}]}`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			beside := filepath.Join(parent, "beside")
			write(t, filepath.Join(beside, "precious"), emptyMarker)
			dir := filepath.Join(parent, "lab")
			for path, text := range x.files {
				write(t, filepath.Join(dir, path), text)
			}
			if x.link != "" {
				if err := os.MkdirAll(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				to := beside
				if x.link == "radswarm-lab.json" {
					to = filepath.Join(beside, "precious")
				}
				if err := os.Symlink(to, filepath.Join(dir, x.link)); err != nil {
					t.Skip(err)
				}
			}
			before := snapshot(t, parent)
			o := lab.Options{Dir: dir, Program: os.Args[0], Env: environment(t.TempDir(), nil), Friends: 1}
			_, _, err := lab.Up(t.Context(), o)
			if _, ok := errors.AsType[*lab.ForeignError](err); !ok {
				t.Errorf("up: %v", err)
			}
			_, err = lab.Open(o)
			_, none := errors.AsType[*lab.NoLabError](err)
			if _, foreign := errors.AsType[*lab.ForeignError](err); none != x.none || foreign == x.none {
				t.Errorf("open: %v", err)
			}
			if after := snapshot(t, parent); !slices.Equal(before, after) {
				t.Errorf("%v, before %v", after, before)
			}
		})
	}
}

// A lab that is a link, or into which others may write, is nobody's.
func TestFolder(t *testing.T) {
	parent := t.TempDir()
	dir, link := filepath.Join(parent, "lab"), filepath.Join(parent, "link")
	write(t, filepath.Join(dir, "radswarm-lab.json"), emptyMarker)
	if err := os.Symlink(dir, link); err != nil {
		t.Skip(err)
	}
	env := environment(t.TempDir(), nil)
	if _, err := lab.Open(lab.Options{Dir: link, Program: os.Args[0], Env: env}); !foreign(err) {
		t.Errorf("a link: %v", err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := lab.Open(lab.Options{Dir: dir, Program: os.Args[0], Env: env}); !foreign(err) {
		t.Errorf("others may write: %v", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := lab.Open(lab.Options{Dir: dir, Program: os.Args[0], Env: env})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "thesis.txt"), "1") // since it was opened
	if _, err := l.Down(context.Background()); !foreign(err) {
		t.Errorf("a foreign file: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "thesis.txt")); err != nil {
		t.Error(err)
	}
}

func foreign(err error) bool {
	_, ok := errors.AsType[*lab.ForeignError](err)
	return ok
}

// What links in a lab point to stays.
func TestDownFollowsNoLinks(t *testing.T) {
	parent := t.TempDir()
	precious := filepath.Join(parent, "beside", "precious")
	write(t, precious, "1")
	dir := filepath.Join(parent, "lab")
	write(t, filepath.Join(dir, "radswarm-lab.json"), emptyMarker)
	write(t, filepath.Join(dir, "work", "film"), "1")
	if err := os.Symlink(filepath.Dir(precious), filepath.Join(dir, "work", "link")); err != nil {
		t.Skip(err)
	}
	l, err := lab.Open(lab.Options{Dir: dir, Program: os.Args[0], Env: environment(t.TempDir(), nil)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(precious); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
