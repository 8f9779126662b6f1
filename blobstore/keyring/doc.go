// Package keyring makes and keeps the secrets that come from a Radicle key, and what that key signs: device certificates and
// key cards. It seals group keys to people and content keys under group keys. It implements KEYS.md beside it, which also lists
// every label of the product.
//
//   - A [Salt] and the signature over it give a [PersonalSecret]; a [Keyring] holds one for each salt of a person. It derives
//     the secrets of the personal domain, opens envelopes and makes the person's card.
//   - A [Card] is what others seal to, a [Recipient] somebody with or without one. [Cards] remembers the newest of everybody.
//   - A [DeviceKey] is the machine's key on the wire, a [Device] its public half. A [Certificate] says whose device it is;
//     [Certificates] remembers the newest of everybody and how devices stand.
//   - A [Group] is whom one writer lets read in one repository, an [Epoch] one generation of it, a [GroupKey] its secret. It is
//     sealed to people as an [Envelope] and wraps content keys as a [Wrap]. [Group.Plan] says what to seal when readers change.
//   - A [Label] starts everything that is signed.
//
// Nothing here knows the time: functions take it, the two trackers take a clock. Only [CreateDeviceKey] and [LoadDeviceKey]
// touch a disk, below the folder they are given.
//
// Secrets print as [redacted] whatever the verb, inside other structs too, and do not compare with ==. All types are safe for
// concurrent use.
package keyring
