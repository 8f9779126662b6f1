package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"radswarm/blobstore"
	"radswarm/blobstore/disk"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/holder"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/blobstore/record"
	"radswarm/blobstore/swarm"
	"radswarm/blobstore/wire"
	"radswarm/blobstore/zone"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/objects"
	"radswarm/cmd/internal/peers"
	"radswarm/radicle"
	"radswarm/radicle/cobcache"
	"radswarm/radicle/node"
	"radswarm/radicle/nodedb"
	"radswarm/radicle/profile"
	"radswarm/radicle/replicate"
	"radswarm/radicle/storage"
)

// meaning is what an error means to a client.
type meaning struct {
	err  error
	code control.Code
	hint string
}

// Commands that help.
const (
	hintUnlock  = "rad swarm unlock"
	hintAuth    = "rad swarm auth --alias NAME"
	hintStatus  = "rad swarm status"
	hintFriends = "rad swarm friend ls"
	hintNet     = "rad swarm net"
	hintInvite  = "rad swarm invite --give 50GB"
	hintClock   = "timedatectl status"
	hintLog     = "rad swarm daemon --log"
)

// meanings are looked through from the first to the last: what is more exact stands before what it wraps.
var meanings = []meaning{
	// the home
	{profile.ErrNoHome, control.CodeNotFound, "export RAD_HOME=~/.radicle"},
	{profile.ErrConfigBusy, control.CodeBusy, ""},
	{profile.ErrLocked, control.CodeLocked, hintUnlock},
	{keyring.ErrSigner, control.CodeFailed, "rad auth"},
	{keyring.ErrSecret, control.CodeConflict, hintStatus},
	{keyring.ErrClock, control.CodeFailed, hintClock},
	{keyring.ErrMode, control.CodeFailed, "chmod 600 ~/.radicle/swarm/device.key"},
	{keyring.ErrOpener, control.CodeLocked, hintUnlock},
	{keyring.ErrSalt, control.CodeNotFound, ""},
	{ErrPort, control.CodeConflict, ""},

	// databases and shares
	{friend.ErrCorrupt, control.CodeFailed, "rad swarm daemon --restore COPY"},
	{friend.ErrNewer, control.CodeVersion, ""},
	{friend.ErrOther, control.CodeConflict, ""},
	{friend.ErrLocked, control.CodeBusy, "rad swarm daemon --stop"},
	{disk.ErrNotMounted, control.CodeFailed, hintStatus},
	{disk.ErrOtherStore, control.CodeConflict, "rad swarm daemon --new-store"},
	{disk.ErrLocked, control.CodeBusy, ""},
	{disk.ErrNotEmpty, control.CodeConflict, ""},
	{ErrAway, control.CodeFailed, hintStatus},

	// lines and people
	{friend.ErrChecksum, control.CodeUsage, ""},
	{friend.ErrLine, control.CodeUsage, ""},
	{friend.ErrInvitation, control.CodeNotFound, hintInvite},
	{friend.ErrUsed, control.CodeConflict, hintInvite},
	{friend.ErrEnded, control.CodeConflict, ""},
	{friend.ErrRevoked, control.CodeConflict, ""},
	{friend.ErrStranger, control.CodeNotFound, hintFriends},
	{friend.ErrSuperseded, control.CodeConflict, ""},
	{friend.ErrName, control.CodeUsage, ""},
	{friend.ErrNameTaken, control.CodeConflict, hintFriends},
	{friend.ErrSelf, control.CodeUsage, ""},
	{friend.ErrLimit, control.CodeConflict, ""},

	// connections
	{peers.ErrNoDevice, control.CodeNotFound, hintInvite},
	{peers.ErrNotAdmitted, control.CodeMissing, hintNet},
	{peers.ErrNotIntroduced, control.CodeMissing, hintNet},
	{peers.ErrUnreachable, control.CodeMissing, hintNet},
	{peers.ErrStopped, control.CodeStopping, ""},
	{holder.ErrTwin, control.CodeConflict, hintStatus},
	{holder.ErrStranger, control.CodeMissing, hintNet},
	{net.ErrAddr, control.CodeUsage, ""},
	{net.ErrDevice, control.CodeUsage, ""},
	{net.ErrWrongDevice, control.CodeMissing, hintNet},
	{net.ErrUnreachable, control.CodeMissing, hintNet},
	{net.ErrReplaced, control.CodeBusy, ""},
	{net.ErrCut, control.CodeMissing, hintNet},
	{net.ErrBusy, control.CodeBusy, ""},
	{keyring.ErrExpired, control.CodeMissing, hintNet},
	{keyring.ErrRetired, control.CodeConflict, hintNet},
	{wire.ErrVersion, control.CodeVersion, hintNet},
	{wire.ErrEnded, control.CodeMissing, hintNet},
	{wire.ErrTooSlow, control.CodeMissing, hintNet},

	// objects
	{swarm.ErrChanged, control.CodeConflict, ""},
	{swarm.ErrNobody, control.CodeMissing, hintNet},
	{swarm.ErrSilent, control.CodeMissing, hintNet},
	{blobstore.ErrShares, control.CodeMissing, hintFriends},
	{blobstore.ErrFull, control.CodeFull, hintInvite},
	{blobstore.ErrOID, control.CodeConflict, ""},
	{blobstore.ErrDenied, control.CodeMissing, hintFriends},
	{blobstore.ErrBusy, control.CodeBusy, ""},
	{blobstore.ErrNotPointer, control.CodeUsage, ""},
	{blobstore.ErrBounds, control.CodeUsage, ""},

	// repositories
	{zone.ErrZone, control.CodeUsage, "rad swarm zone --help"},
	{zone.ErrNoCard, control.CodeLocked, hintUnlock},
	{record.ErrInward, control.CodeConflict, ""},
	{record.ErrUnreadable, control.CodeNotFound, ""},
	{record.ErrVersion, control.CodeVersion, ""},
	{record.ErrChanged, control.CodeBusy, ""},
	{storage.ErrBusy, control.CodeBusy, ""},
	{storage.ErrExists, control.CodeConflict, ""},
	{storage.ErrNoIdentity, control.CodeNotFound, ""},
	{storage.ErrTooManyRefs, control.CodeFailed, ""},
	{storage.ErrIncomplete, control.CodeFailed, "rad sync --fetch"},
	{replicate.ErrBehind, control.CodeConflict, ""},
	{replicate.ErrDiverged, control.CodeConflict, hintStatus},
	{replicate.ErrStalled, control.CodeMissing, hintNet},
	{replicate.ErrTime, control.CodeMissing, hintNet},
	{node.ErrNotRunning, control.CodeMissing, "rad node start"},
	{node.ErrUnsupported, control.CodeVersion, ""},
	{nodedb.ErrBusy, control.CodeBusy, ""},
	{cobcache.ErrBusy, control.CodeBusy, ""},

	// what people type
	{radicle.ErrRID, control.CodeUsage, ""},
	{radicle.ErrDID, control.CodeUsage, ""},
	{radicle.ErrNID, control.CodeUsage, ""},
	{radicle.ErrOid, control.CodeUsage, ""},
	{radicle.ErrAlias, control.CodeUsage, ""},
	{radicle.ErrWeakKey, control.CodeUsage, ""},

	// everything else
	{context.DeadlineExceeded, control.CodeMissing, hintNet},
	{syscall.ENOSPC, control.CodeFull, "df -h"},
	{fs.ErrPermission, control.CodeFailed, ""},
	{fs.ErrExist, control.CodeConflict, ""},
	{fs.ErrNotExist, control.CodeNotFound, ""},
}

