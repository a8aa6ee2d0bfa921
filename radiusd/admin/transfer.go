package admin

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// transferPrefix is how the names of temporary folders begin.
const transferPrefix = ".vpn-otpd-transfer-"

// transferFolder makes a folder that only we can enter, inside another. It is
// locked for as long as it is in use, which remove ends.
func transferFolder(inside string) (folder string, remove func() error, err error) {
	if folder, err = os.MkdirTemp(inside, transferPrefix); err != nil {
		return "", nil, fmt.Errorf("making a folder for the transfer: %w", err)
	}
	lock, err := lockFolder(folder)
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("locking the folder of the transfer: %w", err), os.RemoveAll(folder))
	}
	return folder, func() error { return errors.Join(os.RemoveAll(folder), lock.Close()) }, nil
}

func lockFolder(folder string) (*os.File, error) {
	file, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// RemoveLeftovers removes the temporary folders that a daemon which was killed
// has left inside a folder: they may hold secrets in clear. What another one
// uses stays.
func RemoveLeftovers(inside string) error {
	entries, err := os.ReadDir(inside)
	if err != nil {
		return fmt.Errorf("looking for what was left by transfers: %w", err)
	}
	var faults []error
	for _, entry := range entries {
		if !entry.IsDir() || !strings.HasPrefix(entry.Name(), transferPrefix) {
			continue
		}
		folder := filepath.Join(inside, entry.Name())
		lock, err := lockFolder(folder)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			continue
		}
		if err == nil {
			err = errors.Join(os.RemoveAll(folder), lock.Close())
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// transfer is a request that may take any time, as long as something keeps coming.
// Where a deadline can't be set, the connection has none, or is gone.
type transfer struct {
	control  *http.ResponseController
	patience time.Duration // for the next octets
}

// transfer lifts the deadlines of a request. Without that, the one for reading
// would end the request's context in the middle of the work.
func (s *Server) transfer(w http.ResponseWriter) *transfer {
	t := &transfer{control: http.NewResponseController(w), patience: s.Limits.withDefaults().Write}
	t.received()
	return t
}

// received says that nothing more is read.
func (t *transfer) received() {
	_ = t.control.SetReadDeadline(time.Time{})
	_ = t.control.SetWriteDeadline(time.Now().Add(t.patience))
}

// hurry keeps net/http from waiting for the rest of a body before it answers.
func (t *transfer) hurry() { _ = t.control.SetReadDeadline(time.Now()) }

// reader waits anew for each part of a body.
func (t *transfer) reader(body io.Reader) io.Reader {
	return readerFunc(func(octets []byte) (int, error) {
		_ = t.control.SetReadDeadline(time.Now().Add(t.patience))
		return body.Read(octets)
	})
}

// writer waits anew for each part of an answer to leave.
func (t *transfer) writer(w http.ResponseWriter) io.Writer {
	return writerFunc(func(octets []byte) (int, error) {
		_ = t.control.SetWriteDeadline(time.Now().Add(t.patience))
		return w.Write(octets)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(octets []byte) (int, error) { return f(octets) }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(octets []byte) (int, error) { return f(octets) }
