package command

import (
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"radswarm/blobstore"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
)

// named is an object as a person names it: by all digits of its OID, or by as many as are needed here, and perhaps a size.
type named struct {
	digits string
	size   *int64
}

const (
	oidDigits   = 2 * len(blobstore.OID{})
	leastDigits = 6 // of an OID that is shortened
)

// parseNamed reads OID or OID:SIZE.
func parseNamed(c *cli.Context, text string) (named, error) {
	digits, size, sized := strings.Cut(strings.ToLower(text), ":")
	hex := strings.Trim(digits, "0123456789abcdef") == ""
	if !hex || len(digits) < leastDigits || len(digits) > oidDigits {
		return named{}, ui.Usagef(helpHint(c.Command), "%q is no OID: 64 hexadecimal digits, or the first %d and more", text, leastDigits)
	}
	n := named{digits: digits}
	if sized {
		bytes, err := strconv.ParseUint(size, 10, 64)
		if err != nil || bytes > math.MaxInt64 {
			return named{}, ui.Usagef(helpHint(c.Command), "%q is no size in bytes", size)
		}
		n.size = new(int64(bytes))
	}
	return n, nil
}

// oid returns which object is meant. Shortened names are looked up among the objects of this home.
func (e *env) oid(ctx context.Context, n named) (blobstore.OID, error) {
	if len(n.digits) == oidDigits {
		return blobstore.ParseOID(n.digits)
	}
	var list control.Objects
	if err := e.get(ctx, to("objects"), &list); err != nil {
		return blobstore.OID{}, err
	}
	var found []blobstore.OID
	for _, o := range list.Objects {
		if strings.HasPrefix(o.OID.String(), n.digits) {
			found = append(found, o.OID)
		}
	}
	switch len(found) {
	case 0:
		return blobstore.OID{}, ui.HintErrorf("rad swarm ls", ui.NotFound, "no object here begins with %s", n.digits)
	case 1:
		return found[0], nil
	}
	return blobstore.OID{}, ui.HintErrorf("rad swarm ls", ui.Usage, "%d objects begin with %s: give more digits", len(found), n.digits)
}

// theObject reads the one argument of a command as an object.
func (e *env) theObject(c *cli.Context) (blobstore.OID, error) {
	text, err := argument(c)
	if err != nil {
		return blobstore.OID{}, err
	}
	n, err := parseNamed(c, text)
	if err != nil {
		return blobstore.OID{}, err
	}
	return e.oid(c.Context, n)
}

// short is how an object is named in tables and sentences.
func short(oid blobstore.OID) string { return oid.String()[:12] }

// safetyText says how safe an object is.
func safetyText(s control.Safety) string {
	switch {
	case !s.Stored && s.People == 0:
		return "only on this machine"
	case !s.Stored:
		return ui.Count(s.People, "person", "people") + ": too few to bring it back"
	}
	return ui.Count(s.People, "person", "people") + ", " + mayVanish(s.Spare)
}

func mayVanish(n int) string {
	switch n {
	case 0:
		return "none may vanish"
	case 1:
		return "any 1 may vanish"
	}
	return "any " + strconv.Itoa(n) + " may vanish"
}
