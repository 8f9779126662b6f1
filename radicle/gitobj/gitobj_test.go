package gitobj_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

func oid(t *testing.T, s string) radicle.Oid {
	t.Helper()
	id, err := radicle.ParseOid(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// repository makes a repository of real git with commits of several shapes: root, merge, encoding header, SSH-signed,
// with a merged tag. It returns its path and the ids and kinds of all objects.
func repository(t *testing.T, format string) (dir string, objects map[string]gitobj.Kind) {
	t.Helper()
	dir = t.TempDir()
	git(t, dir, "init", "-q", "-b", "main", "--object-format="+format)
	for _, name := range []string{"a", "a.b", "a-b", "dir/x", "dir.y", "dir0"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-q", "-m", "one")
	git(t, dir, "checkout", "-q", "-b", "side")
	git(t, dir, "-c", "i18n.commitEncoding=ISO-8859-1", "commit", "-q", "--allow-empty", "-m", "caf\xe9")
	git(t, dir, "tag", "-a", "-m", "a tag\n\nof lines", "v1")
	git(t, dir, "checkout", "-q", "main")
	git(t, dir, "commit", "-q", "--allow-empty", "--allow-empty-message", "-m", "")
	git(t, dir, "merge", "-q", "-m", "merge", "v1")
	out := git(t, dir, "cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)")
	objects = make(map[string]gitobj.Kind)
	for line := range strings.Lines(out) {
		id, word, _ := strings.Cut(strings.TrimSpace(line), " ")
		kind, ok := gitobj.ParseKind(word)
		if !ok {
			t.Fatalf("kind %q", word)
		}
		objects[id] = kind
	}
	return dir, objects
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C",
		"GIT_AUTHOR_NAME=Ana", "GIT_AUTHOR_EMAIL=ana@example.org", "GIT_AUTHOR_DATE=1671125284 +0200",
		"GIT_COMMITTER_NAME=Bo", "GIT_COMMITTER_EMAIL=", "GIT_COMMITTER_DATE=1671125285 -0930",
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, &stderr)
	}
	return string(out)
}

func TestWhatGitWroteIsHashedAndEncodedToItsBytes(t *testing.T) {
	for format, size := range map[string]int{"sha1": gitobj.SHA1, "sha256": gitobj.SHA256} {
		t.Run(format, func(t *testing.T) {
			dir, objects := repository(t, format)
			seen := make(map[gitobj.Kind]int)
			for id, kind := range objects {
				data := []byte(git(t, dir, "cat-file", kind.String(), id))
				if got := gitobj.Hash(kind, data, size); got.String() != id {
					t.Errorf("%v %s: hashed to %v", kind, id, got)
				}
				checkRoundTrip(t, kind, data, size)
				seen[kind]++
			}
			want := map[gitobj.Kind]int{gitobj.KindBlob: 6, gitobj.KindTree: 2, gitobj.KindCommit: 4, gitobj.KindTag: 1}
			if diff := cmp.Diff(want, seen); diff != "" {
				t.Errorf("objects seen (-want +got):\n%s", diff)
			}
		})
	}
}

func checkRoundTrip(t *testing.T, kind gitobj.Kind, data []byte, size int) {
	t.Helper()
	var again []byte
	switch kind {
	case gitobj.KindCommit:
		c, err := gitobj.ParseCommit(data)
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		if again, err = c.Encode(); err != nil {
			t.Fatalf("%q: %v", data, err)
		}
	case gitobj.KindTree:
		tree, err := gitobj.ParseTree(data, size)
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		if again, err = tree.Encode(); err != nil {
			t.Fatalf("%q: %v", data, err)
		}
	default:
		return
	}
	if !bytes.Equal(again, data) {
		t.Errorf("%v changed:\nwas %q\nis  %q", kind, data, again)
	}
}

const (
	idA    = "1111111111111111111111111111111111111111"
	idB    = "2222222222222222222222222222222222222222"
	idLong = "3333333333333333333333333333333333333333333333333333333333333333"
	head   = "tree " + idA + "\nparent " + idB + "\nauthor Ana <ana@x> 1 +0000\ncommitter Bo <bo@x> -2 -0130\n"
	sig    = "-----BEGIN SSH SIGNATURE-----\nabc\n\n-----END SSH SIGNATURE-----"
)

func TestCommitFields(t *testing.T) {
	c, err := gitobj.ParseCommit([]byte(head + "gpgsig " + strings.ReplaceAll(sig, "\n", "\n ") +
		"\nencoding x\ngpgsig two\n \n\nmessage\n\nmore"))
	if err != nil {
		t.Fatal(err)
	}
	want := gitobj.Commit{
		Tree:      oid(t, idA),
		Parents:   []radicle.Oid{oid(t, idB)},
		Author:    gitobj.Signature{Name: "Ana", Email: "ana@x", Seconds: 1, Zone: gitobj.UTC},
		Committer: gitobj.Signature{Name: "Bo", Email: "bo@x", Seconds: -2, Zone: "-0130"},
		Headers:   []gitobj.Header{{Key: "gpgsig", Value: sig}, {Key: "encoding", Value: "x"}, {Key: "gpgsig", Value: "two\n"}},
		Message:   "message\n\nmore",
	}
	if diff := cmp.Diff(want, c, cmp.Comparer(func(a, b radicle.Oid) bool { return a == b })); diff != "" {
		t.Errorf("parsed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{sig, "two\n"}, c.Values("gpgsig")); diff != "" {
		t.Errorf("signatures (-want +got):\n%s", diff)
	}
}

func TestCommitRefused(t *testing.T) {
	tail := "author A <a> 1 +0000\ncommitter A <a> 1 +0000\n\n"
	for name, text := range map[string]string{
		"empty":                      "",
		"no tree":                    tail,
		"parent before tree":         "parent " + idA + "\ntree " + idA + "\n" + tail,
		"short tree":                 "tree 11\n" + tail,
		"upper case":                 "tree " + strings.Repeat("A", 40) + "\n" + tail,
		"null tree":                  "tree " + strings.Repeat("0", 40) + "\n" + tail,
		"mixed hashes":               "tree " + idA + "\nparent " + idLong + "\n" + tail,
		"no author":                  "tree " + idA + "\ncommitter A <a> 1 +0000\n\n",
		"no committer":               "tree " + idA + "\nauthor A <a> 1 +0000\n\n",
		"two authors":                "tree " + idA + "\nauthor A <a> 1 +0000\n" + tail,
		"no empty line":              "tree " + idA + "\n" + tail[:len(tail)-1],
		"nothing after headers":      head[:len(head)-1],
		"parent after committer":     head + "parent " + idA + "\n\n",
		"author after committer":     head + "author A <a> 1 +0000\n\n",
		"header without space":       head + "gpgsig\n\n",
		"header without key":         head + " folded\n\n",
		"header without end":         head + "gpgsig x\n y",
		"NUL in a header":            head + "gpgsig x\x00y\n\n",
		"NUL in a name":              strings.Replace(head, "Ana", "A\x00na", 1) + "\n",
		"two addresses":              strings.Replace(head, "<ana@x>", "<ana@x> <b>", 1) + "\n",
		"no address":                 strings.Replace(head, "<ana@x> ", "", 1) + "\n",
		"leading zero in time":       strings.Replace(head, "> 1 ", "> 01 ", 1) + "\n",
		"time too large":             strings.Replace(head, "> 1 ", "> 9223372036854775808 ", 1) + "\n",
		"zone without sign":          strings.Replace(head, "+0000", "0000", 1) + "\n",
		"something after the zone":   strings.Replace(head, "+0000", "+0000 x", 1) + "\n",
		"carriage returns":           strings.ReplaceAll(head, "\n", "\r\n") + "\r\n",
		"no zone":                    strings.Replace(head, " +0000", "", 1) + "\n",
		"two spaces before the time": strings.Replace(head, "> 1 ", ">  1 ", 1) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			c, err := gitobj.ParseCommit([]byte(text))
			if parse, ok := errors.AsType[*gitobj.ParseError](err); !ok || parse.Kind != gitobj.KindCommit {
				t.Fatalf("got %+v, %v", c, err)
			}
		})
	}
}

