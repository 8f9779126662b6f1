// Package friend keeps what a home knows of people: the database state.db of friends and pledges, invitations, introductions,
// devices and addresses. It also makes and reads what a device signs about people. FRIEND.md beside it specifies both.
//
//	s, err := friend.Open(ctx, path, friend.Options{Self: did})
//	did, standing, err := s.ByDevice(device)                        // who is this?
//	f, ok := s.Friend(did)                                          // and what did we promise?
//	secret, invitation, err := s.Invite(ctx, 50<<30, "bo", 0)       // on one side
//	f, err = s.Accept(ctx, secret, certificate, 20<<30)             // once, when Bo knocks
//
// Words: a word is what a device signs in the name of its person, with its certificate inside: an [AddressRecord], an
// [Introduction] or a [Revocation]. Its issuer is who says it, a guest who is let in by it. A line is what people copy from
// one screen to another: an [InvitationLine] or a [MemberLine]. A stranger is everybody but friends, the DIDs of this person,
// and the own.
//
// # What may be believed
//
// The file: primary data, for which every change is durable before the call returns, but for when friends were seen
// ([State.Saw]). What connections ask for comes from memory, which is changed after the commit and so never says what a crash
// takes back. What is kept of a peer's making is bounded, and no peer can drive out what matters: FRIEND.md §9 has the table.
// State keeps what its callers have admitted; whether to tell, to dial or to serve is theirs to decide.
//
// The exclusive lock of the file makes one process the only one that has it open. A file that is damaged, or gone while its
// daily copies are there, is refused and never replaced by itself: [State.BackupDaily] makes the copies, [Restore] puts one
// back.
//
// The journal is a write-ahead log: a commit is one sync, and with it durable; the other journals are durable only where
// SQLite also syncs the folder after it has removed them. What a killed process leaves is the log, which the next Open plays
// back up to the last commit.
//
// # Differs from the design
//
//   - Leases, further owners of shares and the trash are not in state.db: they lie beside the shares, in package disk, which
//     says why. Nor are jobs: what is to be done again after a crash is seen from the shares and records themselves.
//   - The limits of a home (total, floor, bandwidth in all, whether open shares are kept) are in config.json: a person writes
//     them, and the store needs them before anybody asks. Those for one friend are here.
//   - What guests have used is not kept: package holder counts it, from its start.
//   - Words carry the certificate of the device that signed them (FRIEND.md §11).
//
// A [State] is safe for concurrent use, and so are the words, which never change.
package friend
