package identity

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"radswarm/radicle"
	"radswarm/radicle/cjson"
)

// The errors of edits.
var (
	// ErrPublic is the error for an allow list in a document that is public.
	ErrPublic = errors.New("repository is public")
	// ErrPayload is the error for setting a key in a payload that is not an object.
	ErrPayload = errors.New("payload is not an object")
)

// A Draft is a document that may be invalid: the next one in the making. [Draft.Verify] makes it a [Document].
type Draft struct {
	Payload    map[string]cjson.Value // by payload id, such as xyz.radicle.project
	Delegates  []radicle.DID
	Threshold  int
	Visibility Visibility
}

// New is the draft of a new repository's document: one delegate, threshold 1.
func New(project Project, delegate radicle.DID, visibility Visibility) Draft {
	return Draft{
		Payload:    map[string]cjson.Value{ProjectPayload: project.value()},
		Delegates:  []radicle.DID{delegate},
		Threshold:  1,
		Visibility: visibility.clone(),
	}
}

// Verify returns the document if it holds the rules that every reader checks: 1 to 255 distinct delegates and a threshold from 1
// to their number. Delegates and people on the allow list who stand there twice count once. Errors wrap [ErrDocument]. What
// payloads hold is not checked; see [Document.CheckProposal].
func (d Draft) Verify() (*Document, error) {
	delegates, err := distinct(d.Delegates)
	if err != nil {
		return nil, err
	}
	if d.Threshold < 1 || d.Threshold > len(delegates) {
		return nil, fmt.Errorf("%w: threshold %d with %d delegates", ErrDocument, d.Threshold, len(delegates))
	}
	doc := &Document{Draft{maps.Clone(d.Payload), delegates, d.Threshold, Visibility{Private: d.Visibility.Private}}}
	if d.Visibility.Private {
		doc.draft.Visibility.Allow = sortedDIDs(d.Visibility.Allow)
	}
	return doc, nil
}

// distinct returns the delegates without repetitions, in their order.
func distinct(dids []radicle.DID) ([]radicle.DID, error) {
	var list []radicle.DID
	for _, did := range dids {
		if slices.Contains(list, did) {
			continue
		}
		if len(list) == MaxDelegates {
			return nil, fmt.Errorf("%w: more than %d delegates", ErrDocument, MaxDelegates)
		}
		list = append(list, did)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: no delegates", ErrDocument)
	}
	return list, nil
}

func sortedDIDs(dids []radicle.DID) []radicle.DID {
	return slices.Compact(slices.SortedFunc(slices.Values(dids), radicle.DID.Compare))
}

// AddDelegate adds did after the other delegates, unless it is one.
func (d *Draft) AddDelegate(did radicle.DID) {
	if !slices.Contains(d.Delegates, did) {
		d.Delegates = append(slices.Clip(d.Delegates), did)
	}
}

// RemoveDelegate removes did and reports whether it was a delegate. The threshold stays.
func (d *Draft) RemoveDelegate(did radicle.DID) bool {
	rest := slices.DeleteFunc(slices.Clone(d.Delegates), func(e radicle.DID) bool { return e == did })
	removed := len(rest) < len(d.Delegates)
	d.Delegates = rest
	return removed
}

// Allow lets did see a private repository. In a public one it fails with [ErrPublic].
func (d *Draft) Allow(did radicle.DID) error {
	if !d.Visibility.Private {
		return ErrPublic
	}
	d.Visibility.Allow = sortedDIDs(append(slices.Clip(d.Visibility.Allow), did))
	return nil
}

// Disallow takes did from the allow list. In a public repository it fails with [ErrPublic].
func (d *Draft) Disallow(did radicle.DID) error {
	if !d.Visibility.Private {
		return ErrPublic
	}
	d.Visibility.Allow = slices.DeleteFunc(slices.Clone(d.Visibility.Allow), func(e radicle.DID) bool { return e == did })
	return nil
}

// SetPrivate makes the repository private, with nobody on a new allow list, or public, which drops the allow list.
func (d *Draft) SetPrivate(private bool) {
	if d.Visibility.Private != private {
		d.Visibility = Visibility{Private: private}
	}
}

// SetPayload sets a key of the payload id, which is created if need be; a nil value removes the key. A payload that is no object
// is left alone, with an error that wraps [ErrPayload].
func (d *Draft) SetPayload(id, key string, value cjson.Value) error {
	payload, exists := d.Payload[id]
	o, ok := payload.(cjson.Object)
	switch {
	case exists && !ok:
		return fmt.Errorf("%s: %w", id, ErrPayload)
	case value != nil:
		o = o.Set(key, value)
	case exists:
		o = o.Delete(key)
	default:
		return nil
	}
	d.Payload = maps.Clone(d.Payload)
	if d.Payload == nil {
		d.Payload = make(map[string]cjson.Value)
	}
	d.Payload[id] = o
	return nil
}
