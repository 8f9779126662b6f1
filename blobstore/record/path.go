package record

import (
	"encoding/binary"
	"encoding/hex"
	"strings"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// Ref is the branch of records, below the namespace of its writer.
const Ref = "refs/notes/swarm"

// Paths of RECORD.md §2.
const (
	dirKeys         = "keys"
	dirCards        = "cards"
	dirEpochs       = "epochs"
	fileCertificate = "certificate"

	pathCards       = dirKeys + "/" + dirCards
	pathEpochs      = dirKeys + "/" + dirEpochs
	pathCertificate = dirKeys + "/" + fileCertificate
)

// recordPath is where the record with a key lies.
func recordPath(key radicle.Oid) string {
	text := key.String()
	return text[:2] + "/" + text[2:]
}

// cardPath is where a card lies.
func cardPath(c *keyring.Card) string { return pathCards + "/" + c.Current().String() }

// epochName is the folder of an epoch.
type epochName struct {
	kind   keyring.GroupKind
	number uint32
	id     keyring.KeyID
}

// kindName is a kind of groups as paths have it; "" for one that has no name.
func kindName(k keyring.GroupKind) string {
	names := [...]string{keyring.Members: "members", keyring.Mine: "mine", keyring.Named: "named"}
	if int(k) >= len(names) {
		return ""
	}
	return names[k]
}

// String is the name of the folder.
func (e epochName) String() string {
	number := binary.BigEndian.AppendUint32(nil, e.number)
	return hex.EncodeToString(number) + "-" + kindName(e.kind) + "-" + e.id.String()
}

// parseEpochName is the inverse of [epochName.String], and refuses every other spelling.
func parseEpochName(s string) (e epochName, ok bool) {
	parts := strings.Split(s, "-")
	if len(parts) != 3 {
		return e, false
	}
	number, err1 := hex.DecodeString(parts[0])
	id, err2 := hex.DecodeString(parts[2])
	if err1 != nil || err2 != nil || len(number) != 4 || len(id) != len(e.id) {
		return e, false
	}
	e.number, e.id = binary.BigEndian.Uint32(number), keyring.KeyID(id)
	for _, k := range []keyring.GroupKind{keyring.Members, keyring.Mine, keyring.Named} {
		if kindName(k) == parts[1] {
			e.kind = k
		}
	}
	return e, e.kind != 0 && e.String() == s
}

// lowerHex reads a name of lower-case hexadecimal digits into dst, which it must fill.
func lowerHex(dst []byte, name string) bool {
	if len(name) != hex.EncodedLen(len(dst)) || strings.ToLower(name) != name {
		return false
	}
	_, err := hex.Decode(dst, []byte(name))
	return err == nil
}

// Group is whom the writer lets read, of one kind.
func (p Place) Group(kind keyring.GroupKind) keyring.Group {
	return keyring.Group{Kind: kind, RID: p.RID, Writer: p.Writer}
}
