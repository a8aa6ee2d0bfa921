package main

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"errors"
	"fmt"
	"net"

	"github.com/spf13/cobra"
	"layeh.com/radius"
	"layeh.com/radius/rfc2869"
)

func stubCommand() *cobra.Command {
	var listen, secret string
	c := &cobra.Command{
		Use:   "stub echo|accept",
		Short: "Answer without looking, to measure what the rest costs",
		Long: `Answer every datagram until it is stopped: echo sends it back as it is, accept
answers with a signed Access-Accept, as a server of first factors that costs
nothing. It looks at no password: listen on loopback only.`,
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"echo", "accept"},
		RunE: func(c *cobra.Command, arguments []string) error {
			answer := func(datagram []byte) []byte { return datagram }
			if arguments[0] == "accept" {
				answer = func(datagram []byte) []byte { return accept(datagram, []byte(secret)) }
			}
			conn, err := listenLoopback(listen)
			if err != nil {
				return err
			}
			return stub(c.Context(), conn, answer)
		},
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "a loopback address to answer on")
	c.Flags().StringVar(&secret, "secret", "", "shared with who asks")
	return c
}

// listenLoopback opens a socket that only this machine reaches: whoever asks
// there is let in.
func listenLoopback(listen string) (*net.UDPConn, error) {
	address, err := net.ResolveUDPAddr("udp", listen)
	if err != nil {
		return nil, err
	}
	if !address.IP.IsLoopback() {
		return nil, fmt.Errorf("--listen %s: only a loopback address will do, for whoever asks is let in", listen)
	}
	conn, err := net.ListenUDP("udp", address)
	if err != nil {
		return nil, err
	}
	conn.SetReadBuffer(4 << 20)
	return conn, nil
}

// stub answers on a socket until ctx is done, and closes it.
func stub(ctx context.Context, conn *net.UDPConn, answer func([]byte) []byte) error {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	buffer := make([]byte, 4096)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if reply := answer(buffer[:n]); reply != nil {
			if _, err := conn.WriteToUDPAddrPort(reply, from); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// accept is an Access-Accept to a request, its Message-Authenticator first
// (RFC 3579, section 3.2); nil where it is no request.
func accept(request, secret []byte) []byte {
	const header, value = 20, 16
	if len(request) < header || radius.Code(request[0]) != radius.CodeAccessRequest {
		return nil
	}
	reply := make([]byte, header+2+value)
	reply[0], reply[1], reply[3] = byte(radius.CodeAccessAccept), request[1], byte(len(reply))
	copy(reply[4:header], request[4:header])
	reply[header], reply[header+1] = byte(rfc2869.MessageAuthenticator_Type), 2+value
	signature := hmac.New(md5.New, secret)
	signature.Write(reply)
	copy(reply[header+2:], signature.Sum(nil))
	sum := md5.Sum(append(append([]byte{}, reply...), secret...))
	copy(reply[4:header], sum[:])
	return reply
}
