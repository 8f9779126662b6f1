package lfsagent

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"path/filepath"
	"strings"

	"radswarm/blobstore"
)

// The events that mean something to us. All others, and all other fields, are passed over: later versions of git-lfs may send them.
const (
	eventInit      = "init"
	eventTerminate = "terminate"
	eventBad       = "" // a line that is no message
)

// message is a line from git-lfs.
type message struct {
	Event     string          `json:"event"`
	Operation Operation       `json:"operation"` // init
	Remote    string          `json:"remote"`    // init: a name, rarely a URL
	OID       string          `json:"oid"`
	Size      int64           `json:"size"`
	Path      string          `json:"path"`   // upload
	Action    json.RawMessage `json:"action"` // null, unless a server chose us
	bad       bool            // a field is not of its type
}

// parseMessage reads a line. The name of the object is kept where it can be, so that the answer reaches it.
func parseMessage(line []byte) message {
	var m message
	line = bytes.TrimSpace(line)
	if len(line) == 0 || line[0] != '{' {
		return message{Event: eventBad, bad: len(line) > 0}
	}
	err := json.Unmarshal(line, &m)
	if _, wrongType := err.(*json.UnmarshalTypeError); err != nil && !wrongType { //nolint:errorlint // json returns it bare
		return message{Event: eventBad, bad: true}
	}
	m.bad = err != nil
	return m
}

// known reports whether a message must be acted upon.
func (m *message) known() bool {
	switch m.Event {
	case eventInit, eventTerminate, string(Upload), string(Download):
		return true
	}
	return m.bad && m.Event == eventBad
}

var errMalformed = refuse(CodeRequest, "", "git-lfs sends what is no message")

// maxRemote bounds the name of a remote, in bytes.
const maxRemote = 4096

// checkInit refuses what no git-lfs sends.
func (m *message) checkInit() error {
	switch {
	case m.bad:
		return errMalformed
	case m.Operation != Upload && m.Operation != Download:
		return refuse(CodeRequest, "", "git-lfs wants to %s: that is neither upload nor download", printable(string(m.Operation), 40))
	case len(m.Remote) > maxRemote:
		return refuse(CodeRequest, "", "the remote's name has %d bytes", len(m.Remote))
	}
	return nil
}

// object is what a transfer is about.
func (m *message) object(op Operation) (blobstore.Pointer, error) {
	action := bytes.TrimSpace(m.Action)
	oid, err := blobstore.ParseOID(m.OID)
	switch {
	case op == "":
		return blobstore.Pointer{}, refuse(CodeRequest, "", "git-lfs sends a request before init")
	case m.bad || err != nil:
		return blobstore.Pointer{}, errMalformed
	case m.Event != string(op):
		return blobstore.Pointer{}, refuse(CodeRequest, "", "git-lfs wants a %s from a worker for %s", m.Event, op)
	case len(action) > 0 && !bytes.Equal(action, []byte("null")):
		return blobstore.Pointer{}, refuse(CodeRefused, "", "an LFS server chose this transfer, not this repository: refused")
	case m.Size < 0 || m.Size > blobstore.MaxSize:
		return blobstore.Pointer{}, refuse(CodeRequest, "", "an object of %d bytes: the largest has %d", m.Size, int64(blobstore.MaxSize))
	case (m.Size == 0) != (oid == sha256.Sum256(nil)):
		return blobstore.Pointer{}, refuse(CodeRequest, "", "an object of %d bytes cannot have this name", m.Size)
	case op == Upload && (!filepath.IsAbs(m.Path) || strings.ContainsRune(m.Path, 0)):
		return blobstore.Pointer{}, refuse(CodeRequest, "", "git-lfs names no file")
	}
	return blobstore.Pointer{OID: oid, Size: m.Size}, nil
}
