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
	hintNewConfig = "to make a configuration, run `rad config init --alias NAME`"
	hintPublicKey = "to make the public key from the secret one, run `ssh-keygen -y -f %s >%s`"
	hintURL       = "a Radicle URL is rad://<repository id> or rad://<repository id>/<node id>; `rad inspect` prints the repository id"
	hintOptions   = "push options: no-sync, sync, sync.debug, hints, patch.message=, patch.draft, patch.base=, patch.branch[=], patch.target="
	hintGit       = "this program is for git: it is run by git push, git fetch and git clone on rad:// URLs"
	hintPushURL   = "to push to your own namespace, run `git remote set-url --push %s %v`"
	hintOwnURL    = "your own namespace is %v"
	hintNotStored = "to fetch it from the network, run `rad seed %v`, with your node running"
	hintFormat    = "make the working copy with `git init --object-format` of the repository, or clone it"
	hintFewer     = "push or fetch fewer refs at a time"
	hintFsck      = "to see what is wrong, run `git fsck` here and in %s"
	hintStorage   = "the copy in storage is damaged or incomplete: move %s away, then run `rad seed %v`"
)

const (
	textOpened       = "%s Patch %s opened"
	textDrafted      = "%s Patch %s drafted"
	textUpdated      = "%s Patch %s updated to revision %s"
	textCompare      = "To compare against your previous revision %s, run:\n\n   %s\n"
	textMerged       = "%s Patch %s merged"
	textMergedAt     = "%s Patch %s merged at revision %s"
	textNotMerged    = "patch %v was not marked as merged: %s"
	textReverted     = "%s Patch %s reverted at revision %s"
	textBranch       = "%s Branch %s created"
	textPushBranch   = "to update, run `git push %s %s`"
	textPushPatch    = "to update, run `git push` or `git push %s --force-with-lease HEAD:%s`"
	textCanonical    = "%s Canonical reference %s updated to target %s %s"
	textIncluded     = "attempted to create a patch using the commit %v, but this commit is already included in the base branch"
	textEmptyPatch   = "patch commits are already included in the base branch"
	textNoPatch      = "patch `%v` not found"
	textAgreeCommit  = "it is recommended to find a commit to agree upon"
	textAgreeTag     = "it is recommended to find a tag to agree upon"
	textAgreeType    = "it is recommended to find an object type (either commit or tag) to agree upon"
	textAgreeObject  = "it is recommended to find an object (either commit or tag) to agree upon"
	textNoCandidates = "could not determine target for canonical reference '%s', no object with at least %d vote(s) found (threshold not met)"
	textDiverging    = "could not determine target commit for canonical reference '%s', found diverging commits %v and %v, with base commit %v and threshold %d"
	textTags         = "could not determine target tag for canonical reference '%s', found multiple candidates with threshold %d"
	textTypes        = "could not determine target for canonical reference '%s', found objects of different types"
	textOtherType    = "the object %v is of unexpected type %s and was expected to be %s"
	textUnrelated    = "failed to find merge base for %v and %v due to: no existing merge base found for commit quorum"
)

const (
	textNoSeeds   = "No seeds found for %v."
	textInSync    = "%s Nothing to announce, already in sync with %s seed(s) (see `rad sync status`)"
	textFound     = "Found %d seed(s).."
	textSynced    = "%s Synced with %s seed(s)"
	textSyncedNot = "%s Synced with %s seed(s), of %d none is connected"
	textStopped   = "Node is stopped. To announce changes to the network, start it with `rad node start`."
)

const (
	hintShallow = "run `git fetch --unshallow` where the whole history is, then push again"
	hintLocked  = "to sign, run `rad auth`, or set RAD_PASSPHRASE"
	hintBusy    = "push again; if that does not help, and no git is running, remove the .lock file that is named above"
	hintAgree   = "nothing was changed; agree with the other delegates on what the ref should be"
	hintAgain   = "nothing was changed: push again"
)

// About big files.
const (
	textPartial    = "%d objects of this push are not in this repository: big files among them were not looked for"
	textSafe       = "%s: with %d friends, of whom %s may vanish"
	textSafeOne    = "%s: with 1 friend, who must not vanish"
	textSafeBy     = "%s: stored by %s"
	textSafeWith   = "%s: stored by %s, with %d of their friends, of whom %s may vanish"
	textCommits    = "the commits are with %s, too"
	textOnlyHere   = "%s: on this disk only"
	textNowhere    = "%s: neither stored nor here"
	textLostBefore = "of earlier pushes, big files are neither stored nor here: %d"
	textMoreSafe   = "and %d more, of whose friends %s may vanish"
	textRaw        = "%s is in the commits as it is, although .gitattributes gives it to git-lfs: nobody stores it as a big file"
	textRawMore    = "; so are %d more"
	hintRaw        = "run `git lfs install --local`, then `git lfs migrate import --include='%s'`, which makes the commits anew, and `git lfs checkout`; then push again"
	hintLost       = "run `git lfs fetch --all` where they are, or push without them by `git -c swarm.require=local push …`"
	hintPushLocal  = "push again, which goes on from here; or push without `%s` by `git -c swarm.require=local push …`"
	hintRequire    = "run `git config swarm.require safe`"
)
