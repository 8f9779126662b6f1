package wire

import "fmt"

// Kind says which message a frame holds. It is the field number of the message in the frame (PROTOCOL.md §2).
type Kind uint32

// The kinds. Those that are 15 modulo 16 are never given a meaning.
const (
	KindOpen            Kind = 1
	KindKnockMember     Kind = 2
	KindKnockGuest      Kind = 3
	KindKnockInvitation Kind = 4
	KindKnockRead       Kind = 5
	KindKnockWhere      Kind = 6
	KindWelcome         Kind = 7
	KindFound           Kind = 8

	kindGet      Kind = 16
	kindProve    Kind = 17
	kindPut      Kind = 18
	kindHave     Kind = 19
	kindManifest Kind = 20
	kindAudit    Kind = 21
	kindHash     Kind = 22
	kindDelete   Kind = 23
	kindOffer    Kind = 24
	kindChunk    Kind = 25
	kindAbort    Kind = 26

	kindBlock    Kind = 32
	kindProof    Kind = 33
	kindLeaf     Kind = 34
	kindHeld     Kind = 35
	kindSealed   Kind = 36
	kindDigest   Kind = 37
	kindDecision Kind = 38
	kindSkip     Kind = 39
	kindOutcome  Kind = 40
	kindEnd      Kind = 41
	kindWait     Kind = 42

	KindHello         Kind = 64
	kindPing          Kind = 65
	kindPong          Kind = 66
	KindAddresses     Kind = 67
	KindIntroductions Kind = 68
	KindRevocations   Kind = 69
	KindPledge        Kind = 70
	KindRefs          Kind = 71
	KindHas           Kind = 72
	KindHolds         Kind = 73
	KindBusy          Kind = 74
	KindBye           Kind = 75
)

// kindInfo is a row of the table in PROTOCOL.md §2.
type kindInfo struct {
	name  string
	bound int // bytes of the longest message
	make  func() Message
}

// info returns the row of a kind. The name of one that is not known is empty, and so is its bound.
func (k Kind) info() kindInfo {
	switch {
	case k < kindGet:
		return k.first()
	case k < kindBlock:
		return k.asked()
	case k < KindHello:
		return k.answered()
	default:
		return k.control()
	}
}

func (k Kind) first() kindInfo {
	switch k {
	case KindOpen:
		return kindInfo{"OPEN", 256, func() Message { return new(Open) }}
	case KindKnockMember:
		return kindInfo{"KNOCK_MEMBER", maxFirstMessage, func() Message { return new(KnockMember) }}
	case KindKnockGuest:
		return kindInfo{"KNOCK_GUEST", maxFirstMessage, func() Message { return new(KnockGuest) }}
	case KindKnockInvitation:
		return kindInfo{"KNOCK_INVITATION", maxFirstMessage, func() Message { return new(KnockInvitation) }}
	case KindKnockRead:
		return kindInfo{"KNOCK_READ", maxFirstMessage, func() Message { return new(KnockRead) }}
	case KindKnockWhere:
		return kindInfo{"KNOCK_WHERE", maxFirstMessage, func() Message { return new(KnockWhere) }}
	case KindWelcome:
		return kindInfo{"WELCOME", 256, func() Message { return new(Welcome) }}
	case KindFound:
		return kindInfo{"FOUND", 20 << 10, func() Message { return new(Found) }}
	}
	return kindInfo{}
}

func (k Kind) asked() kindInfo {
	switch k {
	case kindGet:
		return kindInfo{"GET", 24 << 10, func() Message { return new(getMsg) }}
	case kindProve:
		return kindInfo{"PROVE", 24 << 10, func() Message { return new(proveMsg) }}
	case kindPut:
		return kindInfo{"PUT", 256, func() Message { return new(putMsg) }}
	case kindHave:
		return kindInfo{"HAVE", 72 << 10, func() Message { return new(haveMsg) }}
	case kindManifest:
		return kindInfo{"MANIFEST", 256, func() Message { return new(manifestMsg) }}
	case kindAudit:
		return kindInfo{"AUDIT", 256, func() Message { return new(auditMsg) }}
	case kindHash:
		return kindInfo{"HASH", 256, func() Message { return new(hashMsg) }}
	case kindDelete:
		return kindInfo{"DELETE", 72 << 10, func() Message { return new(deleteMsg) }}
	case kindOffer:
		return kindInfo{"OFFER", 10 << 10, func() Message { return new(offerMsg) }}
	case kindChunk:
		return kindInfo{"CHUNK", 256, func() Message { return new(chunkMsg) }}
	case kindAbort:
		return kindInfo{"ABORT", 256, func() Message { return new(abortMsg) }}
	}
	return kindInfo{}
}

func (k Kind) answered() kindInfo {
	switch k {
	case kindBlock:
		return kindInfo{"BLOCK", 256, func() Message { return new(blockMsg) }}
	case kindProof:
		return kindInfo{"PROOF", 1536, func() Message { return new(proofMsg) }}
	case kindLeaf:
		return kindInfo{"LEAF", 2560, func() Message { return new(leafMsg) }}
	case kindHeld:
		return kindInfo{"HELD", 7680, func() Message { return new(heldMsg) }}
	case kindSealed:
		return kindInfo{"SEALED", 9 << 10, func() Message { return new(sealedMsg) }}
	case kindDigest:
		return kindInfo{"DIGEST", 256, func() Message { return new(digestMsg) }}
	case kindDecision:
		return kindInfo{"DECISION", 1 << 10, func() Message { return new(decisionMsg) }}
	case kindSkip:
		return kindInfo{"SKIP", 256, func() Message { return new(skipMsg) }}
	case kindOutcome:
		return kindInfo{"OUTCOME", 1 << 10, func() Message { return new(outcomeMsg) }}
	case kindEnd:
		return kindInfo{"END", 1 << 10, func() Message { return new(endMsg) }}
	case kindWait:
		return kindInfo{"WAIT", 256, func() Message { return new(waitMsg) }}
	}
	return kindInfo{}
}

func (k Kind) control() kindInfo {
	switch k {
	case KindHello:
		return kindInfo{"HELLO", 16 << 10, func() Message { return new(Hello) }}
	case kindPing:
		return kindInfo{"PING", 256, func() Message { return new(pingMsg) }}
	case kindPong:
		return kindInfo{"PONG", 256, func() Message { return new(pongMsg) }}
	case KindAddresses:
		return kindInfo{"ADDRESSES", 20 << 10, func() Message { return new(Addresses) }}
	case KindIntroductions:
		return kindInfo{"INTRODUCTIONS", 20 << 10, func() Message { return new(Introductions) }}
	case KindRevocations:
		return kindInfo{"REVOCATIONS", 20 << 10, func() Message { return new(Revocations) }}
	case KindPledge:
		return kindInfo{"PLEDGE", 256, func() Message { return new(Pledge) }}
	case KindRefs:
		return kindInfo{"REFS", 8 << 10, func() Message { return new(Refs) }}
	case KindHas:
		return kindInfo{"HAS", 4 << 10, func() Message { return new(Has) }}
	case KindHolds:
		return kindInfo{"HOLDS", 1 << 10, func() Message { return new(Holds) }}
	case KindBusy:
		return kindInfo{"BUSY", 256, func() Message { return new(Busy) }}
	case KindBye:
		return kindInfo{"BYE", 1 << 10, func() Message { return new(Bye) }}
	}
	return kindInfo{}
}

// String returns the name that PROTOCOL.md §2 gives it.
func (k Kind) String() string {
	if name := k.info().name; name != "" {
		return name
	}
	return fmt.Sprintf("kind %d", uint32(k))
}
