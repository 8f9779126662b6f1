// Package ui is how commands speak with people: results on standard output, as tables or as JSON, and everything else on
// standard error: progress, notes, questions, and errors as one line with a hint that can be pasted and a documented exit
// code ([Exits]). It is the only writer to standard error.
//
// What peers, repositories and file names say is hostile: whatever is printed goes through [Clean] first, so that nothing of
// theirs moves a cursor, recolours a line or turns text around.
//
// A [UI] is safe for concurrent use.
package ui
