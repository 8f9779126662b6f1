package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"radswarm/cmd/internal/control"
)

// Routes are the requests that a daemon answers. The zero value answers none.
type Routes struct {
	mux http.ServeMux
	// Explain makes an error one that clients are told. Nil, and what it returns nil for, is told as it stands.
	Explain func(error) *control.Error
}

// Request is what a client sent.
type Request struct {
	http *http.Request
	body []byte
}

// Value returns what stands in the path for a name in braces.
func (r *Request) Value(name string) string { return r.http.PathValue(name) }

// Empty reports whether the body is empty, as of a request that has nothing to say beyond its path.
func (r *Request) Empty() bool { return len(r.body) == 0 }

// Decode reads the body into a value. Fields that are not known are refused: a client that means something by them must hear
// that it is not understood.
func (r *Request) Decode(into any) error {
	d := json.NewDecoder(bytes.NewReader(r.body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return usage("request: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return usage("request: more than one value")
	}
	return nil
}

func usage(format string, args ...any) error {
	return &control.Error{Code: control.CodeUsage, Message: fmt.Sprintf(format, args...)}
}

// Handle answers a pattern of net/http with what answer returns, as JSON.
func (r *Routes) Handle(pattern string, answer func(context.Context, *Request) (any, error)) {
	r.mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) {
		in, err := read(w, req)
		if err == nil {
			var out any
			if out, err = answer(req.Context(), in); err == nil {
				r.write(w, http.StatusOK, out)
				return
			}
		}
		e := r.explain(err)
		r.write(w, e.Code.Status(), e)
	})
}

// Stream answers a pattern with lines: those that answer tells, from any goroutine, and at last what it returns. Ctx ends when
// the client has gone. What answer refuses before its first line is an error like any other.
func (r *Routes) Stream(
	pattern string, answer func(ctx context.Context, in *Request, tell func(control.Line)) (any, error),
) {
	r.mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) {
		in, err := read(w, req)
		if err != nil {
			e := r.explain(err)
			r.write(w, e.Code.Status(), e)
			return
		}
		ctx, cancel := context.WithCancel(req.Context())
		defer cancel()
		out := &lines{w: w, flush: http.NewResponseController(w).Flush, gone: cancel}
		result, err := answer(ctx, in, out.tell)
		r.end(out, result, err)
	})
}

// end writes the last line, or the only answer.
func (r *Routes) end(out *lines, result any, err error) {
	if err != nil {
		e := r.explain(err)
		if !out.begun() {
			r.write(out.w, e.Code.Status(), e)
			return
		}
		out.tell(control.Line{Error: e})
		return
	}
	done, err := json.Marshal(result)
	if err != nil {
		out.tell(control.Line{Error: &control.Error{Code: control.CodeFailed, Message: err.Error()}})
		return
	}
	out.tell(control.Line{Done: done})
}

// lines writes lines, one at a time, each at once.
type lines struct {
	mu    sync.Mutex
	w     http.ResponseWriter
	flush func() error
	gone  func() // nobody reads any more
	some  bool
}

func (l *lines) tell(line control.Line) {
	b, err := json.Marshal(line)
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.some {
		l.w.Header().Set("Content-Type", "application/x-ndjson")
		l.some = true
	}
	if _, err := l.w.Write(append(b, '\n')); err != nil || l.flush() != nil {
		l.gone()
	}
}

func (l *lines) begun() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.some
}

// Knows reports whether a request is answered at all.
func (r *Routes) Knows(req *http.Request) bool {
	_, pattern := r.mux.Handler(req)
	return pattern != ""
}

// ServeHTTP implements http.Handler.
func (r *Routes) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if !r.Knows(req) {
		e := &control.Error{Code: control.CodeVersion, Message: "the daemon does not know " + req.Method + " " + req.URL.Path}
		r.write(w, e.Code.Status(), e)
		return
	}
	r.mux.ServeHTTP(w, req)
}

// read takes a request's body.
func read(w http.ResponseWriter, req *http.Request) (*Request, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, control.MaxBody))
	if err != nil {
		return nil, usage("request: %v", err)
	}
	return &Request{http: req, body: body}, nil
}

func (r *Routes) write(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"code":"failed","message":"answer cannot be written as JSON"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // a client that has gone does not mind
}

func (r *Routes) explain(err error) *control.Error {
	if e, ok := errors.AsType[*control.Error](err); ok {
		return e
	}
	if r.Explain != nil {
		if e := r.Explain(err); e != nil {
			return e
		}
	}
	if errors.Is(err, context.Canceled) {
		return &control.Error{Code: control.CodeStopping, Message: "the daemon is shutting down"}
	}
	return &control.Error{Code: control.CodeFailed, Message: err.Error()}
}
