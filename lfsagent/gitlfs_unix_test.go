//go:build unix

package lfsagent

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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
	for i := range 100 {
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
	if up, down := w.count("store"), w.count("fetch"); up != 100 || down != 100 {
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
