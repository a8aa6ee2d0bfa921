package admin

import (
	"context"
	"fmt"
	"net"
	"os/user"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"vpn-otpd/store"
)

// Peer is the process at the other end, as the kernel knew it when it connected.
type Peer struct {
	UID, GID uint32
	PID      int32
	// Groups are the supplementary ones; empty where the kernel can't tell.
	Groups []uint32
}

// actor names the peer for the audit record; the number counts, and the name is
// "" where the machine has none for it.
func (p Peer) actor() store.Actor {
	actor := store.Actor{UID: int64(p.UID)}
	if account, err := user.LookupId(strconv.FormatUint(uint64(p.UID), 10)); err == nil {
		actor.Name = account.Username
	}
	return actor
}

// peerOf asks the kernel who connected (SO_PEERCRED and SO_PEERGROUPS, unix(7)).
// Connections of any other kind than a unix socket's are an error.
func peerOf(conn net.Conn) (Peer, error) {
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return Peer{}, fmt.Errorf("no peer credentials on a %T", conn)
	}
	raw, err := unixConn.SyscallConn()
	if err != nil {
		return Peer{}, fmt.Errorf("peer credentials: %w", err)
	}
	var peer Peer
	var credentialsErr error
	err = raw.Control(func(fd uintptr) {
		var credentials *unix.Ucred
		credentials, credentialsErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		if credentialsErr != nil {
			return
		}
		peer = Peer{UID: credentials.Uid, GID: credentials.Gid, PID: credentials.Pid, Groups: peerGroups(fd)}
	})
	if err == nil {
		err = credentialsErr
	}
	if err != nil {
		return Peer{}, fmt.Errorf("peer credentials: %w", err)
	}
	return peer, nil
}

// peerGroups returns nothing where the kernel doesn't tell: fewer groups mean
// fewer rights, never more.
func peerGroups(fd uintptr) []uint32 {
	groups := make([]uint32, 32)
	for range 2 { // the kernel says how much room it needs, if that was too little
		size := uint32(4 * len(groups))
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(&groups[0])), uintptr(unsafe.Pointer(&size)), 0)
		switch errno {
		case 0:
			return groups[:size/4]
		case unix.ERANGE:
			groups = make([]uint32, size/4)
		default:
			return nil
		}
	}
	return nil
}

type peerKey struct{}

// withPeer is a ConnContext of http.Server: handlers learn who asks.
func withPeer(ctx context.Context, conn net.Conn) context.Context {
	if judged, ok := conn.(*judgedConn); ok {
		return context.WithValue(ctx, peerKey{}, judged.peer)
	}
	return ctx
}
