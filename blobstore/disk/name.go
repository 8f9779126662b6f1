package disk

import (
	"encoding/hex"
	"strconv"
	"strings"

	"radswarm/blobstore"
)

// state is where a share stands. It is the ending of its file's name, so that one rename changes it.
type state int

const (
	absent  state = iota
	held          // .share
	bad           // .bad: it rotted, and is kept for repair
	trashed       // .trash-<Unix seconds>: without owners since then
)

// Folders and files of a store, beside those of shares.
const (
	partsDir    = "parts" // what is written before it has its name
	partsPrefix = partsDir + "/"
	markFile    = "store"    // says that this is a store, and which
	lockName    = "lock"     // locked by the process that has the store open
	sessionFile = "session"  // the session of the index that may be believed
	indexFile   = "index.db" // the index

	leaseSuffix = ".lease"  // of the leases of a share, where they are others than the footer's
	trashSuffix = ".trash-" // and seconds
)

func (s state) String() string {
	switch s {
	case held:
		return "held"
	case bad:
		return "bad"
	case trashed:
		return "trashed"
	}
	return "absent"
}

// suffix returns the ending of the file's name; since is when it went to the trash.
func (s state) suffix(since int64) string {
	switch s {
	case held:
		return ".share"
	case bad:
		return ".bad"
	case trashed:
		return trashSuffix + strconv.FormatInt(since, 10)
	}
	return ""
}

// folder returns the folder of a share's files. 4,096 of them: a million shares make 250 files in each.
func folder(sid blobstore.SID) string {
	h := hex.EncodeToString(sid[:2])
	return h[:2] + "/" + h[2:3]
}

// stem returns what the names of a share's files begin with.
func stem(name blobstore.ShareName) string {
	return folder(name.SID) + "/" + name.SID.String() + "-" + name.Root.String()
}

// sharePath returns the name of a share's file.
func sharePath(name blobstore.ShareName, s state, since int64) string {
	return stem(name) + s.suffix(since)
}

// leasePath returns the name of the file with a share's leases.
func leasePath(name blobstore.ShareName) string { return stem(name) + leaseSuffix }

// stemLen is the length of SID, hyphen and root in hexadecimal.
const stemLen = 64 + 1 + 64

// parseBase reads the name of a file in a folder of shares. State is absent for the file of leases. Names that no share has
// are not ok.
func parseBase(dir, base string) (name blobstore.ShareName, s state, since int64, ok bool) {
	if len(base) < stemLen || base[64] != '-' {
		return name, 0, 0, false
	}
	var err error
	if name.SID, err = blobstore.ParseSID(base[:64]); err != nil {
		return name, 0, 0, false
	}
	if name.Root, err = blobstore.ParseRoot(base[65:stemLen]); err != nil || folder(name.SID) != dir {
		return name, 0, 0, false
	}
	s, since, ok = parseSuffix(base[stemLen:])
	return name, s, since, ok
}

func parseSuffix(suffix string) (s state, since int64, ok bool) {
	switch suffix {
	case held.suffix(0):
		return held, 0, true
	case bad.suffix(0):
		return bad, 0, true
	case leaseSuffix:
		return absent, 0, true
	}
	digits, ok := strings.CutPrefix(suffix, trashSuffix)
	since, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || since < 0 || suffix != trashed.suffix(since) {
		return 0, 0, false
	}
	return trashed, since, true
}
