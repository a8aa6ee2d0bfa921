package admin

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Listen makes the socket at path. Everybody on the machine may connect, for the
// server judges by who a peer is, and before it reads. A socket that nobody answers on is taken over; one that somebody answers on,
// and anything that isn't a socket, is an error. The folder must exist. Close
// removes the socket, if it is still ours.
func Listen(path string) (net.Listener, error) {
	if err := vacant(path); err != nil {
		return nil, fmt.Errorf("admin socket %s: %w", path, err)
	}
	listener, err := bind(path)
	if err != nil {
		return nil, fmt.Errorf("admin socket %s: %w", path, err)
	}
	return listener, nil
}

// vacant reports why a socket can't be made at path, if so.
func vacant(path string) error {
	// The name that we bind is shorter, and wouldn't fail; but nobody could connect.
	if room := len(unix.RawSockaddrUnix{}.Path); len(path) >= room {
		return fmt.Errorf("the path is longer than %d octets (unix(7))", room-1)
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return errors.New("something else than a socket is there")
	}
	conn, err := net.DialTimeout("unix", path, 2*time.Second)
	if err == nil {
		conn.Close()
		return errors.New("another process answers there")
	}
	if errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("is another process there? %w", err)
}

// bind makes the socket in a folder of its own that only we can enter, and
// moves it to its place when its mode is right: at no moment, whatever the umask
// of the whole process, is one there that turns away who may ask.
func bind(path string) (net.Listener, error) {
	folder, err := os.MkdirTemp(filepath.Dir(path), ".")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	made := filepath.Join(folder, "s")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: made, Net: "unix"})
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false) // it would look for the first place
	own, err := settle(made, path)
	if err != nil {
		listener.Close()
		return nil, err
	}
	return &socket{UnixListener: listener, path: path, own: own}, nil
}

func settle(made, path string) (fs.FileInfo, error) {
	if err := os.Chmod(made, 0o666); err != nil {
		return nil, err
	}
	own, err := os.Lstat(made)
	if err != nil {
		return nil, err
	}
	return own, os.Rename(made, path)
}

// socket is a listener that knows where its socket was moved to.
type socket struct {
	*net.UnixListener
	path string
	own  fs.FileInfo
}

// Addr is the place that clients know.
func (s *socket) Addr() net.Addr { return &net.UnixAddr{Name: s.path, Net: "unix"} }

// Close stops listening, and leaves another daemon's socket alone.
func (s *socket) Close() error {
	if info, err := os.Lstat(s.path); err == nil && os.SameFile(info, s.own) {
		if err := os.Remove(s.path); err != nil {
			return errors.Join(err, s.UnixListener.Close())
		}
	}
	return s.UnixListener.Close()
}
