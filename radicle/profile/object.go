package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A member is one key of a JSON object and where it stands in the text: the key with its quotes at [keyAt, keyEnd), the value at
// [from, to).
type member struct {
	key           string
	keyAt, keyEnd int
	from, to      int
}

var errNotObject = errors.New("not a JSON object")

// object reads the members of the JSON object that is the whole of text. A key that occurs twice is an error: programs would
// disagree about which one counts.
func object(text []byte) ([]member, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	if tok, err := dec.Token(); err != nil {
		return nil, jsonError(err)
	} else if tok != json.Delim('{') {
		return nil, errNotObject
	}
	var members []member
	seen := make(map[string]bool)
	for dec.More() {
		m, err := readMember(dec, text)
		if err != nil {
			return nil, jsonError(err)
		}
		if seen[m.key] {
			return nil, fmt.Errorf("key %.64q occurs twice", m.key)
		}
		seen[m.key] = true
		members = append(members, m)
	}
	if _, err := dec.Token(); err != nil { // the closing brace
		return nil, jsonError(err)
	}
	if rest := bytes.TrimSpace(text[dec.InputOffset():]); len(rest) > 0 {
		return nil, errors.New("text after the JSON object")
	}
	return members, nil
}

func readMember(dec *json.Decoder, text []byte) (m member, err error) {
	before := int(dec.InputOffset())
	tok, err := dec.Token()
	if err != nil {
		return m, err
	}
	m.key, _ = tok.(string) // the decoder lets nothing else through in this place
	m.keyEnd = int(dec.InputOffset())
	m.keyAt = before + bytes.IndexByte(text[before:m.keyEnd], '"')
	var value json.RawMessage
	if err := dec.Decode(&value); err != nil {
		return m, err
	}
	m.to = int(dec.InputOffset())
	m.from = m.to - len(value)
	return m, nil
}

// jsonError hides that the text ran out inside a decoder.
func jsonError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("JSON ends too early")
	}
	return err
}

// find returns the member with a key.
func find(members []member, key string) (member, bool) {
	for _, m := range members {
		if m.key == key {
			return m, true
		}
	}
	return member{}, false
}

// setValue returns text, a JSON object, with the value at path replaced or added, and every other byte as it was. A new key comes
// last in its object, spaced like the key before it; objects that are missing on the way are made.
func setValue(text, value []byte, path []string) ([]byte, error) {
	members, err := object(text)
	if err != nil {
		return nil, err
	}
	old, ok := find(members, path[0])
	switch {
	case !ok:
		return addMember(text, members, path[0], nest(value, path[1:]))
	case len(path) == 1:
		return splice(text, old.from, old.to, value), nil
	}
	inner, err := setValue(text[old.from:old.to], value, path[1:])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path[0], err)
	}
	return splice(text, old.from, old.to, inner), nil
}

// addMember adds a key at the end of an object.
func addMember(text []byte, members []member, key string, value []byte) ([]byte, error) {
	entry, err := marshal(key)
	if err != nil {
		return nil, err
	}
	entry = append(append(entry, ": "...), value...)
	if len(members) == 0 {
		at := bytes.IndexByte(text, '{') + 1
		return splice(text, at, at, entry), nil
	}
	last := members[len(members)-1]
	space := text[:last.keyAt]
	space = space[len(bytes.TrimRight(space, " \t\r\n")):]
	entry = append(append([]byte{','}, space...), entry...)
	return splice(text, last.to, last.to, entry), nil
}

// unsetValue returns text without the key at path, or text itself where there is none.
func unsetValue(text []byte, path []string) ([]byte, error) {
	members, err := object(text)
	if err != nil {
		return nil, err
	}
	for i, m := range members {
		switch {
		case m.key != path[0]:
		case len(path) > 1:
			inner, err := unsetValue(text[m.from:m.to], path[1:])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path[0], err)
			}
			return splice(text, m.from, m.to, inner), nil
		case i > 0: // with the comma before it
			return splice(text, members[i-1].to, m.to, nil), nil
		case len(members) > 1: // with the comma after it
			return splice(text, m.keyAt, members[1].keyAt, nil), nil
		default:
			return splice(text, m.keyAt, m.to, nil), nil
		}
	}
	return text, nil
}

// nest wraps a value in objects, one for each key of path.
func nest(value []byte, path []string) []byte {
	for i := len(path) - 1; i >= 0; i-- {
		key, _ := marshal(path[i]) // a string always marshals
		value = append(append(append([]byte{'{'}, key...), ": "...), append(bytes.Clone(value), '}')...)
	}
	return value
}

func splice(text []byte, from, to int, with []byte) []byte {
	return append(append(bytes.Clone(text[:from]), with...), text[to:]...)
}

// marshal is json.Marshal without the escapes meant for HTML.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte{'\n'}), nil
}
