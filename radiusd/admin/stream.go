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

// maxLine bounds a line of an answer that comes line by line, in octets: the
// report of an import is the longest.
const maxLine = 16 << 20

// answerWait is how long an answer is waited for when the request could not be
// sent whole: then it is there already, or it won't come.
const answerWait = 2 * time.Second

// stream sends a request whose answer comes line by line. It may take any time,
// as long as octets keep going or coming.
func (c *Client) stream(ctx context.Context, request *http.Request, line func([]byte) error) error {
	return c.open(ctx, request, func(body io.Reader, _ int64) error {
		lines := bufio.NewScanner(body)
		lines.Buffer(nil, maxLine)
		for lines.Scan() {
			if err := line(lines.Bytes()); err != nil {
				return err
			}
		}
		if err := lines.Err(); err != nil {
			return unreached(ctx, err)
		}
		return nil
	})
}

// open sends a request and has the body of its answer read, whose length is -1
// where it isn't known. A refusal is an error.
func (c *Client) open(ctx context.Context, request *http.Request, read func(body io.Reader, length int64) error) error {
	conn, err := (&net.Dialer{Timeout: callTimeout}).DialContext(ctx, "unix", c.path)
	if err != nil {
		return unreached(ctx, err)
	}
	defer conn.Close()
	unhook := context.AfterFunc(ctx, func() { conn.Close() })
	defer unhook()
	patient := &patientConn{Conn: conn, patience: callTimeout}
	writeErr := request.Write(patient)
	if writeErr != nil {
		patient.patience = answerWait
	}
	response, err := http.ReadResponse(bufio.NewReader(patient), request)
	if err != nil {
		if writeErr != nil {
			err = fmt.Errorf("%w; %w", writeErr, err)
		}
		return unreached(ctx, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
		if err != nil {
			return unreached(ctx, err)
		}
		return refusalOf(response.StatusCode, body)
	}
	return read(response.Body, response.ContentLength)
}

// patientConn waits anew for each part that goes or comes.
type patientConn struct {
	net.Conn
	patience time.Duration
}

func (c *patientConn) Read(octets []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Read(octets)
}

func (c *patientConn) Write(octets []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Write(octets)
}
