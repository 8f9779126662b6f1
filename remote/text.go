package remote

// What people read on standard error, in one place; where Radicle's helper says the same thing, it is in the same words.

const (
	textNoNamespace = "no public key given as a remote namespace, perhaps you are attempting to push to restricted refs"
	textForeign     = "cannot push to remote namespace owned by %v"
	textNoProfile   = "couldn't load profile: %v"
	textOffline     = "offline push, your node is not running"
	textStartNode   = "to sync with the network, run `rad node start`"
	textNotSeeding  = "you are not seeding this repository; skipping sync"
	textMigrate     = "run `rad cob migrate` to update your database"
)

const (
	hintAuth      = "to make a Radicle identity, run `rad auth`"
	hintConfig    = "to see what is wrong with the configuration, run `rad config`"
	hintURL       = "a Radicle URL is rad://<repository id> or rad://<repository id>/<node id>; `rad inspect` prints the repository id"
	hintOptions   = "push options: no-sync, sync, sync.debug, hints, patch.message=, patch.draft, patch.base=, patch.branch[=], patch.target="
	hintGit       = "this program is for git: it is run by git push, git fetch and git clone on rad:// URLs"
	hintPushURL   = "to push to your own namespace, run `git remote set-url --push <remote> rad://%s/%v`"
	hintNotStored = "to fetch it from the network, run `rad seed %v`, with your node running"
	hintStorage   = "the copy in storage is damaged or incomplete: move %s away, then run `rad seed %v`"
)
