package identity

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"radswarm/radicle"
	"radswarm/radicle/cjson"
	"radswarm/radicle/gitobj"
)

// The bounds of a document.
const (
	MaxDocument  = 4 << 20 // bytes that are parsed; an allow list of some 70,000 people
	MaxDelegates = 255     // distinct ones
	version      = 1       // the only version of the format; it is not written
)

// ErrDocument is wrapped by all errors about a document that breaks a rule.
var ErrDocument = errors.New("invalid identity document")

// A Document is a valid identity document. It never changes; [Document.Edit] gives a draft of the next one.
type Document struct {
	draft Draft
}

// Visibility says who may have a repository: everyone, or the delegates and those on the allow list.
type Visibility struct {
	Private bool
	Allow   []radicle.DID // sorted and distinct in a Document; empty unless Private
}

// Parse reads a document as Radicle does: known fields may stand there once, others are ignored, delegates that stand there
// twice count once. Errors wrap [ErrDocument].
func Parse(data []byte) (*Document, error) {
	if len(data) > MaxDocument {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrDocument, len(data), MaxDocument)
	}
	v, err := cjson.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDocument, err)
	}
	draft, err := readDraft(v)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDocument, err)
	}
	return draft.Verify()
}

func readDraft(v cjson.Value) (Draft, error) {
	f := cjson.ReadFields(v, "version", "payload", "delegates", "threshold", "visibility")
	if f.Has("version") && f.Uint("version") != version {
		f.Fail("version", "is not 1, the only one known")
	}
	d := Draft{Payload: make(map[string]cjson.Value)}
	for _, m := range f.Object("payload") {
		d.Payload[m.Key] = m.Value
	}
	d.Delegates = cjson.ReadList(f, "delegates", radicle.ParseDID)
	d.Threshold = int(min(f.Uint("threshold"), MaxDelegates+1))
	if f.Has("visibility") {
		var err error
		if d.Visibility, err = readVisibility(f.Get("visibility")); err != nil {
			f.Fail("visibility", err.Error())
		}
	}
	return d, f.Err()
}

func readVisibility(v cjson.Value) (Visibility, error) {
	f := cjson.ReadFields(v, "type", "allow")
	switch kind := f.Text("type"); kind {
	case "public":
		return Visibility{}, f.Err()
	case "private":
		visibility := Visibility{Private: true}
		if f.Has("allow") {
			visibility.Allow = cjson.ReadList(f, "allow", radicle.ParseDID)
		}
		return visibility, f.Err()
	default:
		f.Fail("type", fmt.Sprintf("%.40q is neither public nor private", kind))
		return Visibility{}, f.Err()
	}
}

// Encode returns the canonical form, the bytes of the blob. The error wraps [cjson.ErrNumber] or [cjson.ErrText]: a payload that
// was read, or put there, can hold what has no canonical form.
func (d *Document) Encode() ([]byte, error) {
	payload := cjson.Object{}
	for _, id := range slices.Sorted(maps.Keys(d.draft.Payload)) {
		payload = append(payload, cjson.Member{Key: id, Value: d.draft.Payload[id]})
	}
	o := cjson.Object{
		{Key: "delegates", Value: didArray(d.draft.Delegates)},
		{Key: "payload", Value: payload},
		{Key: "threshold", Value: cjson.Int(int64(d.draft.Threshold))},
	}
	if d.draft.Visibility.Private {
		visibility := cjson.Object{{Key: "type", Value: "private"}}
		if len(d.draft.Visibility.Allow) > 0 {
			visibility = append(visibility, cjson.Member{Key: "allow", Value: didArray(d.draft.Visibility.Allow)})
		}
		o = append(o, cjson.Member{Key: "visibility", Value: visibility})
	}
	return cjson.Encode(o)
}

func didArray(dids []radicle.DID) cjson.Array {
	list := make(cjson.Array, len(dids))
	for i, did := range dids {
		list[i] = did.String()
	}
	return list
}

// RID is the id of the repository whose first document this is, in an object format of size bytes, 20 or 32. Errors are those of
// [Document.Encode].
func (d *Document) RID(size int) (radicle.RID, error) {
	data, err := d.Encode()
	if err != nil {
		return radicle.RID{}, err
	}
	return radicle.NewRID(gitobj.Hash(gitobj.KindBlob, data, size)), nil
}

// Delegates returns the delegates, 1 to 255, in the document's order.
func (d *Document) Delegates() []radicle.DID { return slices.Clone(d.draft.Delegates) }

// IsDelegate reports whether did is one of the delegates.
func (d *Document) IsDelegate(did radicle.DID) bool { return slices.Contains(d.draft.Delegates, did) }

// Threshold is the number of delegates who must agree on the default branch.
func (d *Document) Threshold() int { return d.draft.Threshold }

// Majority is the number of delegates who must accept a change of the document: more than half.
func (d *Document) Majority() int { return len(d.draft.Delegates)/2 + 1 }

// Visibility returns who may have the repository.
func (d *Document) Visibility() Visibility { return d.draft.Visibility.clone() }

// VisibleTo reports whether did may have the repository.
func (d *Document) VisibleTo(did radicle.DID) bool {
	if !d.draft.Visibility.Private || d.IsDelegate(did) {
		return true
	}
	_, ok := slices.BinarySearchFunc(d.draft.Visibility.Allow, did, radicle.DID.Compare)
	return ok
}

// Members returns everyone whom the document names: the delegates, then the allow list without them.
func (d *Document) Members() []radicle.DID {
	members := d.Delegates()
	for _, did := range d.draft.Visibility.Allow {
		if !d.IsDelegate(did) {
			members = append(members, did)
		}
	}
	return members
}

// Payload returns the payload with the id. Do not change what it holds.
func (d *Document) Payload(id string) (cjson.Value, bool) {
	v, ok := d.draft.Payload[id]
	return v, ok
}

// Payloads returns the ids of all payloads, sorted.
func (d *Document) Payloads() []string { return slices.Sorted(maps.Keys(d.draft.Payload)) }

// Equal reports whether two documents say the same.
func (d *Document) Equal(e *Document) bool {
	return slices.Equal(d.draft.Delegates, e.draft.Delegates) && d.draft.Threshold == e.draft.Threshold &&
		d.draft.Visibility.Private == e.draft.Visibility.Private &&
		slices.Equal(d.draft.Visibility.Allow, e.draft.Visibility.Allow) &&
		maps.EqualFunc(d.draft.Payload, e.draft.Payload, func(a, b cjson.Value) bool { return cjson.Equal(a, b) })
}

// Edit returns a draft with the document's content. Changing it does not change the document.
func (d *Document) Edit() Draft {
	draft := d.draft
	draft.Payload = maps.Clone(draft.Payload)
	draft.Delegates = slices.Clone(draft.Delegates)
	draft.Visibility = draft.Visibility.clone()
	return draft
}

func (v Visibility) clone() Visibility { return Visibility{v.Private, slices.Clone(v.Allow)} }
