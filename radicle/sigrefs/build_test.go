package sigrefs_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/sigrefs"
)

// The people and the time of the worked example: heartwood's own tests use them.
var (
	ana  = radicle.NewMemorySigner([32]byte(bytes.Repeat([]byte{0xff}, 32)))
	bo   = radicle.NewMemorySigner([32]byte(bytes.Repeat([]byte{0xfe}, 32)))
	then = time.Unix(1671125284, 0)
)

// must is for building what the tests then look at.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func oid(s string) radicle.Oid { return must(radicle.ParseOid(s)) }

// fakeOid returns some id that is not null.
func fakeOid(fill byte) radicle.Oid {
	return must(radicle.OidFromBytes(bytes.Repeat([]byte{fill}, gitobj.SHA1)))
}

func put(w gitobj.Writer, kind gitobj.Kind, data []byte) radicle.Oid {
	return must(w.Write(context.Background(), kind, data))
}

func putTree(w gitobj.Writer, tree gitobj.Tree) radicle.Oid {
	return put(w, gitobj.KindTree, must(tree.Encode()))
}

func putCommit(w gitobj.Writer, c gitobj.Commit) radicle.Oid {
	return put(w, gitobj.KindCommit, must(c.Encode()))
}

func file(name string, id radicle.Oid) gitobj.TreeEntry {
	return gitobj.TreeEntry{Mode: gitobj.ModeFile, Name: name, ID: id}
}

const document = `{"delegates":["did:key:z6MknSLrJoTcukLrE435hVNQT4JUhbvWLX4kUzqkEStBU8Vi"],` +
	`"payload":{"xyz.radicle.project":{"defaultBranch":"master","description":"Radicle Heartwood Protocol & Stack",` +
	`"name":"heartwood"}},"threshold":1}`

// identity writes the first commit of the worked example's identity and returns it with the repository's id.
func identity(w gitobj.Writer) (root radicle.Oid, rid radicle.RID) {
	doc := put(w, gitobj.KindBlob, []byte(document))
	docSig := must(ana.Sign(context.Background(), doc.Bytes()))
	action := `{"blob":"` + doc.String() + `","parent":null,"signature":"` + radicle.Signature(docSig).String() +
		`","title":"Initial revision","type":"revision"}`
	embeds := putTree(w, gitobj.Tree{file("radicle.json", doc)})
	tree := putTree(w, gitobj.Tree{
		file("0", put(w, gitobj.KindBlob, []byte(action))),
		{Mode: gitobj.ModeTree, Name: "embeds", ID: embeds},
		file("manifest", put(w, gitobj.KindBlob, []byte(`{"typeName":"xyz.radicle.id","version":1}`))),
	})
	by := gitobj.Signature{Name: "alice", Email: "alice@" + ana.NID().String(), Seconds: then.Unix(), Zone: gitobj.UTC}
	root = putCommit(w, gitobj.Commit{
		Tree: tree, Author: by, Committer: by, Message: "Initialize identity\n",
		Headers: []gitobj.Header{{Key: "gpgsig", Value: container(ana, tree.Bytes())}},
	})
	return root, radicle.NewRID(doc)
}

// container wraps a signature over raw bytes into the SSH form that Radicle puts around it.
func container(key radicle.Signer, msg []byte) string {
	text := func(b []byte, s string) []byte {
		return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
	}
	nid, sig := key.NID(), must(key.Sign(context.Background(), msg))
	b := []byte("SSHSIG\x00\x00\x00\x01")
	b = text(b, string(text(text(nil, "ssh-ed25519"), string(nid[:]))))
	b = text(text(text(b, "radicle"), ""), "sha256")
	b = text(b, string(text(text(nil, "ssh-ed25519"), string(sig[:]))))
	lines := []string{"-----BEGIN SSH SIGNATURE-----"}
	encoded := base64.StdEncoding.EncodeToString(b)
	for len(encoded) > 70 {
		lines, encoded = append(lines, encoded[:70]), encoded[70:]
	}
	return strings.Join(append(lines, encoded, "-----END SSH SIGNATURE-----"), "\n")
}

// builder writes commits of one namespace that Sign would not write.
type builder struct {
	store *gitobj.Memory
	root  radicle.Oid
	rid   radicle.RID
	key   radicle.Signer
}

func newBuilder() *builder {
	b := &builder{store: gitobj.NewMemory(gitobj.SHA1), key: ana}
	b.root, b.rid = identity(b.store)
	return b
}

// lines is the text of one commit: name and id pairs, as they come.
func lines(pairs ...any) string {
	var text strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		text.WriteString(pairs[i].(radicle.Oid).String() + " " + pairs[i+1].(string) + "\n")
	}
	return text.String()
}

// signed writes a commit with a text and its signature. Parents may be none or several.
func (b *builder) signed(text string, parents ...radicle.Oid) radicle.Oid {
	sig := must(b.key.Sign(context.Background(), []byte(text)))
	return b.commit(text, sig[:], parents...)
}

func (b *builder) commit(text string, sig []byte, parents ...radicle.Oid) radicle.Oid {
	return b.commitTree(gitobj.Tree{
		file("refs", put(b.store, gitobj.KindBlob, []byte(text))),
		file("signature", put(b.store, gitobj.KindBlob, sig)),
	}, parents...)
}

// commitTree gives every commit another time, so that equal trees make different commits.
func (b *builder) commitTree(tree gitobj.Tree, parents ...radicle.Oid) radicle.Oid {
	by := gitobj.Signature{Name: "radicle", Email: b.key.NID().String(), Zone: gitobj.UTC}
	by.Seconds = then.Unix() + int64(b.store.Len())
	return putCommit(b.store, gitobj.Commit{
		Tree: putTree(b.store, tree), Parents: parents, Author: by, Committer: by, Message: "Update signed refs\n",
	})
}

// The three kinds of lists, told apart by what main points to.
func (b *builder) none(fill byte) string { return lines(fakeOid(fill), "refs/heads/main") }

func (b *builder) rooted(fill byte) string {
	return lines(fakeOid(fill), "refs/heads/main", b.root, sigrefs.RefRoot)
}

func (b *builder) linked(fill byte, parent radicle.Oid) string {
	return b.rooted(fill) + lines(parent, "refs/rad/sigrefs-parent")
}

func unhex(s string) radicle.Signature { return radicle.Signature(must(hex.DecodeString(s))) }
