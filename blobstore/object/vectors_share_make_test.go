package object_test

import (
	"bytes"
	"fmt"
	"slices"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
)

const (
	leaf  = share.LeafSize
	group = share.GroupSize
)

func makeTrees() (out []vector) {
	nonce := blobstore.Nonce(bytes32("nonce"))
	for _, length := range []int64{
		1, 64, 65, leaf - 1, leaf, leaf + 1, 2 * leaf, 2*leaf + 1, 3 * leaf, 4*leaf - 1, 4 * leaf, 4*leaf + 1,
		group - 1, group, group + 1, 2*group - 1, 2 * group, 2*group + 1, 3*group - 1, 3 * group, 3*group + 1,
		4 * group, 5*group + 100, 17*group + leaf, 32*group - 1,
	} {
		b := content("share", length)
		root, outboard := treeOf(b)
		p := share.NewPossession(nonce)
		must(p.Write(b))
		var leaves []int
		for i := range 8 {
			leaves = append(leaves, int(share.AuditLeaf(root, length, nonce, i).Off/leaf))
		}
		h := header("root, outboard and answers to a challenge", "tree", "ok", "length", length, "content", "share", "root", root,
			"nonce", [32]byte(nonce), "leaves", leaves, "possession", p.Sum())
		out = append(out, vector{fmt.Sprintf("share/tree-%d", length), h, outboard})
	}
	return out
}

// proofVector is about one range of a share that is a content.
type proofVector struct {
	length int64
	node   blobstore.Range
}

func (p proofVector) proof() []byte {
	b := content("share", p.length)
	_, outboard := treeOf(b)
	prover := must(share.NewProver(bytes.NewReader(b), bytes.NewReader(outboard), p.length))
	return must(prover.AppendProof(nil, p.node))
}

func (p proofVector) vector(name, about, expect string, proof []byte, more ...any) vector {
	root, _ := treeOf(content("share", p.length))
	common := []any{"length", p.length, "content", "share", "root", root, "range", fmt.Sprint(p.node.Off, p.node.Len)}
	return vector{"share/" + name, header(about, "proof", expect, append(common, more...)...), proof}
}

func makeProofs() (out []vector) {
	for _, length := range []int64{1, leaf, leaf + 1, 3*leaf + 10, group, group + 1, 3*group - 1, 3*group + 1, 17*group + leaf + 1} {
		seen := map[blobstore.Range]bool{}
		for _, size := range []int64{leaf, 4 * leaf, group} {
			last := (length - 1) / size * size
			for _, off := range []int64{0, size, last / 2 / size * size, last} {
				node := blobstore.Range{Off: off, Len: int(min(size, length-off))}
				if off >= length || seen[node] {
					continue
				}
				seen[node] = true
				p := proofVector{length, node}
				name := fmt.Sprintf("proof-%d-%d-%d", length, node.Off, node.Len)
				out = append(out, p.vector(name, "a node and the siblings above it", "ok", p.proof()))
			}
		}
	}
	whole := proofVector{3*group + 1, blobstore.Range{Len: 3*group + 1}}
	half := proofVector{3*group + 1, blobstore.Range{Len: 2 * group}}
	right := proofVector{3*group + 1, blobstore.Range{Off: 2 * group, Len: group + 1}}
	return append(out,
		whole.vector("proof-whole", "the whole share: no siblings", "ok", nil),
		half.vector("proof-left-half", "the left child of the whole share", "ok", half.proof()),
		right.vector("proof-right-half", "its right child, which is shorter than its level", "ok", right.proof()),
	)
}

