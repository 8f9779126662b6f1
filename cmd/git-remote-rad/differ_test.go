//go:build unix

package main_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// deliberate says why a story, archive/name, ends otherwise with our helper. What differs stands in ours.txtar, lines of Radicle's
// helper with -, ours with +.
var deliberate = map[string]string{
	"fetch/clone":                           "a clone can be pushed from at once: it has the URL of one's own namespace.",
	"push/pointers":                         "what a pointer stands for is stored before a ref moves; here nobody can store it, and it is not here.",
	"places/submodule-push":                 "a clone has the URL of one's own namespace, and whoever sets it again to the same sets nothing.",
	"push/nobody-elses":                     hint,
	"keys/agent":                            hint,
	"keys/agent-and-wrong-passphrase":       hint,
	"keys/agent-without-the-key":            hint,
	"keys/empty-passphrase":                 hint,
	"keys/no-passphrase":                    hint,
	"keys/no-public-key":                    hint,
	"keys/wrong-passphrase":                 hint,
	"places/no-home":                        hint,
	"broken/storage-bare":                   hint,
	"patch/branch-named":                    words,
	"patch/target":                          words,
	"patch/update-not-there":                words,
	"options/arguments":                     words,
	"places/unknown-repository":             words,
	"push/delete":                           words,
	"push/head":                             words,
	"keys/agent-gone":                       words,
	"keys/another-secret-key":               words,
	"keys/broken-public-key":                words,
	"keys/broken-secret-key":                words,
	"keys/no-secret-key":                    words,
	"broken/config":                         words,
	"broken/config-empty":                   words,
	"broken/config-missing":                 words,
	"broken/config-without-node":            words,
	"broken/missing-objects":                words,
	"broken/storage-a-file":                 words,
	"broken/storage-empty":                  words,
	"broken/storage-without-id":             words,
	"broken/storage-broken-ref":             words,
	"broken/locked-ref":                     words,
	"canonical/canonical-head-missing":      words,
	"refs/cob":                              rejected,
	"refs/reserved-id":                      rejected,
	"refs/reserved-root":                    rejected,
	"refs/reserved-sigrefs":                 rejected,
	"broken/storage-sigrefs-broken":         together,
	"broken/cache-broken":                   cache,
	"broken/cache-of-another-version":       cache,
	"broken/cache-stale":                    cache,
	"broken/no-cache":                       cache,
	"broken/no-databases":                   cache,
	"keys/agent-and-an-open-key":            agent,
	"keys/agent-only":                       agent,
	"refs/blob":                             commits,
	"refs/tree":                             commits,
	"canonical/rule-branch-different-types": commits,
	"refs/reserved-delete":                  reserved,
	"refs/reserved-forced":                  reserved,
	"refs/reserved-forced-root":             reserved,
	"canonical/diverged-either":             "whether a patch was merged is looked up in storage: the working copy may lack what others pushed. There the push ends with an error, after the branch moved.",
	"options/debug":                         "RAD_DEBUG prints the values of that program.",
	"options/protocol":                      "lines are checked no further than they are used, an input that ends within a batch is an error, and the words are ours.",
	"options/protocol-push":                 "an input that ends within a batch pushes nothing, a ref that cannot move is rejected alone, and the words are ours.",
	"fetch/missing-ref":                     words,
	"patch/message-quotes":                  "push options are unquoted as git quotes them.",
	"keys/terminal":                         hint,
	"options/no-git-dir":                    "a ref is deleted from anywhere; the words are ours.",
	"options/protocol-lease":                "a lease holds although git marks such a push as forced; there, what somebody else pushed in between is overwritten.",
	"push/lease-stale":                      rejected,
	"push/renamed":                          "what is in the way of a ref in the same push goes first, and the namespace is signed as often.",
	"patch/base":                            words,
	"patch/base-for-a-branch":               words,
	"patch/blob":                            "a tag stands for its commit; the words are ours.",
	"patch/unrelated":                       words,
	"canonical/unrelated":                   together,
	"refs/reserved-forced-id":               reserved,
	"places/sha256":                         words,
	"patch/latin-message":                   "a commit message that is not UTF-8 is taken with other characters in place of those bytes; there, what has one cannot be proposed.",
	"options/unknown":                       hint,
	"places/ceilings-and-namespaces":        "GIT_NAMESPACE is for what git serves; it hides no branch from a push.",
	"places/storage-hooks":                  "no hooks run in storage.",
	"places/submodule-refused":              "that storage is read from a file is nobody's business: with protocol.rad.allow a submodule comes, without protocol.file.allow.",
	"places/terminal-editor":                "nobody is ever asked, so no editor opens: a patch without a message has that of its commits.",
	"broken/storage-without-head":           "a HEAD that is not there does not keep the branches from being fetched.",
	"broken/storage-without-sigrefs":        "a namespace without signed refs gets them with the next push.",
}

