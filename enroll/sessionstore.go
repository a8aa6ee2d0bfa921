package enroll

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"vpn-otpd/store"
)

const sessionKind = store.EnrollmentSession

// maxSession is how many octets a session may take in the store: more than the
// longest name and return address need.
const maxSession = 10 << 10

// errSessionChanged: another request has changed or ended the session meanwhile.
var errSessionChanged = errors.New("the session was changed by another request")

// loaded is the session as this request read it; it travels in the context.
type loaded struct {
	token string // hashed
	data  []byte
}

type loadedKey struct{}

// sessionStore is the store as the session library wants it.
type sessionStore struct{ kept Sessions }

func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	data, found, err := s.kept.Session(ctx, token)
	if err != nil {
		return nil, false, fmt.Errorf("reading a session: %w", err)
	}
	// One that this version can't read is none: its user signs in again.
	if _, _, err := (sessionCodec{}).Decode(data); err != nil {
		return nil, false, nil
	}
	if read, ok := ctx.Value(loadedKey{}).(*loaded); ok && found {
		read.token, read.data = token, data
	}
	return data, found, nil
}

func (s sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	read, _ := ctx.Value(loadedKey{}).(*loaded)
	var old []byte
	if read != nil && read.token == token {
		old = read.data
	}
	saved, err := s.kept.SaveSession(ctx, token, old, data, expires)
	if err == nil && !saved {
		err = errSessionChanged
	}
	if err == nil && read != nil {
		read.token, read.data = token, data
	}
	return err
}

func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	_, err := s.kept.RemoveSession(ctx, token, nil)
	return err
}

// The library asks for these too, and calls those above.

func (s sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s sessionStore) Commit(token string, data []byte, expires time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expires)
}

func (s sessionStore) Delete(token string) error {
	return s.DeleteCtx(context.Background(), token)
}

// sessionCodec writes sessions as JSON: a visit, and when it is over at the latest.
type sessionCodec struct{}

type sessionData struct {
	Deadline time.Time
	Visit    visit
}

var errSessionTooLarge = errors.New("the session takes too much room")

func (sessionCodec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	v, _ := values[visitKey].(visit)
	data, err := json.Marshal(sessionData{deadline, v})
	if err == nil && len(data) > maxSession {
		err = errSessionTooLarge
	}
	return data, err
}

func (sessionCodec) Decode(data []byte) (time.Time, map[string]any, error) {
	var read sessionData
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&read); err != nil {
		return time.Time{}, nil, fmt.Errorf("reading a session: %w", err)
	}
	return read.Deadline, map[string]any{visitKey: read.Visit}, nil
}

// equal reports whether two visits say the same, whenever they were written.
func (v visit) equal(other visit) bool {
	v.Touched, other.Touched = time.Time{}, time.Time{}
	first, err := json.Marshal(v)
	second, otherErr := json.Marshal(other)
	return err == nil && otherErr == nil && bytes.Equal(first, second)
}