func makeFalseProofs() (out []vector) {
	p := proofVector{3*group + 1, blobstore.Range{Off: group, Len: group}}
	good := p.proof() // two siblings
	flip := func(at int) []byte { b := bytes.Clone(good); b[at] ^= 1; return b }
	refuse := func(p proofVector, name, about string, proof []byte, more ...any) {
		more = append([]any{"offset", p.node.Off}, more...)
		out = append(out, p.vector("proof-false-"+name, about, "proof", proof, more...))
	}
	refuse(p, "empty", "no siblings where there are two", nil)
	refuse(p, "short", "a sibling less", good[:32])
	refuse(p, "short-by-a-byte", "a byte less", good[:63])
	refuse(p, "long", "a sibling more", slices.Concat(good, good[:32]))
	refuse(p, "long-by-a-byte", "a byte more", append(bytes.Clone(good), 0))
	refuse(p, "first-flipped", "a flipped bit in the nearest sibling", flip(0))
	refuse(p, "last-flipped", "a flipped bit in the farthest sibling", flip(63))
	refuse(p, "turned", "the farthest sibling first", slices.Concat(good[32:], good[:32]))
	refuse(p, "data-flipped", "a flipped bit in the bytes", good, "flip", group+5)
	refuse(p, "data-of-another", "the bytes of the group before", good, "data", fmt.Sprint(0, group))
	refuse(p, "data-short", "a byte less of the bytes", good, "data", fmt.Sprint(group, group-1))
	refuse(p, "data-long", "a byte more", good, "data", fmt.Sprint(group, group+1))
	at0 := proofVector{p.length, blobstore.Range{Len: group}}
	refuse(at0, "wrong-offset", "bytes and proof of group 1, said to be group 0", good, "data", fmt.Sprint(group, group))
	refuse(p, "of-a-shorter-share", "proof of a share of 3 groups and a byte, checked for 2", good, "of", 2*group)
	refuse(p, "of-a-longer-share", "proof of a share of 3 groups and a byte, checked for 5 groups", good, "of", 5*group)
	other := p.vector("proof-false-root", "the root of another share", "proof", good, "offset", p.node.Off)
	for i := range other.header {
		if other.header[i].key == "root" {
			other.header[i].value = textOf(bytes32("root"))
		}
	}
	out = append(out, other)

	one := proofVector{leaf, blobstore.Range{Len: leaf}}
	refuse(one, "of-a-leaf", "a share of one leaf with a sibling", good[:32])
	refuse(one, "leaf-flipped", "a share of one leaf with a flipped bit", nil, "flip", 1023)
	last := proofVector{p.length, blobstore.Range{Off: 3 * group, Len: 1}}
	refuse(last, "last-leaf-flipped", "a flipped bit in the last leaf, of one byte", last.proof(), "flip", 3*group)
	first := proofVector{p.length, blobstore.Range{Len: leaf}}
	refuse(first, "first-leaf-flipped", "a flipped bit in the first leaf", first.proof(), "flip", 0)
	return slices.Concat(out, makeNoNodes(good))
}

func makeNoNodes(proof []byte) (out []vector) {
	for _, c := range []struct {
		name, about string
		node        blobstore.Range
	}{
		{"half-a-leaf", "half a leaf", blobstore.Range{Len: leaf / 2}},
		{"between-leaves", "a leaf's length at half a leaf", blobstore.Range{Off: leaf / 2, Len: leaf}},
		{"askew", "two leaves that are not siblings", blobstore.Range{Off: leaf, Len: 2 * leaf}},
		{"three-leaves", "three leaves in the middle", blobstore.Range{Off: 4 * leaf, Len: 3 * leaf}},
		{"nothing", "no bytes", blobstore.Range{Off: group, Len: 0}},
		{"over-the-end", "a full leaf where the share has one byte", blobstore.Range{Off: 3 * group, Len: leaf}},
		{"behind-the-end", "a leaf behind the end", blobstore.Range{Off: 3*group + leaf, Len: leaf}},
	} {
		p := proofVector{3*group + 1, c.node}
		out = append(out, p.vector("no-node-"+c.name, c.about+": no node of the tree", "bounds", proof))
	}
	return append(out, proofVector{}.vector("no-node-empty-share", "a share of no bytes, which there is not", "bounds", nil))
}

