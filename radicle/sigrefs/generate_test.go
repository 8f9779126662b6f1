package sigrefs_test

import (
	"bytes"
	"cmp"
	"context"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/sigrefs"
)

// textCases are lists, with what reading as Radicle does and reading strictly make of each.
func textCases() []struct{ name, about, text, expect, strict string } {
	a, b, null := strings.Repeat("1", 40), strings.Repeat("2", 40), strings.Repeat("0", 40)
	long := strings.Repeat("3", 64)
	return []struct{ name, about, text, expect, strict string }{
		{"empty", "no refs at all", "", "ok", "ok"},
		{"one", "one ref", a + " refs/heads/main\n", "ok", "ok"},
		{"parent-only", "only a parent line", a + " refs/rad/sigrefs-parent\n", "ok", "ok"},
		{
			"parent-in-the-middle", "the parent line sorts by its name",
			a + " refs/rad/root\n" + b + " refs/rad/sigrefs-parent\n" + a + " refs/swarm/x\n", "ok", "ok",
		},
		{"sha-256", "ids of 64 digits", long + " refs/heads/main\n", "ok", "ok"},
		{"category", "categories of any name are signed", a + " refs/drafts/x\n" + a + " refs/swarm/x\n", "ok", "ok"},
		{"not-ascii", "names are UTF-8", a + " refs/heads/caf\u00e9\n", "ok", "ok"},
		{"one-component", "a name without a slash is read", a + " HEAD\n", "ok", "ok"},

		{"unsorted", "sorted by the reader", a + " refs/heads/b\n" + b + " refs/heads/a\n", "ok", "order"},
		{"duplicate", "the last line of a name counts", a + " refs/heads/a\n" + b + " refs/heads/a\n", "ok", "duplicate"},
		{
			"duplicate-null", "a null id does not take the place of the line before",
			a + " refs/heads/a\n" + null + " refs/heads/a\n", "ok", "null",
		},
		{
			"duplicate-many", "the last line of a name counts, however many there are",
			strings.Repeat(a+" refs/heads/a\n"+a+" refs/heads/b\n", 50) + b + " refs/heads/a\n" + b + " refs/heads/b\n", "ok", "order",
		},
		{"null", "a null id counts for nothing", null + " refs/heads/a\n", "ok", "null"},
		{"null-parent", "a null parent is no parent", null + " refs/rad/sigrefs-parent\n", "ok", "null"},
		{"sigrefs", "the signed refs do not list themselves", a + " refs/rad/sigrefs\n", "ok", "name"},
		{"carriage-return", "a carriage return before the line feed is dropped", a + " refs/heads/a\r\n", "ok", "canonical"},
		{"no-final-feed", "the last line need not end", a + " refs/heads/a", "ok", "canonical"},
		{"upper-case", "digits of either case", strings.Repeat("A", 40) + " refs/heads/a\n", "ok", "canonical"},

		{"no-space", "a line without a space", a + "\n", "format", "format"},
		{"tab", "a tab is no space", a + "\trefs/heads/a\n", "format", "format"},
		{"empty-line", "an empty line", a + " refs/heads/a\n\n", "format", "format"},
		{"short-id", "39 digits", a[1:] + " refs/heads/a\n", "format", "format"},
		{"not-hex", "a digit that is none", "g" + a[1:] + " refs/heads/a\n", "format", "format"},
		{"no-id", "a line that starts with the space", " refs/heads/a\n", "format", "format"},
		{"mixed-ids", "ids of both hashes", long + " refs/heads/a\n" + a + " refs/heads/b\n", "format", "format"},
		{"two-spaces", "the name starts with a space", a + "  refs/heads/a\n", "name", "name"},
		{"no-name", "no name after the space", a + " \n", "name", "name"},
		{"name-dots", "two dots in a name", a + " refs/heads/a..b\n", "name", "name"},
		{"name-dot-end", "a component that ends with a dot", a + " refs/heads/a./b\n", "name", "name"},
		{"name-lock", "a component that ends in .lock", a + " refs/heads/a.lock/b\n", "name", "name"},
		{"name-brace", "a component from { to @", a + " refs/heads/{a@\n", "name", "name"},
		{"name-control", "a control character", a + " refs/heads/a\x01\n", "name", "name"},
		{"name-glob", "a star", a + " refs/heads/*\n", "name", "name"},
		{"name-latin-1", "a name that is not UTF-8", a + " refs/heads/caf\xe9\n", "name", "name"},
		{"carriage-return-at-end", "a carriage return and no line feed", a + " refs/heads/a\r", "name", "name"},
		{"NUL", "a NUL in a name", a + " refs/heads/a\x00\n", "name", "name"},
	}
}

