package wire

import (
	"bytes"
	"strings"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// sample is a message that may be sent.
type sample struct {
	name string
	m    Message
}

// fill returns n bytes, each b.
func fill(n int, b byte) []byte { return bytes.Repeat([]byte{b}, n) }

func fill32(b byte) [32]byte { return [32]byte(fill(32, b)) }

// many returns n copies of v.
func many[T any](n int, v T) []T {
	all := make([]T, n)
	for i := range all {
		all[i] = v
	}
	return all
}

func sampleName(b byte) blobstore.ShareName {
	return blobstore.ShareName{SID: fill32(b), Root: fill32(b + 1)}
}

func sampleRID(size int) radicle.RID {
	id, err := radicle.OidFromBytes(fill(size, 0xab))
	if err != nil {
		panic(err)
	}
	return radicle.NewRID(id)
}

// samples are messages of every kind: as they are usual, as short as they may be, and as long as they may be.
func samples() []sample {
	all := append(firstSamples(), requestSamples()...)
	all = append(all, putSamples()...)
	return append(append(all, answerSamples()...), controlSamples()...)
}

func firstSamples() []sample {
	cert, ranges := fill(183, 0xce), []blobstore.Range{{Off: 65536, Len: 65536}, {Off: 0, Len: 1}}
	far := blobstore.Range{Off: maxShare - maxChunk, Len: maxChunk}
	return []sample{
		{"open-blk", &Open{ProtocolBlocks}},
		{"open-ctl", &Open{ProtocolControl}},
		{"open-git", &Open{ProtocolGit}},
		{"open-short", &Open{"x"}},
		{"open-long", &Open{strings.Repeat("x", MaxProtocol)}},
		{"knock-member", &KnockMember{cert}},
		{"knock-member-long", &KnockMember{fill(MaxCertificate, 1)}},
		{"knock-guest", &KnockGuest{cert, fill(200, 0xed)}},
		{"knock-guest-long", &KnockGuest{fill(MaxCertificate, 1), fill(MaxIntroduction, 2)}},
		{"knock-invitation", &KnockInvitation{cert, fill(32, 0x5e), 50 << 30, [][]byte{fill(150, 0xad)}, ""}},
		{"knock-invitation-named", &KnockInvitation{cert, fill(32, 0x5e), 50 << 30, nil, "Bo Ø"}},
		{"knock-invitation-short", &KnockInvitation{Certificate: fill(1, 1), Secret: fill(MinSecret, 2)}},
		{"knock-invitation-long", &KnockInvitation{
			fill(MaxCertificate, 1), fill(MaxSecret, 2), 1 << 62, many(MaxKnockRecords, fill(MaxRecord, 3)), "",
		}},
		{"knock-read", &KnockRead{sampleName(1), ranges, false}},
		{"knock-read-prove", &KnockRead{sampleName(1), ranges, true}},
		{"knock-read-long", &KnockRead{sampleName(1), many(MaxKnockRanges, far), true}},
		{"knock-where", &KnockWhere{sampleRID(20), fill32(0x0d)}},
		{"knock-where-sha256", &KnockWhere{sampleRID(32), fill32(0x0d)}},
		{"welcome", &Welcome{AccessGuest | AccessMember}},
		{"welcome-unknown-access", &Welcome{1<<32 - 1}},
		{"found", &Found{[][]byte{fill(150, 0xad), fill(151, 0xad)}}},
		{"found-none", &Found{}},
		{"found-long", &Found{many(MaxList, fill(MaxRecord, 1))}},
	}
}

func requestSamples() []sample {
	one := []blobstore.Range{{Off: 65536, Len: 65536}}
	far := blobstore.Range{Off: maxShare - maxChunk, Len: maxChunk}
	return []sample{
		{"get", &getMsg{sampleName(1), one}},
		{"get-none", &getMsg{sampleName(1), nil}},
		{"get-long", &getMsg{sampleName(1), many(blobstore.MaxRanges, far)}},
		{"prove", &proveMsg{getMsg{sampleName(1), one}}},
		{"prove-long", &proveMsg{getMsg{sampleName(1), many(blobstore.MaxRanges, far)}}},
		{"have", &haveMsg{fill32(9), names{sampleName(1), sampleName(3)}}},
		{"have-none", &haveMsg{fill32(9), nil}},
		{"have-long", &haveMsg{fill32(9), many(blobstore.MaxNames, sampleName(1))}},
		{"manifest", &manifestMsg{fill32(0x1d)}},
		{"audit", &auditMsg{sampleName(1), fill32(9), 3}},
		{"audit-long", &auditMsg{sampleName(1), fill32(9), blobstore.MaxLeaves}},
		{"hash", &hashMsg{sampleName(1), fill32(9)}},
		{"delete", &deleteMsg{names{sampleName(1), sampleName(3)}}},
		{"delete-none", &deleteMsg{}},
		{"delete-long", &deleteMsg{many(blobstore.MaxNames, sampleName(1))}},
	}
}

func putSamples() []sample {
	bounds := status{code: CodeBounds, what: "share length", got: -1, min: 1, max: 1 << 47}
	return []sample{
		{"put", &putMsg{2}},
		{"put-none", &putMsg{}},
		{"put-long", &putMsg{blobstore.MaxOffers}},
		{"offer", &offerMsg{sampleName(1), 100_000, fill32(0xd1), false, fill32(0x1d), fill(464, 0x5e)}},
		{"offer-open", &offerMsg{sampleName(1), 1, fill32(0xd1), true, fill32(0x1d), nil}},
		{"offer-long", &offerMsg{sampleName(1), maxShare, fill32(0xd1), true, fill32(0x1d), fill(blobstore.MaxSealed, 0x5e)}},
		{"decision-send", &decisionMsg{outcomeMsg{index: 0}}},
		{"decision-had", &decisionMsg{outcomeMsg{index: 1, had: true}}},
		{"decision-full", &decisionMsg{outcomeMsg{index: 63, status: status{code: CodeFull}}}},
		{"decision-bounds", &decisionMsg{outcomeMsg{index: 2, status: bounds}}},
		{"chunk", &chunkMsg{1, maxChunk}},
		{"chunk-short", &chunkMsg{0, 1}},
		{"abort", &abortMsg{indexed{63}}},
		{"skip", &skipMsg{indexed{1}}},
		{"outcome", &outcomeMsg{index: 0}},
		{"outcome-had", &outcomeMsg{index: 1, had: true}},
		{"outcome-root", &outcomeMsg{index: 2, status: status{code: CodeRoot}}},
	}
}

func answerSamples() []sample {
	leaf := blobstore.Leaf{Data: fill(1024, 1), Proof: fill(64, 2)}
	longest := blobstore.Leaf{Data: fill(maxLeaf, 1), Proof: fill(maxProof, 2)}
	numbers := status{CodeBounds, 1<<63 - 1, strings.Repeat("t", MaxText), strings.Repeat("w", MaxText), -1 << 63, -1 << 63, 1<<63 - 1}
	return []sample{
		{"block", &blockMsg{1, maxChunk}},
		{"block-short", &blockMsg{0, 1}},
		{"proof", &proofMsg{fill(96, 2)}},
		{"proof-none", &proofMsg{}},
		{"proof-long", &proofMsg{fill(maxProof, 2)}},
		{"leaf", &leafMsg{leaf}},
		{"leaf-long", &leafMsg{longest}},
		{"held", &heldMsg{blobstore.Held{Len: 3000, Leaves: many(3, leaf)}}},
		{"held-not", &heldMsg{}},
		{"held-long", &heldMsg{blobstore.Held{Len: maxShare, Leaves: many(3, longest)}}},
		{"sealed", &sealedMsg{fill(464, 0x5e)}},
		{"sealed-long", &sealedMsg{fill(blobstore.MaxSealed, 0x5e)}},
		{"digest", &digestMsg{fill32(7)}},
		{"end", &endMsg{}},
		{"end-not-found", &endMsg{status{code: CodeNotFound}}},
		{"end-busy", &endMsg{status{code: CodeBusy, retryAfter: 1500}}},
		{"end-denied", &endMsg{status{code: CodeDenied, text: "the clock of this machine is wrong"}}},
		{"end-long", &endMsg{numbers}},
		{"wait", &waitMsg{}},
	}
}

func controlSamples() []sample {
	ref := Ref{radicle.NID(fill32(0x1d)), sampleRID(20).Oid()}
	long := Ref{radicle.NID(fill32(0x1d)), sampleRID(32).Oid()}
	return []sample{
		{"hello", &Hello{1, 1, []string{"grease"}, fill(183, 0xce), fill(1500, 0xca), [16]byte(fill(16, 0x1f)), AccessFriend, "radswarm 0.1"}},
		{"hello-short", &Hello{}},
		{"hello-long", &Hello{
			1, 1<<32 - 1, many(MaxFeatures, strings.Repeat("f", MaxFeature)), fill(MaxCertificate, 1), fill(MaxCard, 2),
			[16]byte{},
			1<<32 - 1, strings.Repeat("s", MaxSoftware),
		}},
		{"ping", &pingMsg{7}},
		{"ping-long", &pingMsg{1<<64 - 1}},
		{"pong", &pongMsg{pingMsg{7}}},
		{"addresses", &Addresses{[][]byte{fill(150, 0xad)}}},
		{"addresses-long", &Addresses{many(MaxList, fill(MaxRecord, 1))}},
		{"introductions", &Introductions{[][]byte{fill(200, 0xed)}}},
		{"introductions-long", &Introductions{many(MaxList, fill(MaxIntroduction, 1))}},
		{"revocations", &Revocations{[][]byte{fill(120, 0xe0)}}},
		{"revocations-long", &Revocations{many(MaxList, fill(MaxIntroduction, 1))}},
		{"pledge", &Pledge{50 << 30, 1 << 30, 20 << 30}},
		{"pledge-long", &Pledge{1 << 62, 1 << 62, 1 << 62}},
		{"refs", &Refs{sampleRID(20), []Ref{ref, ref}, false}},
		{"refs-want", &Refs{RID: sampleRID(20), Want: true}},
		{"refs-long", &Refs{sampleRID(32), many(MaxRefs, long), true}},
		{"has", &Has{fill32(9), [][32]byte{HasHash(fill32(9), sampleRID(20)), HasHash(fill32(9), sampleRID(32))}}},
		{"has-long", &Has{fill32(9), many(MaxRefs, fill32(1))}},
		{"holds", &Holds{fill32(9), []uint32{0, 1}}},
		{"holds-long", &Holds{fill32(9), many[uint32](MaxRefs, MaxRefs-1)}},
		{"busy", &Busy{60_000}},
		{"bye", &Bye{}},
		{"bye-version", &Bye{CodeVersion, "version 2 is spoken here"}},
	}
}
