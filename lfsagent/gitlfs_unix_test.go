//go:build unix

package lfsagent

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"radswarm/remote/lfs/lfstest"
)

// The checklist for the agent in git-lfs.md §8, and where each line is held:
//
//	answers init at once, {} even offline              TestFirstByteIsEarly, TestFailedBeginIsRemembered
//	errors per object with a sentence                  TestRealFailures, TestDaemonFaults, TestSentence
//	refuses action != null                             TestRealServerChoosesUs, TestHostileRequests
//	refuses remotes that do not resolve to a RID       TestRealFallback, TestRealLFSConfig, TestResolve
//	progress of ≥ 1 byte immediately                   TestRealWorkersBegin, TestFirstByteIsEarly
//	then at least every second                         TestWaitingIsShown, and seldom enough: TestProgressIsThrottled
//	sums bytesSinceLast to size                        TestUpload, TestDownload, TestProgressIsHonest, FuzzServe
//	own retries over peers, negative cache             the daemon's; the agent remembers a failed start: TestFailedBeginIsRemembered
//	own deadline                                       TestSilence, TestEndDoesNotWaitForTheDeaf; over peers: the daemon's
//	verifies the oid before complete                   the daemon's; git-lfs refuses what differs: TestRealWrongBytes
//	removes its file on failure                        TestRealWrongBytes, TestDaemonFaults, TestRefusedFileIsRemoved
//	files on the storage's file system, not in tmp     TestRealStorageElsewhere, TestRealBareAndWorktree, TestDownload
//	unique names; files of killed agents go            TestRealManyObjects, TestLandingSweeps
//	repository permissions                             TestRealModes, TestSharing, TestLandingModes
//	rename into place for hand-over                    TestRealStorageElsewhere (git-lfs cannot copy)
//	never exits in the middle: panic barrier           TestRealFailures, TestDaemonFaults, TestNoSession, TestBrokenInput
//	watches stdin for EOF while working                TestRealCancel, TestEndCancels
//	daemon fully detached                              not here: who starts it
//	"already stored" fast for re-offered objects       TestRealPushAndClone, BenchmarkSafeOffer; durably: the daemon's
//	nothing but protocol on stdout                     FuzzServe, TestUnknownIsIgnored
//	log in a file, stderr for GIT_TRACE                the program's (Config.Log)
//	uploads: read-only, may be large, may disappear    TestUploadedFile, TestLargeStepsAreSplit

func TestRealPushAndClone(t *testing.T) {
	w := newWorld(t)
	ana := w.ana(w.folder("ana"))
	oids := ana.commit(map[string]string{"film.bin": strings.Repeat("film", 1<<18), "empty.bin": "", "twin.bin": "x", "again.bin": "x"})
	ana.git("push", "-q", "origin", "main")
	if got := w.count("store"); got != 2 {
		t.Errorf("%d objects stored: %q", got, w.shelf.lines(t))
	}
	ana.git("lfs", "push", "--all", "origin")
	if safe, stored := w.count("safe"), w.count("store"); safe != 2 || stored != 2 {
		t.Errorf("offered again: %d safe, %d stored", safe, stored)
	}

	w.in(w.top).git("clone", "-q", filepath.Join(w.top, "bare"), "bo")
	bo := w.in(filepath.Join(w.top, "bo"))
	for name := range oids {
		if bo.read(name) != ana.read(name) {
			t.Errorf("%s differs", name)
		}
	}
	storage := filepath.Join(bo.dir, ".git", "lfs")
	film := w.wantKept(storage, oids["film.bin"])
	if film.Mode().Perm() != 0o644 {
		t.Errorf("mode %v", film.Mode())
	}
	fetched := w.count("fetch")
	bo.git("lfs", "fetch", "--all")
	if got := w.count("fetch"); got != fetched || fetched != 2 {
		t.Errorf("fetched %d objects, then %d", fetched, got-fetched)
	}
}

