package zone

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// Truth is something that a person must be told when it comes true: one of the types of this file, or a [Refusal]. String is
// plain text of one line, with people as DIDs.
type Truth interface {
	String() string
	truth()
}

// WillRead says who will be able to read, when members get their first envelopes.
type WillRead struct{ People []radicle.DID } // without the owner; none: nobody else

// Forever says that objects were opened to everyone.
type Forever struct{ Objects int }

// Confirmable says that objects that are not public stand in a public repository.
type Confirmable struct{ Objects int }

// NoCard is a reader who is sealed to by the bare DID.
type NoCard struct{ Who radicle.DID }

// CannotRead is a reader who cannot be sealed to: [keyring.ErrKEM] or [radicle.ErrWeakKey].
type CannotRead struct {
	Who radicle.DID
	Err error
}

// LostAccess says who reads nothing that is added from now on.
type LostAccess struct{ People []radicle.DID }

// TooMany says that a document names more readers than get envelopes.
type TooMany struct{ Readers, Sealed int }

func (WillRead) truth()    {}
func (Forever) truth()     {}
func (Confirmable) truth() {}
func (NoCard) truth()      {}
func (CannotRead) truth()  {}
func (LostAccess) truth()  {}
func (TooMany) truth()     {}
func (Refusal) truth()     {}

func (t WillRead) String() string {
	if len(t.People) == 0 {
		return "nobody but you can read the big files of this repository, until it has other members"
	}
	return "able to read the big files of this repository from now on: " + list(t.People)
}

func (t Forever) String() string {
	return fmt.Sprintf("everyone who has the repository can read %s: publishing cannot be undone", files(t.Objects))
}

func (t Confirmable) String() string {
	return fmt.Sprintf("%s in a public repository: nobody else can read what is in there, but everyone sees size and SHA-256, "+
		"and who has the same file knows that you have it", files(t.Objects))
}

func (t NoCard) String() string {
	return fmt.Sprintf("%v has no key card here yet: reads only where the key file is at hand, not through an ssh-agent alone, "+
		"until a first push of theirs brings the card", t.Who)
}

func (t CannotRead) String() string {
	if errors.Is(t.Err, keyring.ErrKEM) {
		return fmt.Sprintf("%v cannot read: the key card is of a newer kind than this program knows", t.Who)
	}
	return fmt.Sprintf("%v cannot read: %v", t.Who, t.Err)
}

func (t LostAccess) String() string {
	return "reading nothing that is added from now on, but keeping what they could open so far: " + list(t.People)
}

func (t TooMany) String() string {
	return fmt.Sprintf("the repository names %d readers, and only the first %d get keys", t.Readers, t.Sealed)
}

func files(n int) string {
	if n == 1 {
		return "1 file"
	}
	return strconv.Itoa(n) + " files"
}

// list names five people, and counts the others.
func list(people []radicle.DID) string {
	const most = 5
	var names []string
	for _, did := range people[:min(len(people), most)] {
		names = append(names, did.String())
	}
	text := strings.Join(names, ", ")
	if more := len(people) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Why is the reason of a [Refusal].
type Why uint8

const (
	// Unreadable is an attribute that is no zone: the object is private.
	Unreadable Why = iota + 1
	// Beyond is an attribute that asks for more than the owner's settings allow.
	Beyond
	// NotReader is an attribute that names people who are not readers of the repository.
	NotReader
	// Elsewhere is a path of an object that is at a narrower path too.
	Elsewhere
	// Stays is an object that was settled before, and goes further only by a command.
	Stays
	// Inward is an object that was settled before, and cannot be taken back.
	Inward
)

// Refusal says what a path asked for and did not get.
type Refusal struct {
	Path   string // of any bytes but NUL
	Asked  string // a zone, or the beginning of what is none
	Got    Zone
	Why    Why
	People []radicle.DID // for NotReader, and Beyond where some are left out
}

// String has the path quoted as Go does, without control characters.
func (r Refusal) String() string {
	path := strconv.Quote(clipPath(r.Path))
	switch r.Why {
	case Unreadable:
		return fmt.Sprintf("%s is %v: %q in .gitattributes is not a zone", path, r.Got, r.Asked)
	case Beyond:
		if len(r.People) > 0 {
			return fmt.Sprintf("%s is %v: .gitattributes names people whom you did not: %s", path, r.Got.kind, list(r.People))
		}
		return fmt.Sprintf("%s is %v: .gitattributes asks for %s, which takes your word once%s", path, r.Got.kind, word(r.Asked), r.hint())
	case NotReader:
		return fmt.Sprintf("%s is %v: not readers of this repository: %s", path, r.Got.kind, list(r.People))
	case Elsewhere:
		return fmt.Sprintf("%s is %v, because the same file is so at another path%s", path, r.Got.kind, r.hint())
	case Stays:
		return fmt.Sprintf("%s stays %v, as it was before%s", path, r.Got.kind, r.hint())
	case Inward:
		return fmt.Sprintf("%s stays %v: who could read it keeps it%s", path, r.Got.kind, r.hint())
	}
	return path + " is " + r.Got.kind.String()
}

// hint is the command as the end of a sentence.
func (r Refusal) hint() string {
	if c := r.Command(); c != "" {
		return ": " + c
	}
	return ""
}

// Command returns what gives the path what it asked for, to be pasted into a shell; "" where nothing does, and for a path with
// characters that do not print: a command never carries those.
func (r Refusal) Command() string {
	if r.Why == Beyond && len(r.People) == 0 {
		return "rad swarm zone default " + r.Asked
	}
	path, ok := shellQuote(r.Path)
	if ok && (r.Why == Elsewhere || r.Why == Stays) {
		return "rad swarm zone set " + r.Asked + " " + path
	}
	return ""
}

// word returns the first word of a zone.
func word(asked string) string {
	kind, _, _ := strings.Cut(asked, ":")
	return kind
}

// clipPath shortens a path for people.
func clipPath(path string) string {
	const most = 256
	if len(path) <= most {
		return path
	}
	return "…" + path[len(path)-most:]
}

// shellQuote makes one word of a path that prints, for a POSIX shell; one that starts with a dash is no flag.
func shellQuote(path string) (string, bool) {
	if !utf8.ValidString(path) || strings.ContainsFunc(path, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", false
	}
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'", true
}
