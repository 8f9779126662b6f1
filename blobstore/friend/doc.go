// Package friend keeps what a home knows of people: friends and pledges, invitations, introductions, devices and addresses. It
// is the database state.db, and the formats that a device signs about people, which FRIEND.md beside it specifies.
package friend
