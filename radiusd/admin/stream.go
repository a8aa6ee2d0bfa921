package admin

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// maxLine bounds a line of an answer that comes line by line, in octets.
const maxLine = 1 << 20

// stream asks for an answer that comes line by line and may take any time, as
// long as lines keep coming.
func (c *Client) stream(ctx context.Context, target string, line func([]byte) error) error {
	request, err := newRequest(ctx, http.MethodGet, target, nil)
	if err != nil {
		return err
	}
	conn, err := (&net.Dialer{Timeout: callTimeout}).DialContext(ctx, "unix", c.path)
	if err != nil {
		return unreached(ctx, err)
	}
	defer conn.Close()
	unhook := context.AfterFunc(ctx, func() { conn.Close() })
	defer unhook()
	writeErr := request.Write(conn)
	patient := &patientReader{conn}
	response, err := http.ReadResponse(bufio.NewReader(patient), request)
	if err != nil {
		if writeErr != nil {
			err = fmt.Errorf("%w; %w", writeErr, err)
		}
		return unreached(ctx, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		body, err := io.ReadAll(io.LimitReader(response.Body, maxLine))
		if err != nil {
			return unreached(ctx, err)
		}
		return refusalOf(response.StatusCode, body)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if err := line(lines.Bytes()); err != nil {
			return fmt.Errorf("%w: %w", ErrNotReachable, err)
		}
	}
	if err := lines.Err(); err != nil {
		return unreached(ctx, err)
	}
	return nil
}

// patientReader waits anew for each part of an answer.
type patientReader struct{ net.Conn }

func (r *patientReader) Read(octets []byte) (int, error) {
	if err := r.SetReadDeadline(time.Now().Add(callTimeout)); err != nil {
		return 0, err
	}
	return r.Conn.Read(octets)
}