func textVectors() []vector {
	var all []vector
	for _, c := range textCases() {
		v := vector{
			Name: "text/" + c.name, Body: []byte(c.text),
			Header: map[string]string{"about": c.about, "expect": c.expect, "strict": c.strict},
		}
		if text, err := sigrefs.Parse(v.Body); err == nil {
			v.Header["list"] = gitobj.Hash(gitobj.KindBlob, text.Encode(), gitobj.SHA1).String()
		}
		all = append(all, v)
	}
	return all
}

// historyCase is a history in one store. at is where the reader must end; null stands for the head.
type historyCase struct {
	name, about, expect string
	level               sigrefs.Level
	build               func(b *builder) (head, at radicle.Oid)
	without             func(b *builder) radicle.Oid // an object to leave out
	list                func(b *builder) string      // the list at the end, where it is not as the blob has it
}

func historyVectors(t *testing.T) []vector {
	t.Helper()
	all := realVectors(t)
	for _, c := range append(goodHistories(), badHistories()...) {
		b := newBuilder()
		head, at := c.build(b)
		v := vector{Name: "history/" + c.name, Header: map[string]string{
			"about": c.about, "rid": b.rid.String(), "nid": ana.NID().String(), "head": head.String(), "expect": c.expect,
		}}
		if c.without != nil {
			v.Body = pack(b.store, c.without(b))
		} else {
			v.Body = pack(b.store)
		}
		if c.list != nil {
			v.Header["list"] = gitobj.Hash(gitobj.KindBlob, []byte(c.list(b)), gitobj.SHA1).String()
		} else if c.expect == "ok" {
			v.Header["list"] = listID(b.store, cmp.Or(at, head))
		}
		if c.expect == "ok" {
			v.Header["at"], v.Header["level"] = cmp.Or(at, head).String(), c.level.String()
		}
		all = append(all, v)
	}
	return all
}

// realVectors are the commits that Radicle itself wrote.
func realVectors(t *testing.T) []vector {
	t.Helper()
	store, rid, lists := buildSteps(t)
	var all []vector
	for _, s := range realSteps() {
		all = append(all, vector{
			Name: "history/real-" + s.name, Body: pack(store),
			Header: map[string]string{
				"about": "written by Radicle", "rid": rid.String(), "nid": s.key.NID().String(), "head": s.commit,
				"expect": "ok", "at": s.commit, "level": "parent", "list": listID(store, lists[s.name].At),
			},
		})
	}
	return all
}

// listID is the blob id of the list of a commit without its parent line, found without the reader under test.
func listID(store *gitobj.Memory, commit radicle.Oid) string {
	ctx := context.Background()
	c := must(gitobj.ReadCommit(ctx, store, commit))
	blob := must(gitobj.Lookup(ctx, store, c.Tree, "refs"))
	var kept []byte
	for line := range bytes.Lines(must(gitobj.ReadBlob(ctx, store, blob.ID, 1<<20))) {
		if !bytes.HasSuffix(line, []byte(" refs/rad/sigrefs-parent\n")) {
			kept = append(kept, line...)
		}
	}
	return gitobj.Hash(gitobj.KindBlob, kept, gitobj.SHA1).String()
}

