// Package profile is a Radicle home: where it is, what its config.json says, which key it has and how to sign with it. It finds
// homes that `rad auth` made, and makes homes that `rad` and `radicle-node` take for their own.
//
// The facts behind it are Radicle's crates radicle 0.25 (profile.rs, profile/config.rs) and radicle-crypto 0.19 (ssh/keystore.rs,
// ssh/agent.rs).
//
//   - A [Home] is a directory, whether it exists or not. A [Profile] is a home that was read: who it is (keys/radicle.pub
//     alone says that) and its [Config].
//   - An [Env] looks up environment variables; os.LookupEnv is one. Nothing here reads the environment on its own.
//   - A [Config] is config.json as it was written plus the few settings that we act on. Changing one gives a new Config in which
//     every other byte, key and order is as before.
//   - [Profile.Signer] finds the power to sign, in Radicle's order: the key file, the key file with RAD_PASSPHRASE, ssh-agent. It
//     never asks anybody anything. A key that is there but cannot be used now is [ErrLocked].
//
// Everything read is bounded ([MaxConfig], [MaxKeyFile], 256 KiB from ssh-agent). Files are made durable before a function returns.
//
// Values are safe for concurrent use. Two programs that change config.json at the same moment are told apart by [UpdateConfig]
// as far as files allow; Radicle itself takes no lock.
//
// # Differs from Radicle
//
// Finding a home creates nothing; Radicle creates the four directories of any path that is named. A key file that does not belong
// to keys/radicle.pub is refused ([KeyMismatchError]). Where there is no key file at all, ssh-agent is still asked.
package profile
