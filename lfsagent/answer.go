package lfsagent

import (
	"encoding/json"
	"io"
)

// answers writes to git-lfs. The first error stays: nobody reads any more.
type answers struct {
	w    io.Writer
	line []byte // what will be written next
	err  error
}

type (
	initAnswer struct {
		Error *errorAnswer `json:"error,omitempty"`
	}
	errorAnswer struct {
		Code    Code   `json:"code"`
		Message string `json:"message"`
	}
	progressAnswer struct {
		Event string `json:"event"`
		OID   string `json:"oid"`
		SoFar int64  `json:"bytesSoFar"`
		Since int64  `json:"bytesSinceLast"`
	}
	completeAnswer struct {
		Event string       `json:"event"`
		OID   string       `json:"oid"`
		Path  string       `json:"path,omitempty"`
		Error *errorAnswer `json:"error,omitempty"`
	}
)

func newErrorAnswer(err error) *errorAnswer {
	if err == nil {
		return nil
	}
	code, text := sentence(err)
	return &errorAnswer{code, text}
}

// add adds a line to what flush will write.
func (a *answers) add(v any) {
	text, err := json.Marshal(v)
	if err != nil { // strings and numbers always can be
		a.err = err
		return
	}
	a.line = append(append(a.line, text...), '\n')
}

// flush writes what was added, in one piece.
func (a *answers) flush() {
	if a.err == nil && len(a.line) > 0 {
		_, a.err = a.w.Write(a.line)
	}
	a.line = a.line[:0]
}

// complete ends a request. The path is that of a download that came.
func (a *answers) complete(oid, path string, err error) {
	a.add(completeAnswer{"complete", oid, path, newErrorAnswer(err)})
	a.flush()
}

func (a *answers) init(err error) {
	a.add(initAnswer{newErrorAnswer(err)})
	a.flush()
}