func goodHistories() []historyCase {
	type oid = radicle.Oid
	head := func(build func(b *builder) oid) func(b *builder) (oid, oid) {
		return func(b *builder) (oid, oid) { return build(b), oid{} }
	}
	return []historyCase{
		{name: "none-first", about: "one list that names nothing", expect: "ok", level: sigrefs.None, build: head(func(b *builder) oid {
			return b.signed(b.none(1))
		})},
		{name: "none-second", about: "two such lists", expect: "ok", level: sigrefs.None, build: head(func(b *builder) oid {
			return b.signed(b.none(2), b.signed(b.none(1)))
		})},
		{name: "root-first", about: "a first commit that names the root is at the highest level", expect: "ok", level: sigrefs.Parent, build: head(func(b *builder) oid {
			return b.signed(b.rooted(1))
		})},
		{name: "root-second", about: "a second one without a parent line is not", expect: "ok", level: sigrefs.Root, build: head(func(b *builder) oid {
			return b.signed(b.rooted(2), b.signed(b.rooted(1)))
		})},
		{name: "root-after-none", about: "a level may rise", expect: "ok", level: sigrefs.Root, build: head(func(b *builder) oid {
			return b.signed(b.rooted(1), b.signed(b.none(1)))
		})},
		{name: "parent-after-root", about: "to the highest too", expect: "ok", level: sigrefs.Parent, build: head(func(b *builder) oid {
			p := b.signed(b.rooted(1))
			return b.signed(b.linked(2, p), p)
		})},
		{name: "parent-after-bad-signature", about: "what lies below a linked head is not read", expect: "ok", level: sigrefs.Parent, build: head(func(b *builder) oid {
			p := b.commit(b.rooted(1), make([]byte, 64))
			return b.signed(b.linked(2, p), p)
		})},
		{name: "parent-after-downgrade", about: "a linked head mends a downgrade", expect: "ok", level: sigrefs.Parent, build: head(func(b *builder) oid {
			p0 := b.signed(b.rooted(1))
			p1 := b.signed(b.linked(2, p0), p0)
			p2 := b.signed(b.rooted(3), p1)
			return b.signed(b.linked(4, p2), p2)
		})},
		{name: "lenient-text", about: "the signature is over the list as understood, not over the blob", expect: "ok", level: sigrefs.Parent, build: head(func(b *builder) oid {
			text := b.rooted(1)
			sig := must(b.key.Sign(context.Background(), []byte(text)))
			first, second, _ := strings.Cut(text, "\n")
			null := strings.Repeat("0", 40)
			return b.commit(second+null+" refs/heads/x\n"+strings.Replace(first, "01", "02", 1)+"\n"+first+"\r\n", sig[:])
		}), list: func(b *builder) string { return b.rooted(1) }},
		{name: "extra-file", about: "other files in the tree do not matter", expect: "ok", level: sigrefs.Parent, build: head(func(b *builder) oid {
			sig := must(b.key.Sign(context.Background(), []byte(b.rooted(1))))
			text := put(b.store, gitobj.KindBlob, []byte(b.rooted(1)))
			return b.commitTree(gitobj.Tree{file("a", text), file("refs", text), file("signature", put(b.store, gitobj.KindBlob, sig[:]))})
		})},

		{name: "replay-of-the-first", about: "the head repeats the first list: the second stands", expect: "ok", level: sigrefs.Root, build: func(b *builder) (oid, oid) {
			second := b.signed(b.rooted(2), b.signed(b.rooted(1)))
			return b.signed(b.rooted(1), second), second
		}},
		{name: "replay-of-the-parent", about: "the head repeats its parent: the parent stands", expect: "ok", level: sigrefs.Root, build: func(b *builder) (oid, oid) {
			first := b.signed(b.rooted(1))
			return b.signed(b.rooted(1), first), first
		}},
		{name: "replay-twice", about: "two replays on top", expect: "ok", level: sigrefs.None, build: func(b *builder) (oid, oid) {
			second := b.signed(b.none(2), b.signed(b.none(1)))
			return b.signed(b.none(1), b.signed(b.none(1), second)), second
		}},
		{name: "replay-crossed", about: "both lists are replayed: the earlier commit of the later pair stands", expect: "ok", level: sigrefs.Root, build: func(b *builder) (oid, oid) {
			second := b.signed(b.rooted(2), b.signed(b.rooted(1)))
			return b.signed(b.rooted(2), b.signed(b.rooted(1), second)), second
		}},
		{name: "replay-over-lower", about: "a list of a lower level never stands", expect: "ok", level: sigrefs.Root, build: func(b *builder) (oid, oid) {
			first := b.signed(b.rooted(1))
			return b.signed(b.rooted(1), b.signed(b.none(2), first)), first
		}},
	}
}

