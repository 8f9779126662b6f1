// Package zone decides who may read an object, and makes the records and envelopes that follow. It implements ZONE.md beside
// it.
//
//   - A [Zone] is private, shared with people who are named, follow, or public.
//   - A [Policy] settles the zone of objects from their paths in a commit: what its [Attributes] ask for, as far as the
//     owner's [Consent] reaches. What was asked for and not given is a [Refusal].
//   - A [Round] brings the owner's branch of a repository up to its readers: [Round.Plan] seals to new [Members] and records
//     what is pending, [Round.Change] moves single objects outward.
//   - A [Truth] is what a person must be told.
//
// Words: the ceiling is the widest zone that anything but a command about the object can give it; the meet of two zones is
// who may read in both; an object is pending until it was settled, and settled once.
//
// The package computes: it reads a branch through package record and returns a batch. All types are values; nobody writes to
// them while a method runs.
//
// # Differs from the design
//
// ZONE.md §10. Consent is a value and not an interface, since it is two settings.
package zone
