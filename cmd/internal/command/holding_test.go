package command

import (
	"strings"
	"testing"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/daemon"
)

// What somebody keeps for a collaborator alone is said to be theirs.
func TestWhoHoldsForOthers(t *testing.T) {
	w := newWorld(t).with(t)
	bo, ana := did(t, 2), did(t, 3)
	w.daemon(t, map[string]func(*daemon.Request, func(control.Line)) (any, error){
		"GET /v1/objects": always(control.Objects{Objects: []control.Object{{Pointer: pointer()}}}),
		"GET /v1/objects/{oid}": always(control.Holding{Object: control.Object{Pointer: pointer()}, Shares: []control.Share{
			{Index: 0, DID: &bo, Name: "bo"}, {Index: 1, DID: &bo, Name: "bo", For: &ana, ForName: "ana"},
		}}),
	})
	got := w.line(t, "who-holds "+pointer().OID.String())
	lines := strings.Split(got.out, "\n")
	if got.exit != 0 || len(lines) < 4 || !strings.HasSuffix(lines[2], "placed") || !strings.HasSuffix(lines[3], "held for ana, does not count") {
		t.Error(got)
	}
}
