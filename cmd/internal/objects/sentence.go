package objects

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/swarm"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// called is what somebody is called in a sentence.
func (o *Objects) called(did radicle.DID) string {
	if name := o.opt.People.Person(did).Name; name != "" {
		return name
	}
	return did.Short()
}

// away says of somebody who cannot be reached since when that is.
func away(p Person) string {
	if p.Seen.IsZero() {
		return "never seen"
	}
	return "last seen " + ago(time.Since(p.Seen))
}

// ago says how long ago something was.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}

// situation is who can be reached, and who is waited for and why.
type situation struct {
	reachable, missing []string
	full               int // of those missing
}

func (o *Objects) situation() situation {
	var s situation
	candidates := map[radicle.DID]bool{}
	for _, one := range o.opt.People.Candidates() {
		candidates[one.DID] = true
	}
	for _, did := range o.opt.People.Friends() {
		p, err := o.opt.People.Person(did), o.troubles.with(did)
		switch {
		case !p.Online:
			s.missing = append(s.missing, o.called(did)+" ("+away(p)+")")
		case !candidates[did]:
			s.missing, s.full = append(s.missing, o.called(did)+" (has no room)"), s.full+1
		case err != nil:
			s.missing = append(s.missing, o.called(did)+" ("+inWords(err)+")")
			if errors.Is(err, blobstore.ErrFull) {
				s.full++
			}
		default:
			s.reachable = append(s.reachable, o.called(did))
		}
	}
	return s
}

// maxNamed is how many people a sentence names.
const maxNamed = 8

// list names people in a sentence.
func list(names []string) string {
	if more := len(names) - maxNamed; more > 0 {
		names = append(names[:maxNamed:maxNamed], fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

// lacks says who is missing for something that needs some number of shares, each with somebody else.
func (o *Objects) lacks(need int) string {
	s := o.situation()
	text := fmt.Sprintf("%s needed, %s reachable", counted(need, "share"), counted(len(s.reachable), "friend"))
	if len(s.reachable) > 0 {
		text += ": " + list(s.reachable)
	}
	if len(s.missing) > 0 {
		text += "; waiting for: " + list(s.missing)
	}
	return text
}

// counted is a number of things.
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// needed is how many people a requirement needs for an object.
func needed(r *row, crowd *crowd, require control.Requirement) int {
	k, n := r.Coding.K, r.Coding.N
	if k == 0 {
		scheme := crowd.scheme()
		k, n = max(1, scheme.K), max(1, scheme.N)
	}
	if require == control.Full {
		return n
	}
	return swarm.Safe(k, crowd.friends)
}

// nobodyYet says why an object is not coded.
func nobodyYet(p People) string {
	if len(p.Friends()) == 0 {
		return "there is no friend yet"
	}
	return "no friend has room"
}

// waitsFor says for what shares that are not placed wait.
func (o *Objects) waitsFor(r *row, crowd *crowd, missing int) string {
	text := counted(missing, "share") + " to place"
	if s := o.situation(); len(s.missing) > 0 {
		return text + "; waiting for: " + list(s.missing)
	}
	if crowd.friends < r.Coding.N {
		return text + ", which " + counted(crowd.friends, "friend") + " cannot all take"
	}
	return text
}

// unsafe is that an object is not as safe as was required.
func (o *Objects) unsafe(name string, r *row, crowd *crowd, require control.Requirement, hint string) error {
	e := &control.Error{Code: control.CodeMissing, Message: name + ": " + o.lacks(needed(r, crowd, require)), Hint: hint}
	switch s := o.situation(); {
	case crowd.safetyOf(r).Stored:
		e.Code = control.CodeUnsafe
	case s.full > 0 && s.full == len(s.missing) && len(s.reachable) == 0:
		e.Code = control.CodeFull
	}
	return e
}

// Explain says what clients are told of an error of this package, and of those of swarm that pass through it; nil: it has no
// meaning of its own.
func Explain(err error) *control.Error {
	if e, ok := errors.AsType[*control.Error](err); ok {
		return e
	}
	code := control.CodeFailed
	switch {
	case errors.Is(err, swarm.ErrChanged), errors.Is(err, blobstore.ErrOID):
		code = control.CodeConflict
	case errors.Is(err, blobstore.ErrShares):
		code = control.CodeMissing
	case errors.Is(err, errStopping), errors.Is(err, context.Canceled):
		code = control.CodeStopping
	default:
		return nil
	}
	return &control.Error{Code: code, Message: err.Error()}
}