// Reasons that several stories share.
const (
	hint     = "after Radicle's line comes a hint that can be pasted."
	words    = "what libgit2, Rust's libraries or a failed git command say is said in our words, with a hint."
	rejected = "a ref that cannot move is rejected alone, in git's words; there the push ends with the output of a git command."
	together = "refs and signature move together or not at all; there the branch has moved and nobody will fetch it."
	cache    = "the cache of patches is a cache: where it is broken, or lacks a patch, the patches are read from the repository."
	agent    = "a key in the agent signs where the key file is gone."
	commits  = "refs point to commits and tags of them: older nodes never fetch again from a repository where one does not."
	reserved = "what signing writes cannot be pushed or deleted: there the namespace is beyond repair."
)

// notYet are the stories, or other tests by their whole name, that our helper fails, and what is missing. They must fail.
var notYet = map[string]string{}

// missing ends a test with what is wrong, if anything, unless the name of the test is in notYet.
func missing(t testing.TB, wrong string) {
	t.Helper()
	switch why, later := notYet[t.Name()]; {
	case later && wrong == "":
		t.Errorf("nothing is wrong: take it out of notYet (%s)", why)
	case later:
		t.Skipf("not yet: %s\n%s", why, wrong)
	case wrong != "":
		t.Error(wrong)
	}
}

// differences are the contents of ours.txtar, by story.
type differences struct {
	sync.Mutex
	of map[string]string
}

func readDifferences(t testing.TB) *differences {
	t.Helper()
	d := &differences{of: make(map[string]string)}
	parts, err := readArchive("ours")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		d.of[p.name] = p.text
		if deliberate[p.name] == "" && !*update {
			t.Errorf("ours.txtar has a difference of %s without a reason in the table", p.name)
		}
	}
	return d
}

// check holds a difference against what was written down.
func (d *differences) check(t testing.TB, name, got string) {
	t.Helper()
	d.Lock()
	defer d.Unlock()
	why, meant := deliberate[name]
	what, later := notYet[name]
	switch {
	case later && got == d.of[name]:
		t.Errorf("it is as it should be: take it out of notYet (%s)", what)
	case later:
		t.Skipf("not yet: %s\n%s", what, got)
	case meant && got == "":
		t.Errorf("there is no difference any more, but there was a reason: %s", why)
	case meant && *update:
		d.of[name] = got
	case meant && got != d.of[name]:
		t.Errorf("differs from Radicle's helper (-), and otherwise than meant (%s):\n%s\n--- meant was\n%s", why, got, d.of[name])
	case !meant && got != "":
		t.Errorf("Radicle's helper (-) and ours (+) differ:\n%s", got)
	}
}

// write writes ours.txtar.
func (d *differences) write(t testing.TB) {
	t.Helper()
	var b strings.Builder
	b.WriteString("What our helper does otherwise than Radicle's (-), and means to. The reasons stand in cmd/git-remote-rad/differ_test.go;\n" +
		"go test ./cmd/git-remote-rad -run TestParity -update writes this file.\n")
	for _, name := range slices.Sorted(maps.Keys(d.of)) {
		if deliberate[name] != "" {
			fmt.Fprintf(&b, "\n-- %s --\n%s", name, d.of[name])
		}
	}
	if err := os.WriteFile(filepath.Join(storyDir, "ours.txtar"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
