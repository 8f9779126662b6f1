package friend

// applicationID marks the files of this package: "rsfr".
const applicationID = 0x72736672

// migrations make each version of the schema out of the one before; the first out of nothing. A released one never changes.
// Times are Unix seconds, 0 for never.
func migrations() []string {
	return []string{schema1, schemaObjects, schemaContacts, schemaKeepers}
}

const schema1 = `
CREATE TABLE self (did BLOB NOT NULL) STRICT;
CREATE TABLE friend (
	did        BLOB NOT NULL PRIMARY KEY,
	name       TEXT NOT NULL,
	give       INTEGER NOT NULL,
	given_give INTEGER NOT NULL,
	given_used INTEGER NOT NULL,
	given_room INTEGER NOT NULL,
	given_at   INTEGER NOT NULL,
	up         INTEGER NOT NULL,
	down       INTEGER NOT NULL,
	household  TEXT NOT NULL,
	added      INTEGER NOT NULL,
	seen       INTEGER NOT NULL,
	draining   INTEGER NOT NULL,
	silence    INTEGER NOT NULL,
	chosen_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX friend_name ON friend (name) WHERE name <> '';
CREATE TABLE mine (
	did   BLOB NOT NULL PRIMARY KEY,
	added INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE certificate (
	did   BLOB NOT NULL PRIMARY KEY,
	bytes BLOB NOT NULL, -- the newest seen
	met   INTEGER NOT NULL, -- its device was seen with a certificate that was valid then
	agreed INTEGER NOT NULL, -- the device itself has shown or signed a certificate of this DID
	turn  INTEGER NOT NULL -- grows with every write: the lowest goes first
) STRICT;
CREATE INDEX certificate_turn ON certificate (turn);
CREATE TABLE card (
	did   BLOB NOT NULL PRIMARY KEY,
	bytes BLOB NOT NULL, -- the newest seen
	turn  INTEGER NOT NULL
) STRICT;
CREATE INDEX card_turn ON card (turn);
CREATE TABLE address (
	did   BLOB NOT NULL PRIMARY KEY,
	bytes BLOB NOT NULL, -- the newest record
	via   BLOB NOT NULL, -- who told it first, or the person itself
	turn  INTEGER NOT NULL
) STRICT;
CREATE INDEX address_via ON address (via, turn);
CREATE TABLE invitation (
	id      BLOB NOT NULL PRIMARY KEY, -- hash of the secret
	give    INTEGER NOT NULL,
	name    TEXT NOT NULL,
	made    INTEGER NOT NULL,
	ends    INTEGER NOT NULL,
	used_by BLOB NOT NULL, -- empty: nobody yet
	used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE issued ( -- introductions by us
	id      BLOB NOT NULL PRIMARY KEY,
	guest   BLOB NOT NULL,
	bytes   BLOB NOT NULL,
	made    INTEGER NOT NULL,
	ends    INTEGER NOT NULL,
	revoked INTEGER NOT NULL
) STRICT;
CREATE INDEX issued_guest ON issued (guest, ends);
CREATE TABLE notice ( -- revocations by us
	bytes BLOB NOT NULL PRIMARY KEY,
	ends  INTEGER NOT NULL
) STRICT;
CREATE TABLE received ( -- introductions of us
	issuer BLOB NOT NULL,
	id     BLOB NOT NULL,
	bytes  BLOB NOT NULL,
	ends   INTEGER NOT NULL,
	PRIMARY KEY (issuer, id)
) STRICT;
CREATE TABLE revoked ( -- by friends
	issuer BLOB NOT NULL,
	what   BLOB NOT NULL, -- id (16 bytes), guest (32 bytes), or everybody (no byte)
	before INTEGER NOT NULL, -- of what was issued before; 0 with an id
	ends   INTEGER NOT NULL,
	PRIMARY KEY (issuer, what)
) STRICT, WITHOUT ROWID;
`
