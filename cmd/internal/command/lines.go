package command

import "bytes"

// afterLine returns what stands behind the first line break, or all where there is none.
func afterLine(b []byte) []byte {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[i+1:]
	}
	return b
}

func trimLine(b []byte) []byte { return bytes.TrimRight(b, "\n") }
