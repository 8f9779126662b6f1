package lfs

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/radtest"
	"radswarm/remote/lfs/lfstest"
)

const testURL = "rad://" + ridText

var testNID = radicle.NID{1, 2, 3}.String()

// world is people with git and git-lfs, the programs of peers_test.go, and what they share.
type world struct {
	t   *testing.T
	top string
	env []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("programs by symbolic links")
	}
	tools, err := lfstest.Tool()
	if err != nil {
		radtest.Missing(t, "git-lfs", err.Error())
	}
	w := &world{t: t, top: t.TempDir()}
	bin := w.folder("bin")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"git-remote-rad", Agent, "ssh"} {
		if err := os.Symlink(self, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	w.env = append(cleanEnv(w.folder("home")),
		"PATH="+strings.Join([]string{bin, tools, os.Getenv("PATH")}, string(os.PathListSeparator)),
		envLog+"="+filepath.Join(w.top, "log"), envStore+"="+w.folder("store"), envBare+"="+filepath.Join(w.top, "bare"),
		envNID+"="+testNID)
	w.in(w.top).git("init", "-q", "--bare", "-b", "main", "bare")
	return w
}

func (w *world) folder(name string) string {
	w.t.Helper()
	dir := filepath.Join(w.top, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		w.t.Fatal(err)
	}
	return dir
}

func (w *world) in(dir string) *place { return &place{t: w.t, dir: dir, env: w.env} }

// log is what the programs were asked, without repetitions.
func (w *world) log() []string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.top, "log"))
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	slices.Sort(lines)
	return slices.DeleteFunc(slices.Compact(lines), func(l string) bool { return l == "" })
}

// maker is a repository with git-lfs that tracks *.bin.
func (w *world) maker(name string) *place {
	w.t.Helper()
	p := w.in(w.folder(name))
	p.git("init", "-q", "-b", "main")
	p.git("lfs", "install", "--local")
	p.git("lfs", "track", "*.bin")
	return p
}

const film = "a film\n"

// With the keys, and nothing else in any configuration, a plain push and a plain clone carry objects through our agent, and git-lfs
// asks no ssh.
func TestRealPushAndClone(t *testing.T) {
	w := newWorld(t)
	ana := w.maker("ana")
	ana.git("remote", "add", "rad", testURL)
	ana.commit(map[string]string{"film.bin": film})
	oid := strings.Fields(ana.git("lfs", "ls-files", "-l"))[0]
	ana.git("push", "-q", "rad", "main")
	want := []string{"init upload rad", "upload " + oid}
	if got := w.log(); !slices.Equal(got, want) {
		t.Errorf("push: %q, want %q", got, want)
	}

	w.in(w.top).git("clone", "-q", testURL, "bo")
	bo := w.in(filepath.Join(w.top, "bo"))
	if got, err := os.ReadFile(filepath.Join(bo.dir, "film.bin")); err != nil || string(got) != film {
		t.Errorf("clone has %q, %v", got, err)
	}
	want = []string{"download " + oid, "init download origin", "init upload rad", "upload " + oid}
	if got := w.log(); !slices.Equal(got, want) {
		t.Errorf("clone: %q, want %q", got, want)
	}
	if got := bo.git("config", "remote.origin.pushurl"); got != testURL+"/"+testNID {
		t.Errorf("pushurl %q", got)
	}
	before := bo.config()
	bo.git("fetch", "-q")
	if now := bo.config(); now != before {
		t.Errorf("written again:\n%s", now)
	}
	for key, n := range bo.counts() {
		if n != 1 && key != keyWrote {
			t.Errorf("%s has %d values", key, n)
		}
	}
}