func TestRealFetchAndPull(t *testing.T) {
	w := newWorld(t)
	ana := w.ana(w.folder("ana"))
	oids := ana.commit(map[string]string{"film.bin": "a film\n"})
	ana.git("push", "-q", "origin", "main")

	bo := w.clone(filepath.Join(w.top, "bo"))
	below := w.in(w.folder("bo/below")) // fetch runs the agent where people are
	below.git("lfs", "fetch")
	w.wantKept(filepath.Join(bo.dir, ".git", "lfs"), oids["film.bin"])
	bo.git("lfs", "checkout")
	if got := bo.read("film.bin"); got != "a film\n" {
		t.Errorf("after fetch and checkout: %q", got)
	}
	cy := w.clone(filepath.Join(w.top, "cy"))
	cy.git("lfs", "pull")
	if got := cy.read("film.bin"); got != "a film\n" {
		t.Errorf("after pull: %q", got)
	}
}

func TestRealManyObjects(t *testing.T) {
	w := newWorld(t)
	ana := w.ana(w.folder("ana"))
	files := map[string]string{}
	for i := range 300 {
		files[fmt.Sprintf("%d.bin", i)] = strings.Repeat("x", i+1)
	}
	ana.commit(files)
	ana.git("push", "-q", "origin", "main")
	bo := w.clone(filepath.Join(w.top, "bo"))
	bo.git("lfs", "pull")
	for name, text := range files {
		if bo.read(name) != text {
			t.Errorf("%s differs", name)
		}
	}
	if up, down := w.count("store"), w.count("fetch"); up != 300 || down != 300 {
		t.Errorf("%d stored, %d fetched", up, down)
	}
	if up, down := w.count("begin upload"), w.count("begin download"); up < 2 || down < 2 {
		t.Errorf("%d workers stored, %d fetched: no two at the same time", up, down)
	}
	w.wantTidy(filepath.Join(bo.dir, ".git", "lfs"))
}

// What people read, and with which exit code git ends.
func TestRealFailures(t *testing.T) {
	w := newWorld(t)
	ana := w.ana(w.folder("ana"))
	oids := ana.commit(map[string]string{"film.bin": "a film\n", "song.bin": "a song\n"})
	film := oids["film.bin"]
	sentence := fmt.Sprintf("error transferring %q: [503] %s; hint: %s", film, friendsAway.Text, friendsAway.Hint)

	w.shelf.fault(t, film, faultMissing)
	out, code := ana.try("push", "origin", "main")
	if code != 1 || !slices.Contains(strings.Split(out, "\n"), sentence) {
		t.Errorf("push: exit %d\n%s", code, out)
	}
	if out, code := w.in(filepath.Join(w.top, "bare")).try("rev-parse", "main"); code == 0 && anyOID.MatchString(out) {
		t.Errorf("main moved to %s", out)
	}
	if got := w.count("store"); got != 1 {
		t.Errorf("%d others stored", got)
	}
	for fault, want := range map[string]string{faultPanic: "[500] " + errCrashed.Text, faultExit: "[500] " + errCrashed.Text} {
		w.shelf.fault(t, film, fault)
		if out, code := ana.try("push", "origin", "main"); code != 1 || !strings.Contains(out, want) {
			t.Errorf("%s: exit %d\n%s", fault, code, out)
		}
	}
	w.shelf.fault(t, film, "")
	ana.git("push", "-q", "origin", "main")

	w.shelf.fault(t, film, faultMissing)
	bo := w.clone(filepath.Join(w.top, "bo"))
	out, code = bo.try("lfs", "fetch")
	if code != 2 || !slices.Contains(strings.Split(out, "\n"), sentence) {
		t.Errorf("fetch: exit %d\n%s", code, out)
	}
	w.wantKept(filepath.Join(bo.dir, ".git", "lfs"), oids["song.bin"])
	out, code = w.in(w.top).try("clone", filepath.Join(w.top, "bare"), "cy")
	if code != 128 || !strings.Contains(out, sentence) {
		t.Errorf("clone: exit %d\n%s", code, out)
	}
}

