// Package manifest is the signed list of share roots that makes shares an object again. It implements FORMAT.md §7.
//
// A [Manifest] is immutable and has exactly one encoding; only [Sign], [Parse] and [Open] make one, and what they return
// has a valid signature. Whether it is of the object that a reader wants is [Manifest.CheckObject]; whether it
// speaks of the same shares as an earlier one, [Manifest.Extends]. Values are safe for concurrent use.
package manifest
