package control

import "radswarm/radicle"

// What is asked about repositories and who may read. Zones are written as in .gitattributes: private, follow, shared:DID,DID,
// public.
//
//	GET    /v1/repositories                        Repositories
//	POST   /v1/zone                                SetDefaultZone → DefaultZone: of all repositories that have none of their own
//	GET    /v1/repositories/{rid}                  Repository
//	POST   /v1/repositories/{rid}/zone             SetZone → lines, Zoned
//	POST   /v1/repositories/{rid}/members          AddMember → lines, AddedMember
//	DELETE /v1/repositories/{rid}/members/{did}    nothing → lines, Repository
//	POST   /v1/repositories/{rid}/sync             nothing → lines, Synced: fetch from members over our own connections

// Repositories is what is in storage and concerns us.
type Repositories struct {
	Repositories []Repository `json:"repositories"`
	Default      string       `json:"zone"` // of objects in repositories of which the owner has said nothing
}

// Repository is one repository as the daemon sees it.
type Repository struct {
	RID       radicle.RID   `json:"rid"`
	Name      string        `json:"name"`
	Public    bool          `json:"public"`
	Delegates []radicle.DID `json:"delegates"`
	Readers   []radicle.DID `json:"readers"` // who may read what follows the members
	NoRead    []radicle.DID `json:"no_read"` // members that do not read
	Default   string        `json:"zone"`    // of objects that no attribute speaks of
	Records   int           `json:"records"` // of all writers
	Own       int           `json:"own"`     // records of ours
	Pending   int           `json:"pending"` // objects that are not recorded yet
	Warnings  []Warning     `json:"warnings"`
}

// SetZone changes who may read: what is stored from now on (Default), or one object that is there.
type SetZone struct {
	Default string   `json:"default,omitempty"`
	Object  *Pointer `json:"object,omitempty"`
	All     bool     `json:"all,omitempty"`  // every object of ours in the repository
	Zone    string   `json:"zone,omitempty"` // for Object or All
	// Sure agrees to what cannot be taken back.
	Sure bool `json:"sure,omitempty"`
}

// SetDefaultZone is the owner's word about all repositories of which there is no other.
type SetDefaultZone struct {
	Zone string `json:"zone"`
	// Sure agrees to what cannot be taken back.
	Sure bool `json:"sure,omitempty"`
}

// DefaultZone is what counts from now on.
type DefaultZone struct {
	Zone   string        `json:"zone"`
	Own    []radicle.RID `json:"own"` // repositories that have a zone of their own, which stays
	Truths []Warning     `json:"truths"`
}

// Zoned is what changed.
type Zoned struct {
	Repository Repository `json:"repository"`
	Changed    int        `json:"changed"` // records
	Truths     []Warning  `json:"truths"`
	// Published is who knows that shares are open, where objects were made public. Nil: none were.
	Published *Published `json:"published,omitempty"`
}

// Published is what those who have shares know of their being open. Each is named once.
type Published struct {
	Knows   []radicle.DID `json:"knows"`
	Waits   []radicle.DID `json:"waits"`   // who will be told when they are there
	Refuses []radicle.DID `json:"refuses"` // who keep nothing open: their shares stay closed to strangers
}

// AddMember lets somebody into a repository.
type AddMember struct {
	DID      radicle.DID `json:"did"`
	NoRead   bool        `json:"no_read,omitempty"`
	Delegate bool        `json:"delegate,omitempty"`
}

// AddedMember has the line that the new member accepts.
type AddedMember struct {
	Repository Repository `json:"repository"`
	Line       string     `json:"line"`
}

// Synced is what a fetch from members brought.
type Synced struct {
	From    []radicle.DID `json:"from"`
	Changed int           `json:"changed"` // refs
	Failed  []PersonError `json:"failed"`
}
