package cjson

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

type (
	// A Value is nil for null, or a bool, a string, a Number, an Array or an Object.
	Value any
	// A Number is a number as it was written.
	Number string
	// An Array is a list of values.
	Array []Value
	// An Object is a list of members. Keys may repeat.
	Object []Member
	// A Member is a key with its value.
	Member struct {
		Key   string
		Value Value
	}
)

// Int is the number n.
func Int(n int64) Number { return Number(strconv.FormatInt(n, 10)) }

// Uint is the number n.
func Uint(n uint64) Number { return Number(strconv.FormatUint(n, 10)) }

// Uint returns the number if it is an integer from 0 to max, written without fraction and exponent.
func (n Number) Uint(max uint64) (uint64, bool) {
	u, err := strconv.ParseUint(string(n), 10, 64)
	return u, err == nil && u <= max
}

// integer reports whether the number can be written: an integer of -2^63 to 2^64-1, and not "-0", which JSON readers take for
// a floating-point number.
func (n Number) integer() bool {
	if strings.HasPrefix(string(n), "-") {
		_, err := strconv.ParseInt(string(n), 10, 64)
		return err == nil && n != "-0"
	}
	_, err := strconv.ParseUint(string(n), 10, 64)
	return err == nil
}

// Get returns the value of the last member with the key.
func (o Object) Get(key string) (Value, bool) {
	for _, m := range slices.Backward(o) {
		if m.Key == key {
			return m.Value, true
		}
	}
	return nil, false
}

// Set returns a copy of o in which key has the value, in its old place or else at the end.
func (o Object) Set(key string, v Value) Object {
	o = o.Unique()
	if i := slices.IndexFunc(o, func(m Member) bool { return m.Key == key }); i >= 0 {
		o[i].Value = v
		return o
	}
	return append(o, Member{key, v})
}

// Delete returns a copy of o without the key.
func (o Object) Delete(key string) Object {
	return slices.DeleteFunc(slices.Clone(o), func(m Member) bool { return m.Key == key })
}

// Unique returns a copy in which each key stands once, at its first place with its last value.
func (o Object) Unique() Object {
	at := make(map[string]int, len(o))
	list := make(Object, 0, len(o))
	for _, m := range o {
		if i, ok := at[m.Key]; ok {
			list[i].Value = m.Value
			continue
		}
		at[m.Key] = len(list)
		list = append(list, m)
	}
	return list
}

// Equal reports whether two values are the same: objects by key, whatever the order, numbers by what they are worth.
func Equal(a, b Value) bool {
	switch a := a.(type) {
	case Number:
		b, ok := b.(Number)
		return ok && equalNumbers(a, b)
	case Array:
		b, ok := b.(Array)
		return ok && slices.EqualFunc(a, b, Equal)
	case Object:
		b, ok := b.(Object)
		return ok && equalObjects(a.Unique(), b.Unique())
	}
	switch b.(type) {
	case Array, Object:
		return false
	}
	return a == b
}

func equalNumbers(a, b Number) bool {
	if a.integer() || b.integer() {
		return a == b
	}
	x, _ := strconv.ParseFloat(string(a), 64)
	y, _ := strconv.ParseFloat(string(b), 64)
	return x == y
}

func equalObjects(a, b Object) bool {
	if len(a) != len(b) {
		return false
	}
	values := make(map[string]Value, len(b))
	for _, m := range b {
		values[m.Key] = m.Value
	}
	return !slices.ContainsFunc(a, func(m Member) bool {
		v, ok := values[m.Key]
		return !ok || !Equal(m.Value, v)
	})
}

// kind names the JSON type of v for an error.
func kind(v Value) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case Number:
		return "a number"
	case Array:
		return "an array"
	case Object:
		return "an object"
	}
	return fmt.Sprintf("a Go %T", v)
}
