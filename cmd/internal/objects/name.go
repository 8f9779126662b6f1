package objects

import (
	"strconv"
	"strings"

	"radswarm/blobstore"
	"radswarm/cmd/internal/control"
)

// ParseName reads what a path of the interface names an object by: an OID, or an OID, a colon and the size in bytes. Without
// it the size is nil.
func ParseName(text string) (blobstore.OID, *int64, error) {
	digits, number, sized := strings.Cut(text, ":")
	oid, err := blobstore.ParseOID(digits)
	if err != nil {
		return oid, nil, &control.Error{Code: control.CodeUsage, Message: err.Error()}
	}
	if !sized {
		return oid, nil, nil
	}
	size, err := strconv.ParseInt(number, 10, 64)
	if err != nil || size < 0 || size > blobstore.MaxSize {
		return oid, nil, &control.Error{Code: control.CodeUsage, Message: "size of " + digits + " is no number of bytes: " + strconv.Quote(number)}
	}
	return oid, &size, nil
}