func makeAudits() (out []vector) {
	const length = 3*group + 1
	b := content("share", length)
	root, outboard := treeOf(b)
	nonce := blobstore.Nonce(bytes32("nonce"))
	prover := must(share.NewProver(bytes.NewReader(b), bytes.NewReader(outboard), length))
	var proofs []byte
	var leaves []int
	for i, a := range must(prover.Audit(root, nonce, 5)) {
		proofs = append(proofs, a.Proof...)
		leaves = append(leaves, int(share.AuditLeaf(root, length, nonce, i).Off/leaf))
	}
	audit := func(name, about, expect string, count int, leaves []int, body []byte, more ...any) {
		h := header(about, "audit", expect, append([]any{
			"length", length, "content", "share", "root", root, "nonce", [32]byte(nonce), "count", count, "leaves", leaves,
		}, more...)...)
		out = append(out, vector{"share/audit-" + name, h, body})
	}
	flipped := bytes.Clone(proofs)
	flipped[len(flipped)-1] ^= 1
	other := share.AuditLeaf(root, length, nonce, 5)
	swapped := slices.Clone(leaves)
	swapped[4] = int(other.Off / leaf)
	body := slices.Concat(proofs[:4*len(proofs)/5], must(prover.AppendProof(nil, other)))
	audit("5", "five leaves and their proofs", "ok", 5, leaves, proofs)
	audit("proof-flipped", "a flipped bit in the proof of the last leaf", "proof", 5, leaves, flipped, "offset", leaves[4]*leaf)
	audit("data-flipped", "a flipped bit in the third leaf", "proof", 5, leaves, proofs, "flip", leaves[2]*leaf+9, "offset", leaves[2]*leaf)
	audit("another-leaf", "a leaf with a good proof that was not asked for, as the last", "proof", 5, swapped, body, "offset", leaves[4]*leaf)
	audit("too-few", "five leaves where six were asked for", "bounds", 6, leaves, proofs)
	audit("too-many", "five leaves where four were asked for", "bounds", 4, leaves, proofs)
	return out
}

func makeShareStreams() (out []vector) {
	for _, length := range []int64{leaf, group, 3*group + 1} {
		good := content("share", length)
		root, outboard := treeOf(good)
		stream := func(name, about, whole, groups string, come, offset, groupOffset int64, more ...any) {
			h := []any{"length", come, "content", "share", "root", root}
			h = append(h, more...)
			out = append(out, vector{
				fmt.Sprintf("share/stream-%d-%s", length, name), header(about, "stream", whole, append(slices.Clone(h), "offset", offset)...), nil,
			})
			n := min(groupOffset, length-1) / group * group // whole groups, and never the last before the end was seen
			h = append(h, "offset", groupOffset)
			out = append(out, vector{
				fmt.Sprintf("share/groups-%d-%s", length, name), header(about+", with the outboard at hand", "groups", groups,
					append(h, released(good, n)...)...), outboard,
			})
		}
		flip := func(name string, at int64) {
			stream(name, fmt.Sprintf("a flipped bit in byte %d", at), "root", "proof", length, 0, at/group*group, "flip", at)
		}
		flip("first-flipped", 0)
		flip("middle-flipped", length/2)
		flip("last-flipped", length-1)
		stream("short", "a byte less", "truncated", "truncated", length-1, length-1, length-1, "of", length)
		stream("none", "nothing comes", "truncated", "truncated", 0, 0, 0, "of", length)
		stream("long", "a byte more", "extended", "extended", length+1, length, length, "of", length)
	}
	return out
}

func makeFalseOutboards() (out []vector) {
	const length = 4*group + 1 // four entries, one of them of the last group's parent
	root, good := treeOf(content("share", length))
	refuse := func(name, about, class string, b []byte, more ...any) {
		h := header(about, "outboard", class, append([]any{"length", length, "root", root}, more...)...)
		out = append(out, vector{"share/outboard-" + name, h, b})
	}
	for i := 0; i < len(good); i += 32 {
		b := bytes.Clone(good)
		b[i] ^= 1
		refuse(fmt.Sprintf("entry-%d-%s", i/64, []string{"left", "right"}[i/32%2]), "a flipped bit in one CV", "proof", b)
	}
	refuse("turned", "the entries in the opposite order", "proof", slices.Concat(good[192:], good[128:192], good[64:128], good[:64]))
	refuse("none", "nothing", "truncated", nil, "offset", 0)
	refuse("short", "an entry less", "truncated", good[:192], "offset", 192)
	refuse("short-by-a-byte", "a byte less", "truncated", good[:255], "offset", 255)
	refuse("long", "a byte more", "extended", append(bytes.Clone(good), 0), "offset", 256)
	root, _ = treeOf(content("share", group))
	h := header("an outboard of one group, which has none", "outboard", "extended", "length", group, "root", root, "offset", 0)
	return append(out, vector{"share/outboard-of-a-group", h, good[:64]})
}