// Whoever wants pointers in a clone gets them: filters that are set anywhere stay as they are, and a pull brings the content.
func TestRealSkipSmudge(t *testing.T) {
	w := newWorld(t)
	ana := w.maker("ana")
	ana.git("remote", "add", "rad", testURL)
	ana.commit(map[string]string{"film.bin": film})
	ana.git("push", "-q", "rad", "main")
	home := w.in(w.top)
	home.git("clone", "-q", "-c", "filter.lfs.required=false", testURL, "cy")
	if cy := w.in(filepath.Join(w.top, "cy")); cy.get(filterProcess) != "" {
		t.Errorf("one filter was set, and others were added:\n%s", cy.config())
	}
	home.git("lfs", "install", "--skip-smudge", "--skip-repo")
	home.git("clone", "-q", testURL, "bo")
	bo := w.in(filepath.Join(w.top, "bo"))
	read := func() string {
		text, err := os.ReadFile(filepath.Join(bo.dir, "film.bin"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if got := read(); !strings.HasPrefix(got, "version ") {
		t.Errorf("clone has %q", got)
	}
	if strings.Contains(bo.config(), "filter") {
		t.Errorf("filters were written:\n%s", bo.config())
	}
	bo.git("lfs", "pull")
	if got := read(); got != film {
		t.Errorf("pull brought %q", got)
	}
}

// hub is a forge: git over HTTP, and the LFS batch API beside it.
type hub struct {
	*httptest.Server
	mu      sync.Mutex
	batches int // guarded by mu
	objects map[string][]byte
}

func (w *world) newHub() *hub {
	w.t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		w.t.Fatal(err)
	}
	w.in(w.top).git("init", "-q", "--bare", "-b", "main", "hub.git")
	w.in(filepath.Join(w.top, "hub.git")).git("config", "http.receivepack", "true")
	h := &hub{objects: map[string][]byte{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hub.git/info/lfs/objects/batch", h.batch)
	mux.Handle("/hub.git/info/lfs/", http.NotFoundHandler()) // locks
	mux.HandleFunc("PUT /objects/{oid}", h.put)
	mux.Handle("/", &cgi.Handler{
		Path: git, Args: []string{"http-backend"}, Env: append(slices.Clone(w.env), "GIT_PROJECT_ROOT="+w.top, "GIT_HTTP_EXPORT_ALL=1"),
	})
	h.Server = httptest.NewServer(mux)
	w.t.Cleanup(h.Close)
	return h
}

func (h *hub) batch(w http.ResponseWriter, r *http.Request) {
	type object struct {
		OID     string         `json:"oid"`
		Size    int64          `json:"size"`
		Actions map[string]any `json:"actions,omitempty"`
	}
	var m struct {
		Transfer string   `json:"transfer"`
		Objects  []object `json:"objects"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&m); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	h.batches++
	h.mu.Unlock()
	m.Transfer = "basic"
	for i, o := range m.Objects {
		m.Objects[i].Actions = map[string]any{"upload": map[string]string{"href": h.URL + "/objects/" + o.OID}}
	}
	w.Header().Set("Content-Type", "application/vnd.git-lfs+json")
	if err := json.NewEncoder(w).Encode(m); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

func (h *hub) put(_ http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.objects[r.PathValue("oid")] = text
}

// A forge beside the rad remote goes on as before: its objects go over HTTP, our agent is not started for it, and the keys that
// would act on it too are taken back.
func TestRealForgeBeside(t *testing.T) {
	w := newWorld(t)
	h := w.newHub()
	ana := w.maker("ana")
	ana.git("remote", "add", "rad", testURL)
	ana.commit(map[string]string{"film.bin": film})
	ana.git("push", "-q", "rad", "main")
	if got := ana.git("config", keyBatch); got != "1000" {
		t.Errorf("%s is %q where all remotes are rad", keyBatch, got)
	}
	before := w.log()
	ana.git("remote", "add", "hub", h.URL+"/hub.git")
	ana.git("push", "-q", "hub", "main")
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.batches != 1 || len(h.objects) != 1 {
		t.Errorf("the forge has %d objects after %d batches", len(h.objects), h.batches)
	}
	for oid, text := range h.objects {
		if string(text) != film {
			t.Errorf("the forge has %q under %s", text, oid)
		}
	}
	if got := w.log(); !slices.Equal(got, before) {
		t.Errorf("our programs were started for the forge: %q", got)
	}
	ana.git("fetch", "-q", "rad")
	for _, s := range wide {
		if out, err := ana.command("config", s.key).Output(); err == nil {
			t.Errorf("%s is still %q", s.key, out)
		}
	}
}

// What a stranger's repository carries in .lfsconfig starts nothing, whatever it says.
func TestRealStrangersConfig(t *testing.T) {
	w := newWorld(t)
	stranger := w.maker("stranger")
	stranger.commit(map[string]string{"film.bin": film, ".lfsconfig": `[lfs]
	url = rad::` + ridText + `
	standalonetransferagent = rad
[lfs "customtransfer.rad"]
	path = git-lfs-rad
[lfs "rad::"]
	standalonetransferagent = rad
[remote "origin"]
	lfsurl = rad::` + ridText + "\n"})
	cmd := w.in(w.top).command("clone", "-q", "-c", "filter.lfs.process=git-lfs filter-process", "-c", "filter.lfs.required=true",
		stranger.dir, "bo")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "film.bin") {
		t.Errorf("clone: %v\n%s", err, out)
	}
	bo := w.in(filepath.Join(w.top, "bo"))
	if out, err := bo.command("lfs", "fetch").CombinedOutput(); err == nil {
		t.Errorf("fetch:\n%s", out)
	}
	if got := w.log(); len(got) != 0 {
		t.Errorf("started: %q", got)
	}
}