func TestCommitThatWouldNotParseIsNotEncoded(t *testing.T) {
	good, err := gitobj.ParseCommit([]byte(head + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*gitobj.Commit){
		"no tree":             func(c *gitobj.Commit) { c.Tree = radicle.Oid{} },
		"zero parent":         func(c *gitobj.Commit) { c.Parents = append(c.Parents, radicle.Oid{}) },
		"line feed in a name": func(c *gitobj.Commit) { c.Author.Name = "A\ntree" },
		"bracket in address":  func(c *gitobj.Commit) { c.Committer.Email = "a>" },
		"no zone":             func(c *gitobj.Commit) { c.Author.Zone = "" },
		"parent as header":    func(c *gitobj.Commit) { c.Headers = []gitobj.Header{{Key: "parent", Value: idA}} },
		"space in a key":      func(c *gitobj.Commit) { c.Headers = []gitobj.Header{{Key: "a b", Value: idA}} },
	} {
		c := good
		spoil(&c)
		if b, err := c.Encode(); err == nil {
			t.Errorf("%s: encoded to %q", name, b)
		}
	}
}

func TestCommitAndTreeBounds(t *testing.T) {
	c, err := gitobj.ParseCommit([]byte(head + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	room := gitobj.MaxCommit - len(head) - 1
	for n, want := range map[int]bool{room - 1: true, room: true, room + 1: false} {
		c.Message = strings.Repeat("m", n)
		b, err := c.Encode()
		if _, tooLarge := errors.AsType[*gitobj.TooLargeError](err); tooLarge == want {
			t.Errorf("encode a message of %d bytes: %v", n, err)
		}
		if err != nil {
			b = []byte(head + "\n" + c.Message)
		}
		_, err = gitobj.ParseCommit(b)
		if _, tooLarge := errors.AsType[*gitobj.TooLargeError](err); tooLarge == want {
			t.Errorf("parse a message of %d bytes: %v", n, err)
		}
	}
	_, err = gitobj.ParseTree(make([]byte, gitobj.MaxTree+1), gitobj.SHA1)
	if _, ok := errors.AsType[*gitobj.TooLargeError](err); !ok {
		t.Errorf("tree of %d bytes: %v", gitobj.MaxTree+1, err)
	}
}

func TestTreeRefused(t *testing.T) {
	a, b, long := oid(t, idA), oid(t, idB), oid(t, idLong)
	file := func(name string) gitobj.TreeEntry {
		return gitobj.TreeEntry{Mode: gitobj.ModeFile, Name: name, ID: a}
	}
	dir := func(name string) gitobj.TreeEntry { return gitobj.TreeEntry{Mode: gitobj.ModeTree, Name: name, ID: b} }
	for name, tree := range map[string]gitobj.Tree{
		"wrong order":               {file("b"), file("a")},
		"tree sorted as a file":     {dir("a"), file("a.b")},
		"neighbours of one name":    {file("a"), file("a")},
		"file and tree of one name": {file("a"), file("a.b"), dir("a")},
		"mode":                      {{Mode: 0o100664, Name: "a", ID: a}},
		"empty name":                {file("")},
		"slash":                     {file("a/b")},
		"dot":                       {file(".")},
		"dot dot":                   {file("..")},
		"dot git":                   {dir(".GIT")},
		"no id":                     {{Mode: gitobj.ModeFile, Name: "a"}},
		"mixed hashes":              {file("a"), {Mode: gitobj.ModeFile, Name: "b", ID: long}},
	} {
		t.Run(name, func(t *testing.T) {
			if data, err := tree.Encode(); err == nil {
				t.Errorf("encoded to %q", data)
			}
			var data []byte
			for _, e := range tree {
				data = append(append(append(data, e.Mode.String()+" "+e.Name...), 0), e.ID.Bytes()...)
			}
			if got, err := gitobj.ParseTree(data, gitobj.SHA1); err == nil {
				t.Errorf("parsed to %v", got)
			}
		})
	}
	for _, text := range []string{"100644 a", "100644 a\x00short", "0100644 a\x00" + idA[:20], "100644\x00" + idA[:20], "x"} {
		if got, err := gitobj.ParseTree([]byte(text), gitobj.SHA1); err == nil {
			t.Errorf("%q parsed to %v", text, got)
		}
	}
}

func TestSortPutsTreesWhereGitDoes(t *testing.T) {
	a := oid(t, idA)
	tree := gitobj.Tree{
		{Mode: gitobj.ModeTree, Name: "a", ID: a},
		{Mode: gitobj.ModeFile, Name: "a0", ID: a},
		{Mode: gitobj.ModeFile, Name: "a-", ID: a},
	}
	tree.Sort()
	data, err := tree.Encode()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	git(t, dir, "init", "-q", "--bare")
	cmd := exec.Command("git", "-C", dir, "hash-object", "-t", "tree", "--stdin") // checks the order
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.CombinedOutput()
	if want := gitobj.Hash(gitobj.KindTree, data, gitobj.SHA1).String(); err != nil || strings.TrimSpace(string(out)) != want {
		t.Errorf("git says %s (%v), want %s", out, err, want)
	}
}

func TestMemoryKeepsTheReadersContract(t *testing.T) {
	ctx := t.Context()
	m := gitobj.NewMemory(gitobj.SHA256)
	data := []byte("hello")
	id, err := m.Write(ctx, gitobj.KindBlob, data)
	if err != nil {
		t.Fatal(err)
	}
	data[0] = 'J'
	for max, fits := range map[int64]bool{4: false, 5: true, 6: true} {
		kind, got, err := m.Read(ctx, id, max)
		if fits && (kind != gitobj.KindBlob || string(got) != "hello" || err != nil) {
			t.Errorf("max %d: %v %q %v", max, kind, got, err)
		}
		if large, ok := errors.AsType[*gitobj.TooLargeError](err); !fits && (!ok || large.Size != 5) {
			t.Errorf("max %d: %v", max, err)
		}
	}
	if _, _, err := m.Read(ctx, oid(t, idLong), 9); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	if _, err := gitobj.ReadCommit(ctx, m, id); !errors.As(err, new(*gitobj.KindError)) {
		t.Errorf("a blob read as a commit: %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := m.Read(ended, id, 9); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
}

func TestLookup(t *testing.T) {
	ctx := t.Context()
	m := gitobj.NewMemory(gitobj.SHA1)
	blob := write(t, m, gitobj.KindBlob, []byte("x"))
	inner := writeTree(t, m, gitobj.Tree{{Mode: gitobj.ModeFile, Name: "b", ID: blob}})
	outer := writeTree(t, m, gitobj.Tree{{Mode: gitobj.ModeTree, Name: "a", ID: inner}})
	e, err := gitobj.Lookup(ctx, m, outer, "a/b")
	if err != nil || e.ID != blob {
		t.Errorf("a/b: %v, %v", e, err)
	}
	for _, path := range []string{"b", "a/c", "a/b/c", "a//b", "", "/a"} {
		if e, err := gitobj.Lookup(ctx, m, outer, path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v, %v", path, e, err)
		}
	}
}

func write(t *testing.T, m *gitobj.Memory, kind gitobj.Kind, data []byte) radicle.Oid {
	t.Helper()
	id, err := m.Write(t.Context(), kind, data)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func writeTree(t *testing.T, m *gitobj.Memory, tree gitobj.Tree) radicle.Oid {
	t.Helper()
	data, err := tree.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return write(t, m, gitobj.KindTree, data)
}
