package identity

import (
	"errors"
	"fmt"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/cjson"
	"radswarm/radicle/cob"
)

// ErrTitle is the error for a title that is empty or has more than one line.
var ErrTitle = errors.New("title must be one line of text")

// The names of the actions. That of an edit is not a slip of ours.
const (
	actionRevision = "revision"
	actionEdit     = "RevisionEdit"
	actionAccept   = "revision.accept"
	actionReject   = "revision.reject"
	actionRedact   = "revision.redact"
)

// action is one action on the identity: the fields that its name has.
type action struct {
	name        string
	revision    radicle.Oid // that is edited, accepted, rejected or redacted
	title       string
	description string
	blob        radicle.Oid
	parent      *radicle.Oid
	signature   radicle.Signature // over the bytes of the blob's id
}

func (a action) encode() ([]byte, error) {
	o := cjson.Object{{Key: "type", Value: a.name}}
	add := func(key string, v cjson.Value) { o = append(o, cjson.Member{Key: key, Value: v}) }
	if a.name == actionRevision {
		add("blob", a.blob.String())
		if add("parent", nil); a.parent != nil {
			o[len(o)-1].Value = a.parent.String()
		}
	} else {
		add("revision", a.revision.String())
	}
	if a.name == actionRevision || a.name == actionAccept {
		add("signature", a.signature.String())
	}
	if a.name == actionRevision || a.name == actionEdit {
		if add("title", a.title); a.description != "" {
			add("description", a.description)
		}
	}
	return cjson.Encode(o)
}

func parseAction(data []byte) (action, error) {
	v, err := cjson.Parse(data)
	if err != nil {
		return action{}, err
	}
	f := cjson.ReadFields(v, "type", "title", "description", "blob", "parent", "signature", "revision")
	a := action{name: f.Text("type")}
	switch a.name {
	case actionRevision:
		a.blob = cjson.Read(f, "blob", radicle.ParseOid)
		a.parent = cjson.ReadOptional(f, "parent", radicle.ParseOid)
		a.signature = cjson.Read(f, "signature", radicle.ParseSignature)
		a.readText(f)
	case actionEdit:
		a.revision = cjson.Read(f, "revision", radicle.ParseOid)
		a.readText(f)
	case actionAccept:
		a.revision = cjson.Read(f, "revision", radicle.ParseOid)
		a.signature = cjson.Read(f, "signature", radicle.ParseSignature)
	case actionReject, actionRedact:
		a.revision = cjson.Read(f, "revision", radicle.ParseOid)
	default:
		f.Fail("type", fmt.Sprintf("%.40q is no action on an identity", a.name))
	}
	return a, f.Err()
}

func (a *action) readText(f *cjson.Fields) {
	a.title = f.Text("title")
	if f.Has("description") {
		a.description = f.Text("description")
	}
}

// parseActions reads all actions of an operation; one that cannot be read spoils the operation.
func parseActions(e *cob.Entry) ([]action, error) {
	list := make([]action, len(e.Actions))
	for i, data := range e.Actions {
		var err error
		if list[i], err = parseAction(data); err != nil {
			return nil, fmt.Errorf("action %d: %w", i, err)
		}
	}
	return list, nil
}

// title checks and trims the title of a revision that is to be written.
func title(s string) (string, error) {
	trimmed := strings.TrimSpace(s)
	if trimmed == "" || strings.ContainsAny(s, "\r\n") {
		return "", ErrTitle
	}
	return trimmed, nil
}
