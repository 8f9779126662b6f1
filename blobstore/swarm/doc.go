// Package swarm decides where the shares of an object go, and brings objects back from whoever is awake. It implements
// SWARM.md beside it:
//
//   - [SchemeFor] says into how many shares, [Rank] who gets them, [Available] what that is worth.
//   - [Fetch] brings an object back from K or more [Source], as fast as their lines together allow, past those that are
//     silent, slow, gone or lying, and its [FetchReport] names them.
//   - A [Reader] reads any part of one, with a block from one holder where that answers.
//   - [Send] places the shares of an object with people, in waves, past those that are full, slow, silent or gone;
//     [Find] asks who holds which.
//   - [Verify] asks the holders of an object for what they should have, as closely as is wanted, and [Heal] puts what is
//     missing or damaged again where it was.
//
// Holders are blobstore.Holder values: what a wire.Client is at the other end of a connection, or a disk, or a test.
//
// Words: a source is one share at one holder; the reorder window is the stripes that are under way at once.
//
// All functions may be called from many goroutines. None leaves a goroutine behind.
package swarm