func badHistories() []historyCase {
	type oid = radicle.Oid
	head := func(build func(b *builder) oid) func(b *builder) (oid, oid) {
		return func(b *builder) (oid, oid) { return build(b), oid{} }
	}
	blob := func(b *builder, text string) gitobj.TreeEntry {
		return file("refs", put(b.store, gitobj.KindBlob, []byte(text)))
	}
	return []historyCase{
		{name: "bad-signature", about: "a signature of zeros", expect: "signature", build: head(func(b *builder) oid {
			return b.commit(b.rooted(1), make([]byte, 64))
		})},
		{name: "bad-signer", about: "another key's signature", expect: "signature", build: head(func(b *builder) oid {
			sig := must(bo.Sign(context.Background(), []byte(b.rooted(1))))
			return b.commit(b.rooted(1), sig[:])
		})},
		{name: "bad-list", about: "a signature of another list", expect: "signature", build: head(func(b *builder) oid {
			sig := must(b.key.Sign(context.Background(), []byte(b.rooted(1))))
			return b.commit(b.rooted(2), sig[:])
		})},
		{name: "bad-signature-short", about: "63 bytes", expect: "signature-size", build: head(func(b *builder) oid {
			return b.commit(b.rooted(1), make([]byte, 63))
		})},
		{name: "bad-signature-long", about: "65 bytes", expect: "signature-size", build: head(func(b *builder) oid {
			return b.commit(b.rooted(1), make([]byte, 65))
		})},
		{name: "bad-signature-missing", about: "no signature", expect: "missing-blob", build: head(func(b *builder) oid {
			return b.commitTree(gitobj.Tree{blob(b, b.rooted(1))})
		})},
		{name: "bad-refs-missing", about: "no refs", expect: "missing-blob", build: head(func(b *builder) oid {
			return b.commitTree(gitobj.Tree{file("signature", put(b.store, gitobj.KindBlob, make([]byte, 64)))})
		})},
		{name: "bad-refs-kind", about: "refs is a tree", expect: "kind", build: head(func(b *builder) oid {
			tree := putTree(b.store, gitobj.Tree{blob(b, "")})
			return b.commitTree(gitobj.Tree{
				{Mode: gitobj.ModeTree, Name: "refs", ID: tree}, file("signature", put(b.store, gitobj.KindBlob, make([]byte, 64))),
			})
		})},
		{name: "bad-head-kind", about: "the head is a blob", expect: "kind", build: head(func(b *builder) oid {
			return put(b.store, gitobj.KindBlob, []byte("x"))
		})},
		{name: "bad-commit", about: "the head is no commit that can be read", expect: "object", build: head(func(b *builder) oid {
			return put(b.store, gitobj.KindCommit, []byte("tree\n\n"))
		})},
		{name: "bad-commit-text", about: "the commit's message is not UTF-8", expect: "utf-8", build: head(func(b *builder) oid {
			by := gitobj.Signature{Name: "radicle", Email: "x", Zone: gitobj.UTC}
			tree := putTree(b.store, gitobj.Tree{blob(b, "")})
			return putCommit(b.store, gitobj.Commit{Tree: tree, Author: by, Committer: by, Message: "caf\xe9\n"})
		})},
		{name: "bad-merge", about: "two parents", expect: "parents", build: head(func(b *builder) oid {
			return b.signed(b.rooted(3), b.signed(b.rooted(1)), b.signed(b.rooted(2)))
		})},
		{name: "bad-line", about: "a line without a space", expect: "format", build: head(func(b *builder) oid {
			return b.signed(b.rooted(1) + "x\n")
		})},
		{name: "bad-hash", about: "ids of the other hash", expect: "object-format", build: head(func(b *builder) oid {
			return b.signed(strings.Repeat("1", 64) + " refs/heads/main\n")
		})},
		{name: "bad-root-graft", about: "the root of another repository", expect: "identity", build: head(func(b *builder) oid {
			return b.signed(lines(otherRoot(b), sigrefs.RefRoot))
		})},
		{name: "bad-root-empty", about: "the root has no identity document", expect: "no-identity", build: head(func(b *builder) oid {
			return b.signed(lines(b.commitTree(gitobj.Tree{blob(b, "")}), sigrefs.RefRoot))
		})},
		{
			name: "bad-root-missing", about: "the root is not in the repository", expect: "missing", build: head(func(b *builder) oid {
				return b.signed(b.rooted(1))
			}),
			without: func(b *builder) oid { return b.root },
		},
		{name: "bad-parent-dangling", about: "a first commit that names a parent", expect: "parent", build: head(func(b *builder) oid {
			return b.signed(b.linked(1, fakeOid(9)))
		})},
		{name: "bad-parent", about: "a list signed for another place: a replay of the new format", expect: "parent", build: head(func(b *builder) oid {
			p0 := b.signed(b.rooted(1))
			text := b.linked(2, p0)
			return b.signed(text, b.signed(text, p0))
		})},
		{name: "bad-parent-without-root", about: "a parent line and no root", expect: "no-root", build: head(func(b *builder) oid {
			p := b.signed(b.none(1))
			return b.signed(b.none(2)+lines(p, "refs/rad/sigrefs-parent"), p)
		})},
		{name: "downgrade-parent-root", about: "the format of 1.2 over a linked history", expect: "downgrade", build: head(func(b *builder) oid {
			p := b.signed(b.rooted(1))
			return b.signed(b.rooted(3), b.signed(b.linked(2, p), p))
		})},
		{name: "downgrade-parent-none", about: "no root either", expect: "downgrade", build: head(func(b *builder) oid {
			p := b.signed(b.rooted(1))
			return b.signed(b.none(3), b.signed(b.linked(2, p), p))
		})},
		{name: "downgrade-root-none", about: "a root was named before", expect: "downgrade", build: head(func(b *builder) oid {
			return b.signed(b.none(2), b.signed(b.rooted(1)))
		})},
		{name: "downgrade-over-bad-signature", about: "what lies below the highest level is not verified", expect: "downgrade", build: head(func(b *builder) oid {
			p := b.commit(b.rooted(1), make([]byte, 64))
			return b.signed(b.rooted(3), b.signed(b.linked(2, p), p))
		})},
		{name: "bad-history-signature", about: "a bad signature below a head that is not linked", expect: "signature", build: head(func(b *builder) oid {
			return b.signed(b.rooted(2), b.commit(b.rooted(1), make([]byte, 64)))
		})},
		{name: "bad-history-line", about: "a malformed list below such a head", expect: "format", build: head(func(b *builder) oid {
			return b.signed(b.rooted(2), b.signed("x\n"))
		})},
		{name: "bad-history-missing", about: "a parent that is not there", expect: "missing", build: head(func(b *builder) oid {
			return b.signed(b.rooted(2), fakeOid(9))
		})},
	}
}

// otherRoot writes the first commit of some other identity.
func otherRoot(b *builder) radicle.Oid {
	doc := put(b.store, gitobj.KindBlob, []byte("{}"))
	embeds := putTree(b.store, gitobj.Tree{file("radicle.json", doc)})
	return b.commitTree(gitobj.Tree{{Mode: gitobj.ModeTree, Name: "embeds", ID: embeds}})
}
