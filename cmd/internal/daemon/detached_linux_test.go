package daemon_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"radswarm/cmd/internal/control"
)

// A daemon holds on to nothing of whoever started it, and lets nothing out.
func TestDetachedFromTheStarter(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	kept, err := unix.Dup(int(w.Fd())) // to be inherited, as what a shell redirects
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(kept)
	p := place(t)
	c := start(t, p)
	var h control.Hello
	if err := c.Call(t.Context(), http.MethodGet, "/v1/hello", nil, &h); err != nil {
		t.Fatal(err)
	}
	proc := func(name string) string {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", h.PID, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if !strings.Contains(proc("status"), "\nUmask:\t0077\n") {
		t.Error("others may read what it writes")
	}
	for line := range strings.Lines(proc("limits")) {
		if f := strings.Fields(line); strings.HasPrefix(line, "Max core file size") && (f[4] != "0" || f[5] != "0") {
			t.Error(line)
		}
	}
	stat := strings.Fields(proc("stat"))
	if pid := fmt.Sprint(h.PID); stat[4] != pid || stat[5] != pid || stat[6] != "0" { // process group, session, terminal
		t.Errorf("group %s, session %s, terminal %s of process %s", stat[4], stat[5], stat[6], pid)
	}
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", h.PID))
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		to, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", h.PID, fd.Name()))
		if err != nil {
			continue // it was closed meanwhile
		}
		if strings.HasPrefix(to, "pipe:") || strings.HasPrefix(to, "/dev/pts") || fd.Name() == "0" && to != "/dev/null" ||
			fd.Name() == "2" && to != p.Log() {
			t.Errorf("stream %s is %s", fd.Name(), to)
		}
	}
}
