package wire

import (
	"time"

	"radswarm/blobstore"
)

// Bounds of what one peer sends another (PROTOCOL.md §9), in bytes where nothing else is said.
const (
	MaxText         = 200     // of text for people
	MaxProtocol     = 32      // of the name of a protocol
	MaxFeatures     = 32      // names in HELLO
	MaxFeature      = 32      // of one such name
	MaxSoftware     = 64      // of the name of the software
	MaxName         = 32      // of what somebody calls itself
	MaxCertificate  = 512     // of a device certificate
	MaxCard         = 8 << 10 // of a key card
	MaxRecord       = 1 << 10 // of an address record
	MaxIntroduction = 1 << 10 // of an introduction, or of a notice that revokes one
	MaxList         = 16      // records, introductions or notices in one message
	MaxRefs         = 64      // refs in REFS, hashes in HAS
	MinSecret       = 16      // of the secret of an invitation
	MaxSecret       = 64
	MaxKnockRecords = 2   // address records in a knock
	MaxKnockRanges  = 256 // ranges in a knock

	maxLeaf  = 1 << 10
	maxProof = 37 * 32 // FORMAT.md §6.3, for a share of 2^47 bytes
	maxShare = 1 << 47
	maxChunk = blobstore.MaxChunk

	maxBody         = 80 << 10 // of any frame
	maxFirst        = 4 << 10  // of the first frame, its length included
	maxFirstMessage = maxFirst - 5
)

// Times of PROTOCOL.md §4 and §7.
const (
	paceWindow = 10 * time.Second // in which a waiting peer gets paceBytes
	paceBytes  = 16 << 10
	waitEvery  = 3 * time.Second // between two WAITs
	firstFrame = 5 * time.Second // for the first frame of a stream
	helloTime  = 10 * time.Second
	lingerTime = 30 * time.Second // for the peer to close after END, where it was still sending
	byeTime    = 5 * time.Second  // for the peer to close after BYE
	pingAfter  = 15 * time.Second // of having sent nothing
	maxSilence = 30 * time.Second // of having heard nothing

	maxRetry = time.Hour // the longest time that BUSY can ask for

	freeWaits = 16          // WAITs that may come at once, and
	waitGap   = time.Second // for each of these one more
)
