package object_test

import (
	"bytes"
	"io"
	"slices"
	"testing/iotest"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
)

// shareFormat is FORMAT.md §6: the tree of a share.
func shareFormat() format {
	return format{
		name: "share",
		kinds: map[string]func(*reading){
			"tree": readTree, "proof": readProof, "audit": readAudit, "stream": readStream, "groups": readGroups, "outboard": readOutboard,
		},
		make: func() []vector {
			return slices.Concat(makeTrees(), makeProofs(), makeFalseProofs(), makeAudits(), makeShareStreams(), makeFalseOutboards())
		},
	}
}

// treeOf returns root and outboard.
func treeOf(b []byte) (blobstore.Root, []byte) {
	var out bytes.Buffer
	h := share.NewHasher(&out)
	must(h.Write(b))
	return must(h.Root()), out.Bytes()
}

// share is the share of the vector: a content, in places with a flipped bit.
func (r *reading) share() []byte {
	b := content(r.text("content"), r.number("length"))
	if r.has("flip") {
		b[r.number("flip")] ^= 1
	}
	return b
}

func readTree(r *reading) {
	b, outboard := r.share(), r.body()
	want := blobstore.Root(r.bytes32("root"))
	root, got := treeOf(b)
	r.judge("share.Hasher", nil)
	r.equal("root", root)
	if !bytes.Equal(got, outboard) || share.OutboardLen(int64(len(b))) != int64(len(outboard)) {
		r.Errorf("an outboard of %d bytes, want %d", len(got), len(outboard))
	}
	for _, size := range []int{1 << 10, 4 << 10, 64 << 10} { // block by block
		var out bytes.Buffer
		tree := share.NewTree(&out)
		for off := 0; off < len(b); off += size {
			if err := tree.Push(share.NewNode(b[off:min(len(b), off+size)], int64(off))); err != nil {
				r.Fatal(err)
			}
		}
		root := must(tree.Root())
		if root != want || size == share.GroupSize && !bytes.Equal(out.Bytes(), outboard) {
			r.Errorf("in blocks of %d bytes: root %v", size, root)
		}
	}
	r.verifiedStreams(b, outboard, want)
	r.challenges(b, want)
}

// verifiedStreams reads a share that is right.
func (r *reading) verifiedStreams(b, outboard []byte, root blobstore.Root) {
	var out bytes.Buffer
	plain := must(share.NewReader(bytes.NewReader(b), int64(len(b)), root, &out))
	if got, err := io.ReadAll(plain); err != nil || !bytes.Equal(got, b) || !bytes.Equal(out.Bytes(), outboard) {
		r.Errorf("share.Reader: %d bytes, %v", len(got), err)
	}
	o, err := share.VerifyOutboard(bytes.NewReader(outboard), int64(len(b)), root)
	if err != nil {
		r.Fatal(err)
	}
	if got, err := io.ReadAll(o.Reader(iotest.HalfReader(bytes.NewReader(b)))); err != nil || !bytes.Equal(got, b) {
		r.Errorf("share.Outboard's Reader: %d bytes, %v", len(got), err)
	}
}

// challenges are what the nonce asks for.
func (r *reading) challenges(b []byte, root blobstore.Root) {
	nonce := blobstore.Nonce(r.bytes32("nonce"))
	p := share.NewPossession(nonce)
	must(p.Write(b))
	r.equal("possession", p.Sum())
	for i, leaf := range r.numbers("leaves") {
		want := blobstore.Range{Off: leaf << 10, Len: min(1<<10, len(b)-int(leaf<<10))}
		if got := share.AuditLeaf(root, int64(len(b)), nonce, i); got != want {
			r.Errorf("leaf %d: %v, want %v", i, got, want)
		}
	}
}

