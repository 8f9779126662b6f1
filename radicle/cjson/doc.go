// Package cjson reads JSON and writes it in the one form that Radicle hashes and signs: identity documents and the actions of
// collaborative objects (radicle 0.25, canonical/formatter.rs).
//
// # The form
//
// The OLPC family of "canonical JSON", not RFC 8785: no white space; strings in Unicode's normalization form C, with only the
// quotation mark, the backslash and the control characters below U+0020 escaped (short escapes where JSON has them, else
// \u00xx in lower case); integers from -2^63 to 2^64-1 and no other numbers; members ordered by the bytes of the key as it is
// written, quotation marks included. The last rule is Radicle's own: "a b" and "a!" come before "a", because a space and an
// exclamation mark are less than the quotation mark that ends the shorter key. Where two keys are the same, or become the same
// by normalization, the later member counts.
//
// # Reading
//
// [Parse] accepts what serde_json accepts, no more: UTF-8 without lone surrogates in escapes, at most 127 levels, no text after
// the value. Duplicate keys are kept; an [Object] read as a map has the last of them, [ReadFields] refuses them for the fields it knows, as
// Radicle does. A value that has a fraction or does not fit is read, and is only an error where it would be written.
//
// The caller bounds the length of what is parsed; the number of values is bounded here.
//
// Values are safe for concurrent use as long as nobody changes them.
//
// # Differs from the design
//
// DESIGN.md §3 has canonical JSON in package identity. Collaborative objects, which identity is built on, need it too.
//
// Normalization knows the Unicode version of golang.org/x/text; Radicle's knows the one its binary was built with. They may
// write a character that was added in between, next to another one, in another order. Nothing is compared by writing it again, so
// no signature or id depends on it.
package cjson
