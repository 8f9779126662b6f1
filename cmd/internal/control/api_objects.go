package control

import (
	"time"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// What is asked about objects. Paths of files are absolute. {oid} is 64 hexadecimal digits, or those and ":SIZE".
//
//	POST   /v1/put                     Put → lines, Stored
//	POST   /v1/get                     Get → lines, Fetched
//	GET    /v1/objects                 Objects
//	GET    /v1/objects/{oid}           Holding
//	DELETE /v1/objects/{oid}           Forget → lines, Forgotten
//	POST   /v1/verify                  Verify → lines, Verified
//
// and by programs that git runs, about the objects of a repository:
//
//	POST   /v1/repositories/{rid}/look      Look → Looked
//	POST   /v1/repositories/{rid}/store     Store → lines, Looked
//	POST   /v1/repositories/{rid}/fetch     Get → lines, Fetched
//	POST   /v1/repositories/{rid}/ended     nothing: an agent has ended
//	POST   /v1/repositories/{rid}/records   Settle → Batch
//	POST   /v1/repositories/{rid}/recorded  Recorded → nothing
//	POST   /v1/repositories/{rid}/wrote     Wrote → Replicas: refs of ours have moved

// Requirement is how safe an object must be: local, safe or full (DESIGN.md §9). Empty is safe where there is a friend.
type Requirement string

// The requirements.
const (
	Local Requirement = "local"
	Safe  Requirement = "safe"
	Full  Requirement = "full"
)

// Pointer names an object.
type Pointer struct {
	OID  blobstore.OID `json:"oid"`
	Size int64         `json:"size"`
}

// Safety is how safe an object is.
type Safety struct {
	Stored bool `json:"stored"` // it can be brought back without this disk
	People int  `json:"people"` // who hold shares that count, each once
	Spare  int  `json:"spare"`  // how many of them may vanish
	K      int  `json:"k,omitempty"`
	N      int  `json:"n,omitempty"`
	Placed int  `json:"placed"` // shares of N
	Safe   bool `json:"safe"`   // meets the requirement safe
	Full   bool `json:"full"`   // meets the requirement full
	// By is who stored it, where that is a collaborator: the numbers are what their record says of their friends. Empty: we did.
	By string `json:"by,omitempty"`
}

// Put stores a file.
type Put struct {
	Path    string      `json:"path"`
	Object  *Pointer    `json:"object,omitempty"` // what it should be; nil: whatever it is
	Require Requirement `json:"require,omitempty"`
}

// Stored is an object after a put.
type Stored struct {
	Object  Pointer       `json:"object"`
	Safety  Safety        `json:"safety"`
	Sent    int64         `json:"sent"` // bytes that holders took
	Seconds float64       `json:"seconds"`
	Failed  []PersonError `json:"failed"` // who did not take what was offered
}

// PersonError is somebody who was of no help, and why.
type PersonError struct {
	DID   radicle.DID `json:"did"`
	Name  string      `json:"name,omitempty"`
	Error string      `json:"error"`
}

// Get brings an object back to a file. A file at To is an error unless Replace is set. What a call that was interrupted has
// written is used by the next.
type Get struct {
	OID     blobstore.OID `json:"oid"`
	Size    *int64        `json:"size,omitempty"` // nil: as the index or a record knows it
	To      string        `json:"to"`
	Replace bool          `json:"replace,omitempty"`
	// SkipOID leaves the comparison of the SHA-256 to the client, who then decides what becomes of the file: the daemon does not
	// wait until it is on the disk for good. Git-lfs does not either for what it can fetch again.
	SkipOID bool `json:"skip_oid,omitempty"`
	// From is what of a repository the person reads; it says nothing without a repository.
	From From `json:"from,omitzero"`
}

// From is what somebody reads where it is not the repository as its delegates have it: a namespace, as by rad://RID/NID, or a patch.
// Records of that namespace, or of whoever opened the patch, are believed for what is read. It comes from the person, never from
// what a repository carries.
type From struct {
	Namespace radicle.NID `json:"namespace,omitzero"`
	Patch     radicle.Oid `json:"patch,omitzero"`
}

// Fetched is an object that was brought back.
type Fetched struct {
	Object  Pointer        `json:"object"`
	Seconds float64        `json:"seconds"`
	Resumed int64          `json:"resumed"` // bytes that were here from an earlier call
	Extra   int64          `json:"extra"`   // bytes that arrived in vain
	Sources []SourceReport `json:"sources"`
}

// SourceReport is what one holder did in a download.
type SourceReport struct {
	DID   radicle.DID `json:"did"`
	Name  string      `json:"name,omitempty"`
	Share int         `json:"share"`
	Bytes int64       `json:"bytes"`
	Late  int         `json:"late,omitempty"`
	Error string      `json:"error,omitempty"`
}

// Object is a row of the list of objects.
type Object struct {
	Pointer
	Safety
	Added        time.Time     `json:"added"`
	Public       bool          `json:"public,omitempty"`
	Repositories []radicle.RID `json:"repositories"`
	Pending      bool          `json:"pending"`           // has shares to place
	Require      Requirement   `json:"require"`           // that it was stored with last
	Waiting      string        `json:"waiting,omitempty"` // for what, where it is pending
}

// Objects is a list of objects, the newest first.
type Objects struct {
	Objects []Object `json:"objects"`
}

// Holding is who holds an object.
type Holding struct {
	Object Object  `json:"object"`
	Shares []Share `json:"shares"`
}

// Share is one share of an object and where it is.
type Share struct {
	Index    int          `json:"index"`
	DID      *radicle.DID `json:"did,omitempty"` // nil: not placed
	Name     string       `json:"name,omitempty"`
	Online   bool         `json:"online"`
	Seen     *time.Time   `json:"seen,omitempty"`
	Verified *time.Time   `json:"verified,omitempty"` // when it was shown last
	State    string       `json:"state,omitempty"`    // held, missing, damaged, unreachable; of a verification
	Error    string       `json:"error,omitempty"`
	Healed   bool         `json:"healed,omitempty"`
	// For is a collaborator for whom alone the share is kept there, by their record: it does not count. Nil: it is ours.
	For     *radicle.DID `json:"for,omitempty"`
	ForName string       `json:"for_name,omitempty"`
}

// Forget gives an object up: its shares are deleted where they are, and it is no longer known here.
type Forget struct {
	// Force forgets although not every holder could be told.
	Force bool `json:"force,omitempty"`
}

// Forgotten is what became of it.
type Forgotten struct {
	Object  Pointer       `json:"object"`
	Deleted int           `json:"deleted"` // shares
	Failed  []PersonError `json:"failed"`  // who will be told when they are there again
}

// Verify asks the holders of objects to show that they have them.
type Verify struct {
	OIDs  []blobstore.OID `json:"oids,omitempty"`  // none: all
	Quick bool            `json:"quick,omitempty"` // three random leaves of each share instead of every byte of it
	// Path is a copy of the one object that is verified. Empty: where the daemon knows one, or from shares.
	Path string `json:"path,omitempty"`
	// Heal puts what is missing or damaged again where it was.
	Heal bool `json:"heal,omitempty"`
}

// Verified is what was found, object by object.
type Verified struct {
	Objects []VerifiedObject `json:"objects"`
}

// VerifiedObject is what was found out about an object.
type VerifiedObject struct {
	Object Pointer `json:"object"`
	Safety Safety  `json:"safety"` // by what was found
	Whole  bool    `json:"whole"`  // every byte was compared
	Shares []Share `json:"shares"`
}

// Look asks how safe objects are. The answer comes from what is known here, and soon.
type Look struct {
	Objects []Pointer `json:"objects"` // at most 10,000
}

// Looked answers for each object, in order.
type Looked struct {
	Objects []Safety `json:"objects"`
}

// Store stores files that lie on this disk, for a repository.
type Store struct {
	Files   []File      `json:"files"` // at most 10,000
	Require Requirement `json:"require,omitempty"`
	// Storage is the LFS storage of the repository. In <Storage>/radswarm/pending the daemon keeps hard links until all shares
	// are placed. Empty: there is none.
	Storage string `json:"storage,omitempty"`
}

// File is an object and where it lies.
type File struct {
	Pointer
	Path string `json:"path"`
	Name string `json:"name,omitempty"` // for people
}

// Settle asks for the records of objects that a push brings, with what is known of their paths in the pushed commits.
type Settle struct {
	Sightings []Sighting `json:"sightings"`
}

// Sighting is an object in a commit.
type Sighting struct {
	Pointer
	Paths []string `json:"paths"`
	// Asked is what the attribute swarm-zone says for each path, as git check-attr prints it. None: no attribute in the commit.
	Asked []string `json:"asked,omitempty"`
}

// Wrote says that refs of ours have moved. With Wait the answer comes when all members who are there have what they are now, or
// after two seconds.
type Wrote struct {
	Wait bool `json:"wait,omitempty"`
}

// Replicas are those who have all that we wrote in a repository.
type Replicas struct {
	People []Replica `json:"people"`
}

// Replica is one of them.
type Replica struct {
	DID  radicle.DID `json:"did"`
	Name string      `json:"name,omitempty"`
}

// Batch is what is to be written into refs/notes/swarm of our namespace; package record has the meaning and the encodings.
type Batch struct {
	ID          string          `json:"id"` // empty: there is nothing to write
	Records     []BatchRecord   `json:"records"`
	Envelopes   []BatchEnvelope `json:"envelopes"`
	Cards       [][]byte        `json:"cards"`
	Certificate []byte          `json:"certificate,omitempty"`
	// Truths are lines that the person must be told.
	Truths []Warning `json:"truths"`
}

// BatchRecord is a record.Change.
type BatchRecord struct {
	Pointer
	Base   []byte `json:"base"`
	Record []byte `json:"record,omitempty"` // none: remove
}

// BatchEnvelope is a record.Envelope.
type BatchEnvelope struct {
	Kind     uint8       `json:"kind"`
	Number   uint32      `json:"number"`
	ID       []byte      `json:"id"`
	To       radicle.DID `json:"to"`
	Envelope []byte      `json:"envelope"`
}

// Recorded says that a batch was signed and stored.
type Recorded struct {
	ID string `json:"id"`
}