func readProof(r *reading) {
	b := r.share()
	root, length := blobstore.Root(r.bytes32("root")), r.number("length")
	at := r.numbers("range")
	node := blobstore.Range{Off: at[0], Len: int(at[1])}
	data := at
	if r.has("data") {
		data = r.numbers("data")
	}
	if r.has("of") { // the proof is checked against another length
		length = r.number("of")
	}
	var shown []byte
	if end := data[0] + data[1]; end <= int64(len(b)) {
		shown = b[data[0]:end]
	}
	proof := r.body()
	if !r.judge("share.Verify", share.Verify(root, length, node, shown, proof)) {
		return
	}
	if n, err := share.ProofLen(node, length); err != nil || n != len(proof) {
		r.Errorf("a proof of %d bytes, %v, want %d", n, err, len(proof))
	}
	_, outboard := treeOf(b)
	p := must(share.NewProver(bytes.NewReader(b), bytes.NewReader(outboard), length))
	if got, err := p.AppendProof(nil, node); err != nil || !bytes.Equal(got, proof) {
		r.Errorf("share.Prover: another proof, %v", err)
	}
}

func readAudit(r *reading) {
	b, proofs := r.share(), r.body()
	root, length := blobstore.Root(r.bytes32("root")), int64(len(b))
	nonce := blobstore.Nonce(r.bytes32("nonce"))
	count := int(r.number("count"))
	var answer []blobstore.Leaf
	for _, number := range r.numbers("leaves") {
		at := blobstore.Range{Off: number << 10, Len: int(min(1<<10, length-number<<10))}
		n := must(share.ProofLen(at, length))
		answer = append(answer, blobstore.Leaf{Data: b[at.Off:][:at.Len], Proof: proofs[:n]})
		proofs = proofs[n:]
	}
	if len(proofs) > 0 {
		r.Errorf("%d bytes after the proofs", len(proofs))
	}
	if !r.judge("share.VerifyAudit", share.VerifyAudit(root, length, nonce, count, answer)) {
		return
	}
	_, outboard := treeOf(b)
	p := must(share.NewProver(bytes.NewReader(b), bytes.NewReader(outboard), length))
	got, err := p.Audit(root, nonce, count)
	if err != nil || !slices.EqualFunc(got, answer, func(a, b blobstore.Leaf) bool {
		return bytes.Equal(a.Data, b.Data) && bytes.Equal(a.Proof, b.Proof)
	}) {
		r.Errorf("share.Prover: another answer, %v", err)
	}
}

// arriving is the share that comes, and how long it should be.
func (r *reading) arriving() (b []byte, length int64) {
	b = r.share()
	if r.has("of") {
		return b, r.number("of")
	}
	return b, int64(len(b))
}

// readStream reads a share of which only the root is known: whatever comes before the end is unproved.
func readStream(r *reading) {
	b, length := r.arriving()
	root := blobstore.Root(r.bytes32("root"))
	got, err := io.ReadAll(must(share.NewReader(bytes.NewReader(b), length, root, nil)))
	if r.judge("share.Reader", err); err != nil && int64(len(got)) >= length {
		r.Error("share.Reader: all bytes of a false share")
	}
	var out bytes.Buffer
	_, err = must(share.NewReader(bytes.NewReader(b), length, root, nil)).WriteTo(&out)
	if r.judge("share.Reader to a writer", err); err != nil && int64(out.Len()) >= length {
		r.Error("share.Reader to a writer: all bytes of a false share")
	}
}

// readGroups reads a share with its outboard at hand.
func readGroups(r *reading) {
	b, length := r.arriving()
	o, err := share.VerifyOutboard(bytes.NewReader(r.body()), length, r.bytes32("root"))
	if err != nil {
		r.Fatal(err)
	}
	got, err := io.ReadAll(o.Reader(bytes.NewReader(b)))
	r.judge("share.Outboard's Reader", err)
	r.released("share.Outboard's Reader", b, got)
	var out bytes.Buffer
	_, err = o.Reader(bytes.NewReader(b)).WriteTo(&out)
	r.judge("share.Outboard's Reader to a writer", err)
	r.released("share.Outboard's Reader to a writer", b, out.Bytes())
}

func readOutboard(r *reading) {
	_, err := share.VerifyOutboard(bytes.NewReader(r.body()), r.number("length"), r.bytes32("root"))
	r.judge("share.VerifyOutboard", err)
}