// Explain says what clients are told of an error: one line, and a command that helps. Nil: it has no meaning of its own.
func Explain(err error) *control.Error {
	if e, ok := errors.AsType[*control.Error](err); ok {
		return e
	}
	if e := exact(err); e != nil {
		return e
	}
	for _, m := range meanings {
		if errors.Is(err, m.err) {
			return explained(err, m.code, m.hint)
		}
	}
	if errors.Is(err, context.Canceled) {
		return nil // the daemon says why
	}
	return objects.Explain(err) // what has no name
}

func explained(err error, code control.Code, hint string) *control.Error {
	return &control.Error{Code: code, Message: strings.ReplaceAll(err.Error(), "\n", "; "), Hint: hint}
}

// exact explains errors whose hint comes from what is in them.
func exact(err error) *control.Error {
	if e, ok := errors.AsType[*profile.NotFoundError](err); ok {
		return &control.Error{Code: control.CodeNotFound, Message: "there is no Radicle home at " + e.Dir, Hint: hintAuth}
	}
	if e, ok := errors.AsType[*ConfigError](err); ok {
		return explained(e, control.CodeUsage, edit(e.Path))
	}
	if e, ok := errors.AsType[*profile.ConfigError](err); ok {
		return explained(e, control.CodeUsage, edit(e.Path))
	}
	if e, ok := errors.AsType[*FileError](err); ok { // the next start makes another
		return explained(e, control.CodeConflict, "mv "+quote(e.Path)+" "+quote(e.Path+".broken"))
	}
	if e, ok := errors.AsType[*ListenError](err); ok && errors.Is(e, ErrPort) {
		return explained(e, control.CodeConflict, edit(e.Config))
	}
	if e, ok := errors.AsType[*friend.CorruptError](err); ok && len(e.Copies) > 0 {
		return explained(e, control.CodeFailed, "rad swarm daemon --restore "+quote(e.Copies[0]))
	}
	if e, ok := errors.AsType[*AwayError](err); ok && errors.Is(e, disk.ErrNotMounted) {
		return explained(e, control.CodeFailed, "ls "+quote(filepath.Dir(e.Dir)))
	}
	return nil
}

// edit is a command that opens a file.
func edit(path string) string {
	if path == "" {
		return ""
	}
	return "${EDITOR:-vi} " + quote(path)
}

// quote makes a path one word of a shell.
func quote(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool {
		return !strings.ContainsRune("/._-+,:@%=", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		return fmt.Sprintf("'%s'", strings.ReplaceAll(path, "'", `'\''`))
	}
	return path
}
