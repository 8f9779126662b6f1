// Package radicle holds the values that name things in Radicle: repositories, nodes, people, git objects, and the power to
// sign in somebody's name. It is a leaf: it imports nothing of ours, reads no file and runs no program.
//
// The words are Radicle's. An [RID] names a repository: the git blob id of its first identity document. A [NID] names a node
// and the namespace it writes: an Ed25519 public key. A [DID] is the same key, naming a person: did:key:z6Mk…. An [Oid] is a
// git object id of either object format, 20 bytes (SHA-1) or 32 bytes (SHA-256). An [Alias] is the short name a node gives
// itself. A [Signature] is an Ed25519 signature as Radicle prints it.
//
// Each value has Parse, String, AppendText, MarshalText and UnmarshalText, so that it is a JSON string and a map key; each is
// comparable, is ordered by its bytes (Compare), and what has been parsed prints itself the way Radicle prints it.
//
// A [Signer] signs with a Radicle key; an [Opener] is a signer that holds the secret itself and can therefore also open what
// was sealed to the bare DID. [MemorySigner] is both. All values and MemorySigner are safe for concurrent use.
//
// # Keys that nobody owns
//
// Radicle takes any 32 bytes as a public key, and so does [ParseNID]: storage has to list and copy the namespaces that are
// there. Signatures are verified as Radicle verifies them ([NID.Verify]), or two nodes would disagree about what is in a
// repository. A key that was encoded in a second, non-canonical way, is no point of the curve, or has low order (anybody can
// sign in its name and compute its shared secrets) is refused by [NID.Validate]; whoever seals to a key, pledges to it or
// lets it in calls that, or gets it with [NID.X25519].
//
// # Differs from Radicle
//
// Radicle's parser of keys accepts any of the twenty or so multibase alphabets, so that one key has many spellings. It never
// writes another one than base58btc (prefix z), and one key with many spellings is one namespace with many names, so only that
// one is accepted here. [ParseOid] reads hexadecimal in either case, as git does, and not the plus signs that Radicle's reader
// lets through.
package radicle
