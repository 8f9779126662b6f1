package command

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/daemon"
	"radswarm/cmd/internal/ui"
)

// Several files are put at a time: all requests are there before the first is answered. What became of them is said in the order of
// the line, and one that fails keeps nothing from the others.
func TestPutSeveral(t *testing.T) {
	w := newWorld(t).with(t)
	var together sync.WaitGroup
	together.Add(3)
	d := w.daemon(t, map[string]func(*daemon.Request, func(control.Line)) (any, error){
		"lines POST /v1/put": func(r *daemon.Request, tell func(control.Line)) (any, error) {
			var in control.Put
			if err := r.Decode(&in); err != nil {
				return nil, err
			}
			tell(control.Line{Note: "no friend yet"})
			together.Done()
			together.Wait()
			if strings.HasSuffix(in.Path, "second") {
				return nil, &control.Error{Code: control.CodeMissing, Message: "bo is away"}
			}
			return control.Stored{Object: pointer(), Safety: control.Safety{Stored: true, K: 1, N: 1, Placed: 1}}, nil
		},
	})
	dir, line := t.TempDir(), "put"
	for _, name := range []string{"first", "second", "third"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		line += " " + path
	}
	got := w.line(t, line)
	if got.exit != ui.Missing || !strings.Contains(got.err, "error: second: bo is away") || strings.Count(got.err, "no friend yet") != 1 {
		t.Error(got)
	}
	first, third := strings.Index(got.out, "first"), strings.Index(got.out, "third")
	if first < 0 || third < first || len(d.requests()) != 3 {
		t.Errorf("%q after %d requests", got.out, len(d.requests()))
	}
}
