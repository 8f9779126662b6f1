package lfsagent

import (
	"io/fs"
	"os"
	"path/filepath"

	"radswarm/blobstore"
)

// Landing is where programs beside git-lfs let downloads arrive: in <storage>/radswarm/incoming, as the agent does, with the modes
// that the repository's sharing asks for. It is for one goroutine.
type Landing struct {
	landing *landing
	objects string
	perms   fs.FileMode
}

// OpenLanding makes the folder where it is not. Close ends its use.
func OpenLanding(storage, shared string) (*Landing, error) {
	l, err := openLanding(filepath.Join(storage, "radswarm", "incoming"), shared)
	if err != nil {
		return nil, err
	}
	return &Landing{landing: l, objects: filepath.Join(storage, "objects"), perms: sharing(shared)}, nil
}

// Next names a file that is not there. What it named before is removed.
func (l *Landing) Next(oid blobstore.OID) (path string) {
	l.landing.tidy()
	path, _ = l.landing.next(oid)
	return path
}

// Keep moves what has arrived under the last name to where git-lfs keeps the object. Who calls it has verified the content.
func (l *Landing) Keep(object blobstore.Pointer) (path string, err error) {
	if err := l.landing.settle(l.landing.last, object.Size); err != nil {
		return "", err
	}
	name := object.OID.String()
	dir := filepath.Join(l.objects, name[:2], name[2:4])
	if err := makeFolders(dir, l.perms); err != nil {
		return "", err
	}
	path = filepath.Join(dir, name)
	return path, os.Rename(filepath.Join(l.landing.dir, l.landing.last), path)
}

// Close removes what was not taken.
func (l *Landing) Close() { l.landing.close() }
