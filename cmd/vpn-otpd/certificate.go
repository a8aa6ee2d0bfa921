package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// certificate is the page's own, read again when its files have changed. A pair
// that can't be used, or isn't whole yet, leaves the old one in force.
type certificate struct {
	certificateFile, keyFile string
	logger                   *slog.Logger

	mutex  sync.Mutex
	pair   *tls.Certificate
	loaded pairState // of the files that pair, or the last refusal, comes from
}

// pairState tells whether one of two files is another than before; nil: missing.
type pairState [2]os.FileInfo

func (s pairState) same(other pairState) bool {
	for i, info := range s {
		before := other[i]
		if (info == nil) != (before == nil) {
			return false
		}
		if info != nil && !(os.SameFile(info, before) && info.ModTime().Equal(before.ModTime()) && info.Size() == before.Size()) {
			return false
		}
	}
	return true
}

// loadCertificate reads a pair of PEM files for the first time.
func loadCertificate(certificateFile, keyFile string, logger *slog.Logger) (*certificate, error) {
	c := &certificate{certificateFile: certificateFile, keyFile: keyFile, logger: logger}
	if err := c.reload(); err != nil {
		return nil, err
	}
	return c, nil
}

// reload reads the pair, whatever the files look like.
func (c *certificate) reload() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	state, err := c.state()
	if err != nil {
		return err
	}
	return c.read(state)
}

func (c *certificate) read(state pairState) error {
	c.loaded = state
	pair, err := tls.LoadX509KeyPair(c.certificateFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("reading the page's certificate: %w", err)
	}
	c.pair = &pair
	return nil
}

func (c *certificate) state() (state pairState, err error) {
	for i, path := range []string{c.certificateFile, c.keyFile} {
		if state[i], err = os.Stat(path); err != nil {
			return state, fmt.Errorf("looking at the page's certificate: %w", err)
		}
	}
	return state, nil
}

// get is asked at each handshake. A refused pair is logged once.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	state, err := c.state()
	if state.same(c.loaded) {
		return c.pair, nil
	}
	if err == nil {
		err = c.read(state)
	} else {
		c.loaded = state
	}
	if err != nil {
		c.logger.Error("the new certificate can't be used, the old one stays", "error", err)
	} else {
		c.logger.Info("read the page's new certificate", "file", c.certificateFile)
	}
	return c.pair, nil
}
