package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/net/netutil"

	"vpn-otpd/enroll/signin/header"
	"vpn-otpd/radiusd/admin"
)

// Bounds of what browsers, and those who only look like them, can take up.
const (
	pageConnections = 512
	pageRead        = 10 * time.Second // for a whole request to arrive
	pageWrite       = 30 * time.Second
	pageIdle        = 60 * time.Second
	pageMaxHeader   = 16 << 10 // octets
)

// pageServer serves the enrollment page, or the metrics, at one address.
type pageServer struct {
	server      *http.Server
	listener    net.Listener
	certificate *certificate // nil: plain HTTP
}

// newPageServer is without a place to listen on.
func newPageServer(handler http.Handler, logger *slog.Logger) *pageServer {
	return &pageServer{server: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: pageRead,
		ReadTimeout:       pageRead,
		WriteTimeout:      pageWrite,
		IdleTimeout:       pageIdle,
		MaxHeaderBytes:    pageMaxHeader,
		// Strangers cause what it would say: scans, broken handshakes.
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),

		DisableGeneralOptionsHandler: true, // it would answer past the handler
	}}
}

// listenPage opens the page's address, unless it was passed one that is open;
// nothing is answered yet.
func listenPage(ctx context.Context, config PageConfig, passed net.Listener, handler http.Handler, logger *slog.Logger) (*pageServer, error) {
	p := newPageServer(handler, logger)
	if config.Certificate != "" {
		var err error
		if p.certificate, err = loadCertificate(config.Certificate, config.Key, logger); err != nil {
			return nil, err
		}
		p.server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: p.certificate.get}
		if err := askForCertificates(p.server.TLSConfig, config.ClientCA); err != nil {
			return nil, err
		}
	}
	listener := passed
	if listener == nil {
		var err error
		if path, isSocket := strings.CutPrefix(config.Listen, unixPrefix); isSocket {
			listener, err = admin.Listen(path)
		} else {
			listener, err = new(net.ListenConfig).Listen(ctx, "tcp", config.Listen)
		}
		if err != nil {
			return nil, fmt.Errorf("enroll.listen: %w", err)
		}
	}
	if listener.Addr().Network() == "unix" {
		listener = header.WithPeers(listener)
	}
	p.listener = netutil.LimitListener(listener, pageConnections)
	return p, nil
}

// askForCertificates lets proxies show who they are; browsers needn't.
func askForCertificates(config *tls.Config, authorities string) (err error) {
	if authorities == "" {
		return nil
	}
	if config.ClientCAs, err = readAuthorities(authorities); err != nil {
		return fmt.Errorf("enroll.client_ca: %w", err)
	}
	config.ClientAuth = tls.VerifyClientCertIfGiven
	return nil
}

// serve answers until shutdown; any other end is an error.
func (p *pageServer) serve() error {
	var err error
	if p.certificate == nil {
		err = p.server.Serve(p.listener)
	} else {
		err = p.server.ServeTLS(p.listener, "", "")
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serving HTTP at %s: %w", p.address(), err)
}

// shutdown takes no more requests, and cuts off what isn't done when ctx is.
func (p *pageServer) shutdown(ctx context.Context) error {
	if p == nil {
		return nil
	}
	if p.server.Shutdown(ctx) != nil {
		return p.server.Close()
	}
	return nil
}

// reloadCertificate reads its files again; after an error the old one stays.
func (p *pageServer) reloadCertificate() error {
	if p == nil || p.certificate == nil {
		return nil
	}
	return p.certificate.reload()
}

// close gives the address back where nothing was served.
func (p *pageServer) close() error {
	if p == nil {
		return nil
	}
	return p.listener.Close()
}

// address is where it listens, "" where it doesn't.
func (p *pageServer) address() string {
	if p == nil {
		return ""
	}
	return p.listener.Addr().String()
}

// listens describes it in the status.
func (p *pageServer) listens() string {
	if p.certificate == nil {
		return "enroll http " + p.address()
	}
	return "enroll https " + p.address()
}
