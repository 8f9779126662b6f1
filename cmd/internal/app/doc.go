// Package app builds the daemon of a home: it finds home, keys and settings, opens the stores, joins the rooms
// (peers, objects, repos) with the network and the share service, and answers the requests of package control with them.
//
//	o := app.Options{Home: home, Software: "radswarm/1", Log: log}
//	err := daemon.Run(ctx, app.Daemon(o))
//
// Words: a home is locked while its Radicle key is not at hand. Then it serves shares, and refuses what has to be signed or
// read ([ErrLocked]). The share store is away while its disk is not there; it is never replaced by an empty one.
//
// What lies in the swarm folder, beside what packages control, disk and friend keep there:
//
//	config.json    settings that a person writes: [Config]
//	device.key     the key of this machine on the wire (KEYS.md §7)
//	certificate    the newest device certificate, 183 bytes (KEYS.md §8)
//	card           the newest key card (KEYS.md §5)
//	instance       the id of this home, drawn once: 32 hexadecimal digits and a line feed
//	store          which share store belongs to this home: 32 hexadecimal digits and a line feed
//
// Neither passphrase nor Radicle key nor anything derived from them is ever written.
//
// # What it takes
//
// With ten friends connected and nothing to do: 30 MB resident and 0.05 % of a processor in the middle of a star, 27 MB and
// 0.01 % at its ends, over five minutes; after a GiB was stored and fetched 36 MB again within four minutes, 115 MB at most.
// What is looked at every few seconds is in memory, or a stamp of a few files: charges of friends, repositories of members who are
// there.
//
// # Differs from the design
//
//   - The settings of a home also name what its store may take, which package friend's documentation explains; sizes may be
//     written as people do. mDNS is not there: asking for it is refused.
//   - certificate, card, instance and store are files of their own, beside device.key.
//   - An agent that asks a person, and an index that has to be made anew, do not hold up a start: after 5 s it goes on without.
//   - A store that is away is looked for once a minute, and one that goes away while the daemon runs is missed.
//
// An App is safe for concurrent use.
package app
