package net

import (
	"errors"
	"fmt"
	stdnet "net"
	"strings"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
)

// What a caller may branch on.
var (
	// ErrClosed is something that this side has ended: a stream, a connection or the whole network. It is the ErrClosed of
	// the standard package net.
	ErrClosed = stdnet.ErrClosed
	// ErrBusy is a limit that is reached, here or at the peer; see [LimitError]. It passes. It is also
	// [blobstore.ErrBusy].
	ErrBusy = fmt.Errorf("too much at once: %w", blobstore.ErrBusy)
	// ErrUnreachable is a device that none of its addresses led to; see [DialError].
	ErrUnreachable = errors.New("device is not reachable")
	// ErrDevice is a device that cannot be dialled: its key is not valid, or it is this one.
	ErrDevice = errors.New("not a device to connect to")
	// ErrWrongDevice is somebody else at the address that was dialled.
	ErrWrongDevice = errors.New("another device answers there")
	// ErrReplaced is a connection that takes no new streams because there is a newer one with the same device.
	ErrReplaced = errors.New("connection was replaced by a newer one")
	// ErrCut is a connection that has ended without this side's doing; see [CutError].
	ErrCut = errors.New("connection was cut")
	// ErrAddr is a text that is no address.
	ErrAddr = errors.New("not an address")
)

// LimitError says which limit is reached. It is [ErrBusy].
type LimitError struct {
	What  string // the thing, in words: "streams to the peer"
	Limit int    // how many there may be
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s: the limit of %d is reached", e.What, e.Limit)
}

// Is reports whether target is [ErrBusy] or [blobstore.ErrBusy].
func (e *LimitError) Is(target error) bool { return target == ErrBusy || target == blobstore.ErrBusy }

// ResetError is the other side's Reset.
type ResetError struct {
	Code uint32
}

func (e *ResetError) Error() string {
	return fmt.Sprintf("stream was reset by the peer with code %d", e.Code)
}

// ResetCode returns the code.
func (e *ResetError) ResetCode() uint32 { return e.Code }

// CutError is the end of a connection. It is [ErrClosed] where this side closed it, else [ErrCut].
type CutError struct {
	Device keyring.Device
	Code   uint32 // why, as whoever closed it said; 0 where nobody said anything
	Local  bool   // this side closed it
	Reason string // what is known beyond the code, for people
}

func (e *CutError) Error() string {
	who := "cut"
	if e.Local {
		who = "closed here"
	}
	text := fmt.Sprintf("connection with device %v was %s with code %s", e.Device, who, codeText(e.Code))
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// Is reports whether target is [ErrClosed] or [ErrCut], whichever it was.
func (e *CutError) Is(target error) bool {
	if e.Local {
		return target == ErrClosed
	}
	return target == ErrCut
}

// DialError says what became of each address. It is [ErrUnreachable].
type DialError struct {
	Device   keyring.Device
	Attempts []Attempt // in the order in which they ended; none: there was no address to try
}

// Attempt is one address that did not lead to the device.
type Attempt struct {
	Addr      Addr
	Transport Transport
	Err       error
}

func (e *DialError) Error() string {
	if len(e.Attempts) == 0 {
		return fmt.Sprintf("device %v: no address to try", e.Device)
	}
	texts := make([]string, len(e.Attempts))
	for i, a := range e.Attempts {
		texts[i] = fmt.Sprintf("%v by %v: %v", a.Addr, a.Transport, a.Err)
	}
	return fmt.Sprintf("device %v is not reachable: %s", e.Device, strings.Join(texts, "; "))
}

// Is reports whether target is [ErrUnreachable].
func (e *DialError) Is(target error) bool { return target == ErrUnreachable }

// Unwrap returns the attempts' errors.
func (e *DialError) Unwrap() []error {
	errs := make([]error, len(e.Attempts))
	for i, a := range e.Attempts {
		errs[i] = a.Err
	}
	return errs
}
