package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// Import takes users over from a source in one of ImportFormats, as the route
// takes it, for as long as it takes. progress, which may be nil, hears how far
// it is once the source was sent. What fails in reading the source is returned
// as it is, and then nothing was imported.
func (c *Client) Import(ctx context.Context, format string, source io.Reader, dryRun bool, progress func(ImportProgress)) (ImportReport, error) {
	target := "/v1/import/" + segment(format) + "?dry_run=" + strconv.FormatBool(dryRun)
	body := &sourceReader{source: source}
	request, err := newUpload(ctx, target, body)
	if err != nil {
		return ImportReport{}, err
	}
	var last ImportLine
	err = c.stream(ctx, request, func(octets []byte) error {
		last = ImportLine{}
		if err := decodeLine(octets, &last); err != nil {
			return err
		}
		if progress != nil && last.Phase != "" {
			progress(last.ImportProgress)
		}
		return nil
	})
	switch {
	case body.err != nil:
		return ImportReport{}, fmt.Errorf("reading the source: %w", body.err)
	case err != nil:
		return ImportReport{}, err
	case last.Problem != nil:
		return ImportReport{}, refusalIn(*last.Problem)
	case last.Report == nil:
		return ImportReport{}, errBrokenOff
	}
	return *last.Report, nil
}

// Export hands over the devices of a user, or of all where user is "", one by
// one. When it returns nil, they were all there.
func (c *Client) Export(ctx context.Context, user string, device func(ExportLine) error) error {
	query := make(url.Values)
	set(query, "user", user)
	request, err := newRequest(ctx, http.MethodPost, "/v1/export?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	var last ExportLine
	err = c.stream(ctx, request, func(octets []byte) error {
		last = ExportLine{}
		if err := decodeLine(octets, &last); err != nil || last.Done || last.Problem != nil {
			return err
		}
		return device(last)
	})
	switch {
	case err != nil:
		return err
	case last.Problem != nil:
		return refusalIn(*last.Problem)
	case !last.Done:
		return errBrokenOff
	}
	return nil
}

// Backup writes a copy of the store's database; progress, which may be nil, hears
// how many octets of how many were written.
func (c *Client) Backup(ctx context.Context, into io.Writer, progress func(done, total int64)) error {
	request, err := newRequest(ctx, http.MethodPost, "/v1/backup", nil)
	if err != nil {
		return err
	}
	return c.open(ctx, request, func(body io.Reader, length int64) error {
		if length < 0 {
			return fmt.Errorf("%w: what answers is not vpn-otpd", ErrNotReachable)
		}
		kept := &sinkWriter{sink: into, progress: func(done int64) {
			if progress != nil {
				progress(done, length)
			}
		}}
		_, err := io.Copy(kept, body)
		if kept.err != nil {
			return kept.err
		}
		if err != nil {
			return unreached(ctx, err)
		}
		return nil
	})
}

var errBrokenOff = fmt.Errorf("%w: the answer broke off", ErrNotReachable)

func decodeLine(octets []byte, line any) error {
	if err := json.Unmarshal(octets, line); err != nil {
		return fmt.Errorf("%w: what answers is not vpn-otpd: %w", ErrNotReachable, err)
	}
	return nil
}

// refusalIn is a refusal that came after the answer had begun.
func refusalIn(problem Problem) error {
	status := http.StatusInternalServerError
	if problem.Kind != KindFault {
		status = http.StatusBadRequest
	}
	return &RefusalError{Status: status, Kind: problem.Kind, Text: problem.Error}
}

// newUpload is a request whose body is octets of any number.
func newUpload(ctx context.Context, target string, body io.Reader) (*http.Request, error) {
	request, err := newRequest(ctx, http.MethodPost, target, nil)
	if err != nil {
		return nil, err
	}
	request.Body, request.ContentLength = io.NopCloser(body), -1
	request.Header.Set("Content-Type", "application/octet-stream")
	return request, nil
}

// sourceReader tells a source that fails from a daemon that is gone.
type sourceReader struct {
	source io.Reader
	err    error
}

func (r *sourceReader) Read(octets []byte) (int, error) {
	n, err := r.source.Read(octets)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// sinkWriter tells a file that is full from a daemon that is gone.
type sinkWriter struct {
	sink     io.Writer
	done     int64
	err      error
	progress func(done int64)
}

func (w *sinkWriter) Write(octets []byte) (int, error) {
	n, err := w.sink.Write(octets)
	w.done += int64(n)
	w.progress(w.done)
	w.err = err
	return n, err
}
