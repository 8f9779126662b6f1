package cjson

import (
	"fmt"
	"math"
	"slices"
)

// FieldError says what is wrong with a field of an object.
type FieldError struct{ Field, Reason string }

func (e *FieldError) Error() string {
	if e.Field == "" {
		return e.Reason
	}
	return fmt.Sprintf("field %q: %s", e.Field, e.Reason)
}

// Fields reads an object of a known shape the way Radicle's structs are read: a known field may stand there once, others may
// stand there and are kept in Rest. After the first error every method returns zero values; check Err at the end.
type Fields struct {
	// Rest has the members that are not known, in order.
	Rest  Object
	known map[string]Value
	err   error
}

// ReadFields takes v, which must be an object, apart into the known fields and the rest.
func ReadFields(v Value, known ...string) *Fields {
	f := &Fields{known: make(map[string]Value, len(known))}
	o, ok := v.(Object)
	if !ok {
		f.Fail("", "want an object, have "+kind(v))
	}
	for _, m := range o {
		if !slices.Contains(known, m.Key) {
			f.Rest = append(f.Rest, m)
			continue
		}
		if _, twice := f.known[m.Key]; twice {
			f.Fail(m.Key, "is there twice")
			return f
		}
		f.known[m.Key] = m.Value
	}
	return f
}

// Err is the first error, a [*FieldError], or nil.
func (f *Fields) Err() error { return f.err }

// Fail records an error about a field unless there is one already.
func (f *Fields) Fail(key, reason string) {
	if f.err == nil {
		f.err = &FieldError{key, reason}
	}
	clear(f.known)
}

// Has reports whether the field is there, null or not.
func (f *Fields) Has(key string) bool { _, ok := f.known[key]; return ok }

// Null reports whether the field is absent or null: an optional value that is not there.
func (f *Fields) Null(key string) bool { return f.known[key] == nil }

// Get returns the value of a required field.
func (f *Fields) Get(key string) Value {
	v, ok := f.known[key]
	if !ok {
		f.Fail(key, "is missing")
	}
	return v
}

// typed returns the value of a required field if it has the type.
func typed[T Value](f *Fields, key, want string) (zero T) {
	v := f.Get(key)
	t, ok := v.(T)
	if !ok {
		f.Fail(key, "want "+want+", have "+kind(v))
		return zero
	}
	return t
}

// Text returns a required string.
func (f *Fields) Text(key string) string { return typed[string](f, key, "a string") }

// Bool returns a required boolean.
func (f *Fields) Bool(key string) bool { return typed[bool](f, key, "a boolean") }

// Array returns a required array.
func (f *Fields) Array(key string) Array { return typed[Array](f, key, "an array") }

// Object returns a required object.
func (f *Fields) Object(key string) Object { return typed[Object](f, key, "an object") }

// Uint returns a required integer of 0 or more.
func (f *Fields) Uint(key string) uint64 {
	n := typed[Number](f, key, "a number")
	u, ok := n.Uint(math.MaxUint64)
	if !ok {
		f.Fail(key, fmt.Sprintf("%.40s is not an integer of 0 or more", n))
	}
	return u
}

// Read returns a required string field after parse.
func Read[T any](f *Fields, key string, parse func(string) (T, error)) (zero T) {
	text := f.Text(key)
	if f.err != nil {
		return zero
	}
	t, err := parse(text)
	if err != nil {
		f.Fail(key, err.Error())
		return zero
	}
	return t
}

// ReadOptional is [Read] of a field that may be absent or null: then it returns nil.
func ReadOptional[T any](f *Fields, key string, parse func(string) (T, error)) *T {
	if f.Null(key) {
		return nil
	}
	t := Read(f, key, parse)
	return &t
}

// ReadList returns an array of strings after parse. It is required; check Has first if it need not be there.
func ReadList[T any](f *Fields, key string, parse func(string) (T, error)) []T {
	var list []T
	for _, v := range f.Array(key) {
		text, ok := v.(string)
		if !ok {
			f.Fail(key, "want strings, have "+kind(v))
			return nil
		}
		t, err := parse(text)
		if err != nil {
			f.Fail(key, err.Error())
			return nil
		}
		list = append(list, t)
	}
	return list
}
