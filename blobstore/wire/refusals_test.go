package wire

import (
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// refused is a frame that is refused, with what its sender is told.
type refused struct {
	name, about string
	frame       []byte
	code        Code
}

// frameOf puts bytes that need not be a message into a frame.
func frameOf(k Kind, message []byte) []byte {
	return append(appendHead(nil, k, len(message)), message...)
}

func refusals() []refused {
	var all []refused
	for _, list := range [][]refused{frameRefusals(), shapeRefusals(), firstBounds(), askerBounds(), holderBounds(), controlBounds()} {
		all = append(all, list...)
	}
	return all
}

func frameRefusals() []refused {
	varint := func(v uint64) []byte { return protowire.AppendVarint(nil, v) }
	join := func(parts ...[]byte) (b []byte) {
		for _, p := range parts {
			b = append(b, p...)
		}
		return b
	}
	get := varint(uint64(kindGet)<<3 | 2)
	return []refused{
		{"frame-2-63", "a body of 2^63 bytes", varint(1 << 63), CodeBounds},
		{"frame-2-64", "a body of 2^64 − 1 bytes", varint(1<<64 - 1), CodeBounds},
		{"frame-over", "a body of a byte too many", varint(maxBody + 1), CodeBounds},
		{"frame-endless-varint", "a length that goes on and on", fill(11, 0xff), CodeMalformed},
		{"frame-varint-over", "a length over 2^64 − 1", append(fill(9, 0xff), 2), CodeMalformed},
		{"frame-empty", "a body that holds no message", join(varint(2), varint(0), varint(0)), CodeMalformed},
		{"frame-number-zero", "a message of kind 0", join(varint(2), varint(2), varint(0)), CodeMalformed},
		{"frame-varint-field", "a body that is a number", join(varint(3), varint(uint64(kindGet)<<3), varint(0)), CodeMalformed},
		{"frame-message-2-63", "a message of 2^63 bytes", join(varint(12), get, varint(1<<63)), CodeMalformed},
		{"frame-message-longer", "a message that is longer than the body", join(varint(4), get, varint(2), varint(0)), CodeMalformed},
		{"frame-message-shorter", "something behind the message", join(varint(4), get, varint(0), varint(0)), CodeMalformed},
		{"frame-of-kind-over", "a GET of a byte too many", join(varint(24577+5), get, varint(24577)), CodeBounds},
	}
}

func shapeRefusals() []refused {
	tag := func(num protowire.Number, typ protowire.Type) []byte { return protowire.AppendTag(nil, num, typ) }
	number := func(num protowire.Number, v uint64) []byte { return appendNumber(nil, num, v) }
	return []refused{
		{"field-zero", "field number 0", frameOf(kindEnd, []byte{0}), CodeMalformed},
		{"field-tag-cut", "a field number that ends early", frameOf(kindEnd, []byte{0x80}), CodeMalformed},
		{"field-cut", "a field that is longer than the message", frameOf(kindGet, append(tag(1, 2), 64)), CodeMalformed},
		{"field-length-2-63", "a field of 2^63 bytes", frameOf(kindGet, protowire.AppendVarint(tag(1, 2), 1<<63)), CodeMalformed},
		{"field-unknown-cut", "an unknown field that ends early", frameOf(kindGet, append(tag(15, 2), 5, 'x')), CodeMalformed},
		{"field-group", "a group", frameOf(kindEnd, append(tag(15, 3), tag(15, 4)...)), CodeMalformed},
		{"field-group-end", "the end of a group", frameOf(kindEnd, tag(15, 4)), CodeMalformed},
		{"field-wire-type-6", "wire type 6", frameOf(kindEnd, []byte{15<<3 | 6}), CodeMalformed},
		{"field-wrong-type", "a name that is a number", frameOf(kindGet, number(1, 5)), CodeMalformed},
		{"field-wrong-type-number", "a number that is bytes", frameOf(kindAudit, appendItem(nil, 3, []byte{1})), CodeMalformed},
		{"name-short", "a name of 63 bytes", frameOf(kindGet, appendItem(nil, 1, fill(63, 1))), CodeMalformed},
		{"name-long", "a name of 65 bytes", frameOf(kindGet, appendItem(nil, 1, fill(65, 1))), CodeMalformed},
		{"nonce-short", "a nonce of 31 bytes", frameOf(kindHave, appendItem(nil, 1, fill(31, 1))), CodeMalformed},
		{"rid-21", "a rid of 21 bytes", frameOf(KindRefs, appendItem(nil, 1, fill(21, 1))), CodeMalformed},
		{"length-2-63", "a share of 2^63 bytes", frameOf(kindOffer, number(2, 1<<63)), CodeMalformed},
		{"index-2-32", "an offer numbered 2^32", frameOf(kindSkip, number(1, 1<<32)), CodeMalformed},
		{"bool-2", "a truth of 2", frameOf(kindOffer, number(4, 2)), CodeMalformed},
		{"nested-cut", "a range that ends early", frameOf(kindGet, appendItem(nil, 2, []byte{8})), CodeMalformed},
		{"nested-range-2-63", "a range at 2^63", frameOf(kindGet, appendItem(nil, 2, number(1, 1<<63))), CodeMalformed},
		{"packed", "numbers packed into one field", frameOf(KindHolds, appendItem(nil, 2, []byte{0, 1})), CodeMalformed},
		{"unknown-kind", "a kind that is never given a meaning", frameOf(31, nil), CodeUnknown},
	}
}

// bounded is a frame around a message that may not be sent.
func bounded(name, about string, m Message) refused {
	return refused{name, about, AppendFrame(nil, m), CodeBounds}
}

func firstBounds() []refused {
	cert, secret, one := fill(183, 1), fill(32, 2), blobstore.Range{Off: 0, Len: 1}
	return []refused{
		bounded("open-empty", "no protocol", &Open{}),
		bounded("open-over", "a protocol of 33 bytes", &Open{strings.Repeat("x", MaxProtocol+1)}),
		bounded("member-empty", "no certificate", &KnockMember{}),
		bounded("member-over", "a certificate of 513 bytes", &KnockMember{fill(MaxCertificate+1, 1)}),
		bounded("guest-empty", "no certificate", &KnockGuest{nil, cert}),
		bounded("guest-no-introduction", "no introduction", &KnockGuest{cert, nil}),
		bounded("guest-over", "an introduction of 1,025 bytes", &KnockGuest{cert, fill(MaxIntroduction+1, 1)}),
		bounded("guest-certificate-over", "a certificate of 513 bytes", &KnockGuest{fill(MaxCertificate+1, 1), cert}),
		bounded("invitation-empty", "no certificate", &KnockInvitation{nil, secret, 0, nil, ""}),
		bounded("invitation-certificate-over", "a certificate of 513 bytes", &KnockInvitation{fill(MaxCertificate+1, 1), secret, 0, nil, ""}),
		bounded("invitation-secret-under", "a secret of 15 bytes", &KnockInvitation{cert, fill(MinSecret-1, 2), 0, nil, ""}),
		bounded("invitation-secret-over", "a secret of 65 bytes", &KnockInvitation{cert, fill(MaxSecret+1, 2), 0, nil, ""}),
		bounded("invitation-pledge-over", "a pledge over 2^62", &KnockInvitation{cert, secret, 1<<62 + 1, nil, ""}),
		bounded("invitation-records-over", "three address records", &KnockInvitation{cert, secret, 0, many(3, cert), ""}),
		bounded("invitation-record-over", "an address record of 1,025 bytes", &KnockInvitation{cert, secret, 0, [][]byte{fill(MaxRecord+1, 3)}, ""}),
		bounded("invitation-name-over", "a name of 33 bytes", &KnockInvitation{cert, secret, 0, nil, strings.Repeat("a", MaxName+1)}),
		bounded("invitation-record-empty", "an empty address record", &KnockInvitation{cert, secret, 0, [][]byte{{}}, ""}),
		bounded("knock-read-over", "257 ranges", &KnockRead{sampleName(1), many(MaxKnockRanges+1, one), false}),
		bounded("knock-read-range-over", "a range of 65,537 bytes", &KnockRead{sampleName(1), []blobstore.Range{{Off: 0, Len: maxChunk + 1}}, false}),
		bounded("where-no-rid", "no rid", &KnockWhere{OID: fill32(1)}),
		bounded("found-over", "17 address records", &Found{many(MaxList+1, cert)}),
		bounded("found-record-over", "an address record of 1,025 bytes", &Found{[][]byte{fill(MaxRecord+1, 3)}}),
	}
}

func askerBounds() []refused {
	one, name := blobstore.Range{Off: 0, Len: 1}, sampleName(1)
	get := func(ranges ...blobstore.Range) *getMsg { return &getMsg{name, ranges} }
	offer := func(n int64, sealed int) *offerMsg { return &offerMsg{name: name, len: n, sealed: fill(sealed, 1)} }
	return []refused{
		bounded("get-over", "1,025 ranges", get(many(blobstore.MaxRanges+1, one)...)),
		bounded("get-range-empty", "a range of 0 bytes", get(blobstore.Range{Off: 5, Len: 0})),
		bounded("get-range-over", "a range of 65,537 bytes", get(one, blobstore.Range{Off: 0, Len: maxChunk + 1})),
		bounded("get-range-far", "a range that ends after 2^47 bytes", get(blobstore.Range{Off: maxShare, Len: 1})),
		bounded("prove-over", "1,025 ranges", &proveMsg{*get(many(blobstore.MaxRanges+1, one)...)}),
		bounded("prove-range-over", "a range of 65,537 bytes", &proveMsg{*get(blobstore.Range{Off: 0, Len: maxChunk + 1})}),
		bounded("put-over", "65 offers", &putMsg{blobstore.MaxOffers + 1}),
		bounded("put-2-32", "2^32 − 1 offers", &putMsg{1<<32 - 1}),
		bounded("offer-empty", "a share of 0 bytes", offer(0, 0)),
		bounded("offer-over", "a share of 2^47 + 1 bytes", offer(maxShare+1, 0)),
		bounded("offer-sealed-over", "a sealed manifest of 8,337 bytes", offer(1, blobstore.MaxSealed+1)),
		bounded("have-over", "1,025 names", &haveMsg{fill32(1), many(blobstore.MaxNames+1, name)}),
		bounded("delete-over", "1,025 names", &deleteMsg{many(blobstore.MaxNames+1, name)}),
		bounded("audit-none", "no leaves", &auditMsg{name, fill32(1), 0}),
		bounded("audit-over", "1,025 leaves", &auditMsg{name, fill32(1), blobstore.MaxLeaves + 1}),
		bounded("chunk-empty", "a chunk of 0 bytes", &chunkMsg{0, 0}),
		bounded("chunk-over", "a chunk of 65,537 bytes", &chunkMsg{0, maxChunk + 1}),
	}
}

func holderBounds() []refused {
	leaf := func(data, proof int) blobstore.Leaf {
		return blobstore.Leaf{Data: fill(data, 1), Proof: fill(proof, 2)}
	}
	held := func(n int64, leaves ...blobstore.Leaf) *heldMsg {
		return &heldMsg{blobstore.Held{Len: n, Leaves: leaves}}
	}
	over := strings.Repeat("t", MaxText+1)
	return []refused{
		bounded("block-empty", "a block of 0 bytes", &blockMsg{0, 0}),
		bounded("block-over", "a block of 65,537 bytes", &blockMsg{0, maxChunk + 1}),
		bounded("proof-over", "a proof of 1,185 bytes", &proofMsg{fill(maxProof+1, 1)}),
		bounded("leaf-over", "a leaf of 1,025 bytes", &leafMsg{leaf(maxLeaf+1, 0)}),
		bounded("leaf-proof-over", "a proof of 1,185 bytes", &leafMsg{leaf(1, maxProof+1)}),
		bounded("held-over", "four leaves", held(1, many(4, leaf(1, 0))...)),
		bounded("held-length-over", "a share of 2^47 + 1 bytes", held(maxShare+1)),
		bounded("held-leaf-over", "a leaf of 1,025 bytes", held(1, leaf(maxLeaf+1, 0))),
		bounded("sealed-over", "a sealed manifest of 8,337 bytes", &sealedMsg{fill(blobstore.MaxSealed+1, 1)}),
		bounded("end-text-over", "a text of 201 bytes", &endMsg{status{code: CodeDenied, text: over}}),
		bounded("end-what-over", "a thing with a name of 201 bytes", &endMsg{status{code: CodeBounds, what: over}}),
		bounded("outcome-text-over", "a text of 201 bytes", &outcomeMsg{status: status{code: CodeDenied, text: over}}),
	}
}

func controlBounds() []refused {
	rid, some := sampleRID(20), fill(100, 1)
	ref := Ref{radicle.NID(fill32(1)), rid.Oid()}
	return []refused{
		bounded("hello-versions", "a lowest version over the highest", &Hello{MinVersion: 2, MaxVersion: 1}),
		bounded("hello-features-over", "33 features", &Hello{Features: many(MaxFeatures+1, "f")}),
		bounded("hello-feature-empty", "a feature without a name", &Hello{Features: []string{""}}),
		bounded("hello-feature-over", "a feature of 33 bytes", &Hello{Features: []string{strings.Repeat("f", MaxFeature+1)}}),
		bounded("hello-certificate-over", "a certificate of 513 bytes", &Hello{Certificate: fill(MaxCertificate+1, 1)}),
		bounded("hello-card-over", "a card of 8,193 bytes", &Hello{Card: fill(MaxCard+1, 1)}),
		bounded("hello-software-over", "a software of 65 bytes", &Hello{Software: strings.Repeat("s", MaxSoftware+1)}),
		bounded("addresses-over", "17 records", &Addresses{many(MaxList+1, some)}),
		bounded("addresses-record-over", "a record of 1,025 bytes", &Addresses{[][]byte{fill(MaxRecord+1, 1)}}),
		bounded("introductions-over", "17 introductions", &Introductions{many(MaxList+1, some)}),
		bounded("introductions-one-over", "an introduction of 1,025 bytes", &Introductions{[][]byte{fill(MaxIntroduction+1, 1)}}),
		bounded("revocations-over", "17 notices", &Revocations{many(MaxList+1, some)}),
		bounded("revocations-one-over", "a notice of 1,025 bytes", &Revocations{[][]byte{fill(MaxIntroduction+1, 1)}}),
		bounded("pledge-over", "a pledge over 2^62", &Pledge{Give: 1<<62 + 1}),
		bounded("pledge-used-over", "a pledge over 2^62", &Pledge{Used: 1<<62 + 1}),
		bounded("pledge-room-over", "a pledge over 2^62", &Pledge{Room: 1<<62 + 1}),
		bounded("refs-no-rid", "no rid", &Refs{Refs: []Ref{ref}}),
		bounded("refs-no-oid", "a ref without an oid", &Refs{RID: rid, Refs: []Ref{{NID: ref.NID}}}),
		bounded("refs-over", "65 refs", &Refs{RID: rid, Refs: many(MaxRefs+1, ref)}),
		bounded("has-over", "65 hashes", &Has{Hashes: many(MaxRefs+1, fill32(1))}),
		bounded("holds-over", "65 indexes", &Holds{Indexes: many[uint32](MaxRefs+1, 0)}),
		bounded("holds-index-over", "index 64", &Holds{Indexes: []uint32{MaxRefs}}),
		bounded("bye-over", "a text of 201 bytes", &Bye{Text: strings.Repeat("t", MaxText+1)}),
	}
}
