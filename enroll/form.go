package enroll

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
)

// maxBody is how many octets a form may have.
const maxBody = 16 << 10

// readForm reads the body of a POST. Nothing of the query counts, and nothing
// that was sent is in an error.
func (x *exchange) readForm() error {
	kind, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return problem{http.StatusUnsupportedMediaType, "malformed"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return problem{http.StatusRequestEntityTooLarge, "too_large"}
		}
		return problem{http.StatusBadRequest, "malformed"}
	}
	if x.form, err = url.ParseQuery(string(body)); err != nil {
		return problem{http.StatusBadRequest, "malformed"}
	}
	return nil
}

// field is the first value of a field, "" where there is none.
func (x *exchange) field(name string) string { return x.form.Get(name) }