// Bytes that are not the object's are not accepted, and do not stay.
func TestRealWrongBytes(t *testing.T) {
	w := newWorld(t)
	ana := w.ana(w.folder("ana"))
	oid := ana.commit(map[string]string{"film.bin": "a film\n"})["film.bin"]
	ana.git("push", "-q", "origin", "main")
	bo := w.clone(filepath.Join(w.top, "bo"))
	storage := filepath.Join(bo.dir, ".git", "lfs")
	for fault, want := range map[string]string{
		faultWrong: "downloaded file failed checks", faultShort: "brought 6 bytes of 7", faultNone: "brought no file",
		faultLink: "is no file", faultPart: friendsAway.Text,
	} {
		w.shelf.fault(t, oid, fault)
		if out, code := bo.try("lfs", "fetch"); code != 2 || !strings.Contains(out, want) {
			t.Errorf("%s: exit %d\n%s", fault, code, out)
		}
		if _, err := os.Lstat(object(storage, oid)); err == nil {
			t.Errorf("%s: git-lfs keeps it", fault)
		}
		w.wantTidy(storage)
	}
}

// Nobody who ends git-lfs leaves agents or files behind.
func TestRealCancel(t *testing.T) {
	for name, end := range map[string]struct {
		signal syscall.Signal
		group  bool // the terminal tells all processes
	}{
		"interrupt": {syscall.SIGINT, false}, "ctrl-c": {syscall.SIGINT, true}, "kill": {syscall.SIGKILL, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ana := w.ana(w.folder("ana"))
			oid := ana.commit(map[string]string{"film.bin": "a film\n"})["film.bin"]
			ana.git("push", "-q", "origin", "main")
			bo := w.clone(filepath.Join(w.top, "bo"))
			w.shelf.fault(t, oid, faultHang)
			cmd, agents := bo.watched("fetch")
			if line, err := agents.ReadString('\n'); line != "hung\n" {
				t.Fatalf("%q, %v", line, err)
			}
			pid := cmd.Process.Pid
			if end.group {
				pid = -pid
			}
			if err := syscall.Kill(pid, end.signal); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err == nil {
				t.Error("git-lfs succeeds")
			}
			if rest, err := io.ReadAll(agents); err != nil || len(rest) > 0 { // until the last agent is gone
				t.Errorf("%q, %v", rest, err)
			}
			w.wantTidy(filepath.Join(bo.dir, ".git", "lfs"))
		})
	}
}

// watched starts git-lfs in a process group of its own. What is read ends when its last agent has ended.
func (s *seat) watched(args ...string) (*exec.Cmd, *bufio.Reader) {
	s.t.Helper()
	alive := filepath.Join(s.top, "alive")
	if err := syscall.Mkfifo(alive, 0o600); err != nil {
		s.t.Fatal(err)
	}
	tools, err := lfstest.Tool()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := s.command(filepath.Join(tools, "git-lfs"), args...)
	cmd.Env = append(slices.Clone(s.env), envAlive+"="+alive)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	pipe, err := os.Open(alive) // when the first agent opens it
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { pipe.Close() })
	if err := pipe.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		s.t.Fatal(err)
	}
	return cmd, bufio.NewReader(pipe)
}

// The early byte lets all workers begin, although the first object does not come.
func TestRealWorkersBegin(t *testing.T) {
	w := newWorld(t)
	ana := w.ana(w.folder("ana"))
	files := map[string]string{}
	for i := range 8 {
		files[fmt.Sprintf("%d.bin", i)] = fmt.Sprint("film ", i)
	}
	oids := ana.commit(files)
	ana.git("push", "-q", "origin", "main")
	for _, oid := range oids {
		w.shelf.fault(t, oid, faultHang)
	}
	cmd, agents := w.clone(filepath.Join(w.top, "bo")).watched("fetch")
	for i := range 8 {
		if line, err := agents.ReadString('\n'); line != "hung\n" {
			t.Fatalf("worker %d: %q, %v", i, line, err)
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was interrupted
	if rest, err := io.ReadAll(agents); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
}

// A server of another repository knows of us, since git-lfs tells all of them, and may choose us. It does not get far.
func TestRealServerChoosesUs(t *testing.T) {
	w := newWorld(t)
	ana := w.ana(w.folder("ana"))
	film := ana.commit(map[string]string{"film.bin": "a film\n"})["film.bin"]
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/vnd.git-lfs+json")
		fmt.Fprintf(rw, `{"transfer":"rad","objects":[{"oid":%q,"size":7,"authenticated":true,
			"actions":{"upload":{"href":"http://127.0.0.1:1/x"}}}]}`, film)
	}))
	defer server.Close()
	ana.git("config", "lfs.url", server.URL)
	out, code := ana.try("push", "origin", "main")
	if code != 1 || !strings.Contains(out, "[403] an LFS server chose this transfer, not this repository: refused") {
		t.Errorf("push: exit %d\n%s", code, out)
	}
	if got := w.shelf.lines(t); got[0] != "" {
		t.Errorf("the daemon was asked %q", got)
	}
}

