package admin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// DefaultSocket is where the daemon listens unless it is told otherwise.
	DefaultSocket = "/run/vpn-otpd/admin.sock"

	// callTimeout bounds one call whose context has no sooner deadline.
	callTimeout = 90 * time.Second
	// maxAnswer bounds what the client reads, in octets.
	maxAnswer = 16 << 20
)

// ErrNotReachable: nobody answers on the socket, or the answer broke off, and
// then it is not known whether the request was carried out.
var ErrNotReachable = errors.New("the daemon is not reachable")

// RefusalError is the daemon's word on why it did not do something.
type RefusalError struct {
	Status int    // of HTTP
	Kind   string // one of the Kind constants, or one of a newer daemon's
	Text   string
}

func (e *RefusalError) Error() string { return e.Text }

// Client asks the daemon on a unix socket. Its errors are *RefusalError,
// ErrNotReachable, or the context's. It is safe for parallel use.
type Client struct {
	path string
}

// NewClient makes a client of the socket at path. Nothing is opened before the first call.
func NewClient(path string) *Client { return &Client{path: path} }

// call asks one question, one connection each: an administrator's few calls
// need no pool, and a server that refuses before it was asked is heard.
func call[Out any](ctx context.Context, c *Client, method, target string, in any) (Out, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var out Out
	request, err := newRequest(ctx, method, target, in)
	if err != nil {
		return out, err
	}
	status, body, err := c.exchange(ctx, request)
	if err != nil {
		return out, unreached(ctx, err)
	}
	if status < 200 || status > 299 {
		return out, refusalOf(status, body)
	}
	if status == http.StatusNoContent {
		return out, nil
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return out, fmt.Errorf("%w: what answers is not vpn-otpd: %w", ErrNotReachable, err)
	}
	return out, nil
}

func newRequest(ctx context.Context, method, target string, in any) (*http.Request, error) {
	var body io.Reader = http.NoBody
	if in != nil {
		octets, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(octets)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://vpn-otpd"+target, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	request.Close = true
	request.Header.Set("User-Agent", "vpn-otpd-admin")
	return request, nil
}

func (c *Client) exchange(ctx context.Context, request *http.Request) (status int, body []byte, err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", c.path)
	if err != nil {
		return 0, nil, err
	}
	defer conn.Close()
	unhook := context.AfterFunc(ctx, func() { conn.Close() })
	defer unhook()
	// A peer that isn't welcome is told so at once and cut off, so that writing
	// may fail while the answer is there already.
	writeErr := request.Write(conn)
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil {
		return 0, nil, errors.Join(writeErr, err)
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("the answer is longer than %d octets", maxAnswer)
	}
	return response.StatusCode, body, err
}

func unreached(ctx context.Context, err error) error {
	if cause := ctx.Err(); errors.Is(cause, context.DeadlineExceeded) {
		return fmt.Errorf("%w: no answer in time", ErrNotReachable)
	} else if cause != nil {
		return cause
	}
	return fmt.Errorf("%w: %w", ErrNotReachable, err)
}

func refusalOf(status int, body []byte) error {
	var problem Problem
	if err := json.Unmarshal(body, &problem); err != nil || problem.Error == "" {
		return &RefusalError{Status: status, Kind: KindInvalid, Text: fmt.Sprintf("the daemon answered with HTTP status %d", status)}
	}
	return &RefusalError{Status: status, Kind: problem.Kind, Text: problem.Error}
}

// segment makes one path segment of any text. Dots alone would be taken for a
// way through the path.
func segment(text string) string {
	if text == "." || text == ".." {
		return strings.Repeat("%2E", len(text))
	}
	return url.PathEscape(text)
}

// userPath is the path of a user, or of a part of one.
func userPath(name string, parts ...string) (string, error) {
	path := "/v1/users"
	for _, part := range append([]string{name}, parts...) {
		if part == "" {
			return "", &RefusalError{Status: http.StatusBadRequest, Kind: KindInvalid, Text: "a name is empty"}
		}
		path += "/" + segment(part)
	}
	return path, nil
}
