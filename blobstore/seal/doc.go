// Package seal turns the plaintext of an object into chunks that nobody reads without its content key, and
// back. It implements FORMAT.md §4.
//
// [Writer] seals a stream, [Reader] opens one, [ReaderAt] opens any part of a ciphertext that can be read at an
// offset. All three stand on [Sealer], which seals and opens single chunks and is what code that moves
// blocks uses directly. No byte of plaintext is released before the tag of its chunk was checked.
//
// A [Sealer] and a [ReaderAt] are safe for concurrent use; a [Writer] and a [Reader] belong to one
// goroutine.
//
// Refusals are of type [*blobstore.ChunkError] and of one class of FORMAT.md §9 each.
package seal
