// Package blobstore is the vocabulary of the store: the names, keys, sizes and contracts that
// its parts share. It implements sections 2, 3, 5.2, 5.3 and 9 of FORMAT.md beside it and does no I/O.
//
//   - What is stored: [OID] names an object, [Pointer] is the Git LFS file that stands for it,
//     [Layout] is how it is cut into chunks and [Coding] how those become shares.
//   - Who can do what: a [DomainSecret] derives a [ContentKey], which reads; that derives a
//     [RepairKey], which finds, proves and rebuilds but cannot read.
//   - What a holder sees: a [SID] and a [Root], together a [ShareName], and a [MID].
//   - [Holder] is what a machine that keeps shares does for others.
//
// Names and roots are comparable values. Secrets are not comparable with ==, and print as
// [redacted] whatever the verb. All types are safe for concurrent use as long as nobody writes them.
package blobstore
