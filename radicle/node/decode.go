package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Unknown holds the fields of a JSON object that this package does not know: what a newer node says more. It is nil where there
// are none.
type Unknown map[string]json.RawMessage

// A field is where a key of a JSON object goes: any pointer that encoding/json takes.
type field struct {
	into     any
	optional bool
}

type fields map[string]field

// must is a field that has to be there, may one that need not.
func must(into any) field { return field{into: into} }
func may(into any) field  { return field{into: into, optional: true} }

// decode reads a JSON object and puts each key where known says, exactly as it is spelled, and the rest into unknown. A null where
// a field may be missing is a missing one.
func decode(text []byte, unknown *Unknown, known fields) error {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		return err
	}
	if values == nil {
		return errors.New("null, want an object")
	}
	for key, f := range known {
		value, ok := values[key]
		delete(values, key)
		switch {
		case f.optional && (!ok || string(value) == "null"):
		case !ok:
			return fmt.Errorf("%q is missing", key)
		default:
			if err := json.Unmarshal(value, f.into); err != nil {
				return fmt.Errorf("%q: %w", key, err)
			}
		}
	}
	*unknown = nil
	if len(values) > 0 {
		*unknown = values
	}
	return nil
}

// variant reads one of the two forms in which Radicle writes an alternative: "name", or {"name": content}.
func variant(text []byte) (name string, content json.RawMessage, err error) {
	if json.Unmarshal(text, &name) == nil && string(text) != "null" {
		return name, nil, nil
	}
	var one map[string]json.RawMessage
	if err := json.Unmarshal(text, &one); err != nil {
		return "", nil, err
	}
	if len(one) != 1 {
		return "", nil, fmt.Errorf("%d alternatives, want one", len(one))
	}
	for name, content = range one {
	}
	return name, content, nil
}

// maxTime is the latest time that is believed, in Unix seconds: the end of the year 9999.
const maxTime = 253402300799

// A timeField is a time since 1970 as Radicle writes it, in units of unit.
type timeField struct {
	into *time.Time
	unit time.Duration
}

// inSeconds and inMilliseconds are where a time goes.
func inSeconds(t *time.Time) *timeField      { return &timeField{t, time.Second} }
func inMilliseconds(t *time.Time) *timeField { return &timeField{t, time.Millisecond} }

// UnmarshalJSON reads the number.
func (f *timeField) UnmarshalJSON(text []byte) error {
	perSecond := int64(time.Second / f.unit)
	n, err := unixTime(text, maxTime*perSecond)
	if err == nil {
		*f.into = time.Unix(n/perSecond, n%perSecond*int64(f.unit))
	}
	return err
}

func unixTime(text []byte, latest int64) (int64, error) {
	var n uint64
	if err := json.Unmarshal(text, &n); err != nil {
		return 0, err
	}
	if n > uint64(latest) {
		return 0, fmt.Errorf("time %d is out of range", n)
	}
	return int64(n), nil
}

// duration is a time span as Radicle reads it.
func duration(d time.Duration) map[string]int64 {
	d = max(d, 0)
	return map[string]int64{"secs": int64(d / time.Second), "nanos": int64(d % time.Second)}
}