// The storage may be on another file system than everything else, and may lie anywhere.
func TestRealStorageElsewhere(t *testing.T) {
	w := newWorld(t)
	ana := w.ana(w.folder("ana"))
	oid := ana.commit(map[string]string{"film.bin": "a film\n"})["film.bin"]
	ana.git("push", "-q", "origin", "main")
	other := otherFileSystem(t)

	t.Run("repository", func(t *testing.T) {
		bo := w.clone(filepath.Join(other, "bo"))
		bo.git("lfs", "fetch")
		w.wantKept(filepath.Join(bo.dir, ".git", "lfs"), oid)
	})
	t.Run("lfs.storage", func(t *testing.T) {
		cy := w.clone(filepath.Join(w.top, "cy"))
		storage := filepath.Join(other, "deep", "storage")
		cy.git("config", "lfs.storage", storage)
		cy.git("lfs", "fetch")
		w.wantKept(storage, oid)
	})
	t.Run("relative", func(t *testing.T) {
		cy := w.clone(filepath.Join(w.top, "cy2"))
		cy.git("config", "lfs.storage", "../lfs objects")
		cy.git("lfs", "pull")
		w.wantKept(filepath.Join(cy.dir, "lfs objects"), oid)
	})
}

// otherFileSystem is a folder that no rename leads to.
func otherFileSystem(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "lfsagent-")
	if err != nil {
		t.Skip("no second file system: ", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	var here, there syscall.Stat_t
	if err := syscall.Stat(t.TempDir(), &here); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Stat(dir, &there); err != nil || here.Dev == there.Dev {
		t.Skip("no second file system")
	}
	return dir
}

// Objects that we bring have the mode of those that git-lfs makes itself.
func TestRealModes(t *testing.T) {
	w := newWorld(t)
	ana := w.ana(w.folder("ana"))
	oid := ana.commit(map[string]string{"film.bin": "a film\n"})["film.bin"]
	ana.git("push", "-q", "origin", "main")
	tests := []struct {
		shared, umask string
		want          fs.FileMode
	}{
		{"", "022", 0o644}, {"", "027", 0o640}, {"", "077", 0o600}, {"umask", "002", 0o664},
		{"group", "077", 0o660}, {"all", "077", 0o664}, {"0640", "022", 0o640},
	}
	for i, tt := range tests {
		bo := w.clone(filepath.Join(w.top, fmt.Sprint("bo", i)))
		if tt.shared != "" {
			bo.git("config", "core.sharedRepository", tt.shared)
		}
		script := "umask " + tt.umask + " && git lfs fetch && echo own > own.bin && git add own.bin"
		if out, err := bo.command("sh", "-c", script).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		storage := filepath.Join(bo.dir, ".git", "lfs")
		own := strings.Fields(bo.git("lfs", "ls-files", "-l", "-I", "own.bin"))[0]
		made := w.wantKept(storage, own).Mode().Perm()
		if got := w.wantKept(storage, oid).Mode().Perm(); got != tt.want || got != made {
			t.Errorf("%s with umask %s: %o, want %o; git-lfs's own %o", tt.shared, tt.umask, got, tt.want, made)
		}
	}
}

func TestRealBareAndWorktree(t *testing.T) {
	w := newWorld(t)
	ana := w.ana(w.folder("ana"))
	oid := ana.commit(map[string]string{"film.bin": "a film\n"})["film.bin"]
	ana.git("push", "-q", "origin", "main")

	bare := w.clone(filepath.Join(w.top, "bo.git"), "--bare")
	bare.git("lfs", "fetch", "origin", "main")
	w.wantKept(filepath.Join(bare.dir, "lfs"), oid)

	bo := w.clone(filepath.Join(w.top, "bo"))
	bo.git("worktree", "add", "-q", "-b", "side", filepath.Join(w.top, "side"))
	side := w.in(filepath.Join(w.top, "side"))
	if got := side.read("film.bin"); got != "a film\n" { // the checkout fetched it
		t.Errorf("worktree has %q", got)
	}
	w.wantKept(filepath.Join(bo.dir, ".git", "lfs"), oid)
	second := side.commit(map[string]string{"song.bin": "a song\n"})["song.bin"]
	side.git("push", "-q", "origin", "side")
	if _, err := os.Stat(w.shelf.path(second)); err != nil {
		t.Error(err)
	}
}

// A repository of another forge may name a RID in .lfsconfig. It counts once the person agreed.
func TestRealLFSConfig(t *testing.T) {
	w := newWorld(t)
	w.in(w.top).git("config", "--global", "--unset", "remote.origin.lfsurl")
	ana := w.ana(w.folder("ana"))
	ana.git("config", "-f", ".lfsconfig", "lfs.url", "rad::"+ridText[4:])
	oid := ana.commit(map[string]string{"film.bin": "a film\n"})["film.bin"]
	out, code := ana.try("push", "origin", "main")
	if code != 1 || !strings.Contains(out, ridText+", and you have not agreed to that; hint: rad swarm setup") {
		t.Errorf("push: exit %d\n%s", code, out)
	}
	if got := w.shelf.lines(t); got[0] != "" {
		t.Errorf("the daemon was asked %q", got)
	}
	ana.git("config", SetupKey, ridText)
	ana.git("push", "-q", "origin", "main")

	out, code = w.in(w.top).try("clone", filepath.Join(w.top, "bare"), "bo")
	if code != 128 || !strings.Contains(out, "you have not agreed") {
		t.Errorf("clone: exit %d\n%s", code, out)
	}
	bo := w.clone(filepath.Join(w.top, "cy"))
	bo.git("config", "--add", SetupKey, ridText)
	bo.git("lfs", "fetch")
	w.wantKept(filepath.Join(bo.dir, ".git", "lfs"), oid)
}

// Without the helper's keys, a rad remote leads to us by the global fallback.
func TestRealFallback(t *testing.T) {
	w := newWorld(t)
	ana := w.ana(w.folder("ana"))
	oid := ana.commit(map[string]string{"film.bin": "a film\n"})["film.bin"]
	ana.git("push", "-q", "origin", "main")
	bo := w.clone(filepath.Join(w.top, "bo"))
	w.in(w.top).git("config", "--global", "--unset", "remote.origin.lfsurl")
	w.in(w.top).git("config", "--global", "lfs.https://rad.standalonetransferagent", "rad")
	w.in(w.top).git("config", "--global", "lfs.ssh://rad.sshtransfer", "never")
	bo.git("remote", "set-url", "origin", "rad://"+ridText[4:])
	bo.git("lfs", "fetch")
	w.wantKept(filepath.Join(bo.dir, ".git", "lfs"), oid)
	bo.git("config", "lfs.rad::.standalonetransferagent", "rad")
	bo.git("config", "lfs.url", "rad::nonsense")
	out, code := bo.try("lfs", "fetch", "--refetch")
	if code != 2 || !strings.Contains(out, "rad::nonsense names no Radicle repository") {
		t.Errorf("fetch: exit %d\n%s", code, out)
	}
}

// Settings that a person gives for one command reach the daemon.
func TestRealRequire(t *testing.T) {
	w := newWorld(t)
	ana := w.ana(w.folder("ana"))
	ana.commit(map[string]string{"film.bin": "a film\n"})
	ana.git("-c", "swarm.require=local", "push", "-q", "origin", "main")
	if got := w.count("begin upload " + ridText + " require=local"); got != 1 {
		t.Errorf("the daemon was asked %q", w.shelf.lines(t))
	}
}
