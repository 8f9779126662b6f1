// Package blobtest is what tests of the store share: the conformance suite of [blobstore.Holder], a Holder in memory, and
// wrappers that make any Holder fail, wait, lie or go away. It is imported by tests only.
//
//   - [TestHolder] is the contract, executed. Whatever keeps shares, or reaches somebody who does, passes it.
//   - [Memory] keeps shares in memory and passes it. It is the Holder to test with where no disk is meant.
//   - [FailNth], [Slow], [Mute], [Liar], [Full], [Gone] and [Switch] wrap a Holder. They wait only through contexts and timers,
//     so that they work inside testing/synctest.
//   - [NewShare] makes shares that follow from a number, [Person] the people who own them.
//
// All of it is safe for concurrent use.
package blobtest
